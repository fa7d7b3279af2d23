//! A scenario in the browser: change it, run it, send it to a colleague who sees the same outcome.

mod advice;
mod bench;
mod changes;
mod columns;
mod controls;
mod form;
mod history;
mod loading;
mod node_map;
mod outcome;
mod runner;
mod share;
mod side_by_side;
mod variants;
mod verdict;

use std::rc::Rc;

use gloo::events::EventListener;
use gloo::file::File;
use gloo::file::callbacks::{FileReader, read_as_bytes};
use web_sys::{HtmlInputElement, window};
use yew::prelude::*;

use self::bench::Bench;
use self::loading::{Loaded, use_loaded};
use crate::components::{Tidings, notice};
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
    let visits = use_state(|| 0_u32);
    {
        // Another address means another scenario, or other variants of it, whatever file was open.
        let (file, count, visits) = (file.setter(), use_mut_ref(|| 0), visits.setter());
        use_effect_with((), move |()| {
            let visit = move |_: &Event| {
                *count.borrow_mut() += 1;
                visits.set(*count.borrow());
                file.set(None);
            };
            let listener = window().map(|window| EventListener::new(&window, "hashchange", visit));
            move || drop(listener)
        });
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
        Some(Ok(loaded)) => {
            let key = format!("{} {:?}", *visits, Rc::as_ptr(&loaded.scenario));
            html! { <Bench {key} loaded={loaded.clone()} /> }
        }
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
