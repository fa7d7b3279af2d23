//! What the service said last, for as long as it is shown.

use std::cell::Cell;
use std::rc::Rc;

use gloo::utils::document;
use js_sys::{Date, Promise};
use shared::units::Instant;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::window;
use yew::prelude::*;

use crate::api_client::ApiError;
use crate::live::{Bell, POLL_MS};

/// How often the service is asked.
#[derive(Clone, PartialEq)]
pub(crate) enum Pace {
    /// Every two seconds, while the page can be seen.
    Again,
    /// Whenever it tells that something has changed; every two seconds where it does not tell.
    Told(Bell),
    /// Until it has answered.
    Once,
}

/// An answer, and why it is not the latest where it is not.
#[derive(Debug)]
pub(crate) struct Latest<T> {
    /// The answer.
    pub(crate) value: Rc<T>,
    /// When it came, by the browser's clock.
    pub(crate) heard: Instant,
    /// Why it could not be had again.
    pub(crate) stale: Option<ApiError>,
}

/// What a page has of the service: nothing before it answered.
pub(crate) type Shown<T> = Option<Result<Latest<T>, ApiError>>;

/// The latest answer to what `load` asks about `about`; asked anew when that changes, and what is shown stays until
/// then.
#[hook]
pub(crate) fn use_latest<K, T, L, F>(about: K, pace: Pace, load: L) -> UseStateHandle<Shown<T>>
where
    K: Clone + PartialEq + 'static,
    T: 'static,
    L: Fn(K) -> F + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    let state = use_state(|| None);
    let setter = state.setter();
    use_effect_with(about, move |about| {
        let (about, ended) = (about.clone(), Rc::new(Cell::new(false)));
        let end = Rc::clone(&ended);
        spawn_local(async move {
            let mut last: Option<(Rc<T>, Instant)> = None;
            while !ended.get() {
                if !document().hidden() {
                    let answer = load(about.clone()).await;
                    if ended.get() {
                        break;
                    }
                    let is_answered = answer.is_ok();
                    setter.set(Some(shown(answer, &mut last)));
                    if is_answered && pace == Pace::Once {
                        break;
                    }
                }
                match &pace {
                    Pace::Told(bell) => bell.wait().await,
                    Pace::Again | Pace::Once => pause().await,
                }
            }
        });
        move || end.set(true)
    });
    state
}

/// The answer, or the last one with why there is no newer.
fn shown<T>(answer: Result<T, ApiError>, last: &mut Option<(Rc<T>, Instant)>) -> Result<Latest<T>, ApiError> {
    match (answer, &*last) {
        (Ok(value), _) => {
            let (value, heard) = (Rc::new(value), Instant::from_micros((Date::now() * 1e3) as i64));
            *last = Some((Rc::clone(&value), heard));
            Ok(Latest { value, heard, stale: None })
        }
        (Err(error), Some((value, heard))) => Ok(Latest { value: Rc::clone(value), heard: *heard, stale: Some(error) }),
        (Err(error), None) => Err(error),
    }
}

/// Until it is time to ask again.
pub(crate) async fn pause() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, POLL_MS);
        }
    });
    // The promise is never rejected.
    let _ = JsFuture::from(promise).await;
}
