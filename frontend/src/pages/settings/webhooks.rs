//! Webhooks: who is told of what the service notices.

use shared::api::{NewWebhook, Notification, NotificationType, WebhookOrder, WebhookView, paths};
use yew::prelude::*;

use super::failures::{Failures, failures};
use crate::api_client::{ApiError, delete, get, post};
use crate::components::field::{names, said, submitting, text};
use crate::components::{Asked, Card, Confirmed, Secret, Tidings, on_click, say};
use crate::format;
use crate::latest::pause;

#[derive(Properties, PartialEq)]
pub(super) struct WebhooksProps {
    pub(super) webhooks: Result<Vec<WebhookView>, ApiError>,
}

/// The list, and a form for another one.
#[component]
pub(super) fn Webhooks(props: &WebhooksProps) -> Html {
    let asked = use_state(|| Asked::Nothing);
    let new = use_state(|| None::<NewWebhook>);
    let content = match &props.webhooks {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(all) if all.is_empty() => {
            say(Tidings::Info, "No webhooks: what is noticed is listed below, and sent nowhere.")
        }
        Ok(all) => html! {
            <ul class="advice" data-testid="webhooks">{ for all.iter().map(|webhook| one(webhook, &asked)) }</ul>
        },
    };
    let on_done = {
        let new = new.setter();
        Callback::from(move |()| new.set(None))
    };
    let card = html! {
        <>
            { content }
            if let Some(made) = &*new {
                <Secret what={format!("The webhook {}", made.view.id)} secret={made.secret.clone()} {on_done} />
            }
            { asked.said("webhooks-answer") }
            <CreateWebhook asked={asked.clone()} new={new.setter()} />
        </>
    };
    let note = "What is noticed is sent there, signed as Standard Webhooks are, and again until it is taken".to_owned();
    Card { title: "Webhooks", note, class: "full", ..Card::default() }.around(card)
}

fn one(webhook: &WebhookView, asked: &UseStateHandle<Asked>) -> Html {
    let is_asking = **asked == Asked::UnderWay;
    let on_test = {
        let id = webhook.id.clone();
        on_click(asked.setter(), move || test(id.clone()))
    };
    let on_remove = {
        let id = webhook.id.clone();
        on_click(asked.setter(), move || remove(id.clone()))
    };
    let name = webhook.name.clone().unwrap_or_else(|| webhook.id.clone());
    let of = |names: &Option<Vec<String>>, all: &str| names.as_ref().map_or_else(|| all.to_owned(), |of| of.join(", "));
    let types = webhook.types.as_ref().map(|types| types.iter().map(|of| format::words(of.as_str())).collect());
    let gets = format!(
        "Gets {} of {}. {} waiting, {} given up.",
        of(&types, "everything"),
        of(&webhook.tenants, "all tenants"),
        format::count(webhook.waiting),
        format::count(webhook.failed)
    );
    html! {
        <li key={webhook.id.clone()} data-testid="webhook">
            <p><strong>{ &name }</strong>{ " " }<code class="digest">{ &webhook.url }</code></p>
            <p class="note">{ gets }</p>
            <div class="actions">
                <button type="button" onclick={on_test} disabled={is_asking} data-testid="test-webhook"
                    aria-label={format!("Send a test to {name}")}>{ "Send test" }</button>
                if webhook.from_file {
                    <span class="note">{ "The file of the service's settings has it, which alone can change it." }</span>
                } else {
                    <Confirmed label="Remove" what={format!("Remove the webhook {name}")}
                        question="What waits for it is not sent." disabled={is_asking} on_yes={on_remove}
                        testid="remove-webhook" />
                }
            </div>
            if webhook.failed > 0 {
                <Failures id={webhook.id.clone()} count={webhook.failed} />
            }
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct CreateWebhookProps {
    asked: UseStateHandle<Asked>,
    new: UseStateSetter<Option<NewWebhook>>,
}

#[component]
fn CreateWebhook(props: &CreateWebhookProps) -> Html {
    let (url, name, types, tenants) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let wrong = use_state(|| None::<String>);
    let onsubmit = {
        let (url, name, types, tenants) = (url.clone(), name.clone(), types.clone(), tenants.clone());
        let (new, asked, wrong) = (props.new.clone(), props.asked.setter(), wrong.setter());
        Callback::from(move |event: SubmitEvent| {
            let kinds = names(&types).map(|names| names.iter().map(|name| name.parse()).collect());
            match kinds.transpose() {
                Ok(types) => {
                    wrong.set(None);
                    let url = said(&url).unwrap_or_default();
                    let order = WebhookOrder { url, name: said(&name), types, tenants: names(&tenants) };
                    let new = new.clone();
                    let ask = on_click(asked.clone(), move || create(order.clone(), new.clone()));
                    submitting(ask).emit(event);
                }
                Err(message) => {
                    event.prevent_default();
                    wrong.set(Some(message));
                }
            }
        })
    };
    let kinds = NotificationType::ALL.map(NotificationType::as_str).join(", ");
    html! {
        <details data-testid="create-webhook">
            <summary>{ "Make a webhook" }</summary>
            <form class="fields" {onsubmit}>
                { text("Address", &url, "https://example.com/hook", "webhook-url") }
                { text("Name", &name, "chat", "webhook-name") }
                { text("Only these types, separated by commas", &types, "all of them", "webhook-types") }
                { text("Only these tenants, separated by commas", &tenants, "all of them", "webhook-tenants") }
                <p class="note">{ format!("Types: {kinds}.") }</p>
                if let Some(wrong) = &*wrong {
                    <p class="problem" role="alert" data-testid="webhook-problem">{ wrong }</p>
                }
                <div class="actions">
                    <button type="submit" class="primary" disabled={*props.asked == Asked::UnderWay} data-testid="make-webhook">
                        { "Make it" }
                    </button>
                </div>
            </form>
        </details>
    }
}

async fn create(order: WebhookOrder, new: UseStateSetter<Option<NewWebhook>>) -> Result<String, ApiError> {
    let made: NewWebhook = post(paths::WEBHOOKS, &order).await?;
    let said = format!("The webhook {} is made.", made.view.id);
    new.set(Some(made));
    Ok(said)
}

async fn remove(id: String) -> Result<String, ApiError> {
    let _: WebhookView = delete(&paths::WEBHOOK.replace("{id}", &id)).await?;
    Ok(format!("The webhook {id} is removed."))
}

/// So often it is looked whether a test has arrived.
const LOOKS: u32 = 4;

/// Sends a test, and waits a little for what becomes of it.
async fn test(id: String) -> Result<String, ApiError> {
    let sent: Notification = post(&paths::WEBHOOK_TEST.replace("{id}", &id), &()).await?;
    for _ in 0..LOOKS {
        pause().await;
        let all: Vec<WebhookView> = get(paths::WEBHOOKS, &[]).await?;
        let Some(webhook) = all.into_iter().find(|webhook| webhook.id == id) else { break };
        let given_up = if webhook.failed > 0 { failures(&id).await?.failures } else { Vec::new() };
        if let Some(failed) = given_up.iter().find(|failed| failed.notification.id == sent.id) {
            return Ok(format!("The test was given up: {}. It is listed with what was not taken.", failed.error));
        }
        if webhook.waiting == 0 {
            return Ok("The test was taken.".to_owned());
        }
    }
    Ok("The test was not taken yet; it is sent again by itself, and listed here when it is given up.".to_owned())
}
