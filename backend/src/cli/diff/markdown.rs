//! The comparison as Markdown, for the description of a pull request or a comment on it.

use std::collections::BTreeSet;
use std::fmt::Write;

use shared::comparison::{Change, CostPart};
use shared::units::{Money, rounded_parts};

use super::answer::{Answer, CostsView, DifferenceView, SideView};
use crate::output::{cell, counted, cut, signed};

/// Most rows of changes: a comment has to be read. JSON has all of them.
const CHANGES_MAX: usize = 50;

/// Most characters of a value: what is longer is cut.
const VALUE_MAX: usize = 120;

/// The whole comparison.
pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::new();
    write_text(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_text(out: &mut String, answer: &Answer) -> std::fmt::Result {
    let Answer { a, b, changes, cost, notices, reproduce } = answer;
    writeln!(out, "## Shadow of {} → {}\n", cell(&a.source), cell(&b.source))?;
    writeln!(out, "{}\n", headline(cost))?;
    for notice in notices {
        writeln!(out, "> note: {}\n", cell(notice))?;
    }
    if let Some(changes) = changes {
        write_changes(out, changes)?;
    }
    write_costs(out, cost)?;
    write_service(out, a, b)?;
    writeln!(out, "### To see it yourself\n\n```sh\n{reproduce}\n```\n")?;
    for side in [a, b] {
        let SideView { label, digest, engine, window, .. } = side;
        let runs = counted(u64::from(side.runs), "run");
        writeln!(out, "- {label}: digest `{digest}`, engine {engine}, {runs} of {} … {}", window.start, window.end)?;
    }
    Ok(())
}

/// What a reader wants to know first.
fn headline(cost: &CostsView) -> String {
    let DifferenceView { a, b, .. } = &cost.total;
    let [a, b] = [a, b].map(|money| amount(money.as_ref()));
    let grows = difference(cost.total.difference, &cost.total);
    let mut line = format!("**It costs {b} {} in place of {a}: {grows}.**", cost.currency);
    if let (Some(runs), Some(dearer)) = (cost.paired_runs, cost.dearer_runs) {
        let interval = interval(&cost.total);
        if interval != NOTHING {
            let level = cost.level * 100.0;
            let _ = write!(line, " In the middle {level:.0} % of {runs} runs on the same draws: {interval}.");
        }
        let _ = write!(line, " It costs more in {dearer} of {}.", counted(u64::from(runs), "run"));
    }
    line
}

fn write_changes(out: &mut String, changes: &[Change]) -> std::fmt::Result {
    writeln!(out, "### What differs in the scenario\n")?;
    if changes.is_empty() {
        return writeln!(out, "Nothing.\n");
    }
    writeln!(out, "| field | A | B |\n| --- | --- | --- |")?;
    for Change { field, before, after } in changes.iter().take(CHANGES_MAX) {
        let [before, after] = [before, after].map(|value| value.as_deref().map_or(NOTHING.to_owned(), shortened));
        writeln!(out, "| {} | {before} | {after} |", cell(field))?;
    }
    if changes.len() > CHANGES_MAX {
        writeln!(out, "\nand {} more, which `--json` has.", changes.len() - CHANGES_MAX)?;
    }
    writeln!(out)
}

fn shortened(value: &str) -> String {
    cell(&cut(value, VALUE_MAX))
}

fn write_costs(out: &mut String, cost: &CostsView) -> std::fmt::Result {
    writeln!(out, "### Cost in {}\n", cost.currency)?;
    let level = cost.level * 100.0;
    let runs = cost.paired_runs.map_or_else(String::new, |_| format!(" middle {level:.0} % of runs |"));
    let rule = if runs.is_empty() { "" } else { " ---: |" };
    writeln!(out, "| of | A | B | B − A |{runs}\n| --- | ---: | ---: | ---: |{rule}")?;
    let mut row = |name: &str, of: &DifferenceView, [a, b, change]: [Option<Money>; 3]| {
        let interval = if runs.is_empty() { String::new() } else { format!(" {} |", interval(of)) };
        let [a, b] = [a, b].map(|money| amount(money.as_ref()));
        writeln!(out, "| {name} | {a} | {b} | {} |{interval}", difference(change.unwrap_or(of.difference), of))
    };
    let column = |of: fn(&DifferenceView) -> Option<Money>| {
        added_up(of(&cost.total), cost.rows.iter().map(|row| of(&row.difference)).collect())
    };
    let columns = [column(|of| of.a), column(|of| of.b), column(|of| Some(of.difference))];
    for (i, of) in cost.rows.iter().enumerate() {
        row(&name(&of.part), &of.difference, columns.each_ref().map(|column| column[i]))?;
    }
    let CostsView { total, .. } = cost;
    row("**total**", total, [total.a, total.b, Some(total.difference)])?;
    writeln!(out)
}

/// A column as the table shows it, so that what there is adds up to its total.
fn added_up(total: Option<Money>, column: Vec<Option<Money>>) -> Vec<Option<Money>> {
    let known: Vec<Money> = column.iter().copied().flatten().collect();
    let Some(total) = total else { return column };
    let mut rounded = rounded_parts(total, &known).into_iter();
    column.into_iter().map(|of| of.and_then(|_| rounded.next())).collect()
}

fn write_service(out: &mut String, a: &SideView, b: &SideView) -> std::fmt::Result {
    writeln!(out, "### Service, per run\n\n| of | A | B |\n| --- | ---: | ---: |")?;
    let mut row = |name: &str, a: String, b: String| writeln!(out, "| {name} | {a} | {b} |");
    let milliseconds = |of: Option<f64>| of.map_or(NOTHING.to_owned(), |ms| format!("{ms:.0} ms"));
    row("requests", count(a.requests), count(b.requests))?;
    row("p50 to ready", milliseconds(a.latency_ms.p50), milliseconds(b.latency_ms.p50))?;
    row("p99 to ready", milliseconds(a.latency_ms.p99), milliseconds(b.latency_ms.p99))?;
    let reasons: BTreeSet<_> =
        [a, b].into_iter().flat_map(|side| side.refused.iter().map(|view| view.reason)).collect();
    for reason in reasons {
        let of =
            |side: &SideView| side.refused.iter().find(|view| view.reason == reason).map_or(0.0, |view| view.count);
        row(&format!("refused: {}", cell(reason.as_str())), count(of(a)), count(of(b)))?;
    }
    let reasons: BTreeSet<_> =
        [a, b].into_iter().flat_map(|side| side.evicted.iter().map(|view| view.reason)).collect();
    for reason in reasons {
        let of =
            |side: &SideView| side.evicted.iter().find(|view| view.reason == reason).map_or(0.0, |view| view.count);
        row(&format!("made to leave: {}", cell(reason.as_str())), count(of(a)), count(of(b)))?;
    }
    row("waiting at the end", count(a.pending), count(b.pending))?;
    row("most nodes at once, in any run", a.peak_nodes.to_string(), b.peak_nodes.to_string())?;
    row("most live at once, in any run", a.peak_live.to_string(), b.peak_live.to_string())?;
    let dimensions: BTreeSet<_> = a.utilisation.keys().chain(b.utilisation.keys()).copied().collect();
    for dimension in dimensions {
        let share = |side: &SideView| {
            side.utilisation.get(&dimension).map_or(NOTHING.to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        row(&format!("requested of {} paid", cell(dimension.field())), share(a), share(b))?;
    }
    let of_pools = [a, b].into_iter().flat_map(|side| &side.pools);
    let shares: BTreeSet<_> = of_pools.flat_map(|pool| pool.taken.keys().map(|of| (pool.pool.as_str(), *of))).collect();
    for (name, of) in shares {
        let share = |side: &SideView| {
            let pool = side.pools.iter().find(|pool| pool.pool == name);
            let share = pool.and_then(|pool| pool.taken.get(&of));
            share.map_or(NOTHING.to_owned(), |share| format!("{:.1} %", share.peak * 100.0))
        };
        row(&format!("most taken of {} of pool {}", cell(of.field()), cell(name)), share(a), share(b))?;
    }
    writeln!(out)
}

/// What stands where there is nothing to say.
const NOTHING: &str = "–";

fn name(part: &CostPart) -> String {
    match part {
        CostPart::Tenant(name) => cell(name),
        CostPart::Idle => "*idle*".to_owned(),
        CostPart::Overhead => "*overhead*".to_owned(),
        CostPart::Modules => "*modules*".to_owned(),
        CostPart::CommitmentDiscount => "*commitment discount*".to_owned(),
        CostPart::UnusedCommitment => "*unused commitment*".to_owned(),
    }
}

fn amount(money: Option<&Money>) -> String {
    money.map_or(NOTHING.to_owned(), |money| format!("{:.2}", money.rounded()))
}

fn difference(shown: Money, of: &DifferenceView) -> String {
    let percent = of.growth_percent.filter(|_| signed(&shown) != "0.00");
    signed(&shown) + &percent.map_or_else(String::new, |percent| format!(" ({percent:+.1} %)"))
}

fn interval(of: &DifferenceView) -> String {
    match (&of.low, &of.high) {
        (Some(low), Some(high)) => format!("{} … {}", signed(low), signed(high)),
        _ => NOTHING.to_owned(),
    }
}

fn count(of: f64) -> String {
    if of.fract() == 0.0 { format!("{of:.0}") } else { format!("{of:.1}") }
}
