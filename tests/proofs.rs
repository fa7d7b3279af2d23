//! The simulation against what theory says of it: short here, long in `cargo xtask proof`.

mod bottleneck;
mod queueing;

use shared::control_plane::{ModuleSettings, Modules, ServiceTime, State};
use shared::pricing::builtin;
use shared::request::{Flavor, IndexedRequest, Operation, ResourceClass, Tenant};
use shared::scenario::{
    Autoscaling, Billing, Demand, ENGINE, Fleet, NodeGroup, PlacementPolicy, Scenario, ValidScenario,
};
use shared::units::{Dimension, Duration, FlavorIndex, Instant, Rate, ResourceIndex, Resources, TenantIndex, Window};

/// Modules that take no time and cost nothing.
fn instant_modules() -> Modules {
    let instant = ModuleSettings::new(1, ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    Modules(core::array::from_fn(|_| instant.clone()))
}

/// One tenant who asks for volumes of 1 GiB, which need no node.
fn volumes(modules: Modules, quota: Option<Resources>, seed: u64, end: Instant) -> ValidScenario {
    let group = NodeGroup {
        name: "none".to_owned(),
        instance_type: "m5.large".to_owned(),
        capacity: Resources::compute(2_000, 8_192),
        min: 0,
        max: 0,
        boot: Duration::ZERO,
        ..NodeGroup::default()
    };
    let volume = Resources::ZERO.with(Dimension::Storage, 1_024);
    let scenario = Scenario {
        terms: Vec::new(),
        name: "volumes".to_owned(),
        engine: ENGINE,
        seed,
        runs: 1,
        window: Window { start: Instant::from_micros(0), end },
        bin: Duration::DAY * 30,
        time_zone: "UTC".to_owned(),
        tenants: vec![Tenant { name: "t".to_owned(), quota, ..Tenant::default() }],
        flavors: vec![Flavor { name: "v".to_owned(), class: ResourceClass::Storage, requested: volume }],
        fleet: Fleet::of(vec![group]),
        placement: PlacementPolicy::FirstFit,
        autoscaling: Autoscaling::default(),
        billing: Billing::Fleet,
        modules,
        price_book: builtin(),
        demand: Demand::Requests(Vec::new()),
        start: State::default(),
        edits: Vec::new(),
    };
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The create of volume number `i`.
fn create(i: u32, at: Instant) -> IndexedRequest {
    IndexedRequest {
        terms: None,
        at,
        operation: Operation::Create,
        tenant: TenantIndex(0),
        resource: ResourceIndex(i),
        flavor: FlavorIndex(0),
        batch: None,
        lifetime: None,
        draw_key: u64::from(i),
    }
}
