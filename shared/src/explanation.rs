//! Why a request got what it got, and the cheapest change that would have let it in.

mod fixes;
mod refusals;
mod setting;
#[cfg(test)]
mod tests;
mod witness;

use std::collections::BTreeMap;

pub use refusals::first_that_ends;
use serde::{Deserialize, Serialize};
pub use setting::Setting;

use crate::control_plane::Survey;
use crate::request::{IndexedRequest, Module, Operation};
use crate::scenario::{Edit, ValidScenario};
use crate::simulation::{Eviction, Plan, PlanState, Refusal, RunOptions, simulate_metered};
use crate::units::{FlavorIndex, Instant, LedgerUnits, NodeGroupIndex, NodeIndex, ResourceIndex, TenantIndex};

/// What became of one create or resize of a run, what the control plane saw when it decided, and what would have helped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The plan of the resource at the end of the window.
    pub plan: Plan,
    /// What became of the resize, where the request is one.
    pub resize: Option<ResizePlan>,
    /// The module that turned it away, where one did.
    pub refused_by: Option<Module>,
    /// The modules that failed with it, in the order of a request's way.
    pub failed: Vec<FailedAttempts>,
    /// The module in whose queue it is when the window ends, where it is in one.
    pub waits_for: Option<WaitsFor>,
    /// The decision that mattered: the last one of admission, quota and scheduler, or what there was when the resource
    /// had to leave its node and found no other.
    pub decision: Option<DecisionSeen>,
    /// When and why the resource had to leave nodes.
    pub departures: Vec<Departure>,
    /// Less urgent ones whose place it took.
    pub displaced: Vec<Displaced>,
    /// Of the changes that let it in, the one that changes the cost of the run the least; none where none was needed, or
    /// found.
    pub fix: Option<Fix>,
    /// How many changes were tried, each by a run of its own.
    pub tried: u32,
}

/// A module in whose queue a request is when the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitsFor {
    /// Which one.
    pub module: Module,
    /// Since when it waits.
    pub since: Instant,
    /// When it would be its turn.
    pub turn: Instant,
}

/// What was decided for a resize.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResizePlan {
    /// When it was made.
    pub arrived: Instant,
    /// The shape of the resource when it was made; none where nothing lived.
    pub from: Option<FlavorIndex>,
    /// The shape that it asks for.
    pub to: FlavorIndex,
    /// What became of it by the end of the window.
    pub state: ResizeState,
}

/// How far a resize came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ResizeState {
    /// In the modules.
    Admitted,
    /// Carried out at this instant.
    Resized(Instant),
    /// Passed over: nothing lived that it could be about, or not any more.
    PassedOver,
    /// Not let in.
    Refused(Refusal),
}

/// Attempts of one module that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedAttempts {
    /// Which one.
    pub module: Module,
    /// How many.
    pub attempts: u32,
    /// How many times it tries again before it gives up.
    pub retries: u32,
}

/// A decision about a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionSeen {
    /// Who decided.
    pub module: Module,
    /// When.
    pub at: Instant,
    /// What there was to be had.
    pub survey: Survey,
}

/// A node that the resource had to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Departure {
    /// When.
    pub at: Instant,
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// Why.
    pub eviction: Eviction,
    /// Since when the zone of the node was lost, where it was.
    pub zone_lost_since: Option<Instant>,
    /// Who took its place, where somebody more urgent did.
    #[serde(default)]
    pub by: Option<Other>,
    /// Where and from when on it could be used again; none where it could not by the end of the window, or had to leave
    /// once more before.
    #[serde(default)]
    pub again: Option<Again>,
}

/// The node that a resource went to after it had to leave another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Again {
    /// From when on it could be used.
    pub ready: Instant,
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
}

/// One that had to leave a node for the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Displaced {
    /// When.
    pub at: Instant,
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// Who had to leave.
    pub left: Other,
}

/// Another resource of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Other {
    /// Which one.
    pub resource: ResourceIndex,
    /// Whose it is.
    pub tenant: TenantIndex,
}

/// A change that lets a request in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What to change, as edits.
    pub edits: Vec<Edit>,
    /// What to change that no edit changes.
    pub settings: Vec<Setting>,
    /// When the resource can be used then, or has the shape that was asked for; none where it is on its way when the window
    /// ends.
    pub ready: Option<Instant>,
    /// By how much the run costs more, in ledger units; less where it is negative.
    pub cost_change: LedgerUnits,
}

/// What the nodes of a run are called, as [`MeteringRecords::names_of_nodes`](crate::cost::MeteringRecords::names_of_nodes)
/// has them.
pub fn names_of_nodes(valid: &ValidScenario, run: u32, names: &[Vec<String>]) -> BTreeMap<NodeIndex, String> {
    let options = RunOptions { run, ..RunOptions::default() };
    let (_, records) = simulate_metered(valid, &valid.requests(run), options);
    records.names_of_nodes(&valid.scenario().fleet, names)
}

/// Why there is no explanation.
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
    /// Nobody wants it any more.
    #[error("cancelled")]
    Cancelled,
    /// It is a delete, which is never turned away.
    #[error(
        "request {position} is a delete, and creates and resizes are explained; the create of its resource is {}",
        create.map_or_else(|| "before the window".to_owned(), |create| format!("request {create}"))
    )]
    Delete {
        /// The place that was asked for.
        position: usize,
        /// The place of the create that began its resource.
        create: Option<usize>,
    },
}

/// The place in a run that a text means: a number counted from 0, or an id of a predicted stream such as `p-000041`.
pub fn position(text: &str) -> Option<usize> {
    text.strip_prefix("p-").unwrap_or(text).parse().ok()
}

/// Explains the create or resize at `position` of the requests of run `run`.
///
/// # Errors
/// When there is no such request, or it is neither.
pub fn explain(valid: &ValidScenario, run: u32, position: usize) -> Result<Explanation, ExplanationError> {
    explain_watched(valid, run, position, &mut |_| true)
}

/// The same, which can be cancelled: before each change is tried, `go_on` hears how many were.
///
/// # Errors
/// When there is no such request, it is neither, or `go_on` says no.
pub fn explain_watched(
    valid: &ValidScenario,
    run: u32,
    position: usize,
    go_on: &mut dyn FnMut(u32) -> bool,
) -> Result<Explanation, ExplanationError> {
    let requests = valid.requests(run);
    let Some(request) = requests.get(position).copied() else {
        return Err(ExplanationError::NoSuchRequest { position, requests: requests.len() });
    };
    if request.operation == Operation::Delete {
        let is_create =
            |other: &IndexedRequest| other.resource == request.resource && other.operation == Operation::Create;
        return Err(ExplanationError::Delete { position, create: requests.iter().position(is_create) });
    }
    let seen = witness::watch(valid, &requests, run, request);
    let mut explanation = seen.explanation;
    if needs_a_fix(&explanation) {
        let found = fixes::cheapest(valid, run, &request, &explanation, (seen.cost, go_on));
        (explanation.fix, explanation.tried) = found.ok_or(ExplanationError::Cancelled)?;
    }
    Ok(explanation)
}

impl Explanation {
    /// Why the request was not let in, if it was not.
    pub fn refusal(&self) -> Option<Refusal> {
        match self.resize {
            Some(ResizePlan { state: ResizeState::Refused(refusal), .. }) => Some(refusal),
            Some(_) => None,
            None => self.plan.state.refusal(),
        }
    }

    /// How far the request came, in a word: of a create the state of its plan, of a resize `admitted`, `pending` (it has the
    /// new shape, and no node), `resized`, `passed_over` or `refused`.
    pub fn state(&self) -> &'static str {
        match self.resize.map(|resize| resize.state) {
            None => self.plan.state.as_str(),
            Some(ResizeState::Refused(_)) => "refused",
            Some(ResizeState::Admitted) => "admitted",
            Some(ResizeState::PassedOver) => "passed_over",
            Some(ResizeState::Resized(_)) if self.plan.state == PlanState::Pending => "pending",
            Some(ResizeState::Resized(_)) => "resized",
        }
    }

    /// Whether the request got what it asked for: a node, where it needs one, and its shape.
    fn is_in(&self) -> bool {
        let carried_out = self.resize.is_none_or(|resize| matches!(resize.state, ResizeState::Resized(_)));
        carried_out && matches!(self.plan.state, PlanState::Placed | PlanState::Ready | PlanState::Released)
    }

    /// When the resource can be used, or has the shape that was asked for.
    fn ready(&self) -> Option<Instant> {
        match self.resize.map(|resize| resize.state) {
            Some(ResizeState::Resized(at)) => Some(at),
            Some(_) => None,
            None => self.plan.ready,
        }
    }
}

/// Whether something held the request up. Who is in the modules when the window ends is on the way, and of what is over
/// nothing has to become.
fn needs_a_fix(explanation: &Explanation) -> bool {
    match explanation.resize.map(|resize| resize.state) {
        Some(ResizeState::Refused(_)) => true,
        Some(ResizeState::Admitted) => explanation.waits_for.is_some(),
        Some(ResizeState::PassedOver) => false,
        Some(ResizeState::Resized(_)) => explanation.plan.state == PlanState::Pending,
        None if explanation.plan.state == PlanState::Admitted => explanation.waits_for.is_some(),
        None => !explanation.is_in(),
    }
}
