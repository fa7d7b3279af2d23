//! What a control plane is told: its machines, its policies, its modules, its tenants.

mod defaults;
mod fleet;
mod inventory;
mod modules;
mod pool;
mod purchase;
mod scaling;

pub use fleet::{Autoscaling, Billing, Fleet, NodeGroup, PlacementPolicy};
pub use modules::{Failures, ModuleSettings, Modules, ServiceBin, ServiceOf, ServiceTime};
pub(super) use pool::Parts;
pub use pool::{CapacityPool, InPools, POOLED};
pub use purchase::{Outage, Purchase, Spot};
pub(super) use scaling::LocalMinute;
pub use scaling::{NoTimeOfDay, PredictedNodes, Scaling, ScheduledNodes, TimeOfDay, Weekday};

use crate::request::{Flavor, Tenant, Terms};

/// Everything that decides, borrowed from a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Who asks; quotas are theirs.
    pub tenants: &'a [Tenant],
    /// What a [`FlavorIndex`](crate::units::FlavorIndex) stands for.
    pub flavors: &'a [Flavor],
    /// What a [`TermsIndex`](crate::units::TermsIndex) stands for.
    pub terms: &'a [Terms],
    /// The machines.
    pub fleet: &'a Fleet,
    /// How a node is chosen.
    pub placement: PlacementPolicy,
    /// How the fleet grows and shrinks.
    pub autoscaling: Autoscaling,
    /// IANA name of the zone that schedules follow.
    pub time_zone: &'a str,
    /// The stages.
    pub modules: &'a Modules,
    /// Seeds the draws of service times.
    pub seed: u64,
    /// Which run of an ensemble this is.
    pub run: u32,
}

impl Settings<'_> {
    /// Whether anybody may ever have to leave a node.
    pub(super) fn evicts(&self) -> bool {
        let ends = |group: &NodeGroup| group.fails_after.is_some() || group.purchase.spot().is_some();
        self.terms.iter().any(|terms| terms.priority != 0)
            || self.autoscaling.consolidate_below_percent.is_some()
            || !self.fleet.outages.is_empty()
            || self.fleet.node_groups.iter().any(ends)
    }

    /// Whether somebody looks the fleet over from time to time.
    pub(super) fn is_looked_over(&self) -> bool {
        let planned = |group: &NodeGroup| group.scaling.is_planned();
        self.autoscaling.consolidate_below_percent.is_some() || self.fleet.node_groups.iter().any(planned)
    }
}
