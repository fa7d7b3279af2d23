//! Makes the link, says what it reveals, and finds another way where it would be too long.

use gloo::file::{Blob, ObjectUrl};
use js_sys::Reflect;
use shared::api::{SavedScenario, ScenarioLink, paths};
use shared::link::{LINK_ROUTE, LinkError, Privacy, SharedScenario, prepared, revealed};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use super::runner::Finished;
use crate::api_client::post;
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
    Short(String),
    Failed(String),
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
    {
        let said = said.setter();
        use_effect_with((props.finished.clone(), *privacy), move |_| said.set(Said::Nothing));
    }
    let link = shared.to_link();
    let on_copy = {
        let (open, said) = (open.setter(), said.setter());
        let address = link.as_ref().ok().map(|text| address(LINK_ROUTE, text));
        Callback::from(move |_: MouseEvent| {
            open.set(true);
            if let Some(address) = address.clone() {
                let said = said.clone();
                spawn_local(async move { said.set(copied(&address).await) });
            }
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
                { link_field(&link) }
                if let Err(error @ LinkError::TooLong { .. }) = &link {
                    <Long shared={(*shared).clone()} error={error.to_string()} said={said.setter()} />
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

fn link_field(link: &Result<String, LinkError>) -> Html {
    let Ok(text) = link else { return Html::default() };
    let onfocus = Callback::from(|event: FocusEvent| event.target_unchecked_into::<HtmlInputElement>().select());
    html! {
        <label class="field column">
            <span>{ format!("Link, {} characters", format::count(text.len() as u64)) }</span>
            <input type="text" readonly=true value={address(LINK_ROUTE, text)} {onfocus} data-testid="link" />
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
        Said::Short(address) => {
            let content = html! { <>{ "Short link: " }<a href={address.clone()}>{ address }</a></> };
            notice(Tidings::Good, "short-link", content)
        }
        Said::Failed(why) => say(Tidings::Error, why),
    }
}

#[derive(Properties, PartialEq)]
struct LongProps {
    shared: SharedScenario,
    error: String,
    said: UseStateSetter<Said>,
}

/// A file, or a short link that the service keeps.
#[component]
fn Long(props: &LongProps) -> Html {
    let file = use_memo(props.shared.clone(), |shared| {
        ObjectUrl::from(Blob::new_with_options(shared.to_bytes().as_slice(), Some("application/octet-stream")))
    });
    let on_short = {
        let (shared, said) = (props.shared.clone(), props.said.clone());
        Callback::from(move |_: MouseEvent| {
            let (saved, said) =
                (SavedScenario { scenario: shared.scenario.clone(), digest: Some(shared.digest) }, said.clone());
            spawn_local(async move {
                said.set(match post::<ScenarioLink>(paths::SCENARIOS, &saved).await {
                    Ok(link) => Said::Short(address("#/lab?h=", &link.hash)),
                    Err(error) => Said::Failed(format!("No short link: {}", error.message())),
                });
            });
        })
    };
    let content = html! {
        <>
            <p>{ format!("No link: {}.", props.error) }</p>
            <div class="actions">
                <a class="button" href={file.to_string()} download="scenario.shadowplane" data-testid="save-file">{ "Save as file" }</a>
                <button type="button" onclick={on_short}>{ "Short link of this service" }</button>
            </div>
        </>
    };
    notice(Tidings::Warning, "too-long", content)
}

/// The page's own address with another hash.
fn address(route: &str, text: &str) -> String {
    let page = window().and_then(|window| {
        let location = window.location();
        Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?))
    });
    format!("{}{route}{text}", page.unwrap_or_default())
}

/// Only secure contexts have a clipboard, and it may refuse.
async fn copied(text: &str) -> Said {
    let Some(window) = window() else { return Said::CopyByHand };
    let navigator = window.navigator();
    let there = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok() {
        Said::Copied
    } else {
        Said::CopyByHand
    }
}
