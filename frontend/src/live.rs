//! The service tells by itself when something has changed: its status as Server-Sent Events. They are read through
//! `fetch`, since an `EventSource` cannot send a key.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo::events::EventListener;
use gloo::utils::document;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use shared::api::paths;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader, window};
use yew::prelude::*;

use crate::api_client::{ApiError, open_events};

/// How often the service is asked where it does not tell by itself.
pub(crate) const POLL_MS: i32 = 2_000;

/// After so long it is tried to hear again, where that could be, and where the service seems not to have it.
const RETRY_MS: i32 = 2_000;
const RETRY_UNKNOWN_MS: i32 = 30_000;

/// A stream that says nothing for so long is dead: every 15 seconds it says at least that nothing has changed.
const SILENCE_MS: i32 = 40_000;

/// How the page hears of what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// It asks to be told.
    Connecting,
    /// It is told.
    Live,
    /// It was told, and asks by itself until it is told again.
    Reconnecting,
    /// This service, or what stands before it, tells nothing: it asks by itself.
    Asking,
}

/// What wakes who waits for something new.
#[derive(Clone, Default)]
pub(crate) struct Bell(Rc<Wire>);

#[derive(Default)]
struct Wire {
    /// Whether it rings by itself; otherwise nobody waits longer than until it is time to ask.
    is_live: Cell<bool>,
    /// It rang, and nobody waited.
    has_rung: Cell<bool>,
    waiting: RefCell<Option<Function>>,
}

thread_local! {
    /// Those that are shown.
    static WIRES: RefCell<Vec<Weak<Wire>>> = RefCell::default();
}

/// Rings for what the page itself has changed, which the service need not tell it.
pub(crate) fn ring_all() {
    let mut bells = Vec::new();
    WIRES.with_borrow_mut(|wires| {
        wires.retain(|wire| wire.strong_count() > 0);
        bells.extend(wires.iter().filter_map(Weak::upgrade).map(Bell));
    });
    bells.iter().for_each(Bell::ring);
}

impl PartialEq for Bell {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Bell {
    fn ring(&self) {
        match self.0.waiting.take() {
            // It resolves a promise, which cannot fail.
            Some(resolve) => drop(resolve.call0(&JsValue::NULL)),
            None => self.0.has_rung.set(true),
        }
    }

    /// Until it rings, or it is time to ask all the same.
    pub(crate) async fn wait(&self) {
        if self.0.has_rung.take() {
            return;
        }
        let is_live = self.0.is_live.get();
        let promise = Promise::new(&mut |resolve, _| {
            if !is_live {
                after(POLL_MS, &resolve);
            }
            self.0.waiting.replace(Some(resolve));
        });
        // The promise is never rejected.
        let _ = JsFuture::from(promise).await;
        self.0.waiting.take();
    }
}

/// What [`use_live`] gives.
pub(crate) struct Live {
    hearing: UseStateHandle<Hearing>,
    bell: Rc<Bell>,
}

impl Live {
    /// How the page hears now.
    pub(crate) fn hearing(&self) -> Hearing {
        *self.hearing
    }

    /// What rings when there is something new.
    pub(crate) fn bell(&self) -> Bell {
        (*self.bell).clone()
    }
}

/// Listens for as long as the page is shown.
#[hook]
pub(crate) fn use_live() -> Live {
    let hearing = use_state(|| Hearing::Connecting);
    let bell = use_memo((), |()| Bell::default());
    {
        let (bell, hearing) = ((*bell).clone(), hearing.setter());
        use_effect_with((), move |()| {
            WIRES.with_borrow_mut(|wires| wires.push(Rc::downgrade(&bell.0)));
            let ended = Rc::new(Cell::new(false));
            let abort = AbortController::new().ok();
            // Who comes back to the page wants to see what is new at once.
            let seen = bell.clone();
            let visible = EventListener::new(&document(), "visibilitychange", move |_| seen.ring());
            let signal = abort.as_ref().map(AbortController::signal);
            spawn_local(listen(bell, hearing, Rc::clone(&ended), signal));
            move || {
                ended.set(true);
                abort.iter().for_each(AbortController::abort);
                drop(visible);
            }
        });
    }
    Live { hearing, bell }
}

async fn listen(bell: Bell, hearing: UseStateSetter<Hearing>, ended: Rc<Cell<bool>>, signal: Option<AbortSignal>) {
    while !ended.get() {
        let outcome = match open_events(paths::STATUS, signal.as_ref()).await {
            Ok(reader) if !ended.get() => {
                bell.0.is_live.set(true);
                hearing.set(Hearing::Live);
                read(&reader, &bell).await;
                // What is left of it is not wanted any more; it may be gone already.
                let _ = reader.cancel();
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        bell.0.is_live.set(false);
        if ended.get() {
            return;
        }
        let (next, retry) = match outcome {
            Ok(()) | Err(ApiError::Unreachable) => (Hearing::Reconnecting, RETRY_MS),
            Err(_) => (Hearing::Asking, RETRY_UNKNOWN_MS),
        };
        hearing.set(next);
        // Who waited to be told asks from now on.
        bell.ring();
        let _ = JsFuture::from(Promise::new(&mut |resolve, _| after(retry, &resolve))).await;
    }
}

/// Rings at every event, until the stream ends, breaks or falls silent.
async fn read(reader: &ReadableStreamDefaultReader, bell: &Bell) {
    let mut kept = Vec::new();
    loop {
        let silence = Promise::new(&mut |resolve, _| after(SILENCE_MS, &resolve));
        let Ok(chunk) = JsFuture::from(Promise::race(&Array::of2(&reader.read(), &silence))).await else { return };
        // Silence resolves to nothing, the end of the stream to a chunk without a value.
        let value = Reflect::get(&chunk, &"value".into()).ok().and_then(|value| value.dyn_into::<Uint8Array>().ok());
        let Some(value) = value else { return };
        kept.extend(value.to_vec());
        // An empty line ends an event; lines that begin with a colon are comments. What it says is asked for anyway.
        while let Some(end) = kept.windows(2).position(|pair| pair == b"\n\n") {
            if kept[..end].starts_with(b"event:") || kept[..end].starts_with(b"id:") {
                bell.ring();
            }
            kept.drain(..end + 2);
        }
    }
}

fn after(ms: i32, resolve: &Function) {
    if let Some(window) = window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(resolve, ms);
    }
}
