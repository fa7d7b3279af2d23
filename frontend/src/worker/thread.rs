//! One Web Worker, as the page holds it.

use gloo::timers::callback::Timeout;
use js_sys::Reflect;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// A worker that was started; dropping it does not end it.
pub(super) struct Thread {
    worker: Worker,
    _closures: [Closure<dyn FnMut(JsValue)>; 2],
}

impl Thread {
    /// Starts the worker that `loader` loads. `heard` gets the data of its messages, `failed` the text of its errors.
    pub(super) fn start(
        loader: &'static str,
        mut heard: impl FnMut(JsValue) + 'static,
        mut failed: impl FnMut(String) + 'static,
    ) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(loader, &options).ok()?;
        let on_message = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            heard(event.dyn_into::<MessageEvent>().map_or(JsValue::UNDEFINED, |event| event.data()));
        });
        // A file that does not load is a plain `Event` without a message.
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let text = Reflect::get(&event, &"message".into()).ok().and_then(|text| text.as_string());
            failed(text.unwrap_or_else(|| format!("{loader} cannot be loaded; reload the page")));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self { worker, _closures: [on_message, on_error] })
    }

    /// Sends it a message.
    pub(super) fn post(&self, message: &JsValue) {
        // Posting fails only for what cannot be cloned, which bytes are not.
        let _ = self.worker.post_message(message);
    }

    /// What sends it messages later; whatever is sent to one that has ended is lost.
    pub(super) fn poster(&self) -> impl Fn(&JsValue) + 'static {
        let worker = self.worker.clone();
        move |message| {
            let _ = worker.post_message(message);
        }
    }

    /// Ends it, whatever it is doing.
    pub(super) fn end(self) {
        self.worker.terminate();
        // This may run inside one of the worker's own closures.
        Timeout::new(0, move || drop(self)).forget();
    }
}
