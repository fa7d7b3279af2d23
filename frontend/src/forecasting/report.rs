//! What a backtest said, a row a model and series.

use shared::features::SeriesKey;
use shared::forecast::{ModelName, Scored, Scores, SelectionReport, SeriesChoice};

use super::data::series_name;
use super::words;
use crate::worker::{ScoreFigures, ScoreRow};

/// The rows of a report, whose series keys have tenants of these names.
pub(super) fn rows(report: &SelectionReport, tenants: &[String]) -> Vec<ScoreRow> {
    let used = |key: SeriesKey, model: ModelName| choices(report).any(|one| one.key == key && one.model == model);
    let members = report.choices.last().map(|choice| &choice.members[..]).unwrap_or_default();
    let rows = report.candidates.iter().flat_map(|candidate| {
        let share = members.iter().find(|member| member.model == candidate.model).map(|member| member.weight);
        let row =
            move |series: String, used, scores| ScoreRow { series, model: words(candidate.model), used, share, scores };
        let scored = candidate.scores.iter().map(move |score| {
            let scores = match &score.outcome {
                Scored::Scores(scores) => Ok(figures(scores)),
                Scored::NotReady(reason) => Err(reason.to_string()),
            };
            row(series_name(score.key, tenants), used(score.key, candidate.model), scores)
        });
        // A model that was not ready for any series has a row for all of them.
        let none = candidate.not_ready.map(|reason| row(String::new(), false, Err(reason.to_string())));
        scored.chain(none)
    });
    rows.collect()
}

/// Why each series uses what it uses.
pub(super) fn reasons(report: &SelectionReport, tenants: &[String]) -> Vec<(String, String)> {
    let reason = |choice: &SeriesChoice| {
        (series_name(choice.key, tenants), format!("{} is used: {}", words(choice.model), choice.reason))
    };
    choices(report).map(reason).collect()
}

/// What is used for the longest horizon.
fn choices(report: &SelectionReport) -> impl Iterator<Item = &SeriesChoice> {
    report.choices.last().into_iter().flat_map(|choice| &choice.series)
}

fn figures(scores: &Scores) -> ScoreFigures {
    let inside = scores.coverage.iter().find(|coverage| coverage.level == 0.9).map(|coverage| coverage.share);
    ScoreFigures { mase: scores.mase, wape: scores.wape, bias: scores.bias, inside }
}
