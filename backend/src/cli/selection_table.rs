//! How a model was chosen, as text.

use std::fmt::Write;

use shared::features::SeriesKey;
use shared::forecast::{Candidate, Choice, ModelName, Scores, SelectionReport};

/// Every candidate with its scores over the backtest, and the choice.
pub(super) fn text(report: &SelectionReport) -> String {
    let mut out = String::new();
    write_all(&mut out, report).expect("writing to a String cannot fail");
    out
}

fn write_all(out: &mut String, report: &SelectionReport) -> std::fmt::Result {
    if let Some(fallback) = &report.fallback {
        return writeln!(out, "{fallback}");
    }
    if let (Some(first), Some(last)) = (report.origins.first(), report.origins.last()) {
        let count = report.origins.len();
        writeln!(out, "models, by backtest from {count} origins between {first} and {last}")?;
    }
    writeln!(out, "  {:<18}{:>9}{:>9}{:>9}{:>9}  series", "model", "horizon", "MASE", "WAPE", "bias")?;
    for candidate in &report.candidates {
        write_candidate(out, candidate)?;
    }
    report.choices.iter().try_for_each(|choice| write_choice(out, choice))
}

/// What each series of everyone uses for a horizon and why, what all of them rest on, and how it is with those of tenants.
fn write_choice(out: &mut String, choice: &Choice) -> std::fmt::Result {
    for series in choice.series.iter().filter(|series| series.key.tenant().is_none()) {
        let (model, of) = (series.model, series_of_everyone(series.key));
        writeln!(out, "  {} of {of}: {model} is used; {}", choice.horizon, series.reason)?;
    }
    let shares = choice.members.iter().filter(|member| member.weight >= 0.005);
    let shares: Vec<String> = shares.map(|member| format!("{} {:.0} %", member.model, member.weight * 100.0)).collect();
    if let Some(mase) = choice.mase.filter(|_| choice.members.len() > 1) {
        writeln!(out, "    mean MASE {mase:.3}; of what is used, {}", shares.join(", "))?;
    }
    let tenants = || choice.series.iter().filter(|series| series.key.tenant().is_some());
    let alone = tenants().filter(|series| series.model != ModelName::Ensemble).count();
    match tenants().count() {
        0 => Ok(()),
        all => writeln!(out, "    by the same rule {alone} of {all} series of tenants use one model alone"),
    }
}

fn series_of_everyone(key: SeriesKey) -> String {
    match key {
        SeriesKey::Arrivals => "arrivals".to_owned(),
        SeriesKey::Creates { class: Some(class), .. } => format!("creates, {}", class.as_str()),
        SeriesKey::Creates { .. } => "creates".to_owned(),
        SeriesKey::Given => "given".to_owned(),
    }
}

fn write_candidate(out: &mut String, candidate: &Candidate) -> std::fmt::Result {
    let name = candidate.model.as_str();
    if let Some(reason) = &candidate.not_ready {
        return writeln!(out, "  {name:<18}not ready: {reason}");
    }
    for score in candidate.scores.iter().filter(|score| score.key.tenant().is_none()) {
        let series = series_of_everyone(score.key);
        let figure = |of: fn(&Scores) -> Option<f64>| {
            score.scores().and_then(of).map_or("-".to_owned(), |value| format!("{value:.3}"))
        };
        writeln!(
            out,
            "  {name:<18}{:>9}{:>9}{:>9}{:>9}  {series}",
            score.horizon.to_string(),
            figure(|scores| scores.mase),
            figure(|scores| scores.wape),
            figure(|scores| scores.bias),
        )?;
    }
    if let Some(training) = &candidate.training {
        writeln!(out, "  {name:<18}{} training steps", training.steps)?;
    }
    Ok(())
}
