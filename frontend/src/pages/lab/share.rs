//! Makes the link, says what it reveals, and has the service keep what is too long for one.

use gloo::file::{Blob, ObjectUrl};
use shared::api::{SavedScenario, ScenarioLink, paths};
use shared::link::{LINK_ROUTE, LinkError, Privacy, SharedScenario, prepared, revealed};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use super::runner::Finished;
use crate::api_client::post;
use crate::clipboard::copy;
use crate::components::{Card, Tidings, notice, say};
use crate::format;

#[derive(Properties, PartialEq)]
pub(super) struct ShareProps {
    pub(super) finished: Finished,
}

/// How the link is doing.
#[derive(Clone, PartialEq)]
enum Said {
    Nothing,
    Copied,
    CopyByHand,
    /// Why the service keeps no short link.
    NotKept(String),
}

#[component]
pub(super) fn Share(props: &ShareProps) -> Html {
    let open = use_state(|| false);
    let privacy = use_state(Privacy::default);
    let said = use_state(|| Said::Nothing);
    let shared = use_memo((props.finished.clone(), *privacy), |(finished, privacy)| SharedScenario {
        scenario: prepared(&finished.scenario, *privacy),
        digest: finished.view.digest,
    });
    let link = shared.to_link().map(|text| address(LINK_ROUTE, &text));
    // The address of what was too long, once the service keeps it.
    let kept = use_state(|| None::<String>);
    {
        let (kept, said) = (kept.setter(), said.setter());
        use_effect_with((props.finished.clone(), *privacy), move |_| {
            kept.set(None);
            said.set(Said::Nothing);
        });
    }
    let on_copy = {
        let (open, said, kept) = (open.setter(), said.setter(), kept.clone());
        let (link, shared) = (link.clone(), shared.clone());
        Callback::from(move |_: MouseEvent| {
            open.set(true);
            let known = link.clone().ok().or_else(|| (*kept).clone());
            let (said, kept, shared) = (said.clone(), kept.setter(), shared.clone());
            spawn_local(async move {
                let address = match known {
                    Some(address) => Ok(address),
                    None => keep(&shared).await,
                };
                said.set(match address {
                    Ok(address) => {
                        kept.set(Some(address.clone()));
                        copied(&address).await
                    }
                    Err(why) => Said::NotKept(why),
                });
            });
        })
    };
    let on_names = {
        let privacy = privacy.setter();
        Callback::from(move |event: Event| {
            let named = event.target_unchecked_into::<HtmlInputElement>().checked();
            privacy.set(if named { Privacy::Names } else { Privacy::Pseudonyms });
        })
    };
    let items = revealed(&shared.scenario);
    let items = items.iter().map(|item| html! { <><dt>{ item.what }</dt><dd>{ &item.detail }</dd></> });
    let content = html! {
        <>
            <div class="actions">
                <button type="button" class="primary" onclick={on_copy} data-testid="copy-link">{ "Copy link" }</button>
                <label class="check">
                    <input type="checkbox" checked={*privacy == Privacy::Names} onchange={on_names} data-testid="names" />
                    { "with names of tenants and node groups" }
                </label>
            </div>
            if *open {
                { for link.as_ref().ok().or((*kept).as_ref()).map(|address| link_field(address)) }
                if let Err(LinkError::TooLong { length, limit }) = &link {
                    <Long shared={(*shared).clone()} length={*length} limit={*limit} />
                }
                { message(&said) }
                <h3>{ "What it reveals" }</h3>
                <dl class="revealed">{ for items }</dl>
            }
        </>
    };
    let note =
        "Whoever opens the link runs the same scenario in their own browser and sees whether the outcome is the same";
    Card { title: "Share", note: note.to_owned(), ..Card::default() }.around(content)
}

fn link_field(address: &str) -> Html {
    let onfocus = Callback::from(|event: FocusEvent| event.target_unchecked_into::<HtmlInputElement>().select());
    html! {
        <label class="field column">
            <span>{ format!("Link, {} characters", format::count(address.len() as u64)) }</span>
            <input type="text" readonly=true value={address.to_owned()} {onfocus} data-testid="link" />
        </label>
    }
}

fn message(said: &Said) -> Html {
    match said {
        Said::Nothing => Html::default(),
        Said::Copied => notice(Tidings::Good, "copied", html! { "Copied to the clipboard." }),
        Said::CopyByHand => {
            let sentence = "This browser does not let the page copy; select the link above and copy it.";
            notice(Tidings::Warning, "copied", html! { sentence })
        }
        Said::NotKept(why) => say(Tidings::Error, &format!("No short link: {why} The file can be sent instead.")),
    }
}

#[derive(Properties, PartialEq)]
struct LongProps {
    shared: SharedScenario,
    length: usize,
    limit: usize,
}

/// What does not fit a link: kept by the service, or sent as a file.
#[component]
fn Long(props: &LongProps) -> Html {
    let file = use_memo(props.shared.clone(), |shared| {
        ObjectUrl::from(Blob::new_with_options(shared.to_bytes().as_slice(), Some("application/octet-stream")))
    });
    let [length, limit] = [props.length, props.limit].map(|characters| format::count(characters as u64));
    let sentence = format!(
        "The scenario is longer than a link may be ({length} characters of {limit}): the link is a short one, for which \
         this service keeps the scenario. Whoever cannot reach the service needs the file, which the Lab opens."
    );
    let content = html! {
        <>
            <p>{ sentence }</p>
            <div class="actions">
                <a class="button" href={file.to_string()} download="scenario.shadowplane" data-testid="save-file">{ "Save as file" }</a>
            </div>
        </>
    };
    notice(Tidings::Info, "too-long", content)
}

/// The short address of a scenario that the service keeps, or why it does not.
async fn keep(shared: &SharedScenario) -> Result<String, String> {
    let saved = SavedScenario { scenario: shared.scenario.clone(), digest: Some(shared.digest) };
    let link = post::<ScenarioLink>(paths::SCENARIOS, &saved).await.map_err(|error| error.message())?;
    Ok(address("#/lab?h=", &link.hash))
}

/// The page's own address with another hash.
fn address(route: &str, text: &str) -> String {
    let page = window().and_then(|window| {
        let location = window.location();
        Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?))
    });
    format!("{}{route}{text}", page.unwrap_or_default())
}

/// What became of copying it.
async fn copied(text: &str) -> Said {
    if copy(text).await { Said::Copied } else { Said::CopyByHand }
}
