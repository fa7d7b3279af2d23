//! A variance by any groups as text.

use std::fmt::Write;

use shared::allocation::{CauseAmount, GroupBy, VarianceRow, VarianceStatement};
use shared::input::write_table;
use shared::units::{Money, rounded_parts};

use crate::output::{compared, in_line};

/// For a terminal.
pub(super) fn table(found: &VarianceStatement, notices: &[String]) -> String {
    let mut out = String::new();
    write_text(&mut out, found, notices).expect("writing to a String cannot fail");
    out
}

fn write_text(out: &mut String, found: &VarianceStatement, notices: &[String]) -> std::fmt::Result {
    let (window, basis) = (found.window, found.basis.as_str());
    writeln!(out, "{} … {}   {} runs; actual cost is {basis}", window.start, window.end, found.runs)?;
    for notice in notices {
        writeln!(out, "note: {notice}")?;
    }
    let by: Vec<String> = found.by.iter().map(GroupBy::to_string).collect();
    let title = format!("cost in {} by {}", found.currency, by.join(", "));
    let labels: Vec<String> = found.rows.iter().map(|row| label(found, row)).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(title.chars().count()) + 2;
    write!(out, "\n{title:<width$}")?;
    for column in ["predicted", "p10", "p90", "actual", "variance", "accuracy"] {
        write!(out, " {column:>12}")?;
    }
    writeln!(out)?;
    let is_cut = found.rows.iter().any(|row| row.start != window.start || row.end != window.end);
    let mut slice = None;
    for (row, label) in found.rows.iter().zip(&labels) {
        if is_cut && slice.replace(row.start) != Some(row.start) {
            writeln!(out, "{} … {}", row.start, row.end)?;
        }
        write_row(out, label, width, row)?;
    }
    write_row(out, "total", width, &found.total)?;
    write_causes(out, found, &labels)?;
    if found.optimization_areas.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nwhere it differs most")?;
    for row in &found.optimization_areas {
        let when = if is_cut { format!(", from {}", row.start) } else { String::new() };
        let [_, _, variance] = compared(row.predicted.mean, row.actual, row.variance);
        writeln!(out, "  {}{when}: {:+.2}", label(found, row), variance.rounded())?;
    }
    Ok(())
}

/// The same lines by cause, where causes were replayed.
fn write_causes(out: &mut String, found: &VarianceStatement, labels: &[String]) -> std::fmt::Result {
    if found.total.causes.is_empty() {
        return Ok(());
    }
    let title = format!("variance in {} by cause", found.currency);
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(title.chars().count()) + 2;
    write!(out, "\n{title:<width$}")?;
    for CauseAmount { cause, .. } in &found.total.causes {
        write!(out, " {:>12}", cause.as_str())?;
    }
    writeln!(out)?;
    let is_cut = |row: &VarianceRow| row.start != found.window.start || row.end != found.window.end;
    let cut = found.rows.iter().any(is_cut);
    let mut slice = None;
    for (row, label) in found.rows.iter().zip(labels) {
        if cut && slice.replace(row.start) != Some(row.start) {
            writeln!(out, "{} … {}", row.start, row.end)?;
        }
        write_by_cause(out, label, width, row)?;
    }
    write_by_cause(out, "total", width, &found.total)?;
    for CauseAmount { cause, not_observed, .. } in &found.total.causes {
        if let Some(why) = not_observed {
            writeln!(out, "  {} is not observed: {why}", cause.as_str())?;
        }
    }
    Ok(())
}

/// Rounded so that the causes of a line add up to its variance as it is shown.
fn write_by_cause(out: &mut String, label: &str, width: usize, row: &VarianceRow) -> std::fmt::Result {
    write!(out, "{label:<width$}")?;
    let known: Vec<Money> = row.causes.iter().filter_map(|cause| cause.amount).collect();
    let [_, _, variance] = compared(row.predicted.mean, row.actual, row.variance);
    let mut shown = rounded_parts(variance, &known).into_iter();
    for cause in &row.causes {
        match cause.amount.and_then(|_| shown.next()) {
            Some(amount) => write!(out, " {:>+12.2}", amount.rounded())?,
            None => write!(out, " {:>12}", "-")?,
        }
    }
    writeln!(out)
}

fn write_row(out: &mut String, label: &str, width: usize, row: &VarianceRow) -> std::fmt::Result {
    write!(out, "{label:<width$}")?;
    let band = &row.predicted;
    let [mean, actual, variance] = compared(band.mean, row.actual, row.variance);
    for money in [mean, band.p10, band.p90, actual, variance] {
        write!(out, " {:>12.2}", money.rounded())?;
    }
    let accuracy = row.prediction_accuracy.map_or("none".to_owned(), |accuracy| format!("{accuracy:.4}"));
    writeln!(out, " {accuracy:>12}")
}

/// The groups of a row, or that it is of none.
pub(in crate::cli::report) fn label(found: &VarianceStatement, row: &VarianceRow) -> String {
    let group = |by: &GroupBy| row.groups[&by.to_string()].as_deref().map(|name| in_line(name).into_owned());
    let groups: Vec<Option<String>> = found.by.iter().map(group).collect();
    if groups.iter().all(Option::is_none) {
        return "(of nobody)".to_owned();
    }
    groups.into_iter().map(|group| group.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>().join(" / ")
}

/// For a spreadsheet: every decimal there is.
pub(super) fn csv(found: &VarianceStatement) -> String {
    let by: Vec<String> = found.by.iter().map(GroupBy::to_string).collect();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let columns = ["predicted", "p10", "p50", "p90", "actual", "variance", "prediction_accuracy", "currency"];
    let causes: Vec<&str> = found.total.causes.iter().map(|cause| cause.cause.as_str()).collect();
    let header = [names(&["start", "end"]), by.clone(), names(&columns), names(&causes)].concat();
    let rows = found.rows.iter().map(|row| {
        let groups = by.iter().map(|by| row.groups[by].clone().unwrap_or_default()).collect();
        let band = &row.predicted;
        let amounts = [band.mean, band.p10, band.p50, band.p90, row.actual, row.variance];
        let amounts = amounts.map(|money: Money| money.amount.to_string()).to_vec();
        let accuracy = row.prediction_accuracy.map_or_else(String::new, |accuracy| accuracy.to_string());
        let times = vec![row.start.to_string(), row.end.to_string()];
        let amount = |cause: &CauseAmount| cause.amount.map_or_else(String::new, |money| money.amount.to_string());
        let causes = row.causes.iter().map(amount).collect();
        [times, groups, amounts, vec![accuracy, found.currency.to_string()], causes].concat()
    });
    write_table(std::iter::once(header).chain(rows))
}
