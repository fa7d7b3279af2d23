//! Running scenarios: one run, an ensemble, and the outcome with its digest.

mod digest;
mod histogram;
mod outcome;

pub use digest::Digest;
pub use histogram::Histogram;
pub use outcome::{ModuleOutcome, Outcome, Plan, PlanState, Refusal, RunOutcome, TimelineBin, Utilisation};
