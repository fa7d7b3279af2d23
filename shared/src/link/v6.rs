//! Format version 6, as its fields were: lifetimes told no tenants apart.

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::v7::{Fleet, PriceBook};
use super::{Limits, LinkError, SharedScenario};
use crate::control_plane::State;
use crate::request::{Flavor, IndexedRequest, Tenant, Terms};
use crate::scenario::{self, Autoscaling, Billing, Edit, Modules, PlacementPolicy};
use crate::stream::{self, ArrivalBins, Attachments, BatchTemplate, FlavorGates, Newcomers, Paces, Resizes, Tags};
use crate::units::{Duration, Instant, Window};

pub(super) const VERSION: u8 = 6;

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

/// As formats 3 to 6 had it.
#[derive(Deserialize)]
pub(super) enum Demand {
    Requests(Vec<IndexedRequest>),
    Forecast(Box<StreamModel>),
}

#[derive(Deserialize)]
pub(super) struct StreamModel {
    origin: Instant,
    bin: Duration,
    arrivals: ArrivalBins,
    templates: Vec<BatchTemplate>,
    flavor_gates: FlavorGates,
    mix_spread_milli: u32,
    spread: Duration,
    lifetimes: Lifetimes,
    resizes: Vec<Resizes>,
    attachments: Attachments,
    newcomers: Newcomers,
    tags: Tags,
}

/// As all formats before 7 had it.
#[derive(Deserialize)]
pub(super) struct Lifetimes {
    edges: Vec<Duration>,
    hazards: Vec<Vec<u16>>,
    paces: Paces,
    shared_milli: u32,
    spread_milli: u32,
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
            start: old.start,
            edits: old.edits,
        }
    }
}

impl From<Demand> for scenario::Demand {
    fn from(old: Demand) -> Self {
        match old {
            Demand::Requests(requests) => Self::Requests(requests),
            Demand::Forecast(model) => Self::Forecast(Box::new((*model).into())),
        }
    }
}

impl From<StreamModel> for stream::StreamModel {
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
            attachments: old.attachments,
            newcomers: old.newcomers,
            tags: old.tags,
        }
    }
}

impl From<Lifetimes> for stream::Lifetimes {
    fn from(Lifetimes { edges, hazards, paces, shared_milli, spread_milli }: Lifetimes) -> Self {
        Self { edges, hazards, tenant_paces: Vec::new(), paces, shared_milli, spread_milli }
    }
}
