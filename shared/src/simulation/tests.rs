//! The invariants of a run, on random scenarios.

mod determinism;
pub(crate) mod fleet;
mod going_on;
mod gpus;
mod metering;
mod modules;
mod neighbours;
mod pools;
mod refused;
mod room;
mod starts;
mod terms;
mod tiers;

use proptest::prelude::*;

use super::{RunEnd, RunOptions, run, simulate, simulate_to_fork};
use crate::control_plane::{Failures, PlanState, ServiceOf, State};
use crate::pricing::{DatedRate, PriceBook, TypePrice, UnitRates};
use crate::request::{Flavor, IndexedRequest, Module, Operation, ResourceClass, Tenant};
use crate::scenario::{
    Autoscaling, Billing, Demand, ENGINE, Edit, Fleet, ModuleSettings, Modules, NodeGroup, PlacementPolicy, Scenario,
    ServiceTime, ValidScenario,
};
use crate::units::{
    Currency, DIMENSIONS, Dimension, Duration, FlavorIndex, Instant, LedgerUnits, Rate, ResourceIndex, Resources,
    TenantIndex, Window,
};

const HOUR: i64 = 3_600_000_000;

/// One life: created at, lives for, tenant, flavor, resized after.
pub(crate) type Life = (i64, i64, u32, u32, Option<(i64, u32)>);

pub(crate) fn lives() -> impl Strategy<Value = Vec<Life>> {
    let resize = proptest::option::of((0..HOUR, 0_u32..4));
    proptest::collection::vec((0..6 * HOUR, 0..4 * HOUR, 0_u32..3, 0_u32..4, resize), 1..120)
}

pub(crate) fn settings() -> impl Strategy<Value = (PlacementPolicy, u32, u32, bool, bool)> {
    let policy = proptest::sample::select(&PlacementPolicy::ALL);
    (policy, 0_u32..2, 1_u32..12, any::<bool>(), any::<bool>())
}

pub(crate) fn requests(lives: &[Life]) -> Vec<IndexedRequest> {
    let mut lives = lives.to_vec();
    lives.sort_by_key(|life| life.0);
    let mut requests = Vec::new();
    for (i, &(at, lifetime, tenant, flavor, resize)) in lives.iter().enumerate() {
        let request = |at, operation, flavor| IndexedRequest {
            terms: None,
            at: Instant::from_micros(at),
            operation,
            tenant: TenantIndex(tenant),
            resource: ResourceIndex::from_usize(i),
            flavor: FlavorIndex(flavor),
            batch: None,
            lifetime: None,
            draw_key: i as u64,
        };
        requests.push(request(at, Operation::Create, flavor));
        let resized = resize.filter(|&(after, new)| after < lifetime && new != 3 && flavor != 3);
        if let Some((after, new)) = resized {
            requests.push(request(at + after, Operation::Resize, new));
        }
        requests.push(request(at + lifetime, Operation::Delete, resized.map_or(flavor, |(_, new)| new)));
    }
    requests.sort_by_key(|request| request.at);
    requests.retain(|request| request.at.micros() < 8 * HOUR);
    requests
}

pub(crate) fn scenario((placement, min, max, limited, dear): (PlacementPolicy, u32, u32, bool, bool)) -> Scenario {
    let flavor = |name: &str, class, requested| Flavor { name: name.to_owned(), class, requested };
    let tenant = |name: &str, quota| Tenant { name: name.to_owned(), quota, ..Tenant::default() };
    let mut prices = vec![DatedRate { from: Instant::from_micros(0), rate: Rate::from_nanos(768_000_000) }];
    if dear {
        prices.push(DatedRate { from: Instant::from_micros(3 * HOUR), rate: Rate::from_nanos(999_999_999) });
    }
    let group = |name: &str, capacity, boot| NodeGroup {
        name: name.to_owned(),
        instance_type: "m5.4xlarge".to_owned(),
        capacity,
        min,
        max: max.max(min),
        boot: Duration::from_seconds(boot),
        ..NodeGroup::default()
    };
    Scenario {
        terms: Vec::new(),
        name: "random".to_owned(),
        engine: ENGINE,
        seed: 7,
        runs: 1,
        window: Window { start: Instant::from_micros(0), end: Instant::from_micros(8 * HOUR) },
        bin: Duration::from_minutes(7),
        time_zone: "UTC".to_owned(),
        tenants: vec![
            tenant("a", None),
            tenant("b", limited.then_some(Resources::compute(16_000, 65_536).with(Dimension::Storage, 102_400))),
            tenant("c", None),
        ],
        flavors: vec![
            flavor("small", ResourceClass::Compute, Resources::compute(1_000, 2_048)),
            flavor("medium", ResourceClass::Compute, Resources::compute(4_000, 8_192)),
            flavor("memory", ResourceClass::Compute, Resources::compute(2_000, 32_768)),
            flavor("volume", ResourceClass::Storage, Resources::ZERO.with(Dimension::Storage, 102_400)),
        ],
        fleet: Fleet::of(vec![
            group("general", Resources::compute(16_000, 65_536), 120),
            group("spare", Resources::compute(8_000, 32_768), 900),
        ]),
        placement,
        autoscaling: Autoscaling::default(),
        billing: Billing::Fleet,
        modules: Modules::default(),
        price_book: PriceBook::new(
            Currency::USD,
            vec![TypePrice { name: "m5.4xlarge".to_owned(), shape: None, prices }],
            UnitRates::default(),
        ),
        demand: Demand::Requests(Vec::new()),
        start: State::default(),
        edits: Vec::new(),
    }
}

/// The same with modules that are few, slow, limited, and fail.
fn troubled(mut scenario: Scenario) -> Scenario {
    let slow = ServiceTime::Exponential(Duration::from_seconds(60));
    for module in [Module::Gateway, Module::Quota, Module::Scheduler, Module::Provisioner, Module::Metering] {
        let failures = Failures { per_million: 300_000, retries: 1, back_off: Duration::from_seconds(30) };
        scenario.modules[module] = ModuleSettings {
            services: vec![ServiceOf { operation: Some(Operation::Delete), class: None, service: slow.clone() }],
            // Metering turns nobody away.
            queue_limit: (module != Module::Metering).then_some(2),
            failures: Some(failures),
            ..ModuleSettings::new(1, slow.clone(), Rate::ZERO)
        };
    }
    scenario
}

/// Modules that take no time and cost nothing.
fn instant_modules() -> Modules {
    let instant = ModuleSettings::new(1, ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    Modules(core::array::from_fn(|_| instant.clone()))
}

pub(crate) fn valid(scenario: Scenario) -> ValidScenario {
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

fn keep() -> RunOptions<'static> {
    RunOptions { keep_plans: true, ..RunOptions::default() }
}

/// A run up to `cut`, and one that goes on from its fork.
fn in_two(whole: &Scenario, requests: &[IndexedRequest], lives: usize, cut: Instant) -> (RunEnd, RunEnd) {
    let before = Scenario { window: Window { end: cut, ..whole.window }, ..whole.clone() };
    let first = simulate_to_fork(&valid(before), requests, keep());
    let mut new_index = vec![None; lives];
    for (new, old) in first.fork.lives.iter().enumerate() {
        new_index[old.usize()] = Some(new as u32);
    }
    let mut next = first.fork.lives.len() as u32;
    let rest = requests.iter().filter(|request| request.at >= cut).filter_map(|request| {
        let index = &mut new_index[request.resource.usize()];
        if request.operation == Operation::Create {
            *index = Some(next);
            next += 1;
        }
        index.map(|index| IndexedRequest { resource: ResourceIndex(index), ..*request })
    });
    let rest: Vec<IndexedRequest> = rest.collect();
    let after = Scenario {
        window: Window { start: cut, ..whole.window },
        start: first.fork.state.clone(),
        price_book: whole.price_book.clone().with_used(&first.fork.used_of_tiers),
        ..whole.clone()
    };
    let second = simulate_to_fork(&valid(after), &rest, keep());
    (first, second)
}

/// The most that `amounts` of overlapping spans add up to.
fn peak(spans: &[(Instant, Instant, Resources)]) -> [u64; DIMENSIONS] {
    let mut changes: Vec<(Instant, bool, Resources)> = Vec::new();
    for &(from, to, amount) in spans {
        changes.extend([(from, true, amount), (to, false, amount)]);
    }
    changes.sort_by_key(|&(at, begins, _)| (at, begins));
    let (mut held, mut most) = ([0_i64; DIMENSIONS], [0_u64; DIMENSIONS]);
    for (_, begins, amount) in changes {
        for (i, amount) in amount.to_array().into_iter().enumerate() {
            held[i] += if begins { i64::from(amount) } else { -i64::from(amount) };
            most[i] = most[i].max(held[i] as u64);
        }
    }
    most
}

proptest! {
    #![proptest_config(crate::cases(2_000))]

    /// What was paid for the nodes, reckoned from their lives alone, is what the breakdown adds up to.
    #[test]
    fn cost_is_conserved(lives in lives(), settings in settings()) {
        let valid = valid(scenario(settings));
        let end = simulate_to_fork(&valid, &requests(&lives), keep());
        let scenario = valid.scenario();
        let (start, until) = (scenario.window.start, scenario.window.end);
        let mut fleet = LedgerUnits::ZERO;
        for node in &end.fleet.nodes {
            let entry = scenario.price_book.get("m5.4xlarge").unwrap();
            let (from, to) = (node.ordered.max(start), node.gone.unwrap_or(until).min(until));
            for (i, dated) in entry.prices.iter().enumerate() {
                let next = entry.prices.get(i + 1).map_or(until, |next| next.from);
                let span = to.min(next) - from.max(dated.from).min(to.min(next));
                fleet += dated.rate * span;
            }
        }
        let cost = &end.outcome.cost;
        let volumes: LedgerUnits =
            cost.accounts.iter().filter(|account| account.flavor == FlavorIndex(3)).map(|account| account.workload).sum();
        prop_assert_eq!(cost.workload() - volumes + cost.idle + cost.overhead, fleet);
        let timeline: LedgerUnits = end.outcome.timeline.iter().map(|bin| bin.cost).sum();
        prop_assert_eq!(timeline, cost.total());
    }

    /// Residents of a node, from ready to released, never hold more than it has; a tenant never more than its quota.
    #[test]
    fn capacity_and_quota_hold(lives in lives(), settings in settings()) {
        let lives: Vec<Life> = lives.into_iter().map(|(a, b, c, d, _)| (a, b, c, d, None)).collect();
        let valid = valid(scenario(settings));
        let end = simulate_to_fork(&valid, &requests(&lives), keep());
        let scenario = valid.scenario();
        let span = |plan: &super::Plan| {
            let requested = scenario.flavors[plan.flavor.usize()].requested;
            plan.ready.map(|ready| (ready, plan.released.unwrap_or(scenario.window.end), requested))
        };
        for (slot, node) in end.fleet.nodes.iter().enumerate() {
            let on_it = |plan: &&super::Plan| end.fleet.placements.get(&plan.resource) == Some(&(slot as u32));
            let spans: Vec<_> = end.outcome.plans.iter().filter(on_it).filter_map(span).collect();
            let capacity = scenario.fleet.node_groups[node.node_group.usize()].capacity.to_array();
            prop_assert!(peak(&spans).iter().zip(capacity).all(|(&held, has)| held <= u64::from(has)));
        }
        if let Some(quota) = scenario.tenants[1].quota {
            let spans: Vec<_> =
                end.outcome.plans.iter().filter(|plan| plan.tenant == TenantIndex(1)).filter_map(span).collect();
            prop_assert!(peak(&spans).iter().zip(quota.to_array()).all(|(&held, may)| held <= u64::from(may)));
        }
        for plan in &end.outcome.plans {
            prop_assert!(plan.ready.is_none_or(|ready| ready >= plan.arrived));
            prop_assert!(plan.released.is_none_or(|released| plan.ready.is_none_or(|ready| released >= ready)));
            prop_assert_eq!(plan.state == PlanState::Released, plan.released.is_some());
        }
    }

    /// A run that is cut in two at any instant, forked and resumed, comes to the same plans and the same cost.
    #[test]
    fn a_fork_goes_on_where_it_was(lives in lives(), settings in settings(), cut in 1_i64..8 * HOUR) {
        let (whole, requests) = (scenario(settings), requests(&lives));
        let once = simulate_to_fork(&valid(whole.clone()), &requests, keep());
        let (first, second) = in_two(&whole, &requests, lives.len(), Instant::from_micros(cut));
        prop_assert_eq!(first.outcome.cost.total() + second.outcome.cost.total(), once.outcome.cost.total());
        prop_assert_eq!(first.outcome.cost.idle + second.outcome.cost.idle, once.outcome.cost.idle);
        for plan in &once.outcome.plans {
            if let Ok(index) = first.fork.lives.binary_search(&plan.resource) {
                let resumed = second.outcome.plans[index];
                prop_assert_eq!(super::Plan { resource: plan.resource, ..resumed }, *plan);
            }
        }
    }

    /// Machines and placements that were seen, replayed, cost what they cost.
    #[test]
    fn what_was_seen_can_be_replayed(lives in lives(), settings in settings()) {
        let lives: Vec<Life> = lives.into_iter().map(|(a, b, c, d, _)| (a, b, c, d, None)).collect();
        let (valid, requests) = (valid(scenario(settings)), requests(&lives));
        let seen = simulate_to_fork(&valid, &requests, keep());
        let options = RunOptions { observed: Some(&seen.fleet), ..keep() };
        let replayed = simulate(&valid, &requests, options);
        prop_assert_eq!(replayed.anomalies, 0);
        let fleet = |cost: &crate::cost::CostBreakdown| cost.workload() + cost.idle + cost.overhead;
        prop_assert_eq!(fleet(&replayed.cost), fleet(&seen.outcome.cost));
    }

    /// A machine that was seen to go while somebody is on it stays for them, and a fork of it is one that can run.
    #[test]
    fn a_fork_holds_machines_that_went_too_early(
        lives in lives(), settings in settings(), cut in 1_i64..8 * HOUR, stay in 0..HOUR,
    ) {
        let whole = scenario(settings);
        let before = Scenario {
            window: Window { end: Instant::from_micros(cut), ..whole.window },
            ..whole.clone()
        };
        let requests: Vec<IndexedRequest> =
            requests(&lives).into_iter().filter(|request| request.at.micros() < cut).collect();
        let before = valid(before);
        let mut fleet = simulate_to_fork(&before, &requests, keep()).fleet;
        for node in &mut fleet.nodes {
            node.drains = Some(node.ready + Duration::from_micros(stay));
            node.gone = node.drains;
        }
        let forked = simulate_to_fork(&before, &requests, RunOptions { observed: Some(&fleet), ..keep() }).fork;
        let window = Window { start: Instant::from_micros(cut), ..whole.window };
        let after = Scenario { window, start: forked.state, ..whole };
        prop_assert!(ValidScenario::new(after.clone()).is_ok(), "{}", ValidScenario::new(after).unwrap_err());
    }
}

/// One VM of 40 seconds on a module chain without service times: it is paid to the microsecond.
#[test]
fn a_resource_of_forty_seconds_costs_forty_seconds() {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    scenario.modules = instant_modules();
    scenario.billing = Billing::PerResource;
    let requests = requests(&[(HOUR, 40_000_000, 0, 1, None)]);
    let outcome = simulate(&valid(scenario), &requests, RunOptions::default());
    // 4 vCPU × 0.031611 + 8 GiB × 0.004237 = 0.16034 an hour (unit rates), from the node's boot (120 s) on: never used.
    assert_eq!(outcome.cost.total(), LedgerUnits::ZERO);
    let requests = self::requests(&[(HOUR, 160_000_000, 0, 1, None)]);
    let mut scenario = self::scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    scenario.modules = instant_modules();
    scenario.billing = Billing::PerResource;
    let outcome = simulate(&valid(scenario), &requests, RunOptions::default());
    // Used for 160 − 120 = 40 s: 160,340,000 nano × 40,000,000 µs.
    assert_eq!(outcome.cost.total(), LedgerUnits(160_340_000 * 40_000_000));
}

/// M/M/1 at ρ = 0.5: the mean wait is ρ ÷ (μ − λ) = service × ρ ÷ (1 − ρ) = 1 s. Source: any text on queues.
#[test]
fn an_exponential_server_waits_as_theory_says() {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    scenario.modules = instant_modules();
    scenario.modules[Module::Gateway] =
        ModuleSettings::new(1, ServiceTime::Exponential(Duration::from_seconds(1)), Rate::ZERO);
    scenario.window.end = Instant::from_micros(250 * HOUR);
    let (mut at, mut requests) = (0.0, Vec::new());
    for i in 0..400_000_u32 {
        at += 2e6 * crate::random::Draws::new(3, 0, crate::random::Purpose::Example, u64::from(i)).exponential(0);
        requests.push(IndexedRequest {
            terms: None,
            at: Instant::from_micros(at as i64),
            operation: Operation::Create,
            tenant: TenantIndex(0),
            resource: ResourceIndex(i),
            flavor: FlavorIndex(3),
            batch: None,
            lifetime: None,
            draw_key: u64::from(i),
        });
    }
    let outcome = simulate(&valid(scenario), &requests, RunOptions::default());
    let mean = outcome.modules[0].wait.mean_ms().unwrap();
    // Waits of neighbours are alike: the standard error of a mean of 400,000 is below 1 % at ρ = 0.5 (Whitt 1989).
    assert!((mean - 1_000.0).abs() < 25.0, "{mean} ms");
}

#[test]
fn edits_of_demand_scale_what_is_created() {
    let lives: Vec<Life> = (0..200).map(|i| (i * HOUR / 50, HOUR, (i % 3) as u32, 0, None)).collect();
    let creates = |edits: Vec<Edit>| {
        let demand = Demand::Requests(requests(&lives));
        let valid = valid(Scenario { demand, edits, ..scenario((PlacementPolicy::FirstFit, 0, 50, false, false)) });
        run(&valid, 0, false).creates
    };
    assert_eq!(creates(vec![]), 200);
    assert_eq!(creates(vec![Edit::ScaleDemand { tenant: None, percent: 200 }]), 400);
    assert_eq!(creates(vec![Edit::ScaleDemand { tenant: Some(TenantIndex(0)), percent: 0 }]), 133);
    let half = creates(vec![Edit::ScaleDemand { tenant: None, percent: 150 }]);
    // 200 + Binomial(200, 0.5): 300 ± 5 standard deviations of 7.
    assert!((265..=335).contains(&half), "{half}");
}

/// Two nodes become empty within the minute that one of them takes to drain: the group keeps its minimum.
#[test]
fn a_group_never_falls_below_its_minimum() {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 1, 5, false, false));
    scenario.fleet.node_groups.truncate(1);
    let lives: Vec<Life> = (0..8).map(|i| (i, HOUR + i * 1_000_000, 0, 1, None)).collect();
    let outcome = simulate(&valid(scenario), &requests(&lives), RunOptions::default());
    assert_eq!(outcome.peak_nodes, 2);
    assert_eq!(outcome.timeline.last().unwrap().nodes, 1);
}
