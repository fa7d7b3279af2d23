//! Unit cost: what an order, a user or an active tenant cost.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Amounts, Statement};
use crate::input::{InputError, Row, Table};
use crate::units::{Instant, LedgerUnits, Money, TimeError, Window};

/// The metric that needs no file: tenants that used something.
pub const ACTIVE_TENANTS: &str = "active_tenants";

/// The largest reading: a billion of them can be added up.
const VALUE_MAX: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);
/// The most decimals of a reading; further ones are rounded.
const DECIMALS: u32 = 9;

/// A metric of the business: so much of it at each instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Readings, which are added up over a slice.
    pub readings: Vec<(Instant, Decimal)>,
}

/// What one unit of a metric cost in a slice, or in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitCost {
    /// The metric.
    pub metric: String,
    /// When.
    pub window: Window,
    /// How much of it there was.
    pub value: String,
    /// What everything cost.
    pub cost: Money,
    /// Cost ÷ value, to nine decimals; none where the value is 0.
    pub per_unit: Option<String>,
}

/// Reads `at,metric,value`.
///
/// # Errors
/// At the first wrong line.
pub fn read_metric(text: &str) -> Result<Vec<Metric>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["at", "metric", "value"])?;
    let (at, name, value) = (table.column("at")?, table.column("metric")?, table.column("value")?);
    let (mut metrics, mut row): (Vec<Metric>, Row) = (Vec::new(), Row::default());
    while table.next(&mut row)? {
        let wrong = |field: &str, message: String| InputError::field(row.line, field, message);
        let instant: Result<Instant, TimeError> = row.get(at).parse();
        let instant = instant.map_err(|error| wrong("at", error.to_string()))?;
        let reading: Option<Decimal> = row.get(value).parse().ok();
        let reading = reading.filter(|value| (Decimal::ZERO..=VALUE_MAX).contains(value)).ok_or_else(|| {
            let text = row.get(value);
            let message = format!("`{text}` is no amount of a metric; expected a decimal number from 0 to {VALUE_MAX}");
            wrong("value", message)
        })?;
        // So many decimals are left to sums of many.
        let reading = reading.round_dp(DECIMALS);
        let name = row.get(name);
        if name.is_empty() || name == ACTIVE_TENANTS {
            let message = format!("`{name}` cannot be its name; expected one of its own, such as orders");
            return Err(wrong("metric", message));
        }
        let place = metrics.iter().position(|metric| metric.name == name).unwrap_or_else(|| {
            metrics.push(Metric { name: name.to_owned(), readings: Vec::new() });
            metrics.len() - 1
        });
        metrics[place].readings.push((instant, reading));
    }
    Ok(metrics)
}

/// What a unit of each metric cost: in all first, then slice by slice where there are several. Tenants that used something
/// count once in a slice, and the whole is the sum over the slices.
pub fn unit_costs(statement: &Statement, metrics: &[Metric]) -> Vec<UnitCost> {
    let slices = &statement.slices;
    let mut costs = vec![Amounts::default(); slices.len()];
    statement.rows.iter().for_each(|row| costs[row.slice as usize] += row.amounts);
    let mut found = Vec::new();
    let active = statement.active_tenants.iter().map(|&count| Decimal::from(count)).collect();
    let all: Vec<(&str, Vec<Decimal>)> = metrics
        .iter()
        .map(|metric| (metric.name.as_str(), by_slice(metric, slices)))
        .chain([(ACTIVE_TENANTS, active)])
        .collect();
    for (name, values) in all {
        let mut add = |window: Window, value: Decimal, cost: LedgerUnits| {
            let cost = cost.to_money(statement.currency);
            let per_unit = cost.amount.checked_div(value).map(|each| each.round_dp(9).normalize().to_string());
            found.push(UnitCost {
                metric: name.to_owned(),
                window,
                value: value.normalize().to_string(),
                cost,
                per_unit,
            });
        };
        add(statement.settings.window, values.iter().sum(), costs.iter().map(Amounts::total).sum());
        if slices.len() > 1 {
            for ((slice, value), cost) in slices.iter().zip(values).zip(&costs) {
                add(*slice, value, cost.total());
            }
        }
    }
    found
}

/// How many readings lie outside of a window, and are counted nowhere in it.
pub fn readings_outside(metrics: &[Metric], window: Window) -> usize {
    metrics.iter().flat_map(|metric| &metric.readings).filter(|(at, _)| !window.contains(*at)).count()
}

/// The readings of each slice, added up.
fn by_slice(metric: &Metric, slices: &[Window]) -> Vec<Decimal> {
    let mut sums = vec![Decimal::ZERO; slices.len()];
    for (at, value) in &metric.readings {
        let after = slices.partition_point(|slice| slice.start <= *at);
        if after > 0 && slices[after - 1].contains(*at) {
            sums[after - 1] += *value;
        }
    }
    sums
}
