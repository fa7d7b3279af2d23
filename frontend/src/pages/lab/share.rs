//! Makes the link, says what it reveals, and has the service keep what is too long for one.

use std::rc::Rc;

use gloo::file::{Blob, ObjectUrl};
use shared::api::{SavedScenario, ScenarioLink, paths};
use shared::link::{
    LINK_ROUTE, LinkError, Privacy, Revealed, SharedScenario, VARIANTS_PARAMETER, Variants, prepared, revealed,
};
use shared::scenario::Scenario;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use super::runner::Ran;
use crate::api_client::post;
use crate::clipboard::copy;
use crate::components::{Card, QR_BYTES_MAX, Tidings, notice, qr_code, say};
use crate::format;

#[derive(Properties, PartialEq)]
pub(super) struct ShareProps {
    /// The scenario as it came.
    pub(super) base: Rc<Scenario>,
    /// It and its variants, as they were run.
    pub(super) ran: Rc<Ran>,
    /// Which column is shown in detail.
    pub(super) shown: usize,
}

/// All that travels.
#[derive(Clone, PartialEq)]
struct Parcel {
    /// The scenario as it came, with what came of it.
    shared: SharedScenario,
    /// Its variants with what came of them, where there are some.
    variants: Option<Variants>,
    /// The column that is shown in detail, alone: what fits no link and is saved as a file.
    alone: SharedScenario,
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
    let parcel = use_memo((props.ran.clone(), props.shown, *privacy), |(ran, shown, privacy)| {
        Parcel::of(&props.base, ran, *shown, *privacy)
    });
    let link = parcel.link().map(|text| address(LINK_ROUTE, &text));
    // The address of what was too long, once the service keeps it.
    let kept = use_state(|| None::<String>);
    {
        let (kept, said) = (kept.setter(), said.setter());
        use_effect_with((props.ran.clone(), *privacy), move |_| {
            kept.set(None);
            said.set(Said::Nothing);
        });
    }
    let on_copy = {
        let (open, said, kept) = (open.setter(), said.setter(), kept.clone());
        let (link, parcel) = (link.clone(), parcel.clone());
        Callback::from(move |_: MouseEvent| {
            open.set(true);
            let known = link.clone().ok().or_else(|| (*kept).clone());
            let (said, kept, parcel) = (said.clone(), kept.setter(), parcel.clone());
            spawn_local(async move {
                let address = match known {
                    Some(address) => Ok(address),
                    None => keep(&parcel).await,
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
    let variants = parcel.variants.as_ref().map(|variants| variants.revealed(&parcel.shared.scenario));
    let items: Vec<Revealed> = revealed(&parcel.shared.scenario).into_iter().chain(variants).collect();
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
                { for link.as_ref().ok().or((*kept).as_ref()).map(|address| code_of(address)) }
                if let Err(LinkError::TooLong { length, limit }) = &link {
                    <Long parcel={(*parcel).clone()} length={*length} limit={*limit} />
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

/// The link for a camera; or why there is none.
fn code_of(address: &str) -> Html {
    match qr_code(address) {
        Some(code) => html! {
            <details data-testid="qr">
                <summary>{ "QR code" }</summary>
                { code }
                <p class="note">{ "The same link for a camera: whoever scans it opens the scenario on that device." }</p>
            </details>
        },
        None => {
            let [length, most] = [address.len(), QR_BYTES_MAX].map(|bytes| format::count(bytes as u64));
            let sentence =
                format!("No QR code: the link has {length} bytes, and a code holds {most} that a camera can read.");
            html! { <p class="note" data-testid="no-qr">{ sentence }</p> }
        }
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
    parcel: Parcel,
    length: usize,
    limit: usize,
}

/// What does not fit a link: kept by the service, or sent as a file.
#[component]
fn Long(props: &LongProps) -> Html {
    let file = use_memo(props.parcel.alone.clone(), |alone| {
        ObjectUrl::from(Blob::new_with_options(alone.to_bytes().as_slice(), Some("application/octet-stream")))
    });
    let [length, limit] = [props.length, props.limit].map(|characters| format::count(characters as u64));
    let sentence = format!(
        "The scenario is longer than a link may be ({length} characters of {limit}): the link is a short one, for which \
         this service keeps the scenario. Whoever cannot reach the service needs the file, which the Lab opens{}.",
        if props.parcel.variants.is_some() { "; it has the one that is shown in detail" } else { "" }
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

impl Parcel {
    fn of(base: &Scenario, ran: &Ran, shown: usize, privacy: Privacy) -> Self {
        let seen = |column: usize| ran.columns[column].view.digest;
        let (scenario, mut variants) = ran.variants.prepared(base, privacy);
        for (i, variant) in variants.all.iter_mut().enumerate() {
            variant.digest = ran.columns.get(i + 1).map(|finished| finished.view.digest);
        }
        let alone = SharedScenario { scenario: prepared(&ran.columns[shown].scenario, privacy), digest: seen(shown) };
        let variants = (ran.columns.len() > 1).then_some(variants);
        Self { shared: SharedScenario { scenario, digest: seen(0) }, variants, alone }
    }

    /// The text behind [`LINK_ROUTE`].
    fn link(&self) -> Result<String, LinkError> {
        self.variants.as_ref().map_or_else(|| self.shared.to_link(), |variants| self.shared.to_link_with(variants))
    }
}

/// The short address of a scenario that the service keeps, or why it does not; variants are short and stay in it.
async fn keep(Parcel { shared, variants, .. }: &Parcel) -> Result<String, String> {
    let saved = SavedScenario { scenario: shared.scenario.clone(), digest: Some(shared.digest) };
    let link = post::<ScenarioLink>(paths::SCENARIOS, &saved).await.map_err(|error| error.message())?;
    let variants =
        variants.as_ref().map_or_else(String::new, |variants| format!("&{VARIANTS_PARAMETER}={}", variants.to_text()));
    Ok(address("#/lab?h=", &format!("{}{variants}", link.hash)))
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
