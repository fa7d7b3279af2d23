//! What every page of the service's figures has: a title, and what is said while there are none.

use yew::prelude::*;

use super::{Tidings, notice, say};
use crate::api_client::ApiError;
use crate::latest::{Latest, Shown};

/// The title, and below it the body of the latest answer, or why there is none.
pub(crate) fn page<T>(title: &str, beside: Html, shown: &Shown<T>, body: impl FnOnce(&T) -> Html) -> Html {
    let content = match shown {
        None => html! { <p class="loading" role="status">{ "Asking the service …" }</p> },
        Some(Err(error)) => failure(error),
        Some(Ok(Latest { value, stale, .. })) => html! {
            <>
                if let Some(stale) = stale {
                    { say(Tidings::Error, &format!("{} What is below is its last answer.", stale.message())) }
                }
                { body(value) }
            </>
        },
    };
    html! {
        <>
            <div class="title"><h1>{ title }</h1>{ beside }</div>
            { content }
        </>
    }
}

/// Why there is nothing, and what to do about it.
fn failure(error: &ApiError) -> Html {
    let advice = match error {
        ApiError::NoService | ApiError::Unreachable => html! {
            <>
                { " Start it with " }<code>{ "shadowplane serve --demo" }</code>
                { " and open the address that it prints. Without it, the " }<a href="#/lab">{ "Lab" }</a>
                { " works all the same: it runs in this browser." }
            </>
        },
        _ => Html::default(),
    };
    notice(Tidings::Error, "error", html! { <>{ error.message() }{ advice }</> })
}
