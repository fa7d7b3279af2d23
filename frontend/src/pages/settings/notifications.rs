//! What the service noticed lately.

use std::cell::RefCell;
use std::rc::Rc;

use shared::api::{Notification, NotificationPage, paths};
use yew::prelude::*;

use crate::api_client::{ApiError, get};
use crate::components::{Card, Tidings, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

/// So many of the newest are kept.
const KEPT: usize = 50;

/// How many a page has.
const PAGE: usize = 1_000;

#[component]
pub(super) fn Notifications() -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    // What is known stays: only what came since is asked for.
    let known = use_mut_ref(Vec::<Notification>::new);
    let latest = use_latest((), Pace::Again, move |()| newest(Rc::clone(&known)));
    let content = match &*latest {
        None => html! { <p class="note" role="status">{ "Asking the service …" }</p> },
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(latest)) if latest.value.is_empty() => say(
            Tidings::Info,
            "Nothing yet: anomalies, budgets at risk, recommendations and decisions are listed here.",
        ),
        Some(Ok(latest)) => html! {
            <ol class="decisions long" tabindex="0" aria-label="Notifications" data-testid="notifications">
                { for latest.value.iter().rev().map(|of| one(of, zone)) }
            </ol>
        },
    };
    let note = "The newest first; kept for thirty days".to_owned();
    Card { title: "Notifications", note, ..Card::default() }.around(content)
}

fn one(of: &Notification, zone: Zone) -> Html {
    let whose = of.tenant.as_ref().map(|tenant| html! { <span class="badge">{ tenant }</span> });
    html! {
        <li key={of.id.clone()}>
            <span class="when">{ format::instant(of.at, zone) }</span>
            <span class="badge strong">{ format::words(of.told.kind().as_str()) }</span>
            { for whose }
            <p>{ format::sentence(&of.message.replace('`', "")) }</p>
        </li>
    }
}

/// The newest notifications, the oldest of them first.
async fn newest(known: Rc<RefCell<Vec<Notification>>>) -> Result<Vec<Notification>, ApiError> {
    loop {
        let after = known.borrow().last().map(|last| ("after", last.id.clone()));
        let asked: Vec<_> = after.into_iter().chain([("limit", PAGE.to_string())]).collect();
        let NotificationPage { notifications, next } = get(paths::NOTIFICATIONS, &asked).await?;
        let mut known = known.borrow_mut();
        known.extend(notifications);
        let older = known.len().saturating_sub(KEPT);
        known.drain(..older);
        if next.is_none() {
            return Ok(known.clone());
        }
    }
}
