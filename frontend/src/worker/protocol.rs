//! What the page and a worker say to each other, as postcard bytes.

use core::ops::AddAssign;

use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::control_plane::Occupancy;
use shared::explanation::Fix;
use shared::scenario::Scenario;
use shared::simulation::{NodeMap, Plan, PlanState, RunOutcome};
use wasm_bindgen::{JsCast as _, JsValue};

/// Incremented when a message changes: worker files carry no hash in their name, so a browser may hold an old one.
pub(super) const PROTOCOL: u32 = 10;

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
    /// Why the first create ended like this, and what would have let it in.
    Explain {
        /// Which scenario.
        job: u32,
        /// How it ended.
        state: PlanState,
    },
    /// Every node of a run over time.
    Map {
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
        /// How full its nodes were, bin by bin.
        occupancy: Vec<Occupancy>,
        /// How long it took.
        took: RunTimes,
    },
    /// So many changes were tried so far.
    Tried {
        /// How many.
        changes: u32,
    },
    /// What became of a create, and what would have helped.
    Explained {
        /// All there is to say.
        advice: Box<Advice>,
    },
    /// The nodes of a run.
    Mapped {
        /// All of them.
        map: Box<NodeMap>,
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

/// What runs took of their workers, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunTimes {
    /// To sample their requests; next to nothing where they came with the scenario.
    pub(crate) sampling: f64,
    /// To take them through the control plane.
    pub(crate) simulating: f64,
}

impl AddAssign for RunTimes {
    fn add_assign(&mut self, other: Self) {
        self.sampling += other.sampling;
        self.simulating += other.simulating;
    }
}

/// Why a create did not get in, and what lets it in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Advice {
    /// The first that ended so, and in which run; none where no run has one.
    pub(crate) first: Option<(u32, Plan)>,
    /// The cheapest change that lets it in; none where none was found.
    pub(crate) fix: Option<Fix>,
    /// How many changes were tried.
    pub(crate) tried: u32,
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
