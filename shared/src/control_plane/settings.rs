//! What a control plane is told: its machines, its policies, its modules, its tenants.

mod defaults;
mod fleet;
mod inventory;
mod modules;

pub use fleet::{Autoscaling, Billing, Fleet, NodeGroup, PlacementPolicy};
pub use modules::{Failures, ModuleSettings, Modules, ServiceBin, ServiceOf, ServiceTime};

use crate::request::{Flavor, Tenant};

/// Everything that decides, borrowed from a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Who asks; quotas are theirs.
    pub tenants: &'a [Tenant],
    /// What a [`FlavorIndex`](crate::units::FlavorIndex) stands for.
    pub flavors: &'a [Flavor],
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
