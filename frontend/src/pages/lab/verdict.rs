//! Whether the outcome is the one that the sender saw.

use shared::scenario::ENGINE;
use yew::prelude::*;

use super::loading::Loaded;
use super::runner::Finished;
use crate::components::{Tidings, notice};

/// Compares digests, where there is one to compare with and the scenario is still the sender's.
pub(super) fn verdict(loaded: &Loaded, finished: &Finished) -> Html {
    let Some(theirs) = loaded.expected.filter(|_| finished.scenario == loaded.scenario) else {
        return Html::default();
    };
    let ours = finished.view.digest;
    if theirs == ours {
        let content = html! {
            <>
                <strong>{ "Same outcome as the sender's." }</strong>
                { " It was run again here, in this browser, and has the same digest." }
            </>
        };
        return notice(Tidings::Good, "verdict", content);
    }
    let engine = loaded.engine;
    let why = if engine < ENGINE {
        format!("The link was made with engine {engine}, and this page has engine {ENGINE}.")
    } else {
        "The digest was altered on its way, or one of the two programs is broken: the same engine gives the same \
         outcome everywhere."
            .to_owned()
    };
    let content = html! {
        <>
            <strong>{ "Different outcome than the sender's." }</strong>
            <p>{ why }</p>
            <dl class="digests">
                <dt>{ "theirs" }</dt><dd class="digest" data-testid="expected-digest">{ theirs.to_string() }</dd>
                <dt>{ "here" }</dt><dd class="digest">{ ours.to_string() }</dd>
            </dl>
        </>
    };
    notice(Tidings::Error, "verdict", content)
}
