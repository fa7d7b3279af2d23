//! Format version 3, as its fields were: every node was on demand, and ordered when a resource fitted nowhere.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::v4::{PriceBook, State};
use super::{Limits, LinkError, SharedScenario, v6};
use crate::request::{Flavor, Tenant, Terms};
use crate::scenario::{self, Billing, Edit, Modules, PlacementPolicy};
use crate::units::{Dimension, Duration, Resources, Window};

pub(super) const VERSION: u8 = 3;

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
    demand: v6::Demand,
    start: State,
    edits: Vec<Edit>,
}

#[derive(Deserialize)]
struct Fleet {
    node_groups: Vec<NodeGroup>,
}

#[derive(Deserialize)]
struct NodeGroup {
    name: String,
    instance_type: String,
    capacity: Resources,
    min: u32,
    max: u32,
    boot: Duration,
    zone: Option<String>,
    over_commit_percent: BTreeMap<Dimension, u32>,
}

/// As formats 1 to 3 had it.
#[derive(Deserialize)]
pub(super) struct Autoscaling {
    empty_for: Duration,
    drain: Duration,
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
            autoscaling: old.autoscaling.into(),
            billing: old.billing,
            modules: old.modules,
            price_book: old.price_book.into(),
            demand: old.demand.into(),
            start: old.start.into(),
            edits: old.edits,
        }
    }
}

impl From<Fleet> for scenario::Fleet {
    fn from(old: Fleet) -> Self {
        let group = |old: NodeGroup| scenario::NodeGroup {
            name: old.name,
            instance_type: old.instance_type,
            capacity: old.capacity,
            min: old.min,
            max: old.max,
            boot: old.boot,
            zone: old.zone,
            over_commit_percent: old.over_commit_percent,
            ..scenario::NodeGroup::default()
        };
        Self::of(old.node_groups.into_iter().map(group).collect())
    }
}

impl From<Autoscaling> for scenario::Autoscaling {
    fn from(Autoscaling { empty_for, drain }: Autoscaling) -> Self {
        Self { empty_for, drain, ..Self::default() }
    }
}
