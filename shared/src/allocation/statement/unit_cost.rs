//! Unit cost: what an order, a user or an active tenant cost.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Amounts, Statement};
use crate::input::{InputError, Row, Table};
use crate::units::{Instant, LedgerUnits, Money, TimeError, Window};

/// The metric that needs no file: tenants that used something.
pub const ACTIVE_TENANTS: &str = "active_tenants";

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
        let reading = reading.filter(|value| !value.is_sign_negative() || value.is_zero()).ok_or_else(|| {
            wrong(
                "value",
                format!("`{}` is no amount of a metric; expected a decimal number from 0 on", row.get(value)),
            )
        })?;
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
