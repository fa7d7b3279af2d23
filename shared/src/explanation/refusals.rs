//! Which create to explain, where it is asked why some did not get in.

use crate::request::{IndexedRequest, Operation};
use crate::scenario::ValidScenario;
use crate::simulation::{Plan, PlanState, RunOptions, simulate};

/// The first create of run `run` that ends as `state` in the window: its place among the run's requests, as
/// [`explain`](super::explain) takes it, and its plan; none where none does.
pub fn first_that_ends(valid: &ValidScenario, run: u32, state: PlanState) -> Option<(usize, Plan)> {
    let requests = valid.requests(run);
    let outcome = simulate(valid, &requests, RunOptions { run, keep_plans: true, observed: None });
    let ended = outcome.plans.iter().filter(|plan| plan.state == state);
    let first = ended.min_by_key(|plan| (plan.arrived, plan.resource)).copied()?;
    let creates_it =
        |request: &IndexedRequest| request.resource == first.resource && request.operation == Operation::Create;
    Some((requests.iter().position(creates_it)?, first))
}
