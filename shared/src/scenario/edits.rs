//! What-if changes, as values.

mod change_type;
mod describe;

use serde::{Deserialize, Serialize};

use super::{PlacementPolicy, Scenario};
use crate::random::{Draws, Purpose};
use crate::request::{IndexedRequest, Module, Operation};
use crate::stream::scaling_key;
use crate::units::{NodeGroupIndex, ResourceIndex, Resources, TenantIndex};

/// One change to a scenario, applied in order before its runs.
///
/// Edits of demand act on the sampled streams, so that everything they leave alone keeps its draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
}

impl Edit {
    /// Changes the settings of `scenario`; edits of demand leave them alone.
    ///
    /// # Panics
    /// When the edit names a tenant, a node group or an instance type that is not there, which validation refuses.
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        match self {
            Self::ScaleDemand { .. } => {}
            Self::Placement { policy } => scenario.placement = *policy,
            Self::Workers { module, workers } => scenario.modules[*module].workers = *workers,
            Self::MaxNodes { node_group, max } => {
                let group = &mut scenario.fleet.node_groups[node_group.usize()];
                group.max = *max;
                group.min = group.min.min(*max);
            }
            Self::MinNodes { node_group, min } => {
                let group = &mut scenario.fleet.node_groups[node_group.usize()];
                group.min = (*min).min(group.max);
            }
            Self::InstanceType { node_group, instance_type } => {
                change_type::change_type(scenario, *node_group, instance_type);
            }
            Self::Quota { tenant, quota } => scenario.tenants[tenant.usize()].quota = *quota,
        }
    }

    /// Changes a stream whose resources from `first_new` on are created in it; edits of settings leave it alone.
    pub(super) fn edit(&self, requests: &mut Vec<IndexedRequest>, first_new: u32, seed: u64, run: u32) {
        if let Self::ScaleDemand { tenant, percent } = *self {
            let copies = |request: &IndexedRequest| {
                if tenant.is_some_and(|tenant| tenant != request.tenant) {
                    return 1;
                }
                let draw = Draws::new(seed, run, Purpose::Thinning, scaling_key(request)).below(0, 100);
                percent / 100 + u32::from(draw < u64::from(percent % 100))
            };
            multiply(requests, first_new, copies);
        }
    }
}

/// Repeats each create, with all that follows for its resource, as often as `copies` says; the first copy keeps its index.
fn multiply(requests: &mut Vec<IndexedRequest>, first_new: u32, copies: impl Fn(&IndexedRequest) -> u32) {
    let mut next = requests.iter().map(|request| request.resource.0 + 1).fold(first_new, u32::max);
    // Per new resource: how many copies, and the index of the second one.
    let mut plan = vec![(1, 0); (next - first_new) as usize];
    for request in requests.iter().filter(|request| request.operation == Operation::Create) {
        let count = copies(request);
        plan[(request.resource.0 - first_new) as usize] = (count, next);
        next += count.saturating_sub(1);
    }
    let repeated = requests.drain(..).flat_map(|request| {
        let (count, second) = match request.resource.0.checked_sub(first_new) {
            Some(new) => plan[new as usize],
            None => (1, 0),
        };
        (0..count).map(move |copy| match copy.checked_sub(1) {
            None => request,
            Some(further) => IndexedRequest {
                resource: ResourceIndex(second + further),
                draw_key: crate::random::key(&[request.draw_key, u64::from(copy)]),
                ..request
            },
        })
    });
    *requests = repeated.collect();
}
