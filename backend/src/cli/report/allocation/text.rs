//! A statement as text: for a terminal, a spreadsheet, a pull request.

use std::fmt::Write;

use shared::allocation::{AmountsView, GroupBy, RowView, StatementView, UnitCost, VarianceStatement};
use shared::units::{Money, rounded_parts};

use super::comparison::sentences;
use crate::output::{cell, in_line};

/// The names of some parts, and of the total.
pub(super) fn names(shown: &[usize]) -> Vec<&'static str> {
    shown.iter().map(|&part| AmountsView::PARTS[part]).chain(["total"]).collect()
}

/// The same as people are shown them, with two decimals: parts add up to the total.
pub(super) fn shown_of(amounts: &AmountsView, shown: &[usize]) -> Vec<String> {
    let parts = amounts.parts();
    let parts: Vec<Money> = shown.iter().map(|&part| parts[part]).collect();
    let rounded = rounded_parts(amounts.total, &parts).into_iter().chain([amounts.total]);
    rounded.map(|money| format!("{:.2}", money.rounded())).collect()
}

/// What a row is of, for people: its groups, or the part that is nobody's.
pub(super) fn label(view: &StatementView, row: &RowView) -> String {
    let group = |by: &GroupBy| row.groups[&by.to_string()].as_deref().map(|name| in_line(name).into_owned());
    let groups: Vec<Option<String>> = view.by.iter().map(group).collect();
    if groups.iter().all(Option::is_none) {
        return match &view.by[..] {
            [] => "all".to_owned(),
            [GroupBy::Label(label)] => format!("(without the label {})", in_line(label)),
            _ => "(of nobody)".to_owned(),
        };
    }
    groups.into_iter().map(|group| group.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>().join(" / ")
}

/// Whether the window is cut into slices.
pub(super) fn is_cut(view: &StatementView) -> bool {
    view.rows.iter().any(|row| row.start != view.window.start || row.end != view.window.end)
}

/// What to know about the units of a metric where a window is in pieces: who is active in two of them counts twice.
pub(super) fn summed(view: &StatementView) -> &'static str {
    if is_cut(view) { ", summed over the pieces of the window" } else { "" }
}

/// For a terminal.
pub(super) fn table(view: &StatementView, found: Option<&VarianceStatement>, notices: &[String]) -> String {
    let mut out = String::new();
    write_table_text(&mut out, view, notices).expect("writing to a String cannot fail");
    for (place, said) in found.map(sentences).unwrap_or_default().iter().enumerate() {
        out += &match place {
            0 => format!("\n{said}\n"),
            1 => format!("where it differs most\n  {said}\n"),
            _ => format!("  {said}\n"),
        };
    }
    out
}

fn write_table_text(out: &mut String, view: &StatementView, notices: &[String]) -> std::fmt::Result {
    writeln!(
        out,
        "{} … {}   idle: {}, shared: {}",
        view.window.start,
        view.window.end,
        view.idle.as_str(),
        view.shared
    )?;
    for notice in notices {
        writeln!(out, "note: {notice}")?;
    }
    let by: Vec<String> = view.by.iter().map(GroupBy::to_string).collect();
    let title =
        format!("cost in {} by {}", view.currency, if by.is_empty() { "nothing".to_owned() } else { by.join(", ") });
    let labels: Vec<String> = view.rows.iter().map(|row| label(view, row)).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(title.chars().count()) + 2;
    write!(out, "\n{title:<width$}")?;
    let shown = view.parts_shown();
    names(&shown).iter().try_for_each(|part| write!(out, " {part:>13}"))?;
    writeln!(out, " {:>15}", "resource hours")?;
    let cut = is_cut(view);
    let mut slice = None;
    for (row, label) in view.rows.iter().zip(&labels) {
        if cut && slice != Some(row.start) {
            writeln!(out, "{} … {}", row.start, row.end)?;
            slice = Some(row.start);
        }
        write_amounts(out, label, width, (&row.amounts, &shown))?;
    }
    write_amounts(out, "total", width, (&view.total, &shown))?;
    let whole = |cost: &&UnitCost| cost.window == view.window;
    for UnitCost { metric, value, per_unit, .. } in view.unit_costs.iter().filter(whole) {
        let each = per_unit.as_deref().map_or("none".to_owned(), |each| format!("{each} {}", view.currency));
        writeln!(out, "{:<width$}{each:>14} each of {value}{}", format!("cost of {}", in_line(metric)), summed(view))?;
    }
    Ok(())
}

fn write_amounts(
    out: &mut String,
    label: &str,
    width: usize,
    (amounts, shown): (&AmountsView, &[usize]),
) -> std::fmt::Result {
    write!(out, "{label:<width$}")?;
    shown_of(amounts, shown).iter().try_for_each(|amount| write!(out, " {amount:>13}"))?;
    writeln!(out, " {:>15.1}", amounts.resource_hours)
}

/// For a pull request.
pub(super) fn markdown(view: &StatementView) -> String {
    let cut = is_cut(view);
    let mut lines =
        vec![format!("Cost in {}, {} … {}", view.currency, view.window.start, view.window.end), String::new()];
    let first = if cut { "| from | of |" } else { "| of |" };
    let shown = view.parts_shown();
    let names = names(&shown);
    lines.push(format!("{first} {} |", names.join(" | ")));
    lines.push(format!(
        "{} {} |",
        if cut { "| --- | --- |" } else { "| --- |" },
        vec!["---:"; names.len()].join(" | ")
    ));
    let amounts = |amounts: &AmountsView| shown_of(amounts, &shown).join(" | ");
    for row in &view.rows {
        let from = if cut { format!("| {} ", row.start) } else { String::new() };
        lines.push(format!("{from}| {} | {} |", cell(&label(view, row)), amounts(&row.amounts)));
    }
    lines.push(format!("{}| **total** | {} |", if cut { "| " } else { "" }, amounts(&view.total)));
    lines.join("\n") + "\n"
}
