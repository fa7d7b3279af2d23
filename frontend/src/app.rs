//! The frame around the pages.

use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, window};
use yew::prelude::*;

use crate::components::{KeyForm, Tidings, notice, say};
use crate::key;
use crate::pages::{Costs, Demand, Lab, Models, Overview, Recommendations, Settings};
use crate::route::{CostsQuery, DemandQuery, DemandView, LabSource, Route};
use crate::tour::Tour;
use crate::zone::Zone;

/// Draws the page and keeps it alive.
pub fn start() {
    console_error_panic_hook::set_once();
    yew::Renderer::<App>::new().render();
}

#[component]
fn App() -> Html {
    let route = use_state(Route::current);
    let zone = use_state(Zone::remembered);
    let needs_key = use_state(|| false);
    {
        let needs_key = needs_key.setter();
        use_effect_with((), move |()| key::when_wanted(Callback::from(move |()| needs_key.set(true))));
    }
    {
        let route = route.setter();
        use_effect_with((), move |()| {
            let listener =
                window().map(|window| EventListener::new(&window, "hashchange", move |_| route.set(Route::current())));
            move || drop(listener)
        });
    }
    let on_zone = {
        let zone = zone.setter();
        Callback::from(move |chosen: Zone| {
            chosen.remember();
            zone.set(chosen);
        })
    };
    html! {
        <ContextProvider<Zone> context={*zone}>
            <a class="skip" href="#main" onclick={Callback::from(skip)}>{ "Skip to content" }</a>
            { header(&route, *zone, &on_zone) }
            <main id="main" tabindex="-1">
                if *needs_key {
                    <KeyForm />
                }
                <Tour />
                { match &*route {
                    Route::Overview => html! { <Overview /> },
                    Route::Costs(Ok(query)) => html! { <Costs query={query.clone()} /> },
                    Route::Costs(Err(message)) => notice(Tidings::Error, "error", html! {
                        <>{ message }{ " " }<a href="#/costs">{ "Show the last week instead" }</a></>
                    }),
                    Route::Recommendations => html! { <Recommendations /> },
                    Route::Models => html! { <Models /> },
                    Route::Settings => html! { <Settings /> },
                    Route::Demand(Ok(view)) => html! { <Demand view={view.clone()} /> },
                    Route::Demand(Err(message)) => notice(Tidings::Error, "error", html! {
                        <>{ message }{ " " }<a href="#/demand">{ "Show all demand instead" }</a></>
                    }),
                    Route::Lab(source) => html! { <Lab source={source.clone()} /> },
                    Route::Unknown(path) => html! {
                        <>
                            <div class="title"><h1>{ "No such page" }</h1></div>
                            { say(Tidings::Error, &format!("There is no page `{path}`; choose one above.")) }
                        </>
                    },
                } }
            </main>
        </ContextProvider<Zone>>
    }
}

/// Gives the focus to the page below the header; the address, which says what page that is, stays.
fn skip(event: MouseEvent) {
    event.prevent_default();
    let main = document().get_element_by_id("main").and_then(|main| main.dyn_into::<HtmlElement>().ok());
    if let Some(main) = main {
        // It can be focused: it has a tabindex.
        let _ = main.focus();
    }
}

fn header(route: &Route, zone: Zone, on_zone: &Callback<Zone>) -> Html {
    let link = |href: &'static str, name: &'static str, page: Route| {
        let current = route.same_page(&page).then_some("page");
        html! { <a {href} aria-current={current}>{ name }</a> }
    };
    let choice = |chosen: Zone, name: &'static str| {
        let onclick = on_zone.reform(move |_: MouseEvent| chosen);
        html! { <button type="button" aria-pressed={(zone == chosen).to_string()} {onclick}>{ name }</button> }
    };
    html! {
        <header class="top">
            <a class="brand" href="#/">{ logo() }<span>{ "Shadowplane" }</span></a>
            <nav aria-label="Pages">
                { link("#/", "Overview", Route::Overview) }
                { link("#/costs", "Costs", Route::Costs(Ok(CostsQuery::default()))) }
                { link("#/demand", "Demand", Route::Demand(Ok(DemandView::Service(DemandQuery::default())))) }
                { link("#/recommendations", "Recommendations", Route::Recommendations) }
                { link("#/models", "Models", Route::Models) }
                { link("#/lab", "Lab", Route::Lab(LabSource::Current)) }
                { link("#/settings", "Settings", Route::Settings) }
            </nav>
            <div class="segments" role="group" aria-label="Time zone">
                { choice(Zone::Utc, "UTC") }
                { choice(Zone::Local, "Local") }
            </div>
        </header>
    }
}

/// A plane and its shadow.
fn logo() -> Html {
    html! {
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
            <path class="logo-shadow" d="M6 21 26 13 21 28 15.5 23.5Z" />
            <path class="logo-plane" d="M4 14 28 4 21.5 22 14.5 17Z" />
        </svg>
    }
}
