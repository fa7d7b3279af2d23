//! All that a run yields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, Histogram};
use crate::cost::CostBreakdown;
use crate::request::Module;
use crate::units::{FlavorIndex, Instant, LedgerUnits, NodeIndex, ResourceIndex, TenantIndex};

/// What the control plane decided for one create.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// The resource.
    pub resource: ResourceIndex,
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// When the request was made.
    pub arrived: Instant,
    /// Where it went.
    pub node: Option<NodeIndex>,
    /// When it could be used.
    pub ready: Option<Instant>,
    /// When it was given back.
    pub released: Option<Instant>,
    /// What became of it by the end of the window.
    pub state: PlanState,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PlanState {
    /// In the modules.
    Admitted,
    /// Admitted, no node yet.
    Pending,
    /// On a node, not usable yet.
    Placed,
    /// Usable.
    Ready,
    /// Given back.
    Released,
    /// Not let in.
    Refused(Refusal),
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Refusal {
    /// The tenant would hold more than its quota.
    Quota,
    /// No node group has a machine that could ever hold it.
    NoSuchNode,
    /// A resize that does not fit the node the resource is on.
    NoRoomToResize,
}

/// What one run yields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// Which run of the ensemble.
    pub run: u32,
    /// The hash of everything below, plans included even where they are not kept.
    pub digest: Digest,
    /// Simulation events popped.
    pub events: u64,
    /// Requests that arrived in the window.
    pub requests: u64,
    /// Creates among them.
    pub creates: u64,
    /// What it cost.
    pub cost: CostBreakdown,
    /// What each module did, in the order of a request's way.
    pub modules: Vec<ModuleOutcome>,
    /// From arrival to ready.
    pub latency: Histogram,
    /// Creates and resizes not let in, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// How much of the nodes was requested.
    pub utilisation: Utilisation,
    /// Most live resources at once.
    pub peak_live: u32,
    /// Most paid nodes at once.
    pub peak_nodes: u32,
    /// Step by step.
    pub timeline: Vec<TimelineBin>,
    /// One plan a create and a live resource; empty unless asked for.
    pub plans: Vec<Plan>,
}

/// What one module did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleOutcome {
    /// Which one.
    pub module: Module,
    /// From entering its queue to the start of service.
    pub wait: Histogram,
    /// From the start of service to its end.
    pub service: Histogram,
    /// Worker-microseconds of service that fell into the window.
    pub busy_micros: u64,
}

/// Requested and paid amounts × microseconds, per dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilisation {
    /// What resources on nodes had requested.
    pub requested: [u128; crate::units::DIMENSIONS],
    /// What the nodes had, from ready until gone.
    pub capacity: [u128; crate::units::DIMENSIONS],
}

/// One step of a run's timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineBin {
    /// Everything that was paid in the bin.
    pub cost: LedgerUnits,
    /// Creates that arrived in it.
    pub creates: u32,
    /// Live resources at its end.
    pub live: u32,
    /// Paid nodes at its end.
    pub nodes: u32,
    /// Resources without a node at its end.
    pub pending: u32,
}

/// What an ensemble yields: its runs in order, and one digest over all of theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The engine that made it.
    pub engine: u32,
    /// The hash over the digests of the runs, in order.
    pub digest: Digest,
    /// The runs in order.
    pub runs: Vec<RunOutcome>,
}
