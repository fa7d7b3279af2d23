//! Format version 1, as its fields were: a forecast knew nothing of what comes with machines, of newcomers and of tags;
//! modules had one distribution of service times each, took whatever came, and never failed.

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::old::{self, all};
use super::{Limits, LinkError, SharedScenario, v3, v6};
use crate::control_plane::{self, Node, ServiceTime};
use crate::request::{MODULES, Module, Operation};
use crate::scenario::{self, Billing, Edit, Modules, PlacementPolicy};
use crate::stream::{ArrivalBins, Attachments, BatchTemplate, FlavorGates, Newcomers, Resizes, Tags};
use crate::units::{Duration, FlavorIndex, Instant, Rate, ResourceIndex, Window};

pub(super) const VERSION: u8 = 1;

#[derive(Deserialize)]
struct Scenario {
    name: String,
    engine: u32,
    seed: u64,
    runs: u32,
    window: Window,
    bin: Duration,
    time_zone: String,
    tenants: Vec<old::Tenant>,
    flavors: Vec<old::Flavor>,
    fleet: old::Fleet,
    placement: PlacementPolicy,
    autoscaling: v3::Autoscaling,
    billing: Billing,
    modules: [ModuleSettings; MODULES],
    price_book: old::PriceBook,
    demand: Demand,
    start: State,
    edits: Vec<Edit>,
}

#[derive(Deserialize)]
struct ModuleSettings {
    workers: u32,
    service: ServiceTime,
    rate: Rate,
}

#[derive(Deserialize)]
struct State {
    nodes: Vec<Node>,
    nodes_started: u32,
    live: Vec<old::LiveResource>,
    pending: Vec<ResourceIndex>,
    in_flight: Vec<InFlight>,
    busy_until: [Vec<Instant>; MODULES],
}

#[derive(Deserialize)]
struct InFlight {
    resource: ResourceIndex,
    operation: Operation,
    flavor: FlavorIndex,
    arrived: Instant,
    module: Module,
    entered: bool,
    at: Instant,
}

#[derive(Deserialize)]
enum Demand {
    Requests(Vec<old::IndexedRequest>),
    Forecast(Box<StreamModel>),
}

#[derive(Deserialize)]
struct StreamModel {
    origin: Instant,
    bin: Duration,
    arrivals: ArrivalBins,
    templates: Vec<BatchTemplate>,
    flavor_gates: FlavorGates,
    mix_spread_milli: u32,
    spread: Duration,
    lifetimes: v6::Lifetimes,
    resizes: Vec<Resizes>,
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
            tenants: all(old.tenants),
            flavors: all(old.flavors),
            terms: Vec::new(),
            fleet: old.fleet.into(),
            placement: old.placement,
            autoscaling: old.autoscaling.into(),
            billing: old.billing,
            modules: Modules(
                old.modules.map(|old| control_plane::ModuleSettings::new(old.workers, old.service, old.rate)),
            ),
            price_book: old.price_book.into(),
            demand: match old.demand {
                Demand::Requests(requests) => scenario::Demand::Requests(all(requests)),
                Demand::Forecast(model) => scenario::Demand::Forecast(Box::new((*model).into())),
            },
            start: old.start.into(),
            edits: old.edits,
        }
    }
}

impl From<State> for control_plane::State {
    fn from(old: State) -> Self {
        let in_flight = |old: InFlight| control_plane::InFlight {
            resource: old.resource,
            operation: old.operation,
            flavor: old.flavor,
            arrived: old.arrived,
            module: old.module,
            entered: old.entered,
            at: old.at,
            attempt: 0,
        };
        Self {
            nodes: old.nodes,
            nodes_started: old.nodes_started,
            live: all(old.live),
            pending: old.pending,
            in_flight: old.in_flight.into_iter().map(in_flight).collect(),
            busy_until: old.busy_until,
            waiting: Default::default(),
        }
    }
}

impl From<StreamModel> for crate::stream::StreamModel {
    fn from(old: StreamModel) -> Self {
        Self {
            origin: old.origin,
            bin: old.bin,
            arrivals: old.arrivals,
            templates: old.templates,
            flavor_gates: old.flavor_gates,
            mix_spread_milli: old.mix_spread_milli,
            spread: old.spread,
            lifetimes: old.lifetimes.into(),
            resizes: old.resizes,
            attachments: Attachments::default(),
            newcomers: Newcomers::default(),
            tags: Tags::default(),
        }
    }
}
