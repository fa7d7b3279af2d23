//! What-if changes, as values.

mod apply;
mod change_type;
mod demand;
mod describe;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use demand::Stream;

use super::{Outage, PlacementPolicy, Purchase, Scaling, Spot};
use crate::control_plane::Failures;
use crate::pricing::CommitmentDiscount;
use crate::request::Module;
use crate::units::{Dimension, Duration, FlavorIndex, Instant, NodeGroupIndex, PoolIndex, Resources, TenantIndex};

/// One change to a scenario, applied in order before its runs.
///
/// Edits of demand act on the sampled streams, so that everything they leave alone keeps its draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Edit {
    /// Multiplies how often a tenant, or everyone, creates; what comes with a machine stays with it.
    ScaleDemand {
        /// Whose: its place among the scenario's tenants, which for the service are `tenants` of `GET /v1/status`,
        /// counted from 0; everyone's where none.
        tenant: Option<TenantIndex>,
        /// In percent: 100 changes nothing, 0 removes, 200 doubles.
        percent: u32,
    },
    /// Chooses nodes in another way.
    Placement {
        /// The policy.
        policy: PlacementPolicy,
    },
    /// Gives a module another number of workers.
    Workers {
        /// Which one.
        module: Module,
        /// How many.
        workers: u32,
    },
    /// Limits a node group.
    MaxNodes {
        /// Which one: its place in the scenario's fleet, counted from 0.
        node_group: NodeGroupIndex,
        /// How many at most.
        max: u32,
    },
    /// Keeps another number of nodes of a group that are never given back.
    MinNodes {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How many at least.
        min: u32,
    },
    /// Gives a node group another instance type of the price book, as if it had always been of it.
    InstanceType {
        /// Which one.
        node_group: NodeGroupIndex,
        /// The type; the book has its shape.
        instance_type: String,
    },
    /// Lets a tenant hold more or less at once.
    Quota {
        /// Whose.
        tenant: TenantIndex,
        /// The most; anything where none.
        quota: Option<Resources>,
    },
    /// Multiplies how often a flavor is created.
    ScaleFlavor {
        /// Which one: its place among the scenario's flavors, counted from 0.
        flavor: FlavorIndex,
        /// In percent: 100 changes nothing, 0 removes, 200 doubles.
        percent: u32,
    },
    /// Moves in time what a tenant, or everyone, creates in the window, with all that follows for it. What leaves the
    /// window is left out; nothing comes in from beyond it.
    Shift {
        /// Whose; everyone's where none.
        tenant: Option<TenantIndex>,
        /// By how much; earlier where it is negative.
        by_minutes: i32,
    },
    /// Adds resources that nobody else asks for.
    Burst(Burst),
    /// Multiplies a price of the price book, all its dates included.
    Price {
        /// The instance type or flavor.
        name: String,
        /// In percent: 100 changes nothing.
        percent: u32,
    },
    /// Lets a zone be lost for a while.
    ZoneOutage(Outage),
    /// Has a node group grow in another way.
    Scaling {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How.
        scaling: Scaling,
    },
    /// Buys the nodes of a group in another way.
    Purchase {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How.
        purchase: Purchase,
    },
    /// Lets nodes of a group fail.
    NodeFailures {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How long a node serves on average; none ever fails where nothing is said.
        fails_after: Option<Duration>,
    },
    /// Empties nodes that have little to do.
    Consolidation {
        /// Below which share of a node that is requested, in percent; no node where nothing is said.
        below_percent: Option<u32>,
    },
    /// Promises other use for a term than the price book has.
    Commitments {
        /// All that is promised.
        commitments: Vec<CommitmentDiscount>,
    },
    /// Lets more, or less, be requested of the nodes of a group than they have.
    OverCommit {
        /// Which one.
        node_group: NodeGroupIndex,
        /// In percent of what a node has; 100 of what is not named.
        percent: BTreeMap<Dimension, u32>,
    },
    /// Gives empty nodes back sooner or later.
    ScaleDown {
        /// How long a node stays empty before it is given back.
        empty_for: Duration,
    },
    /// Buys some nodes of a group on demand, and all beyond them as spot nodes: they make a group of their own, the last
    /// one.
    SpotBeyond {
        /// Which one.
        node_group: NodeGroupIndex,
        /// How many nodes there are on demand at most.
        on_demand: u32,
        /// The terms of all others.
        spot: Spot,
    },
    /// Has a tenant ask for less where it asks for a flavor, in what lives already too: they make a flavor of their own,
    /// the last one. Edits of that flavor that come later leave it alone.
    Requested {
        /// Who asks.
        tenant: TenantIndex,
        /// For what.
        flavor: FlavorIndex,
        /// What it asks for instead: no more of anything.
        requested: Resources,
    },
    /// Multiplies all service times of a module.
    ServiceTimes {
        /// Which one.
        module: Module,
        /// In percent: 100 changes nothing, 50 makes it twice as fast.
        percent: u32,
    },
    /// Has attempts of a module fail at another rate.
    Failures {
        /// Which one.
        module: Module,
        /// How often, and what happens then; never where none.
        failures: Option<Failures>,
    },
    /// Gives a pool more or less of what it has, or something else beside it.
    PoolCapacity {
        /// Which one: its place among the pools of the scenario's fleet, counted from 0.
        pool: PoolIndex,
        /// All that it has then.
        capacity: Resources,
    },
    /// Lets more, or less, be requested of a pool than it has.
    PoolOverCommit {
        /// Which one.
        pool: PoolIndex,
        /// In percent of what it has; 100 of what is not named.
        percent: BTreeMap<Dimension, u32>,
    },
    /// Has a tenant leave: it asks for nothing, and what it has is given back when the window begins.
    RemoveTenant {
        /// Which one.
        tenant: TenantIndex,
    },
}

/// So many resources of one shape, created evenly over a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Burst {
    /// Who asks.
    pub tenant: TenantIndex,
    /// For what.
    pub flavor: FlavorIndex,
    /// From when.
    pub at: Instant,
    /// Over how long the creates are spread.
    pub over: Duration,
    /// How many.
    pub count: u32,
    /// How long each lives; to the end of the window where nothing is said.
    pub lifetime: Option<Duration>,
}

impl Edit {
    /// The tenant that it is about, where it is about one.
    pub fn tenant_mut(&mut self) -> Option<&mut TenantIndex> {
        match self {
            Self::ScaleDemand { tenant, .. } | Self::Shift { tenant, .. } => tenant.as_mut(),
            Self::Quota { tenant, .. }
            | Self::Requested { tenant, .. }
            | Self::Burst(Burst { tenant, .. })
            | Self::RemoveTenant { tenant } => Some(tenant),
            _ => None,
        }
    }
}
