//! What is worth changing, and what became of what was accepted.

use std::rc::Rc;

use shared::api::{
    AcceptanceState, AcceptedRecommendation, Job, JobState, RecommendationList, RecommendationView, SavingCheck, paths,
};
use shared::recommendation::Risk;
use shared::units::Money;
use yew::prelude::*;

use super::Snapshot;
use super::asking::{Asked, on_click};
use crate::api_client::{ApiError, delete, post, put};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::zone::Zone;

/// So many are shown until the reader wants to see all.
const SHOWN: usize = 4;

pub(super) fn recommendations(snapshot: &Snapshot, zone: Zone) -> Html {
    let (note, content) = match &snapshot.recommendations {
        Err(error) => (String::new(), say(Tidings::Error, &error.message())),
        Ok(list) => (searched(list, zone), html! { <Recommended list={Rc::clone(list)} /> }),
    };
    Card { title: "Recommendations", note, class: "full", ..Card::default() }.around(content)
}

fn searched(list: &RecommendationList, zone: Zone) -> String {
    list.window.map_or_else(String::new, |window| {
        format!(
            "{} to {}, as predicted: {} tried, each by running all of it again",
            format::instant(window.start, zone),
            format::instant(window.end, zone),
            format::counted(list.advice.changes_tried.into(), "change")
        )
    })
}

#[derive(Properties, PartialEq)]
struct RecommendedProps {
    list: Rc<RecommendationList>,
}

#[component]
fn Recommended(props: &RecommendedProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let all = use_state(|| false);
    let RecommendationList { window, advice, accepted, search, not_ready } = &*props.list;
    let is_accepted = |id: &str| accepted.iter().any(|accepted| accepted.recommendation.id == id);
    let open: Vec<&RecommendationView> =
        advice.recommendations.iter().filter(|recommendation| !is_accepted(&recommendation.id)).collect();
    let more = open.len().saturating_sub(SHOWN);
    let shown = if *all { open.len() } else { SHOWN };
    let is_asking = *asked == Asked::UnderWay;
    let is_searching = search.as_ref().is_some_and(|job| !job.state.is_final());
    let searching = search.as_ref().map(|job| match (job.state, &job.failure, job.progress.total) {
        (JobState::Queued, ..) => "A search waits for its turn.".to_owned(),
        (JobState::Running, _, 0) => "Searching …".to_owned(),
        (JobState::Running, _, total) => format!("Searching: {} of {} …", job.progress.done, total),
        (_, Some(failure), _) => format!("The last search failed: {failure}."),
        _ => "The last search was cancelled.".to_owned(),
    });
    let nothing = match not_ready {
        Some(why) => Some(format::sentence(&why.message)),
        None if open.is_empty() && window.is_some() => Some(match accepted.is_empty() {
            true => "Nothing that was tried is worth it.".to_owned(),
            false => "Nothing else that was tried is worth it.".to_owned(),
        }),
        None => None,
    };
    let together = advice.recommended_together.as_ref().map(|together| plain(&together.text));
    let show_all = {
        let all = all.setter();
        Callback::from(move |_: MouseEvent| all.set(true))
    };
    html! {
        <>
            if let Some(nothing) = nothing {
                { say(Tidings::Info, &nothing) }
            }
            <ul class="advice" data-testid="recommendations">
                { for open.iter().take(shown).map(|of| recommendation(of, &asked.setter(), is_asking)) }
            </ul>
            if let Some(together) = together {
                <p class="note">{ format!("{together}.") }</p>
            }
            <div class="actions below">
                if more > 0 && !*all {
                    <button type="button" onclick={show_all}>{ format!("Show {more} more") }</button>
                }
                <button type="button" onclick={on_click(asked.setter(), order)}
                    disabled={is_asking || is_searching} data-testid="search">
                    { "Search now" }
                </button>
                if let Some(searching) = searching {
                    <span class="note" role="status">{ searching }</span>
                }
            </div>
            { asked.said("recommendation-answer") }
            if !accepted.is_empty() {
                <h3>{ "Accepted" }</h3>
                <ul class="advice" data-testid="accepted">
                    { for accepted.iter().map(|of| accepted_one(of, &asked.setter(), is_asking)) }
                </ul>
            }
        </>
    }
}

fn recommendation(of: &RecommendationView, asked: &UseStateSetter<Asked>, is_asking: bool) -> Html {
    let brings = of.text.strip_prefix(&of.change).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&of.text);
    let conflicts: Vec<String> = of.conflicts.iter().map(u32::to_string).collect();
    let conflicts = if conflicts.is_empty() { String::new() } else { format!("; not beside {}", conflicts.join(", ")) };
    let (id, change) = (of.id.clone(), of.change.clone());
    let onclick = on_click(asked.clone(), move || accept(id.clone(), change.clone()));
    let risk = |Risk { kind, reason }: &Risk| {
        html! { <p class="note">{ format!("Risk, {}: {reason}", format::words(kind.as_str())) }</p> }
    };
    html! {
        <li key={of.id.clone()}>
            <p><strong>{ format!("{}. {}", of.rank, format::sentence(&plain(&of.change))) }</strong></p>
            <p>{ format!("It {brings}; takes {}{conflicts}.", of.effort.describe()) }</p>
            { for of.risks.iter().map(risk) }
            <div class="actions">
                <button type="button" {onclick} disabled={is_asking} data-testid="accept"
                    aria-label={format!("Accept: {}", of.change)}>{ "Accept" }</button>
            </div>
        </li>
    }
}

/// Names are set apart in a terminal.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// What was promised for the days that were checked, and what came of it.
fn accepted_one(of: &AcceptedRecommendation, asked: &UseStateSetter<Asked>, is_asking: bool) -> Html {
    let saving = &of.recommendation.difference.saving;
    let amount = |sum: f64| format::amount(sum, saving.currency.as_str());
    let sum = |saving: fn(&SavingCheck) -> &Money| amount(of.checks.iter().map(|check| saving(check).to_f64()).sum());
    let came = match of.checks.len() {
        0 => format!("It promised to save {} a day.", format::money(saving)),
        days => format!(
            "It promised to save {}, and would have saved {}; {} were saved by all that was changed since.",
            amount(saving.to_f64() * days as f64),
            sum(|check| &check.would_have_brought.saving),
            sum(|check| &check.brought.saving)
        ),
    };
    let (id, change) = (of.recommendation.id.clone(), of.recommendation.change.clone());
    let onclick = on_click(asked.clone(), move || withdraw(id.clone(), change.clone()));
    html! {
        <li key={of.recommendation.id.clone()}>
            <p><strong>{ format::sentence(&plain(&of.recommendation.change)) }</strong></p>
            <p>{ came }</p>
            <p class="note">{ state(of) }</p>
            if let Some(why) = &of.not_checked {
                <p class="note">{ format!("Not checked on {why}.") }</p>
            }
            <div class="actions">
                <button type="button" {onclick} disabled={is_asking} data-testid="withdraw"
                    aria-label={format!("Withdraw: {}", of.recommendation.change)}>{ "Withdraw" }</button>
            </div>
        </li>
    }
}

fn state(of: &AcceptedRecommendation) -> String {
    let days = of.checks.len() as u64;
    let checked = if of.days_left == 0 { String::new() } else { format!(", {} to come", of.days_left) };
    let after = format!(" {} checked{checked}.", format::counted(days, "day"));
    match of.state {
        AcceptanceState::Waiting => "Checked when the next whole day has closed.".to_owned(),
        AcceptanceState::NotCarriedOut => format!("Not carried out: it is as it was.{after}"),
        AcceptanceState::CarriedOut => format!("Carried out.{after}"),
        AcceptanceState::OtherwiseChanged => format!("Carried out in part, or otherwise.{after}"),
    }
}

async fn order() -> Result<String, ApiError> {
    let job: Job = post(paths::RECOMMENDATIONS, &()).await?;
    Ok(format!("The search {} is {}.", job.id, job.state.as_str()))
}

async fn accept(id: String, change: String) -> Result<String, ApiError> {
    let _: AcceptedRecommendation = put(&paths::ACCEPTANCE.replace("{id}", &id)).await?;
    Ok(format!("Accepted: {}. Nothing is applied by itself; days that close show what it brings.", plain(&change)))
}

async fn withdraw(id: String, change: String) -> Result<String, ApiError> {
    let _: RecommendationList = delete(&paths::ACCEPTANCE.replace("{id}", &id)).await?;
    Ok(format!("Withdrawn: {}.", plain(&change)))
}
