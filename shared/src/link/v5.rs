//! Format version 5, as its fields were: a fleet had no pools.

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::old::all;
use super::v7::{NodeGroup, PriceBook};
use super::{Limits, LinkError, SharedScenario, v6};
use crate::control_plane;
use crate::control_plane::{DeviceSet, InFlight, InPools, Node};
use crate::request::{Flavor, MODULES, Tenant, Terms};
use crate::scenario::{self, Autoscaling, Billing, Edit, Modules, Outage, PlacementPolicy};
use crate::units::{Duration, FlavorIndex, Instant, NodeIndex, ResourceIndex, TenantIndex, TermsIndex, Window};

pub(super) const VERSION: u8 = 5;

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

/// As formats 4 and 5 had it.
#[derive(Deserialize)]
pub(super) struct Fleet {
    node_groups: Vec<NodeGroup>,
    outages: Vec<Outage>,
}

#[derive(Deserialize)]
struct State {
    nodes: Vec<Node>,
    nodes_started: u32,
    live: Vec<LiveResource>,
    pending: Vec<ResourceIndex>,
    in_flight: Vec<InFlight>,
    busy_until: [Vec<Instant>; MODULES],
    waiting: [Vec<Instant>; MODULES],
}

#[derive(Deserialize)]
struct LiveResource {
    tenant: TenantIndex,
    flavor: FlavorIndex,
    terms: Option<TermsIndex>,
    node: Option<NodeIndex>,
    devices: DeviceSet,
    created: Instant,
    ready: Option<Instant>,
    draw_key: u64,
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
            demand: old.demand.into(),
            start: old.start.into(),
            edits: old.edits,
        }
    }
}

impl From<Fleet> for scenario::Fleet {
    fn from(Fleet { node_groups, outages }: Fleet) -> Self {
        Self { node_groups: all(node_groups), outages, pools: Vec::new() }
    }
}

impl From<State> for control_plane::State {
    fn from(old: State) -> Self {
        Self {
            nodes: old.nodes,
            nodes_started: old.nodes_started,
            live: all(old.live),
            pending: old.pending,
            in_flight: old.in_flight,
            busy_until: old.busy_until,
            waiting: old.waiting,
        }
    }
}

impl From<LiveResource> for control_plane::LiveResource {
    fn from(old: LiveResource) -> Self {
        Self {
            tenant: old.tenant,
            flavor: old.flavor,
            terms: old.terms,
            node: old.node,
            devices: old.devices,
            pools: InPools::default(),
            created: old.created,
            ready: old.ready,
            draw_key: old.draw_key,
        }
    }
}
