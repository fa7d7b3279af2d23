//! Format version 1, as its fields were: a forecast knew nothing of what comes with machines, of newcomers and of tags.

use serde::Deserialize;

use super::envelope::{Opened, open};
use super::{Limits, LinkError, SharedScenario};
use crate::control_plane::State;
use crate::pricing::PriceBook;
use crate::request::{Flavor, IndexedRequest, Tenant};
use crate::scenario::{self, Autoscaling, Billing, Edit, Fleet, Modules, PlacementPolicy};
use crate::stream::{ArrivalBins, Attachments, BatchTemplate, FlavorGates, Lifetimes, Newcomers, Resizes, Tags};
use crate::units::{Duration, Instant, Window};

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
    tenants: Vec<Tenant>,
    flavors: Vec<Flavor>,
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

#[derive(Deserialize)]
enum Demand {
    Requests(Vec<IndexedRequest>),
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
    lifetimes: Lifetimes,
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
            tenants: old.tenants,
            flavors: old.flavors,
            fleet: old.fleet,
            placement: old.placement,
            autoscaling: old.autoscaling,
            billing: old.billing,
            modules: old.modules,
            price_book: old.price_book,
            demand: match old.demand {
                Demand::Requests(requests) => scenario::Demand::Requests(requests),
                Demand::Forecast(model) => scenario::Demand::Forecast(Box::new((*model).into())),
            },
            start: old.start,
            edits: old.edits,
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
            lifetimes: old.lifetimes,
            resizes: old.resizes,
            attachments: Attachments::default(),
            newcomers: Newcomers::default(),
            tags: Tags::default(),
        }
    }
}
