//! A search that is ordered from the page, and what becomes of it.

use shared::api::{Job, JobState, paths};
use yew::prelude::*;

use crate::api_client::{ApiError, get, post};
use crate::components::{Asked, Tidings, how_far, notice, on_click, say};
use crate::latest::{Pace, use_latest};

#[derive(Properties, PartialEq)]
pub(super) struct SearchProps {
    pub(super) list_is_known: bool,
    /// The search that the list tells of itself.
    pub(super) told: Option<String>,
}

/// Searches again; one at a time, so that another click finds the one under way.
#[component]
pub(super) fn Search(props: &SearchProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let ordered = use_state(|| None::<String>);
    let onclick = {
        let ordered = ordered.setter();
        on_click(asked.setter(), move || order(ordered.clone()))
    };
    let disabled = !props.list_is_known || *asked == Asked::UnderWay;
    html! {
        <div class="tools">
            <button type="button" {onclick} {disabled} data-testid="search">{ "Search now" }</button>
            if matches!(*asked, Asked::Answered(Err(_))) {
                { asked.said("search-answer") }
            }
            { for ordered.iter().filter(|id| props.told.as_ref() != Some(id)).map(|id| html! {
                <Searched key={id.clone()} id={id.clone()} />
            }) }
        </div>
    }
}

async fn order(ordered: UseStateSetter<Option<String>>) -> Result<String, ApiError> {
    let job: Job = post(paths::RECOMMENDATIONS, &()).await?;
    let said = how_far(&job);
    ordered.set(Some(job.id));
    Ok(said)
}

#[derive(Properties, PartialEq)]
struct SearchedProps {
    /// Of the job.
    id: String,
}

/// How far it came, for as long as the list does not tell.
#[component]
fn Searched(props: &SearchedProps) -> Html {
    let job = use_latest(props.id.clone(), Pace::Again, async |id: String| {
        get::<Job>(&paths::JOB.replace("{id}", &id), &[]).await
    });
    match &*job {
        None => Html::default(),
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(latest)) => {
            let tidings = match latest.value.state {
                JobState::Succeeded => Tidings::Good,
                JobState::Failed => Tidings::Error,
                JobState::Queued | JobState::Running | JobState::Cancelled => Tidings::Info,
            };
            notice(tidings, "search-answer", Html::from(how_far(&latest.value)))
        }
    }
}
