//! Fields as formats 1 and 2 had them: amounts in five dimensions; requests, resources and node groups without terms.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::control_plane;
use crate::pricing::{self, DatedRate};
use crate::request::{self, Operation, ResourceClass};
use crate::scenario;
use crate::units::{
    BatchIndex, Currency, Duration, FlavorIndex, Instant, NodeIndex, Rate, ResourceIndex, Resources, TenantIndex,
};

/// Milli-vCPU, MiB, milli-GPU, MiB of storage, Mbps.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Amounts([u32; 5]);

#[derive(Deserialize)]
pub(super) struct Tenant {
    name: String,
    quota: Option<Amounts>,
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Flavor {
    name: String,
    class: ResourceClass,
    requested: Amounts,
}

#[derive(Deserialize)]
pub(super) struct Fleet {
    node_groups: Vec<NodeGroup>,
}

#[derive(Deserialize)]
struct NodeGroup {
    name: String,
    instance_type: String,
    capacity: Amounts,
    min: u32,
    max: u32,
    boot: Duration,
}

#[derive(Deserialize)]
pub(super) struct PriceBook {
    currency: Currency,
    types: Vec<TypePrice>,
    units: [Rate; 5],
}

#[derive(Deserialize)]
struct TypePrice {
    name: String,
    shape: Option<Amounts>,
    prices: Vec<DatedRate>,
}

#[derive(Deserialize)]
pub(super) struct IndexedRequest {
    at: Instant,
    operation: Operation,
    tenant: TenantIndex,
    resource: ResourceIndex,
    flavor: FlavorIndex,
    batch: Option<BatchIndex>,
    lifetime: Option<Duration>,
    draw_key: u64,
}

#[derive(Deserialize)]
pub(super) struct LiveResource {
    tenant: TenantIndex,
    flavor: FlavorIndex,
    node: Option<NodeIndex>,
    created: Instant,
    ready: Option<Instant>,
    draw_key: u64,
}

impl From<Amounts> for Resources {
    fn from(Amounts([vcpu, memory, gpu, storage, network]): Amounts) -> Self {
        Self::from_array([vcpu, memory, gpu, storage, network, 0, 0, 0])
    }
}

impl From<Tenant> for request::Tenant {
    fn from(old: Tenant) -> Self {
        Self { name: old.name, quota: old.quota.map(Resources::from), labels: old.labels }
    }
}

impl From<Flavor> for request::Flavor {
    fn from(old: Flavor) -> Self {
        Self { name: old.name, class: old.class, requested: old.requested.into() }
    }
}

impl From<Fleet> for scenario::Fleet {
    fn from(old: Fleet) -> Self {
        let group = |old: NodeGroup| scenario::NodeGroup {
            name: old.name,
            instance_type: old.instance_type,
            capacity: old.capacity.into(),
            min: old.min,
            max: old.max,
            boot: old.boot,
            ..scenario::NodeGroup::default()
        };
        Self::of(old.node_groups.into_iter().map(group).collect())
    }
}

impl From<PriceBook> for pricing::PriceBook {
    fn from(old: PriceBook) -> Self {
        let entry = |old: TypePrice| pricing::TypePrice {
            name: old.name,
            shape: old.shape.map(Resources::from),
            prices: old.prices,
        };
        let [vcpu, memory_gib, gpu, storage_gib, network_mbps] = old.units;
        let units =
            pricing::UnitRates { vcpu, memory_gib, gpu, storage_gib, network_mbps, ..pricing::UnitRates::default() };
        Self::new(old.currency, old.types.into_iter().map(entry).collect(), units)
    }
}

impl From<IndexedRequest> for request::IndexedRequest {
    fn from(old: IndexedRequest) -> Self {
        Self {
            at: old.at,
            operation: old.operation,
            tenant: old.tenant,
            resource: old.resource,
            flavor: old.flavor,
            batch: old.batch,
            lifetime: old.lifetime,
            terms: None,
            draw_key: old.draw_key,
        }
    }
}

impl From<LiveResource> for control_plane::LiveResource {
    fn from(old: LiveResource) -> Self {
        Self {
            tenant: old.tenant,
            flavor: old.flavor,
            terms: None,
            node: old.node,
            devices: control_plane::DeviceSet::default(),
            pools: control_plane::InPools::default(),
            created: old.created,
            ready: old.ready,
            draw_key: old.draw_key,
        }
    }
}

/// Each of a list as it is today.
pub(super) fn all<Old, New: From<Old>>(old: Vec<Old>) -> Vec<New> {
    old.into_iter().map(New::from).collect()
}
