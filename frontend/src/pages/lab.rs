//! A scenario in the browser: change it, run it, send it to a colleague who sees the same outcome.

mod advice;
mod changes;
mod controls;
mod form;
mod loading;
mod outcome;
mod runner;
mod share;
mod verdict;

use std::rc::Rc;

use gloo::file::File;
use gloo::file::callbacks::{FileReader, read_as_bytes};
use shared::link::Limits;
use shared::scenario::Scenario;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use self::advice::NotLetIn;
use self::controls::Controls;
use self::form::Form;
use self::loading::{Loaded, use_loaded};
use self::outcome::OutcomeCards;
use self::runner::{Progress, use_runner};
use self::share::Share;
use self::verdict::verdict;
use crate::components::{Tidings, notice, say};
use crate::route::LabSource;

#[derive(Properties, PartialEq)]
pub(crate) struct LabProps {
    /// Where the scenario comes from.
    pub(crate) source: LabSource,
}

/// The page.
#[component]
pub(crate) fn Lab(props: &LabProps) -> Html {
    let file = use_state(|| None::<Rc<Result<Loaded, String>>>);
    let loaded = use_loaded(&props.source);
    {
        // Another address means another scenario, whatever file was open.
        let file = file.setter();
        use_effect_with(props.source.clone(), move |_| file.set(None));
    }
    let on_file = {
        let file = file.setter();
        Callback::from(move |opened: Result<Loaded, String>| file.set(Some(Rc::new(opened))))
    };
    let content = match file.as_ref().or(loaded.as_ref()).map(Rc::as_ref) {
        None => html! { <p class="loading" role="status">{ "Loading the scenario …" }</p> },
        Some(Err(message)) => {
            let example = html! { <a href="#/lab?scenario=example">{ "Open the built-in example instead" }</a> };
            notice(Tidings::Error, "error", html! { <>{ message }<p>{ example }</p></> })
        }
        Some(Ok(loaded)) => html! { <Bench loaded={loaded.clone()} /> },
    };
    html! {
        <>
            <div class="title">
                <h1>{ "Lab" }</h1>
                <div class="tools">
                    <a class="button" href="#/lab?scenario=example">{ "Example" }</a>
                    <OpenFile {on_file} />
                </div>
            </div>
            { content }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BenchProps {
    loaded: Loaded,
}

/// Controls, and the outcome of the scenario that they make.
#[component]
fn Bench(props: &BenchProps) -> Html {
    let loaded = &props.loaded;
    // With the scenario that they are of: another one is drawn once before its effects run.
    let held = use_state(|| (loaded.scenario.clone(), Controls::of(&loaded.scenario)));
    let controls = match &*held {
        (of, controls) if Rc::ptr_eq(of, &loaded.scenario) => controls.clone(),
        _ => Controls::of(&loaded.scenario),
    };
    let set_controls = {
        let (held, of) = (held.setter(), loaded.scenario.clone());
        Callback::from(move |controls: Controls| held.set((of.clone(), controls)))
    };
    let runner = use_runner();
    {
        let (set_controls, start) = (set_controls.clone(), runner.start.clone());
        use_effect_with(loaded.clone(), move |loaded| {
            set_controls.emit(Controls::of(&loaded.scenario));
            // What is too much to run unasked waits for the button.
            if Limits::LINK.check(&loaded.scenario).is_ok() {
                start.emit((*loaded.scenario).clone());
            }
        });
    }
    let on_run = {
        let (base, controls) = (loaded.scenario.clone(), controls.clone());
        runner.start.reform(move |()| controls.apply(&base))
    };
    let on_try = {
        let (set_controls, start) = (set_controls.clone(), runner.start.clone());
        Callback::from(move |scenario: Scenario| {
            set_controls.emit(Controls::of(&scenario));
            start.emit(scenario);
        })
    };
    {
        // Beside the unchanged one, which is what outcomes are compared with.
        let (on_try, loaded) = (on_try.clone(), loaded.clone());
        use_effect_with(runner.first.is_some(), move |&has_run| {
            if has_run && !loaded.tried.is_empty() {
                let edits = [loaded.scenario.edits.as_slice(), &loaded.tried].concat();
                on_try.emit(Scenario { edits, ..(*loaded.scenario).clone() });
            }
        });
    }
    let running = match &*runner.progress {
        Progress::Running { done, total } => Some((*done, *total)),
        _ => None,
    };
    html! {
        <div class="lab">
            <Form scenario={loaded.scenario.clone()} {controls} on_controls={set_controls}
                {on_run} on_cancel={runner.cancel.clone()} {running} origin={loaded.origin.clone()} />
            <div class="outcome">
                { match &*runner.progress {
                    Progress::Failed(message) => notice(Tidings::Error, "error", html! { message }),
                    Progress::Cancelled => say(Tidings::Info, "Cancelled. Nothing of it is kept."),
                    _ => Html::default(),
                } }
                if let Some(finished) = &*runner.finished {
                    { verdict(loaded, finished) }
                    <OutcomeCards finished={finished.clone()} first={(*runner.first).clone()} stale={running.is_some()} />
                    <NotLetIn finished={finished.clone()} {on_try} />
                    <Share finished={finished.clone()} />
                }
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct OpenFileProps {
    on_file: Callback<Result<Loaded, String>>,
}

/// Opens a scenario file: what a link becomes when it is too long, or what the command line saved.
#[component]
fn OpenFile(props: &OpenFileProps) -> Html {
    let reader = use_state(|| None::<FileReader>);
    let onchange = {
        let (on_file, reader) = (props.on_file.clone(), reader.setter());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)).map(File::from) else { return };
            input.set_value("");
            let (on_file, name) = (on_file.clone(), file.name());
            reader.set(Some(read_as_bytes(&file, move |bytes| {
                let bytes = bytes.map_err(|error| format!("{name} cannot be read: {error}"));
                on_file.emit(bytes.and_then(|bytes| Loaded::from_file(&name, &bytes)));
            })));
        })
    };
    html! {
        <label class="button">
            { "Open file" }
            <input type="file" class="hidden" accept=".shadowplane,.json" {onchange} data-testid="open-file" />
        </label>
    }
}
