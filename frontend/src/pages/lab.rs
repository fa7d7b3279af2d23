//! A scenario in the browser: change it, run it, send it to a colleague who sees the same outcome.

mod advice;
mod bench;
mod changes;
mod columns;
mod controls;
mod form;
mod history;
mod loading;
mod making;
mod node_map;
mod outcome;
mod own_files;
mod runner;
mod share;
mod side_by_side;
mod variants;
mod verdict;

use std::rc::Rc;

use gloo::events::EventListener;
use web_sys::window;
use yew::prelude::*;

use self::bench::Bench;
use self::loading::{Loaded, use_loaded};
use self::own_files::OwnFiles;
use crate::components::{OpenFile, Opened, Tidings, notice};
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
    let on_loaded = {
        let file = file.setter();
        Callback::from(move |opened: Result<Loaded, String>| file.set(Some(Rc::new(opened))))
    };
    let on_file =
        on_loaded.reform(|(name, content): Opened| content.and_then(|bytes| Loaded::from_file(&name, &bytes)));
    let is_of_files = props.source == LabSource::Files;
    let content = match file.as_ref().or(loaded.as_ref().filter(|_| !is_of_files)).map(Rc::as_ref) {
        None if is_of_files => Html::default(),
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
                    <a class="button" href="#/lab?scenario=files" data-testid="own-files">{ "Your data" }</a>
                    <OpenFile label="Open scenario" accept=".shadowplane,.json" testid="open-file" {on_file} />
                </div>
            </div>
            if is_of_files {
                <OwnFiles on_made={on_loaded} />
            }
            { content }
        </>
    }
}
