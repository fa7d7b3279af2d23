//! Format version 7, as its fields were: nodes were of no cluster; prices had no egress and no tiers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::old::all;
use super::{Limits, LinkError, SharedScenario};
use crate::control_plane::State;
use crate::pricing::{self, CommitmentDiscount, TypePrice, UnitRates};
use crate::request::{Flavor, Tenant, Terms};
use crate::scenario::{
    self, Autoscaling, Billing, CapacityPool, Demand, Edit, Modules, Outage, PlacementPolicy, Purchase, Scaling,
};
use crate::units::{Currency, Dimension, Duration, Resources, Window};

pub(super) const VERSION: u8 = 7;

#[derive(Deserialize)]
struct Scenario {
    name: String,
    engine: u32,
    seed: u64,
    runs: u32,
    window: Window,
    bin: Duration,
    time_zone: String,
    tenants: Vec<Tenant>,
    flavors: Vec<Flavor>,
    terms: Vec<Terms>,
    fleet: Fleet,
    placement: PlacementPolicy,
    autoscaling: Autoscaling,
    billing: Billing,
    modules: Modules,
    price_book: PriceBook,
    demand: Demand,
    start: State,
    edits: Vec<Edit>,
}

/// As formats 6 and 7 had it.
#[derive(Deserialize)]
pub(super) struct Fleet {
    node_groups: Vec<NodeGroup>,
    outages: Vec<Outage>,
    pools: Vec<CapacityPool>,
}

/// As formats 4 to 7 had it.
#[derive(Deserialize)]
pub(super) struct NodeGroup {
    name: String,
    instance_type: String,
    capacity: Resources,
    min: u32,
    max: u32,
    boot: Duration,
    zone: Option<String>,
    over_commit_percent: BTreeMap<Dimension, u32>,
    scaling: Scaling,
    purchase: Purchase,
    fails_after: Option<Duration>,
}

/// As formats 5 to 7 had it.
#[derive(Deserialize)]
pub(super) struct PriceBook {
    currency: Currency,
    types: Vec<TypePrice>,
    units: UnitRates,
    commitments: Vec<CommitmentDiscount>,
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<SharedScenario, LinkError> {
    let Opened { engine, digest, scenario } = open(bytes, limits)?;
    let (scenario, rest) = postcard::take_from_bytes::<Scenario>(&scenario).map_err(|_| LinkError::Damaged)?;
    if scenario.engine != engine || !rest.is_empty() {
        return Err(LinkError::Damaged);
    }
    Ok(SharedScenario { scenario: scenario.into(), digest })
}

impl From<Scenario> for scenario::Scenario {
    fn from(old: Scenario) -> Self {
        Self {
            name: old.name,
            engine: old.engine,
            seed: old.seed,
            runs: old.runs,
            window: old.window,
            bin: old.bin,
            time_zone: old.time_zone,
            tenants: old.tenants,
            flavors: old.flavors,
            terms: old.terms,
            fleet: old.fleet.into(),
            placement: old.placement,
            autoscaling: old.autoscaling,
            billing: old.billing,
            modules: old.modules,
            price_book: old.price_book.into(),
            demand: old.demand,
            start: old.start,
            edits: old.edits,
        }
    }
}

impl From<Fleet> for scenario::Fleet {
    fn from(Fleet { node_groups, outages, pools }: Fleet) -> Self {
        Self { node_groups: all(node_groups), outages, pools }
    }
}

impl From<NodeGroup> for scenario::NodeGroup {
    fn from(old: NodeGroup) -> Self {
        Self {
            name: old.name,
            instance_type: old.instance_type,
            capacity: old.capacity,
            min: old.min,
            max: old.max,
            boot: old.boot,
            zone: old.zone,
            cluster: None,
            over_commit_percent: old.over_commit_percent,
            scaling: old.scaling,
            purchase: old.purchase,
            fails_after: old.fails_after,
        }
    }
}

impl From<PriceBook> for pricing::PriceBook {
    fn from(PriceBook { currency, types, units, commitments }: PriceBook) -> Self {
        Self { commitments, ..Self::new(currency, types, units) }
    }
}
