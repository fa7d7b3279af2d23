//! What is worth changing, each change replayed in the shadow, and what became of what was accepted.

mod accepted;
mod dismissed;
mod exported;
mod proposal;
mod search;

use shared::api::{RecommendationList, RecommendationView, TogetherView, paths};
use yew::prelude::*;

use self::accepted::accepted;
use self::dismissed::dismissed;
use self::proposal::Proposal;
use self::search::Search;
use crate::api_client::get;
use crate::components::{Card, JobProgress, Tidings, page, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

/// The page.
#[component]
pub(crate) fn Recommendations() -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let list = use_latest((), Pace::Again, async |()| get::<RecommendationList>(paths::RECOMMENDATIONS, &[]).await);
    let told = match &*list {
        Some(Ok(latest)) => latest.value.search.as_ref().map(|job| job.id.clone()),
        _ => None,
    };
    let search = html! { <Search list_is_known={list.is_some()} {told} /> };
    page("Recommendations", search, &list, |list| body(list, zone))
}

fn body(list: &RecommendationList, zone: Zone) -> Html {
    let open = open(list);
    html! {
        <>
            { for list.search.iter().map(|job| html! { <JobProgress key={job.id.clone()} job={job.clone()} /> }) }
            if let Some(searched) = searched(list, zone) {
                <p class="note lead">{ searched }</p>
            }
            { nothing(list, open.len()) }
            { for list.advice.recommended_together.iter().filter(|of| are_open(of, &open)).map(first_together) }
            <ul class="proposals" data-testid="recommendations">
                { for open.into_iter().map(|of| html! { <Proposal key={of.id.clone()} of={of.clone()} /> }) }
            </ul>
            { accepted(list, zone) }
            { dismissed(list, zone) }
        </>
    }
}

/// Those that nobody accepted or dismissed yet.
pub(super) fn open(list: &RecommendationList) -> Vec<&RecommendationView> {
    let is_accepted = |id: &str| list.accepted.iter().any(|accepted| accepted.recommendation.id == id);
    let is_dismissed = |id: &str| list.dismissed.iter().any(|dismissed| dismissed.recommendation.id == id);
    list.advice.recommendations.iter().filter(|of| !is_accepted(&of.id) && !is_dismissed(&of.id)).collect()
}

/// What was searched, and how.
pub(super) fn searched(list: &RecommendationList, zone: Zone) -> Option<String> {
    list.window.map(|window| {
        format!(
            "{} to {}, as predicted: {} tried, each by running all of it again.",
            format::instant(window.start, zone),
            format::instant(window.end, zone),
            format::counted(list.advice.changes_tried.into(), "change")
        )
    })
}

/// Why there is nothing to choose from, where there is nothing.
pub(super) fn nothing(list: &RecommendationList, open: usize) -> Html {
    let why = match &list.not_ready {
        Some(why) => format::sentence(&why.message),
        None if open > 0 || list.window.is_none() => return Html::default(),
        None if list.accepted.is_empty() && list.dismissed.is_empty() => {
            "Nothing that was tried is worth it.".to_owned()
        }
        None => "Nothing else that was tried is worth it.".to_owned(),
    };
    say(Tidings::Info, &why)
}

/// Whether all of them can still be chosen: what some of them would save together was not searched.
fn are_open(together: &TogetherView, open: &[&RecommendationView]) -> bool {
    together.ranks.iter().all(|rank| open.iter().any(|of| of.rank == *rank))
}

fn first_together(of: &TogetherView) -> Html {
    let ranks: Vec<String> = of.ranks.iter().map(u32::to_string).collect();
    let content = html! {
        <p data-testid="together">
            { format!(
                "{} together save {} ({}); each by itself, they would add up to {}.",
                ranks.join(", "),
                format::money(&of.difference.saving),
                format::range(&of.difference.saving_p10, &of.difference.saving_p90),
                format::money(&of.sum),
            ) }
        </p>
    };
    Card { title: "What goes together", class: "together", ..Card::default() }.around(content)
}

/// Names are set apart in a terminal.
pub(super) fn plain(text: &str) -> String {
    text.replace('`', "")
}
