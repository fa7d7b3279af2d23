//! The scores as text.

use std::fmt::Write;

use super::{BacktestAnswer, ScoredModel};
use crate::cli::demand::series_name;

/// A line a model, series and horizon.
pub(super) fn text(answer: &BacktestAnswer) -> String {
    let mut out = String::new();
    write_all(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, answer: &BacktestAnswer) -> std::fmt::Result {
    if let (Some(first), Some(last)) = (answer.origins.first(), answer.origins.last()) {
        let (count, until) = (answer.origins.len(), answer.fitted_until);
        writeln!(out, "{count} origins from {first} to {last}; fitted on what was before {until}")?;
    }
    if answer.gaps > 0 {
        writeln!(out, "note: {} bins of the file have no value and carry the one before", answer.gaps)?;
    }
    writeln!(
        out,
        "{:<16}{:>8}{:>8}{:>8}{:>9}{:>12}{:>10}{:>9}{:>12}  series",
        "model", "horizon", "MASE", "WAPE", "bias", "pinball p50", "in 90 %", "fit s", "predict ms"
    )?;
    answer.results.iter().try_for_each(|row| write_row(out, row, &answer.tenants))
}

fn write_row(out: &mut String, row: &ScoredModel, tenants: &[String]) -> std::fmt::Result {
    let (series, horizon) = (series_name(row.series, tenants), row.horizon.to_string());
    let Some(scores) = &row.scores else {
        let reason = row.not_ready.map_or(String::new(), |reason| reason.to_string());
        return writeln!(out, "{:<16}{horizon:>8}  not ready: {reason}  {series}", row.model);
    };
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let median = scores.pinball.iter().find(|pinball| pinball.level == 0.5).map(|pinball| pinball.loss);
    let inside = scores.coverage.iter().find(|coverage| coverage.level == 0.9).map(|coverage| coverage.share * 100.0);
    writeln!(
        out,
        "{:<16}{horizon:>8}{:>8}{:>8}{:>9}{:>12}{:>10}{:>9.2}{:>12}  {series}",
        row.model,
        figure(scores.mase),
        figure(scores.wape),
        figure(scores.bias),
        figure(median),
        inside.map_or("-".to_owned(), |share| format!("{share:.1}")),
        row.fit_s,
        figure(row.predict_ms),
    )
}
