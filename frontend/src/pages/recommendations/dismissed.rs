//! What is not wanted, with the reason; and the way back.

use shared::api::{DismissalOrder, DismissedRecommendation, RecommendationList, paths};
use yew::prelude::*;

use super::plain;
use crate::api_client::{ApiError, delete, put_json};
use crate::components::field::{said, submitting, text};
use crate::components::{Asked, Card, on_click};
use crate::format;
use crate::zone::Zone;

/// A card with everything that was dismissed; nothing while nothing was.
pub(super) fn dismissed(list: &RecommendationList, zone: Zone) -> Html {
    if list.dismissed.is_empty() {
        return Html::default();
    }
    let items = list.dismissed.iter().map(|of| {
        html! { <DismissedOne key={of.recommendation.id.clone()} of={of.clone()} {zone} /> }
    });
    let note = "They are found as before, and not proposed until they are restored".to_owned();
    Card { title: "Dismissed", note, class: "below", ..Card::default() }
        .around(html! { <ul class="advice" data-testid="dismissed">{ for items }</ul> })
}

#[derive(Properties, PartialEq)]
struct DismissedOneProps {
    of: DismissedRecommendation,
    zone: Zone,
}

#[component]
fn DismissedOne(props: &DismissedOneProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let DismissedRecommendation { recommendation, reason, dismissed_at } = &props.of;
    let change = plain(&recommendation.change);
    let onclick = {
        let (id, change) = (recommendation.id.clone(), change.clone());
        on_click(asked.setter(), move || restore(id.clone(), change.clone()))
    };
    html! {
        <li>
            <p><strong>{ format::sentence(&change) }</strong></p>
            <p>{ format!("“{reason}”") }</p>
            <p class="note">
                { format!(
                    "Dismissed at {}; it promised to save {} a day.",
                    format::instant(*dismissed_at, props.zone),
                    format::money(&recommendation.difference.saving)
                ) }
            </p>
            <div class="actions below">
                <button type="button" {onclick} disabled={*asked == Asked::UnderWay} data-testid="restore"
                    aria-label={format!("Restore: {change}")}>{ "Restore" }</button>
            </div>
            { asked.said("restore-answer") }
        </li>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct DismissalProps {
    pub(super) id: String,
    pub(super) change: String,
}

/// Dismisses a proposal, for a reason that whoever comes later can read.
#[component]
pub(super) fn Dismissal(props: &DismissalProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let reason = use_node_ref();
    let wrong = use_state(|| false);
    let onsubmit = {
        let (id, change, reason) = (props.id.clone(), props.change.clone(), reason.clone());
        let (asked, wrong) = (asked.setter(), wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            let given = said(&reason);
            wrong.set(given.is_none());
            let Some(given) = given else { return event.prevent_default() };
            let (id, change) = (id.clone(), change.clone());
            submitting(on_click(asked.clone(), move || dismiss(id.clone(), change.clone(), given.clone()))).emit(event);
        })
    };
    html! {
        <details data-testid="dismissal">
            <summary aria-label={format!("Dismiss: {}", plain(&props.change))}>{ "Dismiss" }</summary>
            <form {onsubmit} novalidate=true>
                { text("Why it is not wanted", &reason, "no spot nodes before the launch", "dismissal-reason") }
                if *wrong {
                    <p class="problem" role="alert" data-testid="dismissal-problem">
                        { "Say why, for whoever sees it next." }
                    </p>
                }
                <div class="actions">
                    <button type="submit" disabled={*asked == Asked::UnderWay} data-testid="dismiss">{ "Dismiss it" }</button>
                </div>
            </form>
            { asked.said("dismiss-answer") }
        </details>
    }
}

async fn dismiss(id: String, change: String, reason: String) -> Result<String, ApiError> {
    let order = DismissalOrder { reason };
    let _: DismissedRecommendation = put_json(&paths::DISMISSAL.replace("{id}", &id), &order).await?;
    Ok(format!("Dismissed: {}.", plain(&change)))
}

async fn restore(id: String, change: String) -> Result<String, ApiError> {
    let _: RecommendationList = delete(&paths::DISMISSAL.replace("{id}", &id)).await?;
    Ok(format!("Restored: {change}."))
}
