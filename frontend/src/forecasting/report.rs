//! What a backtest said, a row a model and series.

use shared::forecast::{ModelName, Scored, Scores, SelectionReport};

use super::data::series_name;
use super::words;
use crate::worker::{ScoreFigures, ScoreRow};

/// The rows of a report, whose series keys have tenants of these names; `used` makes the forecast.
pub(super) fn rows(report: &SelectionReport, tenants: &[String], used: ModelName) -> Vec<ScoreRow> {
    let members = report.choices.last().map(|choice| &choice.members[..]).unwrap_or_default();
    let rows = report.candidates.iter().flat_map(|candidate| {
        let share = members.iter().find(|member| member.model == candidate.model).map(|member| member.weight);
        let row = move |series: String, scores| ScoreRow {
            series,
            model: words(candidate.model),
            used: candidate.model == used,
            share,
            scores,
        };
        let scored = candidate.scores.iter().map(move |score| {
            let scores = match &score.outcome {
                Scored::Scores(scores) => Ok(figures(scores)),
                Scored::NotReady(reason) => Err(reason.to_string()),
            };
            row(series_name(score.key, tenants), scores)
        });
        // A model that was not ready for any series has a row for all of them.
        let none = candidate.not_ready.map(|reason| row(String::new(), Err(reason.to_string())));
        scored.chain(none)
    });
    rows.collect()
}

fn figures(scores: &Scores) -> ScoreFigures {
    let inside = scores.coverage.iter().find(|coverage| coverage.level == 0.9).map(|coverage| coverage.share);
    ScoreFigures { mase: scores.mase, wape: scores.wape, bias: scores.bias, inside }
}
