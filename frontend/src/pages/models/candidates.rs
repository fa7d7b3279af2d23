//! The champion, and the challengers that it was chosen from.

use shared::api::{ModelList, ModelRole, ModelScore, ModelView};
use shared::forecast::ModelName;
use shared::units::Duration;
use yew::prelude::*;

use super::actions::ModelActions;
use crate::components::{Card, JobProgress, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// The card: the backtest, what is trained now, and what can be done about it.
pub(super) fn candidates(list: &ModelList, zone: Zone) -> Html {
    let content = html! {
        <>
            { for list.retraining.iter().map(|job| html! { <JobProgress key={job.id.clone()} job={job.clone()} /> }) }
            { backtest(list, zone) }
            <ModelActions is_training={list.retraining.is_some()} />
        </>
    };
    let note = backtest_note(list).to_owned();
    Card { title: "Champion and challengers", note, class: "full", ..Card::default() }.around(content)
}

/// How to read [`backtest`].
pub(in crate::pages) fn backtest_note(list: &ModelList) -> &'static str {
    match list.models.iter().any(is_ensemble_in_use) {
        true => "One model where it was 20 % ahead in this backtest; elsewhere all, weighted by it and by the last day",
        false => "Scores are of a rolling backtest; less is better",
    }
}

/// A row a model, the baselines among them, with its scores at every horizon that it was tried at.
pub(in crate::pages) fn backtest(list: &ModelList, zone: Zone) -> Html {
    if list.models.is_empty() {
        let why = "No model yet: the first is fitted when there are a day and two hours of requests.";
        return say(Tidings::Info, why);
    }
    let mut horizons: Vec<Duration> = list.models.iter().flat_map(|of| &of.scores).map(|score| score.horizon).collect();
    horizons.sort_unstable();
    horizons.dedup();
    let head = horizons.iter().map(|horizon| {
        let horizon = format::span(*horizon);
        html! {
            <>
                <th scope="col" class="number"><abbr title="mean absolute error ÷ seasonal-naive error">{ format!("MASE {horizon}") }</abbr></th>
                <th scope="col" class="number"><abbr title="Σ|y − ŷ| ÷ Σ|y|">{ format!("WAPE {horizon}") }</abbr></th>
            </>
        }
    });
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Champion and challengers, all figures">
            <table class="plain" data-testid="candidates">
                <thead>
                    <tr><th scope="col">{ "model" }</th>{ for head }<th scope="col" class="why">{ "why" }</th></tr>
                </thead>
                <tbody>{ for list.models.iter().map(|model| row(model, &horizons, zone)) }</tbody>
            </table>
        </div>
    }
}

fn is_ensemble_in_use(model: &ModelView) -> bool {
    model.role == ModelRole::Champion && model.name == ModelName::Ensemble.as_str()
}

fn row(model: &ModelView, horizons: &[Duration], zone: Zone) -> Html {
    let value = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), format::number);
    let scores = horizons.iter().map(|horizon| {
        let score: Option<&ModelScore> = model.scores.iter().find(|score| score.horizon == *horizon);
        html! {
            <>
                <td class="number">{ value(score.and_then(|score| score.mase)) }</td>
                <td class="number">{ value(score.and_then(|score| score.wape)) }</td>
            </>
        }
    });
    html! {
        <tr>
            <th scope="row" title={format!("fitted until {}", format::instant(model.fitted_until, zone))}>
                { format!("{} v{} ", format::words(&model.name), model.version) }
                if model.role == ModelRole::Champion {
                    <span class="badge">{ "in use" }</span>
                }
            </th>
            { for scores }
            <td class="note why">{ &model.reason }</td>
        </tr>
    }
}
