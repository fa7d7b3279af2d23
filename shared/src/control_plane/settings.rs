//! What a control plane is told: its machines, its policies, its modules, its tenants.

mod defaults;
mod fleet;
mod inventory;
mod modules;

pub use fleet::{Autoscaling, Billing, Fleet, NodeGroup, PlacementPolicy};
pub use modules::{Failures, ModuleSettings, Modules, ServiceBin, ServiceOf, ServiceTime};

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
        self.terms.iter().any(|terms| terms.priority != 0)
    }
}
