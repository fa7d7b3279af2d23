//! The first of what is worth changing; all of it is a page of its own.

use shared::api::{RecommendationList, RecommendationView};
use yew::prelude::*;

use super::Snapshot;
use crate::components::{Card, Tidings, more, say};
use crate::format;
use crate::pages::recommendations::{nothing, open, plain, searched};
use crate::zone::Zone;

/// So many are shown.
const SHOWN: usize = 3;

pub(super) fn recommendations(snapshot: &Snapshot, zone: Zone) -> Html {
    let (note, content) = match snapshot.recommendations.as_deref() {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(list) => (searched(list, zone).unwrap_or_default(), first(list)),
    };
    let tools = more("#/recommendations", "All recommendations");
    Card { title: "Recommendations", note, tools, class: "full" }.around(content)
}

fn first(list: &RecommendationList) -> Html {
    let open = open(list);
    let accepted = list.accepted.len() as u64;
    html! {
        <>
            { nothing(list, open.len()) }
            <ol class="areas">{ for open.iter().take(SHOWN).map(|of| one(of)) }</ol>
            if accepted > 0 {
                <p class="note">{ format!("{} accepted", format::counted(accepted, "change")) }</p>
            }
        </>
    }
}

fn one(of: &RecommendationView) -> Html {
    let brings = of.text.strip_prefix(&of.change).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&of.text);
    html! { <li value={of.rank.to_string()}>{ format!("{}: {brings}", plain(&of.change)) }</li> }
}
