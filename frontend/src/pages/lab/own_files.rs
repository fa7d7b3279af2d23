//! Files of the reader's own: dropped, told apart, and made a scenario, all of it in this tab.

use std::rc::Rc;

use gloo::file::callbacks::FileReader;
use shared::units::Duration;
use web_sys::{DragEvent, HtmlSelectElement};
use yew::prelude::*;

use super::loading::Loaded;
use super::making::{Making, use_making};
use crate::components::{OpenFile, Opened, Tidings, notice, read_each};
use crate::format;
use crate::worker::{FileSeen, FilesSaid};

const HORIZONS: [Duration; 3] = [Duration::HOUR, Duration::from_minutes(6 * 60), Duration::DAY];
/// Files that are offered first.
const ACCEPTED: &str = ".json,.ndjson,.jsonl,.csv,.toml,.txt,.gz";

/// What is to be made of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What happened, or who lives.
    AsItIs,
    /// What comes next, by the same time a day before.
    Yesterday,
    /// What comes next, by the models that a backtest chooses, trained here.
    Trained,
}

impl Wanted {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::AsItIs, "as-it-is", "What happened, or who lives"),
        (Self::Yesterday, "yesterday", "What comes next: as the day before"),
        (Self::Trained, "trained", "What comes next: by models trained here"),
    ];
}

#[derive(Properties, PartialEq)]
pub(super) struct OwnFilesProps {
    pub(super) on_made: Callback<Result<Loaded, String>>,
}

/// The files, what they are, and what is to be made of them.
#[component]
pub(super) fn OwnFiles(props: &OwnFilesProps) -> Html {
    let desk = use_making(props.on_made.clone());
    let (wanted, horizon, over) = (use_state(|| Wanted::AsItIs), use_state(|| Duration::DAY), use_state(|| false));
    let readers = use_state(Vec::<FileReader>::new);
    let drop_files = {
        let (add, over, readers) = (desk.add.clone(), over.setter(), readers.setter());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            let files = event.data_transfer().and_then(|transfer| transfer.files());
            readers.set(files.map(|files| read_each(&files, &add)).unwrap_or_default());
        })
    };
    let drag = {
        let over = over.setter();
        Callback::from(move |event: DragEvent| {
            // Else the browser would open the file in the place of the page.
            event.prevent_default();
            over.set(true);
        })
    };
    let leave = {
        let over = over.setter();
        Callback::from(move |_: DragEvent| over.set(false))
    };
    let on_make = {
        let (make, wanted, horizon) = (desk.make.clone(), *wanted, *horizon);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            make.emit((wanted, horizon));
        })
    };
    let said = desk.said.as_deref();
    html! {
        <form class={classes!("card", "own-files", over.then_some("over"))} aria-label="Your data" onsubmit={on_make}
            ondrop={drop_files} ondragover={drag} ondragleave={leave} data-testid="drop-zone">
            <header>
                <div>
                    <h2>{ "Your data" }</h2>
                    <p class="note">{ "Drop files here, or choose them. They are read in this tab, and nothing is sent anywhere." }</p>
                </div>
                <OpenFile label="Choose files" accept={ACCEPTED} testid="choose-files" multiple=true on_file={desk.add.clone()} />
            </header>
            if desk.names.is_empty() {
                { what_may_be_dropped() }
            } else {
                { listed(&desk.names, said, &desk.remove) }
            }
            if said.is_some_and(|said| said.is_enough) {
                { questions(said, &wanted, &horizon) }
            }
            { doing(&desk.making, &desk.cancel, said) }
        </form>
    }
}

/// What to bring, while there is nothing.
fn what_may_be_dropped() -> Html {
    html! {
        <div class="note what" data-testid="what-may-be-dropped">
            <p>{ "The state of a Kubernetes cluster runs on by itself:" }</p>
            <pre><code>{ "kubectl get nodes,pods,pvc,services,resourcequotas,priorityclasses -A -o json > state.json" }</code></pre>
            <p>
                { "Requests (NDJSON, or CSV with " }<code>{ "at,tenant,vcpu,memory_gib,lifetime_s" }</code>
                { ") are run as they were, and predicted from. Beside them: an inventory (" }
                <code>{ "node,vcpu,memory_gib,instance_type" }</code>{ "), prices (" }
                <code>{ "instance_type,price_per_hour,currency" }</code>
                { ", or TOML), quotas, pools, priority classes and observations. What is not given is assumed as on the command line." }
            </p>
        </div>
    }
}

/// The files one below the other, each with what it is or what is wrong with it.
fn listed(names: &[String], said: Option<&FilesSaid>, remove: &Callback<usize>) -> Html {
    let seen = |position: usize| said.and_then(|said| said.seen.get(position));
    let row = |(position, name): (usize, &String)| {
        let is = seen(position).filter(|seen| seen.name == *name);
        let onclick = remove.reform(move |_: MouseEvent| position);
        html! {
            <li>
                <div>
                    <strong>{ name }</strong>
                    { what_it_is(is) }
                </div>
                <button type="button" {onclick} aria-label={format!("Take out {name}")}>{ "Take out" }</button>
            </li>
        }
    };
    html! { <ul class="files" data-testid="files">{ for names.iter().enumerate().map(row) }</ul> }
}

fn what_it_is(seen: Option<&FileSeen>) -> Html {
    let Some(FileSeen { kind, found, .. }) = seen else {
        return html! { <span class="note">{ "is being read …" }</span> };
    };
    let kind = kind.map_or("of no kind that is known", |kind| kind.describe());
    match found {
        Ok(words) => html! { <span class="note">{ format!("{kind}: {words}") }</span> },
        Err(problems) => html! { <span class="problem" role="alert">{ format!("{kind}: {problems}") }</span> },
    }
}

fn questions(said: Option<&FilesSaid>, wanted: &UseStateHandle<Wanted>, horizon: &UseStateHandle<Duration>) -> Html {
    let has_requests = said.is_some_and(|said| said.requests.is_some());
    let on_wanted = {
        let wanted = wanted.setter();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some((chosen, ..)) = Wanted::ALL.into_iter().find(|(_, name, _)| *name == value) {
                wanted.set(chosen);
            }
        })
    };
    let on_horizon = {
        let horizon = horizon.setter();
        Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlSelectElement>().value();
            if let Some(chosen) = HORIZONS.into_iter().find(|choice| format::span(*choice) == value) {
                horizon.set(chosen);
            }
        })
    };
    let offered = Wanted::ALL.into_iter().filter(|(of, ..)| has_requests || *of == Wanted::AsItIs);
    let offered = offered.map(|(of, name, words)| {
        html! { <option value={name} selected={of == **wanted}>{ words }</option> }
    });
    let spans = HORIZONS.into_iter().map(|choice| {
        let words = format::span(choice);
        html! { <option value={words.clone()} selected={choice == **horizon}>{ words }</option> }
    });
    let has_horizon = !has_requests || **wanted != Wanted::AsItIs;
    html! {
        <fieldset>
            <legend>{ "Scenario" }</legend>
            <label class="field column">
                <span>{ "What" }</span>
                <select onchange={on_wanted} data-testid="wanted">{ for offered }</select>
            </label>
            if has_horizon {
                <label class="field column">
                    <span>{ "How long" }</span>
                    <select onchange={on_horizon} data-testid="own-horizon">{ for spans }</select>
                </label>
            }
        </fieldset>
    }
}

fn doing(making: &Making, cancel: &Callback<()>, said: Option<&FilesSaid>) -> Html {
    let cancel = cancel.reform(|_: MouseEvent| ());
    match making {
        Making::Busy(words, part) => html! {
            <>
                <div class="actions">
                    <progress max="1" value={part.map(|part| format!("{part:.3}"))} aria-label="Part that is done"></progress>
                    <button type="button" onclick={cancel} data-testid="cancel-making">{ "Cancel" }</button>
                </div>
                <p class="note busy" role="status" data-testid="making">{ words }</p>
            </>
        },
        Making::Idle | Making::Failed(_) => html! {
            <>
                if let Making::Failed(message) = making {
                    { notice(Tidings::Error, "own-files-error", html! { message }) }
                }
                if said.is_some_and(|said| said.is_enough) {
                    <div class="actions">
                        <button type="submit" class="primary" data-testid="make">{ "Run it" }</button>
                    </div>
                } else if said.is_some_and(|said| said.seen.iter().all(|file| file.found.is_ok())) {
                    <p class="note">{ "Bring requests, or the state of a cluster: of these files alone nothing happens." }</p>
                }
            </>
        },
    }
}

/// What a file that was opened adds to those that there are: one of the same name takes its place.
pub(super) fn with_file(
    files: &[(String, Rc<Vec<u8>>)],
    (name, content): (String, Vec<u8>),
) -> Vec<(String, Rc<Vec<u8>>)> {
    let mut files = files.to_vec();
    let content = Rc::new(content);
    match files.iter_mut().find(|(other, _)| *other == name) {
        Some(file) => file.1 = content,
        None => files.push((name, content)),
    }
    files
}

/// Reads files one after the other.
pub(super) type AddFile = Callback<Opened>;
