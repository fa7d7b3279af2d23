//! Format version 2, as its fields were: amounts in five dimensions; what was predicted had zones, which decided nothing,
//! and no other terms; node groups were in no zone.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::old::{self, all};
use super::{Limits, LinkError, SharedScenario, v3, v6};
use crate::control_plane;
use crate::control_plane::{InFlight, Node};
use crate::request::{MODULES, Terms};
use crate::scenario::{self, Billing, Edit, Modules, PlacementPolicy};
use crate::stream::{self, ArrivalBins, Attachments, BatchTemplate, FlavorGates, Newcomers, Resizes};
use crate::units::{Duration, FlavorIndex, Instant, ResourceIndex, TenantIndex, TermsIndex, Window};

pub(super) const VERSION: u8 = 2;

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
    modules: Modules,
    price_book: old::PriceBook,
    demand: Demand,
    start: State,
    edits: Vec<Edit>,
}

#[derive(Deserialize)]
struct State {
    nodes: Vec<Node>,
    nodes_started: u32,
    live: Vec<old::LiveResource>,
    pending: Vec<ResourceIndex>,
    in_flight: Vec<InFlight>,
    busy_until: [Vec<Instant>; MODULES],
    waiting: [Vec<Instant>; MODULES],
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
    attachments: Attachments,
    newcomers: Newcomers,
    tags: Tags,
}

#[derive(Deserialize)]
struct Tags {
    zones: Vec<String>,
    label_sets: Vec<BTreeMap<String, String>>,
    rows: Vec<TagRow>,
}

#[derive(Deserialize)]
struct TagRow {
    tenant: TenantIndex,
    flavor: FlavorIndex,
    seen: Vec<(Tag, u32)>,
}

#[derive(Deserialize)]
struct Tag {
    zone: Option<u32>,
    labels: Option<u32>,
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
        let zones = match &old.demand {
            Demand::Requests(_) => Vec::new(),
            Demand::Forecast(model) => model.tags.zones.clone(),
        };
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
            terms: zones.into_iter().map(|zone| Terms { zone: Some(zone), ..Terms::default() }).collect(),
            fleet: old.fleet.into(),
            placement: old.placement,
            autoscaling: old.autoscaling.into(),
            billing: old.billing,
            modules: old.modules,
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

impl From<StreamModel> for stream::StreamModel {
    fn from(old: StreamModel) -> Self {
        let tag =
            |(old, weight): (Tag, u32)| (stream::Tag { terms: old.zone.map(TermsIndex), labels: old.labels }, weight);
        let row = |old: TagRow| stream::TagRow {
            tenant: old.tenant,
            flavor: old.flavor,
            seen: old.seen.into_iter().map(tag).collect(),
        };
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
            attachments: old.attachments,
            newcomers: old.newcomers,
            tags: stream::Tags { label_sets: old.tags.label_sets, rows: old.tags.rows.into_iter().map(row).collect() },
        }
    }
}
