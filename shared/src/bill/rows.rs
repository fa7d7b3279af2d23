//! The rows of a report, converted to money by column.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Unallocated;
use crate::units::{Currency, LedgerUnits, Money, apportion};

/// One row of a report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillRow {
    /// What it is of, in the order of the report's keys.
    pub keys: Vec<String>,
    /// Why no tenant pays it, where none does and rows go by tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unallocated: Option<Unallocated>,
    /// How many charges; one of several days is one in each of them.
    pub charges: u64,
    /// On the invoice.
    pub billed: Money,
    /// After discounts, with what was paid ahead spread over its use.
    pub effective: Money,
}

/// What is added up for a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    pub(super) charges: u64,
    pub(super) billed: LedgerUnits,
    pub(super) effective: LedgerUnits,
}

/// Why no tenant pays it, and what it is of.
pub(super) type RowKey = (Option<Unallocated>, Vec<String>);

/// A total, and the column that adds up to it.
type Column = (Money, Vec<Money>);

impl Line {
    pub(super) fn add(&mut self, billed: LedgerUnits, effective: LedgerUnits) {
        self.charges += 1;
        self.billed += billed;
        self.effective += effective;
    }

    /// The columns of billed and of effective cost.
    pub(super) fn money(lines: &[&Self], currency: Currency) -> (Column, Column) {
        let column = |of: fn(&Self) -> LedgerUnits| {
            let entries: Vec<LedgerUnits> = lines.iter().map(|line| of(line)).collect();
            apportion(&entries, currency)
        };
        (column(|line| line.billed), column(|line| line.effective))
    }
}

/// The rows, in the order of their keys where they go by day, and otherwise the most expensive first; what nobody pays comes
/// last.
pub(super) fn rows(lines: BTreeMap<RowKey, Line>, currency: Currency, by_key: bool) -> Vec<BillRow> {
    let mut lines: Vec<(RowKey, Line)> = lines.into_iter().collect();
    if by_key {
        lines.sort_by(|((_, a), _), ((_, b), _)| a.cmp(b));
    } else {
        lines.sort_by_key(|((unallocated, _), line)| (*unallocated, Reverse(line.billed), Reverse(line.effective)));
    }
    let (billed, effective) = Line::money(&lines.iter().map(|(_, line)| line).collect::<Vec<_>>(), currency);
    let row = |(at, ((unallocated, keys), line)): (usize, (RowKey, Line))| BillRow {
        keys,
        unallocated,
        charges: line.charges,
        billed: billed.1[at],
        effective: effective.1[at],
    };
    lines.into_iter().enumerate().map(row).collect()
}
