//! What a webhook did not take, and a way to send it again.

use shared::api::{FailedDelivery, FailurePage, Notification, paths};
use yew::prelude::*;

use crate::api_client::{ApiError, get, post};
use crate::components::{Asked, Tidings, on_click, say};
use crate::format;
use crate::latest::{Pace, use_latest};
use crate::zone::Zone;

/// The first page of what was given up.
pub(super) async fn failures(id: &str) -> Result<FailurePage, ApiError> {
    get(&paths::WEBHOOK_FAILURES.replace("{id}", id), &[]).await
}

#[derive(Properties, PartialEq)]
pub(super) struct FailuresProps {
    /// The webhook.
    pub(super) id: String,
    /// How many there are in all.
    pub(super) count: u64,
}

#[component]
pub(super) fn Failures(props: &FailuresProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    // Another number means other deliveries.
    let about = (props.id.clone(), props.count);
    let page = use_latest(about, Pace::Once, async |(id, _): (String, u64)| failures(&id).await);
    let content = match &*page {
        None => Html::default(),
        Some(Err(error)) => say(Tidings::Error, &error.message()),
        Some(Ok(latest)) => {
            let row = |of: &FailedDelivery| one(&props.id, of, &asked, zone);
            html! { <ul class="edits">{ for latest.value.failures.iter().map(row) }</ul> }
        }
    };
    html! {
        <div data-testid="failures">
            <h3>{ format!("Not taken ({})", format::count(props.count)) }</h3>
            { content }
            { asked.said("failures-answer") }
        </div>
    }
}

fn one(webhook: &str, of: &FailedDelivery, asked: &UseStateHandle<Asked>, zone: Zone) -> Html {
    let path = paths::WEBHOOK_FAILURE.replace("{id}", webhook).replace("{notification}", &of.notification.id);
    let onclick = on_click(asked.setter(), move || send_again(path.clone()));
    let attempts = format::counted(of.attempts.into(), "attempt");
    let said = format!(
        "{} ({}): {} after {attempts}, the last at {}",
        of.notification.message,
        format::words(of.notification.told.kind().as_str()),
        of.error,
        format::instant(of.failed_at, zone)
    );
    html! {
        <li key={of.notification.id.clone()}>
            <span>{ said }</span>
            <button type="button" {onclick} disabled={**asked == Asked::UnderWay} data-testid="send-again"
                aria-label={format!("Send again: {}", of.notification.message)}>{ "Send again" }</button>
        </li>
    }
}

async fn send_again(path: String) -> Result<String, ApiError> {
    let _: Notification = post(&path, &()).await?;
    Ok("It is sent again.".to_owned())
}
