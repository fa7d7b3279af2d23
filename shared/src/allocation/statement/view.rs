//! A statement in names and money, as files and tables show it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Amounts, GroupBy, IdlePolicy, Resolution, Statement, UnitCost};
use crate::units::{Currency, Instant, LedgerUnits, Money, Window, apportion, apportion_to};

/// A statement whose every column adds up to its total, and whose parts of a row add up to the row's, to the last decimal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementView {
    /// The window.
    pub window: Window,
    /// Of every amount.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// Into what pieces the window is cut.
    pub resolution: Resolution,
    /// By what cost is split.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub by: Vec<GroupBy>,
    /// What became of idle.
    pub idle: IdlePolicy,
    /// What became of the modules: `keep`, `uniform`, `proportional` or `weighted`.
    pub shared: String,
    /// All rows together.
    pub total: AmountsView,
    /// One row a slice and group.
    pub rows: Vec<RowView>,
    /// What one unit of each metric cost, in all and by slice.
    pub unit_costs: Vec<UnitCost>,
}

/// What one group cost in one slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowView {
    /// When the slice begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// By grouping, the group; none where the cost is of none.
    pub groups: BTreeMap<String, Option<String>>,
    /// How much.
    #[serde(flatten)]
    pub amounts: AmountsView,
}

/// The parts of a cost in money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AmountsView {
    /// What resources cost.
    pub workload: Money,
    /// Node time that nobody requested.
    pub idle: Money,
    /// Workers of modules.
    pub shared: Money,
    /// Node time while booting and draining.
    pub overhead: Money,
    /// What commitments take off of what they cover: below zero, unless the price fell below what was promised.
    pub discount: Money,
    /// What commitments cost for nothing.
    pub unused: Money,
    /// All of it.
    pub total: Money,
    /// Hours that resources were used, added up.
    pub resource_hours: f64,
}

impl StatementView {
    /// The view of a statement, with what units of metrics cost.
    pub fn new(statement: &Statement, unit_costs: Vec<UnitCost>) -> Self {
        let (total, amounts) = in_money(statement);
        let settings = &statement.settings;
        let rows = statement.rows.iter().zip(amounts).map(|(row, amounts)| {
            let Window { start, end } = statement.slices[row.slice as usize];
            let group = |(i, by): (usize, &GroupBy)| (by.to_string(), statement.name(row, i).map(str::to_owned));
            RowView { start, end, groups: settings.by.iter().enumerate().map(group).collect(), amounts }
        });
        Self {
            window: settings.window,
            currency: statement.currency,
            resolution: settings.resolution,
            by: settings.by.clone(),
            idle: settings.idle,
            shared: settings.shared.as_str().to_owned(),
            total,
            rows: rows.collect(),
            unit_costs,
        }
    }

    /// Which of [`AmountsView::PARTS`] people are shown: those of commitments where there are any.
    pub fn parts_shown(&self) -> Vec<usize> {
        let rows = || self.rows.iter().map(|row| &row.amounts);
        let is_some = |amounts: &AmountsView| !amounts.discount.amount.is_zero() || !amounts.unused.amount.is_zero();
        let has_commitments = rows().any(is_some);
        let is_of_commitments = |part: &str| matches!(part, "discount" | "unused");
        let places = AmountsView::PARTS.iter().enumerate();
        places.filter(|(_, part)| has_commitments || !is_of_commitments(part)).map(|(place, _)| place).collect()
    }

    /// The header and the rows as a table, for a spreadsheet: every part, and every decimal there is.
    pub fn table(&self) -> impl Iterator<Item = Vec<String>> {
        let by: Vec<String> = self.by.iter().map(GroupBy::to_string).collect();
        let header = ["start", "end"].into_iter().map(str::to_owned).chain(by.iter().cloned());
        let columns = AmountsView::PARTS.into_iter().chain(["total", "currency", "resource_hours"]);
        let header: Vec<String> = header.chain(columns.map(str::to_owned)).collect();
        let rows = self.rows.iter().map(move |row| {
            let groups = by.iter().map(|by| row.groups[by].clone().unwrap_or_default());
            let amounts = row.amounts.parts().into_iter().chain([row.amounts.total]);
            let amounts = amounts.map(|money| money.amount.to_string());
            let end = [self.currency.to_string(), row.amounts.resource_hours.to_string()];
            [row.start.to_string(), row.end.to_string()].into_iter().chain(groups).chain(amounts).chain(end).collect()
        });
        core::iter::once(header).chain(rows)
    }
}

impl AmountsView {
    /// The parts that the total is the sum of, in the order in which they are written.
    pub const PARTS: [&str; 6] = ["workload", "idle", "shared", "overhead", "discount", "unused"];

    /// The amounts of [`Self::PARTS`].
    pub fn parts(&self) -> [Money; 6] {
        [self.workload, self.idle, self.shared, self.overhead, self.discount, self.unused]
    }

    /// Amounts of parts, and of all of them together.
    pub fn of_parts(parts: [Money; 6], resource_hours: f64) -> Self {
        let [workload, idle, shared, overhead, discount, unused] = parts;
        let total = Money { amount: parts.iter().map(|money| money.amount).sum::<Decimal>(), ..workload };
        Self { workload, idle, shared, overhead, discount, unused, total, resource_hours }
    }
}

/// The total and every row in money: totals of the parts by largest remainder of the whole, rows by that of each part.
fn in_money(statement: &Statement) -> (AmountsView, Vec<AmountsView>) {
    let sum = statement.total();
    let (_, totals) = apportion(&sum.parts(), statement.currency);
    let columns: Vec<Vec<Money>> = totals
        .iter()
        .enumerate()
        .map(|(part, total)| {
            let column: Vec<LedgerUnits> = statement.rows.iter().map(|row| row.amounts.parts()[part]).collect();
            apportion_to(*total, &column)
        })
        .collect();
    let hours = |amounts: &Amounts| amounts.resource_micros as f64 / 3.6e9;
    let row = |(i, row): (usize, &super::StatementRow)| {
        AmountsView::of_parts(core::array::from_fn(|part| columns[part][i]), hours(&row.amounts))
    };
    let rows = statement.rows.iter().enumerate().map(row).collect();
    (AmountsView::of_parts(core::array::from_fn(|part| totals[part]), hours(&sum)), rows)
}
