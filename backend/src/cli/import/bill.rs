//! What is said of an imported bill.

use shared::trace::charge::{BillSummary, BillTotal};

use crate::output::{counted, some};

/// In sentences, one a line; `leave_out` says how equal lines are left out, where they can be.
pub(super) fn sentences(summary: &BillSummary, leave_out: Option<&str>) -> String {
    let mut said = vec![format!(
        "{}: {} from {} to {}, stated {}",
        summary.format,
        counted(summary.charges, "charge"),
        summary.period.start,
        summary.period.end,
        summary.stated
    )];
    said.extend(summary.totals.iter().map(total));
    said.extend(equal(summary, leave_out));
    if summary.rounded > 0 {
        said.push(format!("{} finer than 17 decimals rounded half to even", counted(summary.rounded, "amount")));
    }
    if let Some(unmapped) = summary.unmapped.filter(|&unmapped| unmapped > 0) {
        said.push(format!("{} without a rule, which stay unallocated", counted(unmapped, "charge")));
    }
    if !summary.unused_rules.is_empty() {
        let rules = some(summary.unused_rules.iter().map(String::as_str));
        said.push(format!("no charge has its tenant by {rules}"));
    }
    if summary.out_of_period > 0 {
        let charges = counted(summary.out_of_period, "charge");
        said.push(format!("{charges} of other time than their billing period, counted in it all the same"));
    }
    for (column, count) in &summary.lacking {
        said.push(format!("{column} is empty in {}, though FOCUS wants it", counted(*count, "charge")));
    }
    if !summary.ignored_columns.is_empty() {
        said.push(format!(
            "no columns of FOCUS, left out: {}",
            some(summary.ignored_columns.iter().map(String::as_str))
        ));
    }
    said.join("\n")
}

fn equal(summary: &BillSummary, leave_out: Option<&str>) -> Option<String> {
    const SHOWN: usize = 5;
    let lines = &summary.duplicates.lines;
    let (first, more) = (lines.iter().take(SHOWN), lines.len().saturating_sub(SHOWN));
    let mut pairs: Vec<String> = first.map(|(line, first)| format!("{line} (as {first})")).collect();
    if more > 0 {
        pairs.push(format!("{more} more"));
    }
    let money: Vec<String> =
        summary.duplicates.totals.iter().map(|total| format!("{} {}", total.billed, total.currency)).collect();
    let what = match leave_out {
        Some(how) if summary.duplicates.left_out => format!("left out, as {how} says"),
        Some(how) => format!("counted, as the invoice does; {how} leaves them out"),
        None => "counted".to_owned(),
    };
    (!lines.is_empty()).then(|| {
        format!("equal to an earlier line: lines {}, billing {}; {what}", pairs.join(", "), money.join(" and "))
    })
}

fn total(total: &BillTotal) -> String {
    format!("billed {} {}, effective {}", total.billed, total.currency, total.effective)
}
