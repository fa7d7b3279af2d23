//! All that a run yields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digester;
use super::{Digest, Histogram, PlanDigest};
use crate::control_plane::{Eviction, InPools, Placed, PlanState, PoolUse, Refusal};
use crate::cost::{CommitmentCost, CostBreakdown, Utilisation};
use crate::request::Module;
use crate::scenario::ENGINE;
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
    /// The pools that gave it what comes from no node.
    #[serde(default)]
    pub pools: InPools,
    /// What became of it by the end of the window.
    pub state: PlanState,
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
    /// What each commitment of the price book came to.
    #[serde(default)]
    pub commitments: Vec<CommitmentCost>,
    /// What each module did, in the order of a request's way.
    pub modules: Vec<ModuleOutcome>,
    /// From arrival to ready.
    pub latency: Histogram,
    /// Creates and resizes not let in, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Resources that had to leave their node, by reason.
    #[serde(default)]
    pub evicted: BTreeMap<Eviction, u64>,
    /// How much of the nodes was requested.
    pub utilisation: Utilisation,
    /// What was taken of each pool of the fleet, in order.
    #[serde(default)]
    pub pools: Vec<PoolUse>,
    /// Most live resources at once.
    pub peak_live: u32,
    /// Most paid nodes at once.
    pub peak_nodes: u32,
    /// Observed placements that were impossible, and were decided by the policy instead.
    pub anomalies: u64,
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
    /// From entering its queue to the start of service, of those whose service began inside the window.
    pub wait: Histogram,
    /// From the start of service to its end, of those that ended inside the window.
    pub service: Histogram,
    /// Requests that wait for it when the window ends.
    pub waiting: u64,
    /// Worker-microseconds of service that fell into the window.
    pub busy_micros: u64,
    /// Waiting requests × microseconds inside the window.
    pub queued_micros: u64,
    /// The most requests that waited at once.
    pub queue_max: u32,
    /// Attempts that failed inside the window.
    pub failed: u64,
    /// Worker-microseconds of `busy_micros` that came to nothing.
    pub failed_micros: u64,
    /// Requests that it turned away.
    pub refused: u64,
}

impl ModuleOutcome {
    /// What a module did that nobody has asked anything yet.
    pub fn new(module: Module) -> Self {
        Self {
            module,
            wait: Histogram::default(),
            service: Histogram::default(),
            waiting: 0,
            busy_micros: 0,
            queued_micros: 0,
            queue_max: 0,
            failed: 0,
            failed_micros: 0,
            refused: 0,
        }
    }
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

impl Outcome {
    /// Gathers the runs of an ensemble, in any order.
    pub fn collect(mut runs: Vec<RunOutcome>) -> Self {
        runs.sort_by_key(|run| run.run);
        let mut digester = Digester::new("shadowplane ensemble");
        digester.u64(u64::from(ENGINE)).u64(runs.len() as u64);
        for run in &runs {
            digester.digest(run.digest);
        }
        Self { engine: ENGINE, digest: digester.finish(), runs }
    }
}

impl RunOutcome {
    /// The hash of this run; `plans` is that of all of them, kept or not.
    pub(super) fn digested(self, plans: &PlanDigest) -> Self {
        let mut digester = Digester::new("shadowplane run");
        digester.u64(u64::from(ENGINE)).u64(u64::from(self.run));
        for count in [self.events, self.requests, self.creates, self.anomalies] {
            digester.u64(count);
        }
        digester.u64(u64::from(self.peak_live)).u64(u64::from(self.peak_nodes));
        plans.feed(&mut digester);
        feed_cost(&self.cost, &mut digester);
        for commitment in &self.commitments {
            feed_commitment(commitment, &mut digester);
        }
        for module in &self.modules {
            module.wait.feed(&mut digester);
            module.service.feed(&mut digester);
            digester.u64(module.busy_micros).u64(module.queued_micros).u64(u64::from(module.queue_max));
            digester.u64(module.failed).u64(module.failed_micros).u64(module.refused).u64(module.waiting);
        }
        self.latency.feed(&mut digester);
        for (&refusal, &count) in &self.refused {
            digester.u64(refusal as u64).u64(count);
        }
        for (&eviction, &count) in &self.evicted {
            digester.u64(eviction as u64).u64(count);
        }
        for amount in self.utilisation.requested.into_iter().chain(self.utilisation.capacity) {
            digester.i128(amount as i128);
        }
        for pool in &self.pools {
            for (peak, held) in pool.peak.into_iter().zip(pool.held_micros) {
                digester.u64(peak).i128(held as i128);
            }
            digester.u64(pool.cut_off);
        }
        for bin in &self.timeline {
            digester.i128(bin.cost.0);
            for count in [bin.creates, bin.live, bin.nodes, bin.pending] {
                digester.u64(u64::from(count));
            }
        }
        Self { digest: digester.finish(), ..self }
    }
}

impl Plan {
    /// The plan that came of what is known of a resource.
    pub(super) fn new(placed: &Placed) -> Self {
        let Placed { resource, tenant, flavor, created, ready, released, node, pools, state, .. } = *placed;
        Self { resource, tenant, flavor, arrived: created, node, ready, released, pools, state }
    }
}

/// The hash of a cost by who caused it, wherever it comes from.
pub fn cost_digest(cost: &CostBreakdown) -> Digest {
    let mut digester = Digester::new("shadowplane cost");
    feed_cost(cost, &mut digester);
    digester.finish()
}

fn feed_cost(cost: &CostBreakdown, digester: &mut Digester) {
    for account in &cost.accounts {
        digester.u64(u64::from(account.tenant.0)).u64(u64::from(account.flavor.0)).i128(account.workload.0);
    }
    for amount in [cost.idle, cost.overhead].into_iter().chain(cost.modules) {
        digester.i128(amount.0);
    }
    feed_commitment(&cost.commitments, digester);
}

fn feed_commitment(CommitmentCost { saved, used, unused }: &CommitmentCost, digester: &mut Digester) {
    digester.i128(saved.0).i128(used.0).i128(unused.0);
}
