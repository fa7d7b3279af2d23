//! Keys: who may ask for what.

use shared::api::{KeyOrder, KeyRotation, KeyView, NewKey, Role, paths};
use yew::prelude::*;

use crate::api_client::{ApiError, delete, post};
use crate::components::field::{choice, chosen, names, said, submitting, text};
use crate::components::{Asked, Card, Confirmed, Secret, Tidings, on_click, say};
use crate::format;
use crate::zone::Zone;

#[derive(Properties, PartialEq)]
pub(super) struct KeysProps {
    pub(super) keys: Result<Vec<KeyView>, ApiError>,
}

/// The list, and a form for another one; a new secret is shown until it is put away.
#[component]
pub(super) fn Keys(props: &KeysProps) -> Html {
    let zone = use_context::<Zone>().unwrap_or_default();
    let asked = use_state(|| Asked::Nothing);
    let new = use_state(|| None::<NewKey>);
    let content = match &props.keys {
        Err(error) => say(Tidings::Error, &error.message()),
        Ok(keys) if keys.is_empty() => {
            let sentence = "No keys: whoever is on the machine of the service may do everything. Make one of the role admin \
                            first; a service that is started again without --no-keys then asks for it.";
            say(Tidings::Info, sentence)
        }
        Ok(keys) => list(keys, zone, &asked, &new),
    };
    let on_done = {
        let new = new.setter();
        Callback::from(move |()| new.set(None))
    };
    let card = html! {
        <>
            { content }
            if let Some(key) = &*new {
                <Secret what={format!("The key {}", key.view.id)} secret={key.key.clone()} {on_done} />
            }
            { asked.said("keys-answer") }
            <CreateKey asked={asked.clone()} new={new.setter()} />
        </>
    };
    let note = "A viewer reads; an operator also sends requests, orders jobs and accepts what is recommended; an admin also \
                makes keys and webhooks";
    Card { title: "Keys", note: note.to_owned(), class: "full", ..Card::default() }.around(card)
}

fn list(keys: &[KeyView], zone: Zone, asked: &UseStateHandle<Asked>, new: &UseStateHandle<Option<NewKey>>) -> Html {
    let head = ["key", "name", "role", "tenants", "made", "state"].map(|name| html! { <th scope="col">{ name }</th> });
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Keys, all figures">
            <table class="plain" data-testid="keys">
                <thead><tr>{ for head }<th scope="col"><span class="hidden">{ "what can be done" }</span></th></tr></thead>
                <tbody>{ for keys.iter().map(|key| row(key, zone, asked, new)) }</tbody>
            </table>
        </div>
    }
}

fn row(key: &KeyView, zone: Zone, asked: &UseStateHandle<Asked>, new: &UseStateHandle<Option<NewKey>>) -> Html {
    let is_asking = **asked == Asked::UnderWay;
    let on_rotate = {
        let (id, new) = (key.id.clone(), new.setter());
        on_click(asked.setter(), move || rotate(id.clone(), new.clone()))
    };
    let on_revoke = {
        let id = key.id.clone();
        on_click(asked.setter(), move || revoke(id.clone()))
    };
    let tenants = key.tenants.as_ref().map_or_else(|| "all".to_owned(), |tenants| tenants.join(", "));
    html! {
        <tr key={key.id.clone()}>
            <th scope="row"><code>{ &key.id }</code></th>
            <td>{ key.name.clone().unwrap_or_default() }</td>
            <td>{ key.role.as_str() }</td>
            <td>{ tenants }</td>
            <td>{ format::instant(key.created_at, zone) }</td>
            <td>{ state(key, zone) }</td>
            <td>
                if key.revoked_at.is_none() {
                    <span class="actions">
                        <button type="button" onclick={on_rotate} disabled={is_asking} data-testid="rotate"
                            aria-label={format!("Rotate the key {}", key.id)}>{ "Rotate" }</button>
                        <Confirmed label="Revoke" what={format!("Revoke the key {}", key.id)}
                            question="Whoever has it is refused from now on." disabled={is_asking} on_yes={on_revoke}
                            testid="revoke" />
                    </span>
                }
            </td>
        </tr>
    }
}

fn state(key: &KeyView, zone: Zone) -> String {
    let at = |at| format::instant(at, zone);
    match (key.revoked_at, key.former_until, key.expires_at) {
        (Some(revoked), ..) => format!("revoked {}", at(revoked)),
        (None, Some(until), _) => format!("rotated; the secret before goes on until {}", at(until)),
        (None, None, Some(expires)) => format!("until {}", at(expires)),
        (None, None, None) => "good".to_owned(),
    }
}

#[derive(Properties, PartialEq)]
struct CreateKeyProps {
    asked: UseStateHandle<Asked>,
    new: UseStateSetter<Option<NewKey>>,
}

#[component]
fn CreateKey(props: &CreateKeyProps) -> Html {
    let (name, role, tenants, expires) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let onsubmit = {
        let (name, role, tenants, expires) = (name.clone(), role.clone(), tenants.clone(), expires.clone());
        let new = props.new.clone();
        submitting(on_click(props.asked.setter(), move || {
            let order = KeyOrder {
                role: chosen(&role).and_then(|role| role.parse().ok()).unwrap_or(Role::Viewer),
                tenants: names(&tenants),
                name: said(&name),
                expires_in: chosen(&expires).and_then(|expires| expires.parse().ok()),
            };
            create(order, new.clone())
        }))
    };
    let lengths = [("never", "never"), ("30d", "after 30 days"), ("90d", "after 90 days"), ("365d", "after a year")];
    html! {
        <details data-testid="create-key">
            <summary>{ "Make a key" }</summary>
            <form class="fields" {onsubmit}>
                { text("Name", &name, "collector", "key-name") }
                { choice("Role", &role, Role::ALL.map(|role| (role.as_str(), role.as_str())), "key-role") }
                { text("Only these tenants, separated by commas", &tenants, "all of them", "key-tenants") }
                { choice("Ends", &expires, lengths, "key-expires") }
                <div class="actions">
                    <button type="submit" class="primary" disabled={*props.asked == Asked::UnderWay} data-testid="make-key">
                        { "Make it" }
                    </button>
                </div>
            </form>
        </details>
    }
}

async fn create(order: KeyOrder, new: UseStateSetter<Option<NewKey>>) -> Result<String, ApiError> {
    let made: NewKey = post(paths::KEYS, &order).await?;
    let said = format!("The key {} is made, of the role {}.", made.view.id, made.view.role);
    new.set(Some(made));
    Ok(said)
}

async fn rotate(id: String, new: UseStateSetter<Option<NewKey>>) -> Result<String, ApiError> {
    let made: NewKey = post(&paths::KEY_ROTATION.replace("{id}", &id), &KeyRotation::default()).await?;
    new.set(Some(made));
    Ok(format!("The key {id} has a new secret; the one before goes on for a day."))
}

async fn revoke(id: String) -> Result<String, ApiError> {
    let _: KeyView = delete(&paths::KEY.replace("{id}", &id)).await?;
    Ok(format!("The key {id} is revoked."))
}
