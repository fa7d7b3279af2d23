//! Running scenarios: one run, an ensemble, and the outcome with its digest.

mod check;
mod digest;
mod histogram;
mod outcome;
mod queue;
mod recorder;
mod run;

pub use check::{Violation, check};
pub use digest::Digest;
pub use histogram::Histogram;
pub use outcome::{ModuleOutcome, Outcome, Plan, RunOutcome, TimelineBin, cost_digest};
#[cfg(test)]
mod tests;

pub use run::{Fork, RunEnd, RunOptions, run, simulate, simulate_to_fork};

pub use crate::control_plane::{PlanState, Refusal};
pub use crate::cost::Utilisation;
