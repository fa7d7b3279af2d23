//! What one step of the decomposition asks the shadow to run.

use std::collections::BTreeMap;

use crate::allocation::{Cause, Metering, ResourceLabels};
use crate::control_plane::ObservedFleet;
use crate::request::IndexedRequest;
use crate::scenario::ValidScenario;
use crate::simulation::{RunOptions, RunOutcome, simulate, simulate_metered};

/// An ensemble to run: every run of a scenario, on given requests instead of its own demand.
#[derive(Clone, Copy)]
pub struct Replay<'a> {
    /// The cause that it takes in, on top of those before it.
    pub cause: Cause,
    pub(super) scenario: &'a ValidScenario,
    /// Made where the run is made, so that no more streams exist than threads.
    pub(super) stream: &'a (dyn Fn(u32) -> Vec<IndexedRequest> + Sync),
    pub(super) observed: Option<&'a ObservedFleet>,
}

impl Replay<'_> {
    /// How many runs there are; the caller spreads them over its threads.
    pub fn runs(&self) -> u32 {
        self.scenario.scenario().runs
    }

    /// One of them.
    pub fn run(&self, run: u32) -> RunOutcome {
        let options = RunOptions { run, keep_plans: false, observed: self.observed };
        simulate(self.scenario, &(self.stream)(run), options)
    }

    /// The same, and who used what in it. Its resources have no labels: a replay makes some that nobody named.
    pub fn run_metered(&self, run: u32) -> (RunOutcome, Metering) {
        let requests = (self.stream)(run);
        let options = RunOptions { run, keep_plans: false, observed: self.observed };
        let (outcome, records) = simulate_metered(self.scenario, &requests, options);
        let labels = ResourceLabels { sets: vec![BTreeMap::new()], rows: Vec::new() };
        (outcome, Metering::of_run(self.scenario.scenario(), &requests, &records, &labels))
    }
}

impl core::fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Replay")
            .field("cause", &self.cause)
            .field("observed", &self.observed.is_some())
            .finish_non_exhaustive()
    }
}
