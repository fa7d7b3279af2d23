//! Predicted costs with and without corrections as text.

use std::fmt::Write;

use shared::allocation::RowKind;
use shared::feedback::{CorrectionVerdict, Figures, PairedDifference, ScoredSeries};

use super::{CostAnswer, NextView};
use crate::cli::ledger::series_name;
use crate::output;

/// So many of a kind are shown, those that cost most.
const SHOWN: usize = 10;

/// A line each without, with and with every correction.
pub(super) fn text(answer: &CostAnswer) -> String {
    let mut out = String::new();
    write_all(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, answer: &CostAnswer) -> std::fmt::Result {
    let (Some(first), Some(last)) = (answer.windows.first(), answer.windows.last()) else { return Ok(()) };
    let windows = output::counted(answer.windows.len() as u64, "window");
    let runs = output::counted(u64::from(answer.runs), "run");
    writeln!(out, "{windows} of {} from {} to {}, {runs} each", answer.horizon, first.origin, last.origin)?;
    for notice in &answer.notices {
        writeln!(out, "note: {notice}")?;
    }
    let head = format!("cost in {}", answer.currency);
    writeln!(out, "\n{head:<30}{:>14}{:>14}{:>14}  model", "predicted", "corrected", "actual")?;
    for window in &answer.windows {
        let [predicted, corrected, actual] =
            [window.predicted, window.corrected, window.actual].map(|money| money.rounded());
        let (origin, model) = (window.origin.to_string(), &window.model);
        writeln!(out, "{origin:<30}{predicted:>14.2}{corrected:>14.2}{actual:>14.2}  {model}")?;
    }
    writeln!(
        out,
        "\n{:<30}{:>12}  {:<8}{:>7}{:>8}{:>9}{:>6}{:>6}{:>6}  WAPE less that without, 95 % of resampled windows",
        "series", "actual", "", "WAPE", "bias", "pinball", "50 %", "80 %", "90 %"
    )?;
    let (shown, exact, more) = shown(answer);
    shown.into_iter().try_for_each(|of| write_series(out, of))?;
    if more > 0 {
        writeln!(out, "and {} that cost less; --json has all of them", output::counted(more as u64, "tenant"))?;
    }
    if exact > 0 {
        writeln!(out, "exactly as predicted: {exact} series")?;
    }
    write_next(out, answer)
}

/// The series to show, in order, and how many were predicted exactly or are left out for being small.
fn shown(answer: &CostAnswer) -> (Vec<&ScoredSeries>, usize, usize) {
    let is_exact = |of: &&ScoredSeries| [&of.without, &of.always].iter().all(|figures| figures.wape == Some(0.0));
    let (exact, mut shown): (Vec<_>, Vec<_>) = answer.results.iter().partition(is_exact);
    let place = |of: &ScoredSeries| match of.kind {
        RowKind::Total => 0,
        RowKind::Tenant => 2,
        RowKind::Class => 3,
        RowKind::Module => 4,
        _ => 1,
    };
    shown.sort_by(|a, b| {
        (place(a), a.name.is_some()).cmp(&(place(b), b.name.is_some())).then(b.cost.total_cmp(&a.cost))
    });
    let (mut tenants, all) = (0, shown.len());
    shown.retain(|of| {
        tenants += usize::from(of.kind == RowKind::Tenant && of.name.is_some());
        tenants <= SHOWN || of.kind != RowKind::Tenant
    });
    let more = all - shown.len();
    (shown, exact.len(), more)
}

fn write_series(out: &mut String, of: &ScoredSeries) -> std::fmt::Result {
    let name = output::cut(&series_name(of.kind, of.name.as_deref()), 29);
    write!(out, "{name:<30}{:>12.2}  ", of.cost)?;
    write_figures(out, "without", &of.without, None)?;
    let used = match (of.kind, &of.name) {
        (RowKind::Tenant | RowKind::Class | RowKind::Module, None) => format!("in use {} times", of.in_use),
        _ => format!("in use in {} of {}", of.in_use, of.windows),
    };
    write!(out, "  {used:<28}{:>12}  ", "")?;
    write_figures(out, "with", &of.with, of.difference.as_ref())?;
    write!(out, "{:<30}{:>12}  ", "", "")?;
    write_figures(out, "always", &of.always, of.difference_always.as_ref())
}

fn write_figures(
    out: &mut String,
    label: &str,
    figures: &Figures,
    difference: Option<&PairedDifference>,
) -> std::fmt::Result {
    let share = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let (wape, bias, pinball) = (share(figures.wape), share(figures.bias), share(figures.pinball));
    write!(out, "{label:<8}{wape:>7}{bias:>8}{pinball:>9}")?;
    for interval in &figures.intervals {
        let achieved = interval.achieved_percent.map_or("-".to_owned(), |percent| format!("{percent:.0}"));
        write!(out, "{achieved:>6}")?;
    }
    match difference {
        Some(PairedDifference { difference, low, high }) => {
            writeln!(out, "  {difference:+.3} [{low:+.3}, {high:+.3}]")
        }
        None => writeln!(out),
    }
}

/// What the next prediction is multiplied by; of what nothing is known too little is said.
fn write_next(out: &mut String, answer: &CostAnswer) -> std::fmt::Result {
    let changes = |of: &&NextView| {
        let correction = &of.correction;
        correction.verdict != CorrectionVerdict::NoBetter && (correction.factor - 1.0).abs() > 0.0005
    };
    let next: Vec<&NextView> = answer.next.iter().filter(changes).collect();
    if next.is_empty() {
        return writeln!(out, "\nno factor would change the next prediction");
    }
    writeln!(out, "\n{:<30}{:>12}  learnt from all of them", "for the next window", "factor")?;
    for of in next {
        let name = series_name(of.correction.kind, Some(&of.correction.name));
        let name = output::cut(name.trim_start(), 29);
        writeln!(out, "{name:<30}{:>12.3}  {}", of.correction.factor, of.said)?;
    }
    Ok(())
}
