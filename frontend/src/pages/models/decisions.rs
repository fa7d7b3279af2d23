//! What was decided about the models, why, and on which grounds.

use shared::feedback::{Decision, Signal, Verdict};
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// The newest decisions, each with the signals that it rests on.
pub(super) fn decisions(decisions: &Result<Vec<Decision>, ApiError>, zone: Zone) -> Html {
    let content = match decisions {
        Ok(decisions) if decisions.is_empty() => {
            say(Tidings::Info, "No decisions yet: the first is made when the first window closes.")
        }
        Ok(decisions) => html! {
            <ol class="decisions long" tabindex="0" aria-label="Decisions" data-testid="decisions">
                { for decisions.iter().map(|decision| html! {
                    <li>
                        { entry(decision, zone) }
                        { for decision.signals.iter().map(signal) }
                    </li>
                }) }
            </ol>
        },
        Err(error) => say(Tidings::Error, &error.message()),
    };
    let note = "The newest first; a signal that passes its limit has a model trained".to_owned();
    Card { title: "Triggers and decisions", note, ..Card::default() }.around(content)
}

/// When, what, why.
pub(in crate::pages) fn entry(decision: &Decision, zone: Zone) -> Html {
    let (what, class) = match decision.verdict {
        Verdict::Retrain => ("retrain", "badge strong"),
        Verdict::KeepModel => ("keep model", "badge"),
        Verdict::Promote => ("promote challenger", "badge strong"),
        Verdict::KeepChampion => ("keep champion", "badge"),
        Verdict::RollBack => ("roll back", "badge strong"),
    };
    html! {
        <>
            <span class="when">{ format::instant(decision.at, zone) }</span>
            <span {class}>{ what }</span>
            <p>{ format::words(&decision.reason) }</p>
        </>
    }
}

fn signal(signal: &Signal) -> Html {
    let value = signal.value.map_or_else(|| "–".to_owned(), format::number);
    let fired = if signal.fired { ", passed" } else { "" };
    let text = format!("{} {value}, limit {}{fired}", format::words(&signal.name), format::number(signal.limit));
    html! { <p class="note">{ text }</p> }
}
