//! A guided tour for whoever comes for the first time: from the overview to the Lab, on the built-in example.

use gloo::storage::{LocalStorage, Storage as _};
use gloo::timers::callback::Interval;
use gloo::utils::document;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition, window};
use yew::prelude::*;

use crate::route::go;

/// Remembers that nobody wants to be asked again.
const SEEN: &str = "shadowplane.tour-seen";

const OVERVIEW: &str = "#/";
const LAB: &str = "#/lab?scenario=example";

/// One stop of the tour.
struct Stop {
    address: &'static str,
    /// What it is about, as CSS finds it; the page where nothing is found.
    about: &'static str,
    title: &'static str,
    text: &'static str,
}

const STOPS: [Stop; 8] = [
    Stop {
        address: OVERVIEW,
        about: "nav",
        title: "A shadow of your control plane",
        text: "Shadowplane runs the requests that are about to come through a copy of your control plane, and says what \
               they will cost, where they land and what breaks. The overview has today's answers of the service, each \
               with a way to all of it.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=scenario-name]",
        title: "The Lab",
        text: "Here a whole day is run in your browser, with nothing installed and nothing sent anywhere: a Monday of the \
               built-in example, twenty times, each time with other requests from the same forecast.",
    },
    Stop {
        address: LAB,
        about: ".figures",
        title: "What the day comes to",
        text: "The cost with the range that eight of ten runs fall into, the nodes, how long resources take to be ready, \
               and who is refused.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=demand]",
        title: "Ask “what if”",
        text: "Every control is a change of the scenario. Set the demand of all tenants to 150 %, say; the list at the end \
               of the form has bursts, quotas, prices, commitments and the loss of a zone.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=variants]",
        title: "Up to four variants",
        text: "Add a copy, change it, give it a name: variants stand side by side. Whatever you do can be undone with \
               Ctrl+Z, and the address always has all of it.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=run]",
        title: "Run",
        text: "All variants see the same requests and the same luck, so that differences are theirs alone: the table says \
               by how much each costs more or less, and how sure that is.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=map-nodes]",
        title: "Every node, over time",
        text: "The map shows how full each node is at every moment. Below it, whoever did not get in is listed with the \
               cheapest change that would have let them in.",
    },
    Stop {
        address: LAB,
        about: "[data-testid=copy-link]",
        title: "Send it to a colleague",
        text: "The link holds the scenario and its variants, without names unless you want them. Whoever opens it runs the \
               same and sees whether the outcome is the same, to the bit.",
    },
];

/// Offers the tour to who has not seen it, and leads through it.
#[component]
pub(crate) fn Tour() -> Html {
    let is_offered = use_state(|| LocalStorage::get::<bool>(SEEN).is_err());
    let stop = use_state(|| None::<usize>);
    use_mark(*stop);
    let end = {
        let (is_offered, stop) = (is_offered.setter(), stop.setter());
        Callback::from(move |()| {
            // Without storage it is offered again.
            let _ = LocalStorage::set(SEEN, true);
            is_offered.set(false);
            stop.set(None);
        })
    };
    let to = {
        let (stop, end) = (stop.setter(), end.clone());
        Callback::from(move |next: usize| match STOPS.get(next) {
            Some(of) => {
                if !is_at(of.address) {
                    go(of.address);
                }
                stop.set(Some(next));
            }
            None => end.emit(()),
        })
    };
    match *stop {
        Some(at) => html! { <Shown {at} {to} on_end={end} /> },
        None if *is_offered => offer(&to, &end),
        None => Html::default(),
    }
}

fn offer(to: &Callback<usize>, end: &Callback<()>) -> Html {
    let (start, end) = (to.reform(|_: MouseEvent| 0), end.reform(|_: MouseEvent| ()));
    html! {
        <aside class="tour-offer" aria-label="Tour" data-testid="tour-offer">
            <span>{ "New here? A tour of two minutes shows the Lab on example data." }</span>
            <span class="actions">
                <button type="button" class="primary" onclick={start} data-testid="start-tour">{ "Show me" }</button>
                <button type="button" onclick={end} data-testid="no-tour">{ "No, thanks" }</button>
            </span>
        </aside>
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    at: usize,
    to: Callback<usize>,
    on_end: Callback<()>,
}

/// A stop. It has the focus, and the keys: arrows lead on and back, Escape ends the tour.
#[component]
fn Shown(props: &ShownProps) -> Html {
    let (at, frame) = (props.at, use_node_ref());
    {
        let frame = frame.clone();
        use_effect_with(at, move |_| {
            if let Some(frame) = frame.cast::<HtmlElement>() {
                let _ = frame.focus();
            }
        });
    }
    let onkeydown = {
        let (to, on_end) = (props.to.clone(), props.on_end.clone());
        Callback::from(move |event: KeyboardEvent| {
            match event.key().as_str() {
                "ArrowRight" => to.emit(at + 1),
                "ArrowLeft" => to.emit(at.saturating_sub(1)),
                "Escape" => on_end.emit(()),
                _ => return,
            }
            event.prevent_default();
        })
    };
    let Stop { title, text, .. } = &STOPS[at];
    let is_last = at + 1 == STOPS.len();
    let (on, back) =
        (props.to.reform(move |_: MouseEvent| at + 1), props.to.reform(move |_: MouseEvent| at.saturating_sub(1)));
    let end = props.on_end.reform(|_: MouseEvent| ());
    html! {
        <section class="tour" role="dialog" aria-labelledby="tour-title" aria-describedby="tour-text" tabindex="-1"
            ref={frame} {onkeydown} data-testid="tour">
            <p class="note">{ format!("{} of {}", at + 1, STOPS.len()) }</p>
            <h2 id="tour-title">{ *title }</h2>
            <p id="tour-text">{ *text }</p>
            <div class="actions">
                <button type="button" onclick={back} disabled={at == 0}>{ "Back" }</button>
                <button type="button" class="primary" onclick={on} data-testid="tour-next">{ if is_last { "Done" } else { "Next" } }</button>
                if !is_last {
                    <button type="button" onclick={end} data-testid="tour-end">{ "End the tour" }</button>
                }
            </div>
        </section>
    }
}

/// Marks what a stop is about, once it is there, and brings it into view.
#[hook]
fn use_mark(stop: Option<usize>) {
    use_effect_with(stop, |stop| {
        let looking = stop.map(|at| {
            let about = STOPS[at].about;
            Interval::new(100, move || {
                let Some(found) = document().query_selector(about).ok().flatten() else { return };
                if !found.class_list().contains("toured") {
                    unmark();
                    let _ = found.class_list().add_1("toured");
                    let options = ScrollIntoViewOptions::new();
                    options.set_block(ScrollLogicalPosition::Center);
                    found.scroll_into_view_with_scroll_into_view_options(&options);
                }
            })
        });
        move || {
            drop(looking);
            unmark();
        }
    });
}

/// Whether the address bar says this, with or without variants behind it: what was changed on the way stays.
fn is_at(address: &str) -> bool {
    let hash = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    let rest = hash.strip_prefix(address);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('&')) || hash.is_empty() && address == OVERVIEW
}

fn unmark() {
    let Ok(marked) = document().query_selector_all(".toured") else { return };
    for i in 0..marked.length() {
        if let Some(element) = marked.item(i).and_then(|node| node.dyn_into::<Element>().ok()) {
            let _ = element.class_list().remove_1("toured");
        }
    }
}
