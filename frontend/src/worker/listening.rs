//! A worker's own side of the conversation.

use js_sys::global;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::protocol::{pack, unpack};

/// Answers messages until the page terminates the worker: says that it is `ready`, hands each message to `hear`, and tells
/// of a panic by what `crashed` makes of its text.
///
/// # Panics
/// Outside of a Web Worker.
pub(super) fn listen<Message, Answer>(
    ready: &Answer,
    crashed: fn(String) -> Answer,
    mut hear: impl FnMut(Message) + 'static,
) where
    Message: DeserializeOwned + 'static,
    Answer: Serialize + 'static,
{
    std::panic::set_hook(Box::new(move |panic| post(&crashed(panic.to_string()))));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // A message of another protocol is refused by the page, which has seen our first message.
        if let Some(message) = unpack(event.data()) {
            hear(message);
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    post(ready);
}

/// Sends a message to the page.
pub(super) fn post(message: &impl Serialize) {
    // Posting fails only for what cannot be cloned, which bytes are not.
    let _ = scope().post_message(&pack(message));
}

fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}
