//! Who did not get in, and the cheapest change that would have let them.

use std::rc::Rc;

use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::{Plan, PlanState};
use yew::prelude::*;

use super::outcome::reason;
use super::runner::Finished;
use crate::components::Card;
use crate::format;
use crate::worker::{Advice, Inquiry};
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct NotLetInProps {
    pub(super) finished: Finished,
    /// Runs the scenario with the change.
    pub(super) on_try: Callback<Scenario>,
}

/// A card with a row for each reason why creates did not get in; nothing where all did.
#[component]
pub(super) fn NotLetIn(props: &NotLetInProps) -> Html {
    let view = &props.finished.view;
    let refused = view.refused.iter().map(|refusal| (PlanState::Refused(refusal.reason), refusal.count));
    let waiting = (view.pending > 0.0).then_some((PlanState::Pending, view.pending));
    let rows: Vec<(PlanState, f64)> = refused.chain(waiting).collect();
    if rows.is_empty() {
        return Html::default();
    }
    let note = "A run, on average; each change is tried by running the scenario with it".to_owned();
    let rows = rows.into_iter().map(|(state, count)| {
        let (finished, on_try) = (props.finished.clone(), props.on_try.clone());
        html! { <Row key={format!("{state:?} {}", view.digest)} {finished} {state} {count} {on_try} /> }
    });
    Card { title: "Who did not get in", note, class: "full", ..Card::default() }
        .around(html! { <ul class="advice" data-testid="not-let-in">{ for rows }</ul> })
}

#[derive(Properties, PartialEq)]
struct RowProps {
    finished: Finished,
    state: PlanState,
    count: f64,
    on_try: Callback<Scenario>,
}

enum Asked {
    Not,
    /// A worker is at it, for as long as this is kept.
    Waiting {
        _inquiry: Inquiry,
    },
    Told(Result<Rc<Advice>, String>),
}

#[component]
fn Row(props: &RowProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Not);
    let scenario = &props.finished.scenario;
    let tried = use_state(|| 0_u32);
    let ask = {
        let (asked, tried, scenario, state) = (asked.setter(), tried.setter(), scenario.clone(), props.state);
        Callback::from(move |_: MouseEvent| {
            let (told, tried) = (asked.clone(), tried.clone());
            tried.set(0);
            let tried = Callback::from(move |changes| tried.set(changes));
            let answer = Callback::from(move |answer| told.set(Asked::Told(answer)));
            asked.set(Asked::Waiting { _inquiry: Inquiry::explain(&scenario, state, tried, answer) });
        })
    };
    let cancel = {
        let asked = asked.setter();
        Callback::from(move |_: MouseEvent| asked.set(Asked::Not))
    };
    let answer = match &*asked {
        Asked::Not => {
            html! { <button type="button" onclick={ask} data-testid="ask">{ "What would let them in?" }</button> }
        }
        Asked::Waiting { .. } => html! {
            <span class="actions">
                <span class="note" role="status">{ format!("Trying changes, {} so far …", *tried) }</span>
                <button type="button" onclick={cancel}>{ "Cancel" }</button>
            </span>
        },
        Asked::Told(Err(message)) => html! { <p class="problem" role="alert">{ message }</p> },
        Asked::Told(Ok(advice)) => told(advice, scenario, zone, &props.on_try),
    };
    html! {
        <li>
            <p><strong>{ format::number(props.count) }</strong>{ " " }{ ended(props.state) }</p>
            { answer }
        </li>
    }
}

fn ended(state: PlanState) -> &'static str {
    match state {
        PlanState::Refused(refusal) => reason(refusal),
        _ => "wait for a node when the window ends",
    }
}

fn told(advice: &Advice, scenario: &Rc<Scenario>, zone: Zone, on_try: &Callback<Scenario>) -> Html {
    let Some((run, plan)) = &advice.first else {
        return html! { <p class="note">{ "Only resizes: none of the creates ended so." }</p> };
    };
    let first = format!("The first, in run {run}: {}.", who(plan, scenario, zone));
    let Some(fix) = &advice.fix else {
        let tried = format!("None of {} that were tried lets it in.", format::counted(advice.tried.into(), "change"));
        return html! { <p class="note" data-testid="advice">{ first }{ " " }{ tried }</p> };
    };
    let edited = ValidScenario::new((**scenario).clone());
    let words = edited.map_or_else(|_| Vec::new(), |valid| fix.describe(valid.scenario()));
    let change = fix.cost_change.to_money(scenario.price_book.currency);
    let cost = format!("{} in that run, the cheapest of {} tried", format::signed_money(&change), advice.tried);
    let onclick = {
        let (fix, scenario, on_try) = (fix.clone(), scenario.clone(), on_try.clone());
        Callback::from(move |_: MouseEvent| {
            let mut changed = (*scenario).clone();
            fix.apply(&mut changed);
            on_try.emit(changed);
        })
    };
    html! {
        <>
            <p class="note" data-testid="advice">{ first }</p>
            <p>{ format!("What lets it in: {} ({cost}).", words.join("; ")) }</p>
            <div class="actions"><button type="button" {onclick} data-testid="try-fix">{ "Try it" }</button></div>
        </>
    }
}

fn who(plan: &Plan, scenario: &Scenario, zone: Zone) -> String {
    let name = |position: usize| scenario.tenants.get(position).map_or("?", |tenant| tenant.name.as_str());
    let flavor = scenario.flavors.get(plan.flavor.usize()).map_or("?", |flavor| flavor.name.as_str());
    let at = format::instant(plan.arrived, zone);
    format!("{} asked for {flavor} at {at} {}", name(plan.tenant.usize()), zone.label())
}
