//! How a model was chosen, as text.

use std::fmt::Write;

use shared::features::SeriesKey;
use shared::forecast::{Candidate, Choice, MemberWeight, ModelName, Scores, SelectionReport};

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
    for choice in &report.choices {
        let mase =
            choice.mase.map_or(String::new(), |mase| format!(": mean MASE {mase:.3} over the series of everyone"));
        writeln!(out, "  {} is used for {}{mase}", choice.model.as_str(), choice.horizon)?;
        if choice.members.len() > 1 {
            let share = |member: &MemberWeight| format!("{} {:.0} %", member.model, member.weight * 100.0);
            let shares: Vec<String> = choice.members.iter().map(share).collect();
            writeln!(out, "    of everyone's: {}", shares.join(", "))?;
        }
        if let Some((model, mase)) = better_alone(report, choice) {
            writeln!(
                out,
                "    {model} alone has {mase:.3} here; all together are used because their weights follow the last day, and \
                 --model has it alone"
            )?;
        }
    }
    Ok(())
}

/// The candidate that alone had the least error over these origins, where that is less than the choice had.
fn better_alone(report: &SelectionReport, choice: &Choice) -> Option<(ModelName, f64)> {
    let chosen = choice.mase?;
    let mases =
        report.candidates.iter().filter_map(|candidate| Some((candidate.model, candidate.mean_mase(choice.horizon)?)));
    mases.filter(|(_, mase)| *mase < chosen).min_by(|(_, one), (_, other)| one.total_cmp(other))
}

fn write_candidate(out: &mut String, candidate: &Candidate) -> std::fmt::Result {
    let name = candidate.model.as_str();
    if let Some(reason) = &candidate.not_ready {
        return writeln!(out, "  {name:<18}not ready: {reason}");
    }
    for score in candidate.scores.iter().filter(|score| score.key.tenant().is_none()) {
        let series = match score.key {
            SeriesKey::Arrivals => "arrivals".to_owned(),
            SeriesKey::Creates { class: Some(class), .. } => format!("creates, {}", class.as_str()),
            SeriesKey::Creates { .. } => "creates".to_owned(),
            SeriesKey::Given => "given".to_owned(),
        };
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
