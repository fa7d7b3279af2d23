//! Why a request got what it got, and the cheapest change that would have let it in.

mod fixes;
mod refusals;
#[cfg(test)]
mod tests;

pub use refusals::first_that_ends;
use serde::{Deserialize, Serialize};

use crate::control_plane::Survey;
use crate::request::{IndexedRequest, Module, Operation};
use crate::scenario::{Edit, ValidScenario};
use crate::simulation::{Plan, PlanState, Refusal, Run, RunOptions, RunOutcome, simulate};
use crate::units::{Instant, LedgerUnits, ResourceIndex};

/// What became of one create of a run, what the control plane saw when it decided, and what would have helped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The plan at the end of the window.
    pub plan: Plan,
    /// The module that turned it away, where one did.
    pub refused_by: Option<Module>,
    /// The decision that mattered: the last one of admission, quota and scheduler.
    pub decision: Option<Decision>,
    /// Of the changes that let it in, the one that changes the cost of the run the least; none where none was needed, or
    /// found.
    pub fix: Option<Fix>,
    /// How many changes were tried, each by a run of its own.
    pub tried: u32,
}

/// A decision about a create.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Who decided.
    pub module: Module,
    /// When.
    pub at: Instant,
    /// What there was to be had.
    pub survey: Survey,
}

/// A change that lets a create in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What to change.
    pub edits: Vec<Edit>,
    /// When the resource can be used then; none where it is on its way when the window ends.
    pub ready: Option<Instant>,
    /// By how much the run costs more, in ledger units; less where it is negative.
    pub cost_change: LedgerUnits,
}

/// Why there is nothing to explain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplanationError {
    /// There are fewer requests.
    #[error("there is no request {position}: the run has {requests}, counted from 0")]
    NoSuchRequest {
        /// The place that was asked for.
        position: usize,
        /// How many there are.
        requests: usize,
    },
    /// It creates nothing.
    #[error(
        "request {position} is a {}, and creates are explained; the create of its resource is {}",
        operation.as_str(),
        create.map_or_else(|| "before the window".to_owned(), |create| format!("request {create}"))
    )]
    NoCreate {
        /// The place that was asked for.
        position: usize,
        /// What it is.
        operation: Operation,
        /// The place of the create that began its resource.
        create: Option<usize>,
    },
}

/// Explains the create at `position` of the requests of run `run`.
///
/// # Errors
/// When there is no such request, or it is no create.
pub fn explain(valid: &ValidScenario, run: u32, position: usize) -> Result<Explanation, ExplanationError> {
    let requests = valid.requests(run);
    let Some(request) = requests.get(position) else {
        return Err(ExplanationError::NoSuchRequest { position, requests: requests.len() });
    };
    let resource = request.resource;
    if request.operation != Operation::Create {
        let is_create = |other: &IndexedRequest| other.resource == resource && other.operation == Operation::Create;
        let create = requests.iter().position(is_create);
        return Err(ExplanationError::NoCreate { position, operation: request.operation, create });
    }
    let (outcome, plan) = result(valid, &requests, run, resource);
    let (decision, last) = watch(valid, &requests, run, resource);
    let refused_by = match plan.state {
        // It was on the way from the last module that it left to the next one.
        PlanState::Refused(Refusal::Overloaded) => Some(after(last)),
        PlanState::Refused(_) => last,
        _ => None,
    };
    let mut explanation = Explanation { plan, refused_by, decision, fix: None, tried: 0 };
    // Who is in the modules when the window ends is on the way: nothing held it up.
    if !is_in(&plan) && plan.state != PlanState::Admitted {
        (explanation.fix, explanation.tried) = fixes::cheapest(valid, run, &explanation, outcome.cost.total());
    }
    Ok(explanation)
}

/// Whether a create came as far as a node, where it needs one.
fn is_in(plan: &Plan) -> bool {
    matches!(plan.state, PlanState::Placed | PlanState::Ready | PlanState::Released)
}

/// What a run yields, and the plan of one resource in it.
fn result(valid: &ValidScenario, requests: &[IndexedRequest], run: u32, resource: ResourceIndex) -> (RunOutcome, Plan) {
    let outcome = simulate(valid, requests, RunOptions { run, keep_plans: true, observed: None });
    let plan = outcome.plans.iter().find(|plan| plan.resource == resource).copied();
    (outcome, plan.expect("every create has a plan"))
}

/// The last decision about a create, and the last module that it left.
fn watch(
    valid: &ValidScenario,
    requests: &[IndexedRequest],
    run: u32,
    resource: ResourceIndex,
) -> (Option<Decision>, Option<Module>) {
    let (mut decision, mut last) = (None, None);
    let mut watched = Run::new(valid, RunOptions { run, ..RunOptions::default() });
    watched.play_watched(requests, valid.scenario().window.end, |plane, scheduled| {
        let leaving = plane.about_to_leave(&scheduled.transition).filter(|(of, _)| *of == resource);
        let Some((_, module)) = leaving else { return };
        last = Some(module);
        if matches!(module, Module::Admission | Module::Quota | Module::Scheduler) {
            decision = plane.survey(resource).map(|survey| Decision { module, at: scheduled.at, survey });
        }
    });
    (decision, last)
}

fn after(module: Option<Module>) -> Module {
    let next = module.map_or(0, |module| module as usize + 1);
    Module::ALL.get(next).copied().unwrap_or(Module::Metering)
}
