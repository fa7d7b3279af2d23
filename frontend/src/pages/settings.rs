//! Who may ask, who is told, what is known to come: what an admin sees to, and what was noticed lately.

mod failures;
mod keys;
mod notifications;
mod webhooks;

use shared::api::{EventView, KeyView, Role, WebhookView, paths};
use yew::prelude::*;

use self::keys::Keys;
use self::notifications::Notifications;
use self::webhooks::Webhooks;
use crate::api_client::{ApiError, get};
use crate::components::{KeyForm, KnownEvents, Tidings, notice, page};
use crate::latest::{Pace, use_latest};

/// Everything but notifications, which have a way of their own; a part that failed does not take the others with it.
struct Answers {
    keys: Result<Vec<KeyView>, ApiError>,
    webhooks: Result<Vec<WebhookView>, ApiError>,
    events: Result<Vec<EventView>, ApiError>,
}

/// The page.
#[component]
pub(crate) fn Settings() -> Html {
    let answers = use_latest((), Pace::Again, async |()| load().await);
    let edited = use_state(|| None::<EventView>);
    page("Settings", Html::default(), &answers, |answers| body(answers, &edited))
}

async fn load() -> Result<Answers, ApiError> {
    let keys = get(paths::KEYS, &[]).await;
    if let Err(error @ (ApiError::NoService | ApiError::Unreachable)) = keys {
        return Err(error);
    }
    Ok(Answers { keys, webhooks: get(paths::WEBHOOKS, &[]).await, events: get(paths::EVENTS, &[]).await })
}

fn body(answers: &Answers, edited: &UseStateHandle<Option<EventView>>) -> Html {
    let on_edit = {
        let edited = edited.setter();
        Callback::from(move |event: Option<EventView>| edited.set(event))
    };
    let refused = answers.keys.as_ref().err().filter(|error| error.is_refused());
    let is_refused = refused.is_some();
    html! {
        <>
            { for refused.map(needs_admin) }
            <div class="grid halves">
                if !is_refused {
                    <Keys keys={answers.keys.clone()} />
                    <Webhooks webhooks={answers.webhooks.clone()} />
                }
                <KnownEvents events={answers.events.clone()} edited={(**edited).clone()} {on_edit} />
                <Notifications />
            </div>
        </>
    }
}

/// Which key is needed, and where it is entered: below, or in the form that comes up where none is taken.
fn needs_admin(error: &ApiError) -> Html {
    if error.is_forbidden() {
        return html! { <div class="lead"><KeyForm role={Role::Admin} /></div> };
    }
    let sentence = "Keys and webhooks need a key of the role admin: enter it above. Whoever runs the service makes one \
                    with `shadowplane keys create --role admin`.";
    notice(Tidings::Info, "needs-admin", Html::from(sentence))
}
