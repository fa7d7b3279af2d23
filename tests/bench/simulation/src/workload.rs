//! A cloud in its steady state: resources come, live for four hours on average, and go.

use shared::control_plane::{ModuleSettings, Modules, ServiceTime};
use shared::pricing::builtin;
use shared::random::{Draws, Purpose};
use shared::request::{Flavor, IndexedRequest, Module, Operation, ResourceClass, Tenant};
use shared::scenario::{
    Autoscaling, Billing, Demand, ENGINE, Fleet, NodeGroup, PlacementPolicy, Scenario, ValidScenario,
};
use shared::simulation::{RunOptions, simulate_to_fork};
use shared::units::{Dimension, Duration, FlavorIndex, Instant, ResourceIndex, Resources, TenantIndex, Window};

/// Medians of the seven service times, in microseconds, each with a logarithm of standard deviation 0.5.
pub(crate) const MEDIANS: [i64; 7] = [2_000, 4_000, 5_000, 3_000, 10_000, 20_000_000, 2_000];
/// Workers of the seven modules.
pub(crate) const WORKERS: [u32; 7] = [2, 2, 2, 2, 2, 400, 2];
pub(crate) const SEED: u64 = 1;
const TENANTS: u32 = 40;
const LIFE: Duration = Duration::from_seconds(4 * 3_600);
const START: Instant = Instant::from_micros(1_800_000_000_000_000);

/// How large the cloud is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) nodes: u32,
    pub(crate) live: u32,
    /// Creates and deletes.
    pub(crate) requests: u32,
    /// How much longer than four hours resources live: with as many times the live resources the rate stays the same.
    pub(crate) slower: i64,
}

/// A scenario that starts with everything that lives, and its requests.
pub(crate) struct Workload {
    pub(crate) valid: ValidScenario,
    pub(crate) requests: Vec<IndexedRequest>,
}

impl Workload {
    pub(crate) fn new(size: Size, placement: PlacementPolicy) -> Self {
        let life = LIFE * size.slower;
        // Those who live at the start came in the day before, all within its last minutes, and stay.
        let filling = scenario(size, placement, Window { start: START, end: START + Duration::DAY });
        let create = |i: u32| request(START + Duration::from_micros(i64::from(i) * 40_000), Operation::Create, i);
        let requests: Vec<IndexedRequest> = (0..size.live).map(create).collect();
        let filled = simulate_to_fork(&valid(filling), &requests, RunOptions::default());
        assert_eq!(filled.fork.state.live.len(), size.live as usize, "all fit");
        let start = START + Duration::DAY;
        let gap = life.micros() as f64 / f64::from(size.live);
        let end = start + Duration::from_micros((gap * f64::from(size.requests) / 2.0) as i64);
        let window = Window { start, end };
        let requests = steady(size, life, gap, window);
        let scenario = Scenario { start: filled.fork.state, ..scenario(size, placement, window) };
        Self { valid: valid(scenario), requests }
    }
}

/// Poisson arrivals of exponential lives, and the ends of those who live at the start.
fn steady(size: Size, life: Duration, gap: f64, window: Window) -> Vec<IndexedRequest> {
    let end_of = |i: u32| life.micros() as f64 * draws(i).exponential(1);
    let ends =
        (0..size.live).map(|i| request(window.start + Duration::from_micros(end_of(i) as i64), Operation::Delete, i));
    let mut requests: Vec<IndexedRequest> = ends.collect();
    let mut at = window.start.micros() as f64;
    for i in size.live..size.live + size.requests / 2 {
        at += gap * draws(i).exponential(2);
        requests.push(request(Instant::from_micros(at as i64), Operation::Create, i));
        requests.push(request(Instant::from_micros((at + end_of(i)) as i64), Operation::Delete, i));
    }
    requests.retain(|request| window.contains(request.at));
    requests.sort_by_key(|request| (request.at, request.operation != Operation::Delete, request.resource));
    requests
}

fn draws(resource: u32) -> Draws {
    Draws::new(SEED, 0, Purpose::Example, u64::from(resource))
}

fn request(at: Instant, operation: Operation, i: u32) -> IndexedRequest {
    let pick = draws(i);
    // Small ones are asked for more often.
    let size = pick.below(3, 4).min(pick.below(4, 4));
    IndexedRequest {
        at,
        operation,
        tenant: TenantIndex(pick.below(5, u64::from(TENANTS)) as u32),
        resource: ResourceIndex(i),
        flavor: FlavorIndex((size * 3 + pick.below(6, 3)) as u32),
        batch: None,
        lifetime: None,
        terms: None,
        draw_key: u64::from(i),
    }
}

fn valid(scenario: Scenario) -> ValidScenario {
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

fn scenario(size: Size, placement: PlacementPolicy, window: Window) -> Scenario {
    // A policy that goes by GPUs is measured where nodes have them and a third of the flavors ask for them.
    let gpus = |milli: u32| if placement == PlacementPolicy::FragmentationAware { milli } else { 0 };
    let capacity = Resources::compute(64_000, 256 * 1_024).with(Dimension::Gpu, gpus(8_000));
    let flavor = |i: u32| {
        let (vcpu, ratio) = (2 << (i / 3), 2 << (i % 3));
        let gpu = if i.is_multiple_of(3) { gpus(500 << (i / 3)) } else { 0 };
        let requested = Resources::compute(vcpu * 1_000, vcpu * ratio * 1_024).with(Dimension::Gpu, gpu);
        Flavor { name: format!("{vcpu}x{ratio}"), class: ResourceClass::Compute, requested }
    };
    // Quotas that are looked at and never reached.
    let quota = Some(Resources::compute(u32::MAX / 2, u32::MAX / 2).with(Dimension::Gpu, gpus(u32::MAX / 2)));
    let module = |module: Module| {
        let (median, workers) = (MEDIANS[module as usize], WORKERS[module as usize]);
        let service = ServiceTime::Lognormal { median: Duration::from_micros(median), sigma_milli: 500 };
        ModuleSettings { workers, service, ..Modules::default()[module].clone() }
    };
    let group = NodeGroup {
        name: "general".to_owned(),
        instance_type: "m5.16xlarge".to_owned(),
        capacity,
        min: size.nodes,
        max: size.nodes,
        boot: Duration::ZERO,
        ..NodeGroup::default()
    };
    Scenario {
        name: "steady".to_owned(),
        engine: ENGINE,
        seed: SEED,
        runs: 1,
        window,
        bin: Duration::from_minutes(5),
        time_zone: "UTC".to_owned(),
        tenants: (0..TENANTS).map(|i| Tenant { name: format!("t{i}"), quota, ..Tenant::default() }).collect(),
        terms: Vec::new(),
        flavors: (0..12).map(flavor).collect(),
        fleet: Fleet::of(vec![group]),
        placement,
        autoscaling: Autoscaling::default(),
        billing: Billing::Fleet,
        modules: Modules(Module::ALL.map(module)),
        price_book: builtin(),
        demand: Demand::Requests(Vec::new()),
        start: shared::control_plane::State::default(),
        edits: Vec::new(),
    }
}
