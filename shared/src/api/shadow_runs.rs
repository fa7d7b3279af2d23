//! Ensembles of shadows that someone orders: the order, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Job, ModuleView, MoneyBand};
use crate::request::Module;
use crate::scenario::Edit;
use crate::simulation::{Digest, Eviction, Refusal};
use crate::units::{Dimension, Duration, Instant, Window};

/// What a shadow run shall do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShadowRunOrder {
    /// How far it reaches from the clock's now: a whole number of bins with a unit, such as `1h` or `1d`.
    pub horizon: Duration,
    /// How many predicted streams are run, from 1 to 1,000.
    #[serde(default = "default_runs")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000, default = 20))]
    pub runs: u32,
    /// Seeds every draw; 1 unless said, as on the command line.
    #[serde(default = "default_seed")]
    #[cfg_attr(feature = "openapi", schema(default = 1))]
    pub seed: u64,
    /// What-if changes, in order.
    #[serde(default)]
    pub edits: Vec<Edit>,
}

/// One ordered ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShadowRun {
    /// State, progress and failure; its id is the run's.
    pub job: Job,
    /// What was ordered.
    pub order: ShadowRunOrder,
    /// The instant that the primary was forked at, once it was.
    pub origin: Option<Instant>,
    /// Content hash of the scenario, for [`SCENARIO`](super::paths::SCENARIO).
    pub scenario: Option<String>,
    /// What came of it; only in the answer about one run.
    pub outcome: Option<OutcomeView>,
}

/// An outcome in names and money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutcomeView {
    /// The engine that made it.
    pub engine: u32,
    /// The hash of everything.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub digest: Digest,
    /// What was simulated.
    pub window: Window,
    /// How many runs.
    pub runs: u32,
    /// Simulation events over all runs.
    pub events: u64,
    /// Requests per run, on average.
    pub requests: f64,
    /// Everything that is paid.
    pub cost: MoneyBand,
    /// Workload of all tenants.
    pub workload: MoneyBand,
    /// Workload by tenant, in order of the tenant.
    pub tenants: Vec<TenantBand>,
    /// Node time that nobody requested.
    pub idle: MoneyBand,
    /// Node time while booting and draining.
    pub overhead: MoneyBand,
    /// What commitment discounts came to, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments: Option<CommitmentsView>,
    /// The control plane, module by module.
    pub modules: Vec<ModuleView>,
    /// The modules that held requests up, most first: by how many waited on average, over all runs.
    #[serde(default)]
    pub bottlenecks: Vec<Module>,
    /// From arrival to ready, over all runs.
    pub latency_ms: DurationsView,
    /// Creates and resizes not let in, per run on average, by reason.
    pub refused: Vec<RefusalView>,
    /// Resources that had to leave their node and wait for another, per run on average, by reason.
    #[serde(default)]
    pub evicted: Vec<EvictionView>,
    /// Creates that wait for a node when the window ends, per run on average.
    #[serde(default)]
    pub pending: f64,
    /// How placements, latency and module times are known.
    #[serde(default)]
    pub labels: Labels,
    /// Requested ÷ paid over all runs, from 0 to 1, in each dimension that any node has.
    #[serde(default)]
    pub utilisation: BTreeMap<Dimension, f64>,
    /// What was taken of each pool of the fleet, in order, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolView>,
    /// Most live resources at once in any run.
    pub peak_live: u32,
    /// Most paid nodes at once in any run.
    pub peak_nodes: u32,
    /// Step by step.
    pub timeline: Vec<RunTimelineBin>,
}

/// How the figures of an outcome are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Labels {
    /// Where resources are.
    pub placements: Label,
    /// How long they take to be ready.
    pub latency: Label,
    /// Service times, workers and costs of the modules.
    pub modules: Label,
}

/// How a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Label {
    /// Our control plane decided it.
    Simulated,
    /// Somebody set it, or nobody: it was not observed.
    Assumed,
}

impl Default for Labels {
    /// What holds without observations.
    fn default() -> Self {
        Self { placements: Label::Simulated, latency: Label::Simulated, modules: Label::Assumed }
    }
}

/// What one tenant's resources cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantBand {
    /// Its name.
    pub tenant: String,
    /// Workload over the runs.
    pub workload: MoneyBand,
}

/// What commitment discounts came to: `discount + unused` is what they change the cost by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitmentsView {
    /// What they saved; below zero.
    pub discount: MoneyBand,
    /// What they cost for nothing.
    pub unused: MoneyBand,
    /// One by one, in the order of the price book.
    pub each: Vec<CommitmentView>,
}

/// What one commitment discount came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitmentView {
    /// Its name.
    pub name: String,
    /// What it cost, used or not.
    pub cost: MoneyBand,
    /// What it saved, less what it cost for nothing; below zero where it did not pay.
    pub net_saving: MoneyBand,
    /// The part of it that was used, from 0 to 1, over all runs; none where it does not hold in the window.
    pub utilisation: Option<f64>,
}

/// What was taken of one pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoolView {
    /// Its name.
    pub pool: String,
    /// Where it is; none where it is for all zones.
    pub zone: Option<String>,
    /// How much of it was taken, by what it has.
    pub taken: BTreeMap<Dimension, PoolShare>,
    /// Resources that were in it when its zone was lost, per run on average.
    pub cut_off: f64,
}

/// How much of what a pool has was taken, as a part of that: above 1 where it is over-committed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoolShare {
    /// On average over the window and the runs.
    pub mean: f64,
    /// At most, in any run.
    pub peak: f64,
}

/// A distribution of durations in milliseconds; none of nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DurationsView {
    /// Mean.
    pub mean: Option<f64>,
    /// Level 0.50.
    pub p50: Option<f64>,
    /// Level 0.90.
    pub p90: Option<f64>,
    /// Level 0.99.
    pub p99: Option<f64>,
}

/// How often a reason refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusalView {
    /// The reason.
    pub reason: Refusal,
    /// How often, per run on average.
    pub count: f64,
}

/// How often a reason made resources leave their node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvictionView {
    /// The reason.
    pub reason: Eviction,
    /// How often, per run on average.
    pub count: f64,
}

/// One step of the runs' timelines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunTimelineBin {
    /// Start of the bin.
    pub at: Instant,
    /// What was paid in it.
    pub cost: MoneyBand,
    /// Creates in it, on average.
    pub creates: f64,
    /// Live resources at its end, on average.
    pub live: f64,
    /// Paid nodes at its end, on average.
    pub nodes: f64,
}

fn default_runs() -> u32 {
    20
}

fn default_seed() -> u64 {
    1
}
