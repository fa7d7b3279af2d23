//! Whether the outcomes are those that the sender saw.

use shared::link::{VARIANTS_PARAMETER, Variants};
use shared::scenario::{ENGINE, changes_since};
use shared::simulation::Digest;
use yew::prelude::*;

use super::columns::{are_same, columns, title};
use super::loading::Loaded;
use super::runner::{Finished, Ran};
use crate::components::{Tidings, notice};
use crate::route::hash_parameter;

/// An outcome here, and what the sender saw in its place.
struct Compared {
    name: String,
    theirs: Digest,
    ours: Digest,
}

/// Compares digests, where there are some to compare with and the scenarios are still the sender's.
pub(super) fn verdict(loaded: &Loaded, ran: &Ran) -> Html {
    let compared = compared(loaded, ran);
    if compared.is_empty() {
        return Html::default();
    }
    let others: Vec<&Compared> = compared.iter().filter(|of| of.theirs != of.ours).collect();
    if others.is_empty() {
        let said = if compared.len() == 1 {
            " It was run again here, in this browser, and has the same digest."
        } else {
            " All of it was run again here, in this browser, and has the same digests."
        };
        let content = html! { <><strong>{ "Same outcome as the sender's." }</strong>{ said }</> };
        return notice(Tidings::Good, "verdict", content);
    }
    let engine = loaded.engine;
    let why = if engine < ENGINE {
        let changes = changes_since(engine).join("; ");
        format!("The link was made with engine {engine}, and this page has engine {ENGINE}, which {changes}.")
    } else {
        "The digest was altered on its way, or one of the two programs is broken: the same engine gives the same \
         outcome everywhere."
            .to_owned()
    };
    let digests = others.iter().map(|of| {
        let whose = if compared.len() == 1 { String::new() } else { format!("{}: ", of.name) };
        html! {
            <>
                <dt>{ format!("{whose}theirs") }</dt>
                <dd class="digest" data-testid="expected-digest">{ of.theirs.to_string() }</dd>
                <dt>{ format!("{whose}here") }</dt><dd class="digest">{ of.ours.to_string() }</dd>
            </>
        }
    });
    let content = html! {
        <>
            <strong>{ "Different outcome than the sender's." }</strong>
            <p>{ why }</p>
            <dl class="digests">{ for digests }</dl>
        </>
    };
    notice(Tidings::Error, "verdict", content)
}

/// What was sent with a digest, and was run here since.
fn compared(loaded: &Loaded, ran: &Ran) -> Vec<Compared> {
    let find = |is_it: &dyn Fn(&Finished) -> bool| ran.columns.iter().find(|finished| is_it(finished));
    let mut compared = Vec::new();
    if let Some(theirs) = loaded.expected
        && let Some(ours) = find(&|finished| are_same(&finished.scenario, &loaded.scenario))
    {
        compared.push(Compared { name: title(&ran.variants, 0), theirs, ours: ours.view.digest });
    }
    // An edit takes the digest from the variant that it is of, in the address too.
    let sent = hash_parameter(VARIANTS_PARAMETER).and_then(|text| Variants::from_text(&text).ok());
    for sent in sent.iter().filter(|_| !loaded.is_file) {
        let of_sent = columns(&loaded.scenario, sent);
        for (variant, scenario) in sent.all.iter().zip(of_sent.iter().skip(1)) {
            if let Some(theirs) = variant.digest
                && let Some(ours) = find(&|finished| are_same(&finished.scenario, scenario))
            {
                compared.push(Compared { name: variant.name.clone(), theirs, ours: ours.view.digest });
            }
        }
    }
    compared
}
