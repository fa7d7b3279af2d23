//! Machines, and the policies that choose and count them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CapacityPool, Outage, Purchase, Scaling};
use crate::control_plane::devices::Devices;
use crate::request::{Flavor, ResourceClass};
use crate::units::{Dimension, Duration, Resources};

/// The machines that there are and that there may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// Groups in order of preference: the first that fits a resource boots a node for it.
    pub node_groups: Vec<NodeGroup>,
    /// Zones that are lost for a while.
    #[serde(default)]
    pub outages: Vec<Outage>,
    /// What is on no node; what no pool has at all is not limited.
    #[serde(default)]
    pub pools: Vec<CapacityPool>,
}

/// Machines of one instance type and one autoscaling policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeGroup {
    /// What people call it.
    pub name: String,
    /// Names its price in the price book.
    pub instance_type: String,
    /// What one node has.
    pub capacity: Resources,
    /// Nodes that are never given back.
    pub min: u32,
    /// Nodes that there may be at most.
    pub max: u32,
    /// From the order of a node until it can be used; paid as overhead.
    pub boot: Duration,
    /// Where its nodes are; those of a group without a zone take requests of every zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// The cluster that its nodes are of, by which reports group; it decides nothing.
    #[serde(default)]
    pub cluster: Option<String>,
    /// How much may be requested of a node, in percent of what it has; 100 of what is not named.
    #[serde(default)]
    pub over_commit_percent: BTreeMap<Dimension, u32>,
    /// What orders nodes.
    #[serde(default)]
    pub scaling: Scaling,
    /// How nodes are bought.
    #[serde(default)]
    pub purchase: Purchase,
    /// How long a node serves on average until it fails, with all that is on it, exponentially distributed; never where
    /// nothing is said.
    #[serde(default)]
    pub fails_after: Option<Duration>,
}

impl NodeGroup {
    /// What may be requested of one node.
    #[inline]
    pub fn schedulable(&self) -> Resources {
        let mut amounts = self.capacity;
        for (&dimension, &percent) in &self.over_commit_percent {
            let amount = u64::from(amounts[dimension]) * u64::from(percent) / 100;
            amounts[dimension] = u32::try_from(amount).unwrap_or(u32::MAX);
        }
        amounts
    }

    /// Whether an empty node holds as much, GPUs on devices of their own.
    #[inline]
    pub fn holds(&self, requested: Resources) -> bool {
        requested.fits(self.schedulable())
            && (requested[Dimension::Gpu] == 0 || Devices::of(self).fit(requested[Dimension::Gpu]))
    }

    /// Whether a request for a zone, or for none, may go there.
    pub fn is_in(&self, zone: Option<&str>) -> bool {
        zone.is_none() || self.zone.is_none() || self.zone.as_deref() == zone
    }
}

/// How a node is chosen among those that fit; ties go to the lowest node index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PlacementPolicy {
    /// The lowest node index.
    #[default]
    FirstFit,
    /// The node that is left with the least.
    BestFit,
    /// The node that is left with the most: spreads.
    WorstFit,
    /// The node whose free amounts point most in the direction of the request: the largest dot product of both, in shares
    /// of its capacity.
    DotProduct,
    /// The node with the largest part free afterwards, in whole percent, as kube-scheduler's `LeastAllocated`.
    LeastAllocated,
    /// The node with the largest part taken afterwards, in whole percent, as kube-scheduler's `MostAllocated`.
    MostAllocated,
    /// The node, and of its GPUs the one, on which the least becomes useless for what is asked for: fragmentation gradient
    /// descent.
    FragmentationAware,
}

impl PlacementPolicy {
    /// Every policy, in order of the wire.
    pub const ALL: [Self; 7] = [
        Self::FirstFit,
        Self::BestFit,
        Self::WorstFit,
        Self::DotProduct,
        Self::LeastAllocated,
        Self::MostAllocated,
        Self::FragmentationAware,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstFit => "first_fit",
            Self::BestFit => "best_fit",
            Self::WorstFit => "worst_fit",
            Self::DotProduct => "dot_product",
            Self::LeastAllocated => "least_allocated",
            Self::MostAllocated => "most_allocated",
            Self::FragmentationAware => "fragmentation_aware",
        }
    }
}

/// How nodes are given back, and how often the fleet is looked over. When nodes are ordered is a matter of each group's
/// [`Scaling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Autoscaling {
    /// How long a node stays empty before it is given back.
    pub empty_for: Duration,
    /// From the decision to give a node back until it is no longer paid; overhead.
    pub drain: Duration,
    /// How often the fleet is looked over by those who do more than order a node for who fits nowhere.
    #[serde(default = "one_minute")]
    pub every: Duration,
    /// Nodes of which less than this share is requested in every dimension, in percent, and for as long as an empty one is
    /// kept, are given back where all that is on them fits elsewhere; it moves there. None where nothing is said. As the
    /// cluster autoscaler of Kubernetes does, one at a time.
    #[serde(default)]
    pub consolidate_below_percent: Option<u32>,
}

fn one_minute() -> Duration {
    Duration::from_minutes(1)
}

/// What is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Billing {
    /// Nodes are paid, tenants share them: private clouds and clusters.
    #[default]
    Fleet,
    /// Each resource has a price: public clouds.
    PerResource,
}

impl Fleet {
    /// A fleet of these groups, of which no zone is ever lost, and in which nothing limits what is on no node.
    pub fn of(node_groups: Vec<NodeGroup>) -> Self {
        Self { node_groups, outages: Vec::new(), pools: Vec::new() }
    }

    /// Whether a node, were it empty, would hold what a flavor asks for, and pools what is on no node; what is not compute
    /// needs no node.
    pub fn can_hold(&self, flavor: &Flavor) -> bool {
        self.nodes_hold(flavor) && self.pools_hold(flavor)
    }

    fn nodes_hold(&self, flavor: &Flavor) -> bool {
        let fits = |group: &NodeGroup| group.holds(flavor.requested.on_node());
        flavor.class != ResourceClass::Compute || self.node_groups.iter().any(fits)
    }

    /// What is wrong with a flavor that no node or no pool can hold, and what would mend it.
    pub fn too_small_for(&self, flavor: &Flavor) -> String {
        if self.nodes_hold(flavor) {
            return format!(
                "asks for {}, which no pool can ever hold; the pools have {}; give one of them more (--pools, --fleet, or \
                 `fleet.pools` of the scenario), or leave such requests out",
                self.asked_of_pools(flavor),
                self.pools_in_words(),
            );
        }
        let largest = self.node_groups.iter().fold(Resources::ZERO, |largest, group| largest.max(group.schedulable()));
        let asked = flavor.requested.on_node();
        let lacking = Dimension::ALL.into_iter().filter(|&of| asked[of] > 0 && largest[of] == 0);
        let lacking: Vec<String> = lacking.map(|of| format!("no {}", of.field())).collect();
        let most = if lacking.is_empty() {
            format!("none has more than {largest}")
        } else {
            format!("they have {}", lacking.join(" and "))
        };
        format!(
            "asks for {asked}, which no node can ever hold: {most}; make nodes larger (--inventory, --fleet, or \
             `fleet.node_groups` of the scenario), or leave such requests out"
        )
    }
}
