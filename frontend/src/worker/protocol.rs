//! What the page and a worker say to each other, as postcard bytes.

use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::scenario::Scenario;
use shared::simulation::RunOutcome;
use wasm_bindgen::{JsCast as _, JsValue};

/// Incremented when a message changes: worker files carry no hash in their name, so a browser may hold an old one.
pub(super) const PROTOCOL: u32 = 4;

/// From the page.
#[derive(Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// The scenario of the runs that follow.
    Prepare {
        /// Numbers the scenarios.
        job: u32,
        /// The scenario.
        scenario: Box<Scenario>,
    },
    /// One run of the prepared scenario.
    Run {
        /// Which scenario.
        job: u32,
        /// Which run of its ensemble.
        run: u32,
    },
}

/// From a worker.
#[derive(Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// It listens; the first message.
    Ready {
        /// Its [`PROTOCOL`].
        protocol: u32,
        /// Its version of the simulation.
        engine: u32,
    },
    /// A run is over.
    Done {
        /// Which scenario.
        job: u32,
        /// What it yielded.
        outcome: Box<RunOutcome>,
        /// How long its requests took to sample.
        sampled_ms: f64,
    },
    /// The scenario cannot run.
    Refused {
        /// Which scenario.
        job: u32,
        /// Why, for people.
        message: String,
    },
    /// It panicked and is of no more use.
    Crashed {
        /// Where and why.
        message: String,
    },
}

/// The message as what `postMessage` takes.
pub(super) fn pack(message: &impl Serialize) -> JsValue {
    let bytes = postcard::to_allocvec(message).expect("messages are plain data");
    Uint8Array::from(bytes.as_slice()).into()
}

/// The message in a `MessageEvent`'s data; none where it is another protocol's.
pub(super) fn unpack<T: DeserializeOwned>(data: JsValue) -> Option<T> {
    postcard::from_bytes(&data.dyn_into::<Uint8Array>().ok()?.to_vec()).ok()
}
