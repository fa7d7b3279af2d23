//! What is said of an imported bill.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::trace::charge::{BillTotal, Duplicates, ImportedBill};
use shared::units::{Instant, Window};

use crate::output::{counted, some};

/// What was imported.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    format: String,
    stated: Instant,
    charges: u64,
    period: Window,
    totals: &'a [BillTotal],
    duplicates: &'a Duplicates,
    rounded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmapped: Option<u64>,
    ignored_columns: &'a [String],
    lacking: &'a BTreeMap<String, u64>,
}

impl<'a> Summary<'a> {
    pub(super) fn new(format: String, stated: Instant, bill: &'a ImportedBill, mapped: bool) -> Self {
        Self {
            format,
            stated,
            charges: bill.charges,
            period: bill.period,
            totals: &bill.totals,
            duplicates: &bill.duplicates,
            rounded: bill.rounded,
            unmapped: mapped.then_some(bill.unmapped),
            ignored_columns: &bill.ignored,
            lacking: &bill.lacking,
        }
    }

    /// In sentences, one a line.
    pub(super) fn sentences(&self) -> String {
        let mut said = vec![format!(
            "{}: {} from {} to {}, stated {}",
            self.format,
            counted(self.charges, "charge"),
            self.period.start,
            self.period.end,
            self.stated
        )];
        said.extend(self.totals.iter().map(total));
        said.extend(self.equal());
        if self.rounded > 0 {
            said.push(format!("{} finer than 17 decimals rounded half to even", counted(self.rounded, "amount")));
        }
        if let Some(unmapped) = self.unmapped.filter(|&unmapped| unmapped > 0) {
            said.push(format!("{} without a rule, which stay unallocated", counted(unmapped, "charge")));
        }
        for (column, count) in self.lacking {
            said.push(format!("{column} is empty in {}, though FOCUS wants it", counted(*count, "charge")));
        }
        if !self.ignored_columns.is_empty() {
            said.push(format!(
                "no columns of FOCUS, left out: {}",
                some(self.ignored_columns.iter().map(String::as_str))
            ));
        }
        said.join("\n")
    }

    fn equal(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let lines = &self.duplicates.lines;
        let (first, more) = (lines.iter().take(SHOWN), lines.len().saturating_sub(SHOWN));
        let mut pairs: Vec<String> = first.map(|(line, first)| format!("{line} (as {first})")).collect();
        if more > 0 {
            pairs.push(format!("{more} more"));
        }
        let money: Vec<String> =
            self.duplicates.totals.iter().map(|total| format!("{} {}", total.billed, total.currency)).collect();
        let what = if self.duplicates.left_out {
            "left out, as --equal-lines drop says"
        } else {
            "counted, as the invoice does; --equal-lines drop leaves them out"
        };
        (!lines.is_empty()).then(|| {
            format!("equal to an earlier line: lines {}, billing {}; {what}", pairs.join(", "), money.join(" and "))
        })
    }
}

fn total(total: &BillTotal) -> String {
    format!("billed {} {}, effective {}", total.billed, total.currency, total.effective)
}
