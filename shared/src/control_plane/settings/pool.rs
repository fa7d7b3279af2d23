//! What a zone has beside its nodes: storage clusters, ranges of addresses, uplinks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fleet;
use crate::request::Flavor;
use crate::trace::pools::PoolRow;
use crate::units::{DIMENSIONS, Dimension, PoolIndex, Resources};

/// Capacity that is on no node, and that volumes, load balancers and addresses are taken from: a storage pool as Cinder has
/// them, an address pool as Neutron has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacityPool {
    /// What people call it; no other has the name.
    pub name: String,
    /// Where it is; one without a zone takes requests of every zone.
    #[serde(default)]
    pub zone: Option<String>,
    /// What it has of [`POOLED`]; it has nothing of what is not named. What no pool of the fleet has is not limited.
    pub capacity: Resources,
    /// How much may be requested of it, in percent of what it has, as for thin provisioning; 100 of what is not named.
    #[serde(default)]
    pub over_commit_percent: BTreeMap<Dimension, u32>,
}

/// The dimensions that pools have.
pub const POOLED: [Dimension; 4] = [Dimension::Storage, Dimension::Iops, Dimension::Network, Dimension::Addresses];

/// The pools that a resource is in: its storage comes from one, what it has of the network from one, or the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InPools {
    /// The one that its GiB and operations come from.
    pub storage: Option<PoolIndex>,
    /// The one that its Mbps and addresses come from.
    pub network: Option<PoolIndex>,
}

/// What a flavor takes of the pool of its storage, and of that of its network.
pub(in crate::control_plane) type Parts = [Resources; 2];

impl InPools {
    /// Whether it is in none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.storage.is_none() && self.network.is_none()
    }

    /// The pools in the order of [`Parts`].
    pub(in crate::control_plane) fn in_order(self) -> [Option<PoolIndex>; 2] {
        [self.storage, self.network]
    }
}

impl CapacityPool {
    /// What may be requested of it.
    pub fn schedulable(&self) -> [u64; DIMENSIONS] {
        let mut amounts = self.capacity.to_array().map(u64::from);
        for (&dimension, &percent) in &self.over_commit_percent {
            let amount = &mut amounts[dimension as usize];
            *amount = *amount * u64::from(percent) / 100;
        }
        amounts
    }

    /// Whether a request for a zone, or for none, may go there.
    pub fn is_in(&self, zone: Option<&str>) -> bool {
        zone.is_none() || self.zone.is_none() || self.zone.as_deref() == zone
    }

    /// Whether it could hold as much if nobody else were in it.
    pub fn holds(&self, part: Resources) -> bool {
        part.to_array().into_iter().zip(self.schedulable()).all(|(asked, has)| u64::from(asked) <= has)
    }
}

impl From<PoolRow> for CapacityPool {
    fn from(PoolRow { line: _, name, zone, capacity, over_commit_percent }: PoolRow) -> Self {
        Self { name, zone, capacity, over_commit_percent }
    }
}

impl Fleet {
    /// What a flavor asks of pools: of what comes from no node, what some pool has at all.
    pub fn asked_of_pools(&self, flavor: &Flavor) -> Resources {
        let has = self.pools.iter().fold(Resources::ZERO, |most, pool| most.max(pool.capacity)).to_array();
        flavor.beside_nodes().min(Resources::from_array(has.map(|has| if has > 0 { u32::MAX } else { 0 })))
    }

    /// What a flavor takes of the pool of its storage, and of that of its network.
    pub(in crate::control_plane) fn parts(&self, flavor: &Flavor) -> Parts {
        let asked = self.asked_of_pools(flavor);
        let only = |[one, other]: [Dimension; 2]| Resources::ZERO.with(one, asked[one]).with(other, asked[other]);
        [only([Dimension::Storage, Dimension::Iops]), only([Dimension::Network, Dimension::Addresses])]
    }

    /// Whether pools, were they empty, would hold what a flavor asks of them.
    pub(in crate::control_plane) fn pools_hold(&self, flavor: &Flavor) -> bool {
        let held = |part: &Resources| part.is_zero() || self.pools.iter().any(|pool| pool.holds(*part));
        self.parts(flavor).iter().all(held)
    }

    /// What may be requested of each pool, by name.
    pub(super) fn pools_in_words(&self) -> String {
        let words = |pool: &CapacityPool| format!("{} (`{}`)", as_amounts(pool.schedulable()), pool.name);
        self.pools.iter().map(words).collect::<Vec<_>>().join(", ")
    }
}

/// For people: what is beyond our amounts is shown as the most that there is.
pub(in crate::control_plane) fn as_amounts(amounts: [u64; DIMENSIONS]) -> Resources {
    Resources::from_array(amounts.map(|amount| u32::try_from(amount).unwrap_or(u32::MAX)))
}
