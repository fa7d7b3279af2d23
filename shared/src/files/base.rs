//! What files say of the control plane, before there is any demand.

use super::Files;
use crate::control_plane::{CapacityPool, Fleet};
use crate::pricing::{PriceFile, builtin};
use crate::request::{Catalogue, Tenant};
use crate::scenario::Scenario;

/// How many predicted streams are run, as the command line does.
const RUNS: u32 = 20;
/// What seeds the draws.
const SEED: u64 = 1;

impl Files {
    /// The control plane on the machines that are named, or on the default fleet, at these prices or the built-in ones; no
    /// demand and no window yet.
    pub(super) fn base(&self) -> Scenario {
        let machines = self.machines();
        let fleet = if machines.is_empty() { Fleet::default() } else { Fleet::from_inventory(machines) };
        let fleet = Fleet { pools: self.pools.iter().cloned().map(CapacityPool::from).collect(), ..fleet };
        let quotas = self.cluster.iter().flat_map(|state| &state.quotas).chain(&self.quotas);
        let limited =
            quotas.map(|quota| Tenant { name: quota.tenant.clone(), quota: Some(quota.limit), ..Tenant::default() });
        let prices = self.prices.clone().unwrap_or_else(|| PriceFile::of(builtin()));
        let name = "own data".to_owned();
        Scenario { name, seed: SEED, runs: RUNS, tenants: limited.collect(), ..Scenario::on(fleet, prices) }
    }

    /// What names in requests stand for.
    pub(super) fn catalogue(&self) -> Catalogue {
        let base = self.base();
        let of_cluster = self.cluster.iter().flat_map(|state| state.priority_classes.clone());
        let priority_classes = of_cluster.chain(self.priority_classes.clone()).collect();
        Catalogue { priority_classes, ..base.catalogue() }
    }
}
