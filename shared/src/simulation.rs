//! Running scenarios: one run, an ensemble, and the outcome with its digest.

mod check;
mod digest;
mod histogram;
mod needs;
mod node_map;
mod occupancy;
mod outcome;
mod plan_digest;
mod prices;
mod queue;
mod recorder;
mod run;
mod simulate;
mod snapshot;
mod watch;

pub use check::{Violation, check, check_modules};
pub use digest::Digest;
pub use histogram::Histogram;
pub use needs::{nodes_needed, predicted_nodes};
pub use node_map::{MAPPED, MAX_NODES_MAPPED, NodeMap, NodeMapper, NodeRow};
pub use occupancy::OccupancyWatch;
pub use outcome::{ModuleOutcome, Outcome, Plan, RunOutcome, TimelineBin, cost_digest};
#[cfg(test)]
pub(crate) mod tests;

use plan_digest::PlanDigest;
pub use run::{Run, RunOptions, SavedRun};
pub use simulate::{
    Beside, Fork, RunEnd, run, simulate, simulate_beside_nothing, simulate_metered, simulate_to_fork, simulate_watched,
};
pub use snapshot::{Snapshot, SnapshotError, Stopped};
pub use watch::Watch;

pub use crate::control_plane::{Eviction, PlanState, Refusal};
pub use crate::cost::Utilisation;
