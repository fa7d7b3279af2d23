//! What was accepted: what it promised, and what the days since have shown.

use shared::api::{AcceptanceState, AcceptedRecommendation, RecommendationList, SavingCheck, paths};
use shared::units::Money;
use yew::prelude::*;

use super::plain;
use crate::api_client::{ApiError, delete};
use crate::components::{Asked, Card, on_click};
use crate::format;
use crate::zone::Zone;

/// A card with everything that was accepted; nothing while nothing was.
pub(super) fn accepted(list: &RecommendationList, zone: Zone) -> Html {
    if list.accepted.is_empty() {
        return Html::default();
    }
    let items = list.accepted.iter().map(|of| {
        html! { <AcceptedOne key={of.recommendation.id.clone()} of={of.clone()} {zone} /> }
    });
    let note =
        "Nothing is applied by itself: each closed day is run under the settings before, the same with the change, \
                and those in force"
            .to_owned();
    Card { title: "Accepted", note, class: "below", ..Card::default() }
        .around(html! { <ul class="advice" data-testid="accepted">{ for items }</ul> })
}

#[derive(Properties, PartialEq)]
struct AcceptedOneProps {
    of: AcceptedRecommendation,
    zone: Zone,
}

#[component]
fn AcceptedOne(props: &AcceptedOneProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let of = &props.of;
    let change = &of.recommendation.change;
    let onclick = {
        let (id, change) = (of.recommendation.id.clone(), change.clone());
        on_click(asked.setter(), move || withdraw(id.clone(), change.clone()))
    };
    html! {
        <li>
            <p><strong>{ format::sentence(&plain(change)) }</strong></p>
            <p>{ came(of) }</p>
            <p class="note">{ state(of) }</p>
            if let Some(why) = &of.not_checked {
                <p class="note">{ format!("Not checked on {why}.") }</p>
            }
            if !of.checks.is_empty() {
                { checks(of, props.zone) }
            }
            <div class="actions below">
                <button type="button" {onclick} disabled={*asked == Asked::UnderWay} data-testid="withdraw"
                    aria-label={format!("Withdraw: {}", plain(change))}>{ "Withdraw" }</button>
            </div>
            { asked.said("withdraw-answer") }
        </li>
    }
}

/// Promised and realised, day by day.
fn checks(of: &AcceptedRecommendation, zone: Zone) -> Html {
    let promised = format::money(&of.recommendation.difference.saving);
    let row = |check: &SavingCheck| {
        html! {
            <tr>
                <th scope="row">{ format::instant(check.window.start, zone) }</th>
                <td class="number">{ &promised }</td>
                <td class="number">{ format::money(&check.would_have_brought.saving) }</td>
                <td class="number">{ format::money(&check.brought.saving) }</td>
            </tr>
        }
    };
    let head = ["promised", "would have saved", "saved by all changes"];
    let head = head.map(|name| html! { <th scope="col" class="number">{ name }</th> });
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Promised and realised savings">
            <table class="plain" data-testid="checks">
                <thead><tr><th scope="col">{ "day from" }</th>{ for head }</tr></thead>
                <tbody>{ for of.checks.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

/// What was promised for the days that were checked, and what came of it.
fn came(of: &AcceptedRecommendation) -> String {
    let saving = &of.recommendation.difference.saving;
    let amount = |sum: f64| format::amount(sum, saving.currency.as_str());
    let sum = |saving: fn(&SavingCheck) -> &Money| amount(of.checks.iter().map(|check| saving(check).to_f64()).sum());
    match of.checks.len() {
        0 => format!("It promised to save {} a day.", format::money(saving)),
        days => format!(
            "It promised to save {}, and would have saved {}; {} were saved by all that was changed since.",
            amount(saving.to_f64() * days as f64),
            sum(|check| &check.would_have_brought.saving),
            sum(|check| &check.brought.saving)
        ),
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

async fn withdraw(id: String, change: String) -> Result<String, ApiError> {
    let _: RecommendationList = delete(&paths::ACCEPTANCE.replace("{id}", &id)).await?;
    Ok(format!("Withdrawn: {}.", plain(&change)))
}
