//! The model in use, and the latest decisions; all of it is a page of its own.

use shared::api::{ModelList, ModelRole};
use yew::prelude::*;

use super::Snapshot;
use crate::components::{Card, JobProgress, Tidings, more, say};
use crate::format;
use crate::pages::models::{entry, in_use};
use crate::zone::Zone;

/// What serves, what is trained, what was decided.
pub(super) fn decisions(snapshot: &Snapshot, zone: Zone) -> Html {
    let models = match snapshot.models.as_deref() {
        Ok(list) => champion(list),
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let decisions = match snapshot.decisions.as_deref() {
        Ok(decisions) if decisions.is_empty() => {
            say(Tidings::Info, "No decisions yet: the first is made when the first window closes.")
        }
        Ok(decisions) => html! {
            <ol class="decisions">{ for decisions.iter().map(|of| html! { <li>{ entry(of, zone) }</li> }) }</ol>
        },
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let calibrated = snapshot.calibrations.as_ref().ok().and_then(|list| in_use(list));
    Card { title: "Models and decisions", tools: more("#/models", "All models"), ..Card::default() }.around(html! {
        <>
            { models }
            { for calibrated.map(|sentence| html! { <p class="note">{ sentence }</p> }) }
            { decisions }
        </>
    })
}

fn champion(list: &ModelList) -> Html {
    let challengers = list.models.iter().filter(|model| model.role == ModelRole::Challenger).count() as u64;
    let champion = list.models.iter().find(|model| model.role == ModelRole::Champion);
    html! {
        <>
            { for list.retraining.iter().map(|job| html! { <JobProgress key={job.id.clone()} job={job.clone()} /> }) }
            if let Some(champion) = champion {
                <p>
                    <strong>{ format!("{} v{}", format::words(&champion.name), champion.version) }</strong>
                    { format!(" in use, chosen from {}.", format::counted(challengers + 1, "model")) }
                </p>
            }
        </>
    }
}
