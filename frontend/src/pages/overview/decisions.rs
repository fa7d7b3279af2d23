//! What was decided about the models lately, and what each is worth.

use shared::api::{ModelList, ModelRole, ModelView};
use shared::feedback::{Decision, Verdict};
use shared::forecast::ModelName;
use yew::prelude::*;

use super::Snapshot;
use super::actions::ModelActions;
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// Models with their scores, and the latest decisions.
pub(super) fn decisions(snapshot: &Snapshot, zone: Zone) -> Html {
    let models = match snapshot.models.as_deref() {
        Ok(list) => models(list),
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let decisions = match snapshot.decisions.as_deref() {
        Ok(decisions) if decisions.is_empty() => {
            say(Tidings::Info, "No decisions yet: the first is made when the first window closes.")
        }
        Ok(decisions) => {
            html! { <ol class="decisions">{ for decisions.iter().map(|decision| entry(decision, zone)) }</ol> }
        }
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let together = snapshot.models.as_ref().is_ok_and(|list| list.models.iter().any(is_ensemble_in_use));
    let note = match together {
        true => "One model where it was 20 % ahead in this backtest; elsewhere all, weighted by it and by the last day",
        false => "",
    };
    Card { title: "Models and decisions", note: note.to_owned(), ..Card::default() }
        .around(html! { <>{ models }{ decisions }</> })
}

fn is_ensemble_in_use(model: &ModelView) -> bool {
    model.role == ModelRole::Champion && model.name == ModelName::Ensemble.as_str()
}

fn models(list: &ModelList) -> Html {
    let retraining = list.retraining.as_ref().map(|job| {
        let progress = &job.progress;
        let sentence = format!("Retraining {}: step {} of {}", job.state.as_str(), progress.done, progress.total);
        say(Tidings::Info, &sentence)
    });
    if list.models.is_empty() {
        return retraining.unwrap_or_default();
    }
    html! {
        <>
            { for retraining }
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col">{ "model" }</th>
                        <th scope="col" class="number"><abbr title="mean absolute error ÷ seasonal-naive error">{ "MASE" }</abbr></th>
                        <th scope="col" class="number"><abbr title="Σ|y − ŷ| ÷ Σ|y|">{ "WAPE" }</abbr></th>
                    </tr>
                </thead>
                <tbody>{ for list.models.iter().map(model_row) }</tbody>
            </table>
            <ModelActions is_training={list.retraining.is_some()} />
        </>
    }
}

/// A model with its scores at the longest horizon that it was tried at.
fn model_row(model: &ModelView) -> Html {
    let score = model.scores.iter().max_by_key(|score| score.horizon);
    let value = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), format::number);
    html! {
        <tr title={model.reason.clone()}>
            <th scope="row">
                { format!("{} v{} ", format::words(&model.name), model.version) }
                if model.role == ModelRole::Champion {
                    <span class="badge">{ "in use" }</span>
                }
            </th>
            <td class="number">{ value(score.and_then(|score| score.mase)) }</td>
            <td class="number">{ value(score.and_then(|score| score.wape)) }</td>
        </tr>
    }
}

fn entry(decision: &Decision, zone: Zone) -> Html {
    let (what, class) = match decision.verdict {
        Verdict::Retrain => ("retrain", "badge strong"),
        Verdict::KeepModel => ("keep model", "badge"),
        Verdict::Promote => ("promote challenger", "badge strong"),
        Verdict::KeepChampion => ("keep champion", "badge"),
        Verdict::RollBack => ("roll back", "badge strong"),
    };
    html! {
        <li>
            <span class="when">{ format::instant(decision.at, zone) }</span>
            <span {class}>{ what }</span>
            <p>{ format::words(&decision.reason) }</p>
        </li>
    }
}
