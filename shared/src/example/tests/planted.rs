//! Waste of each kind, planted so that what it costs can be worked out by hand: nodes are m5.2xlarge (8 vCPU, 32 GiB) at
//! 0.384 an hour that boot at once, modules are free and quick unless the case is about them.

mod days_before;
mod modules;
mod owned;
mod together;

use core::convert::Infallible;

use super::variance::ensemble;
use crate::example::{day_window, scenario};
use crate::recommendation::{
    Advice, Attempt, Benefit, Effort, Recommendation, RiskKind, Sources, Thresholds, Usage, recommend,
};
use crate::request::{Flavor, IndexedRequest, Module, Operation, ResourceClass, Tenant};
use crate::scenario::{
    Autoscaling, Demand, Edit, Fleet, ModuleSettings, Modules, NodeGroup, Purchase, Scenario, ServiceTime, Spot,
    ValidScenario,
};
use crate::units::{
    Dimension, Duration, FlavorIndex, Instant, LedgerUnits, Rate, ResourceIndex, Resources, TenantIndex,
};

const PRICE: f64 = 0.384;
const GIB: u32 = 1_024;

/// So many resources from one hour of the day to another; to its end where that is 24.
struct Use {
    count: u32,
    from: f64,
    until: f64,
    tenant: u32,
}

fn all_day(count: u32) -> Use {
    Use { count, from: 0.0, until: 24.0, tenant: 0 }
}

fn hour(hour: f64) -> Instant {
    day_window(0).start + Duration::from_micros((hour * 3.6e9) as i64)
}

/// Resources are numbered in order of time, as scenarios have them.
fn requests(uses: &[Use]) -> Vec<IndexedRequest> {
    let mut uses: Vec<&Use> = uses.iter().flat_map(|of| (0..of.count).map(move |_| of)).collect();
    uses.sort_by(|a, b| a.from.total_cmp(&b.from));
    let each = (0..).zip(uses).flat_map(|(number, of)| {
        let create = IndexedRequest {
            at: hour(of.from),
            operation: Operation::Create,
            tenant: TenantIndex(of.tenant),
            resource: ResourceIndex(number),
            flavor: FlavorIndex(0),
            batch: None,
            lifetime: None,
            terms: None,
            draw_key: u64::from(number),
        };
        let delete = IndexedRequest { at: hour(of.until), operation: Operation::Delete, ..create };
        [create].into_iter().chain((of.until < 24.0).then_some(delete))
    });
    let mut all: Vec<IndexedRequest> = each.collect();
    all.sort_by_key(|request| request.at);
    all
}

/// Machines of 4 vCPU and 4 GiB, two on a node, on a fleet of none to a hundred nodes.
fn small(uses: &[Use], change: impl FnOnce(&mut Scenario)) -> ValidScenario {
    let price_book = crate::pricing::builtin();
    let shape = price_book.get("m5.2xlarge").and_then(|entry| entry.shape).unwrap();
    let group = NodeGroup {
        name: "general".to_owned(),
        instance_type: "m5.2xlarge".to_owned(),
        capacity: shape,
        max: 100,
        ..NodeGroup::default()
    };
    let module = || ModuleSettings::new(100, ServiceTime::Constant(Duration::from_micros(1_000)), Rate::ZERO);
    let tenant = |name: &str| Tenant { name: name.to_owned(), ..Tenant::default() };
    let mut scenario = Scenario {
        runs: 2,
        tenants: vec![tenant("acme"), tenant("zeta")],
        flavors: vec![Flavor {
            name: "vm".to_owned(),
            class: ResourceClass::Compute,
            requested: Resources::compute(4_000, 4 * GIB),
        }],
        fleet: Fleet::of(vec![group]),
        autoscaling: Autoscaling::default(),
        modules: Modules(core::array::from_fn(|_| module())),
        price_book,
        demand: Demand::Requests(requests(uses)),
        ..scenario()
    };
    change(&mut scenario);
    ValidScenario::new(scenario).unwrap_or_else(|problems| panic!("{problems}"))
}

fn group(scenario: &mut Scenario) -> &mut NodeGroup {
    &mut scenario.fleet.node_groups[0]
}

fn advice(scenario: &ValidScenario, used: &[Usage]) -> Advice {
    let simulate = |attempt: Attempt<'_>| Ok::<_, Infallible>(ensemble(attempt.scenario));
    let sources = Sources { offers: &[], used, owned: &[], past: None };
    recommend(scenario, &ensemble(scenario), &sources, &Thresholds::default(), simulate, |_| Ok(None)).unwrap()
}

fn found(advice: &Advice, is_it: impl Fn(&[Edit]) -> bool) -> &Recommendation {
    let found = advice.recommendations.iter().find(|recommendation| is_it(&recommendation.edits));
    found.unwrap_or_else(|| panic!("only {:?}", advice.recommendations.iter().map(|it| &it.edits).collect::<Vec<_>>()))
}

fn check_saving(recommendation: &Recommendation, expected: f64) {
    let saving = recommendation.difference.saving.to_f64();
    assert!(
        (saving - expected).abs() < 0.005 * expected.abs(),
        "saves {saving}, expected {expected}: {recommendation:?}"
    );
}

fn has_risk(recommendation: &Recommendation, kind: RiskKind, says: &str) {
    let said = recommendation.risks.iter().find(|risk| risk.kind == kind);
    let said = said.unwrap_or_else(|| panic!("no {kind:?} in {:?}", recommendation.risks));
    assert!(said.reason.contains(says), "{said:?}");
}

/// Twelve machines fill six of twelve kept nodes: at 60 % in the busiest bin they need ten, so two are given back.
#[test]
fn a_fleet_twice_as_large_as_needed() {
    let advice = advice(&small(&[all_day(12)], |scenario| group(scenario).min = 12), &[]);
    let fewer = found(&advice, |edits| matches!(edits, [Edit::MinNodes { min: 10, .. }]));
    check_saving(fewer, 2.0 * 24.0 * PRICE);
    assert_eq!((fewer.benefit, fewer.effort), (Benefit::Saves, Effort::Setting));
    has_risk(fewer, RiskKind::LessHeadroom, "about 60 % of the nodes is requested in the busiest bin instead of 50 %");
}

/// Two machines fit on a node, three where half as much vCPU again is promised: four nodes do what six did.
#[test]
fn vcpu_is_promised_more_than_once() {
    let advice = advice(&small(&[all_day(12)], |_| {}), &[]);
    let over = found(&advice, |edits| matches!(edits, [Edit::OverCommit { .. }]));
    check_saving(over, 2.0 * 24.0 * PRICE);
    has_risk(over, RiskKind::OverCommit, "up to 150 %");
}

/// A machine of a minute every half hour: its node waits ten minutes for the next, or two, 48 times a day.
#[test]
fn empty_nodes_wait_for_nobody() {
    let minute = 1.0 / 60.0;
    let each = |half: u32| Use { from: f64::from(half) / 2.0, until: f64::from(half) / 2.0 + minute, ..all_day(1) };
    let uses: Vec<Use> = (0..48).map(each).collect();
    let advice = advice(&small(&uses, |_| {}), &[]);
    let sooner = found(&advice, |edits| matches!(edits, [Edit::ScaleDown { .. }]));
    check_saving(sooner, 48.0 * 8.0 * minute * PRICE);
}

/// 48 vCPU are 12 nodes at 50 % of use and 8 at 85 % (48 ÷ 6.8 = 7.06).
#[test]
fn a_target_of_use_that_is_too_low() {
    let low = |scenario: &mut Scenario| group(scenario).scaling.target_utilisation_percent = Some(50);
    let advice = advice(&small(&[all_day(12)], low), &[]);
    let higher = found(&advice, |edits| matches!(edits, [Edit::Scaling { .. }]));
    let saving = higher.difference.saving.to_f64();
    // The target follows what is requested minute by minute.
    let expected = 4.0 * 24.0 * PRICE;
    assert!((saving - expected).abs() < 0.01 * expected, "{saving} {expected}");
}

/// Ten nodes are kept day and night for twenty machines from eight to eight. At night nobody is there: eight hours before
/// them are saved, and four after them but for the ten minutes until empty nodes drain for one.
#[test]
fn nodes_are_kept_for_the_night() {
    let busy = Use { from: 8.0, until: 20.0, ..all_day(20) };
    let scenario = small(&[busy], |scenario| group(scenario).min = 10);
    let advice = advice(&scenario, &[]);
    let off = found(&advice, |edits| matches!(edits, [Edit::MinNodes { min: 0, .. }, Edit::Scaling { .. }]));
    let [_, Edit::Scaling { scaling, .. }] = &off.edits[..] else { unreachable!() };
    let hours = &scaling.schedule[0];
    assert_eq!((hours.from.to_string(), hours.until.to_string(), hours.nodes), ("08:00".into(), "20:00".into(), 10));
    let saving = off.difference.saving.to_f64();
    let expected = 10.0 * (12.0 - 11.0 / 60.0) * PRICE;
    // The fleet is looked over every minute.
    assert!((saving - expected).abs() < 0.01 * expected, "{saving} {expected}");
}

/// At 40 % of the price all nodes save 60 %, and those beyond half of them half of that.
#[test]
fn spot_nodes_are_cheaper() {
    let never = Spot::new(40, None);
    let scenario = small(&[all_day(12)], |scenario| {
        // Another group, which nothing needs, says at what terms spot nodes are had.
        let mut other = group(scenario).clone();
        (other.name, other.max) = ("elsewhere".to_owned(), 1);
        other.purchase = Purchase::Spot(never);
        group(scenario).min = 3;
        scenario.fleet.node_groups.push(other);
    });
    let advice = advice(&scenario, &[]);
    let all = found(&advice, |edits| matches!(edits, [Edit::Purchase { .. }]));
    check_saving(all, 6.0 * 24.0 * PRICE * 0.6);
    has_risk(all, RiskKind::Interruption, "taken back never; +0 had to leave");
    let beyond = found(&advice, |edits| matches!(edits, [Edit::SpotBeyond { on_demand: 3, .. }]));
    // The other spot group is before theirs in the fleet, and has one of the three nodes beyond at the same price.
    check_saving(beyond, 3.0 * 24.0 * PRICE * 0.6);
    assert!(all.conflicts.contains(&beyond.rank) && beyond.conflicts.contains(&all.rank));
    let assumed = self::advice(&small(&[all_day(12)], |_| {}), &[]);
    let spot = found(&assumed, |edits| matches!(edits, [Edit::Purchase { .. }]));
    has_risk(spot, RiskKind::Interruption, "which is assumed");
    assert_eq!(spot.effort, Effort::Rollout);
}

/// Machines of 1 vCPU and 8 GiB fill the memory of four m5.2xlarge, of r6g.2xlarge (64 GiB, 0.4032) two.
#[test]
fn a_family_that_suits_the_load() {
    let memory = |scenario: &mut Scenario| scenario.flavors[0].requested = Resources::compute(1_000, 8 * GIB);
    let advice = advice(&small(&[all_day(16)], memory), &[]);
    let other = found(
        &advice,
        |edits| matches!(edits, [Edit::InstanceType { instance_type, .. }] if instance_type == "r6g.2xlarge"),
    );
    check_saving(other, 24.0 * (4.0 * PRICE - 2.0 * 0.4032));
    has_risk(other, RiskKind::OtherMachines, "`r6g.2xlarge`");
}

/// A quota of 8 vCPU lets two of five machines in; that of `zeta`, who holds 4 of 100, goes down to one and a half times 4.
#[test]
fn quotas_that_refuse_and_that_nobody_needs() {
    let uses = [all_day(5), Use { tenant: 1, ..all_day(1) }];
    let scenario = small(&uses, |scenario| {
        scenario.tenants[0].quota = Some(Resources::compute(8_000, 100 * GIB));
        scenario.tenants[1].quota = Some(Resources::compute(100_000, 100 * GIB));
    });
    let advice = advice(&scenario, &[]);
    let of = |tenant: u32, vcpu: u32| {
        found(&advice, move |edits| {
            matches!(edits, [Edit::Quota { tenant: TenantIndex(of), quota: Some(quota) }]
                if *of == tenant && quota[Dimension::Vcpu] == vcpu)
        })
    };
    let raised = of(0, 20_000);
    assert_eq!((raised.benefit, raised.difference.refused), (Benefit::Serves, -3 * 2));
    // Three machines were on two nodes, six are on three.
    check_saving(raised, -24.0 * PRICE);
    has_risk(raised, RiskKind::Cost, "`acme`");
    let lowered = of(1, 6_000);
    assert_eq!((lowered.benefit, lowered.difference.saving), (Benefit::Bounds, LedgerUnits::ZERO));
    assert_eq!(lowered.difference.before, lowered.difference.after);
    let said = raised.sentence(scenario.scenario(), scenario.scenario().price_book.currency);
    assert!(said.contains("costs 9.22 USD more (9.22 USD to 9.22 USD") && said.contains("-3 refused"), "{said}");
}

/// Who uses 1 vCPU and 1 GiB of 4 asks for 15 % more than that: six fit on a node (8 ÷ 1.15) in place of two, so that two
/// nodes do what six did.
#[test]
fn more_is_requested_than_is_used() {
    let scenario = small(&[all_day(12)], |_| {});
    let used = |tenant: &str| Usage {
        tenant: tenant.to_owned(),
        flavor: "vm".to_owned(),
        vcpu: vec![1_000; 100],
        memory: vec![GIB; 100],
    };
    let advice = self::advice(&scenario, &[used("acme"), used("nobody")]);
    let smaller = found(&advice, |edits| matches!(edits, [Edit::Requested { .. }]));
    let [Edit::Requested { requested, .. }] = &smaller.edits[..] else { unreachable!() };
    assert_eq!(*requested, Resources::compute(1_150, 1_178));
    check_saving(smaller, 4.0 * 24.0 * PRICE);
    has_risk(smaller, RiskKind::UsageGrows, "95 % of the readings");
    assert!(
        self::advice(&scenario, &[]).recommendations.iter().all(|it| !matches!(it.edits[..], [Edit::Requested { .. }]))
    );
}

/// What lives when the window begins asks for less, too, and quotas count what is asked for.
#[test]
fn what_lives_already_asks_for_less() {
    let before = small(&[all_day(12)], |_| {});
    let end =
        crate::simulation::simulate_to_fork(&before, &before.requests(0), crate::simulation::RunOptions::default());
    let mut later = before.original().clone();
    (later.window, later.start) = (day_window(1), end.fork.state);
    later.demand = Demand::Requests(Vec::new());
    later.edits = vec![Edit::Requested {
        tenant: TenantIndex(0),
        flavor: FlavorIndex(0),
        requested: Resources::compute(1_000, GIB),
    }];
    let later = ValidScenario::new(later).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = later.scenario();
    assert_eq!(scenario.flavors[1].name, "vm of acme");
    assert!(scenario.start.live.iter().all(|live| live.flavor == FlavorIndex(1)));
    let outcome = ensemble(&later);
    let [requested, capacity] = [outcome.runs[0].utilisation.requested, outcome.runs[0].utilisation.capacity];
    // Twelve of 1 vCPU stay on their six nodes of 8: nobody moves.
    assert_eq!(requested[0] * 4, capacity[0]);
}

/// Four machines of 2 vCPU on each of six nodes, of which three of four leave after an hour: six are left, which fit on two
/// nodes. Nodes are emptied one after the other, each after ten minutes.
#[test]
fn nodes_with_little_to_do_are_emptied() {
    let leaves = |i: u32| Use { until: if i.is_multiple_of(4) { 24.0 } else { 1.0 }, ..all_day(1) };
    let uses: Vec<Use> = (0..24).map(leaves).collect();
    let halved = |scenario: &mut Scenario| scenario.flavors[0].requested = Resources::compute(2_000, 4 * GIB);
    let advice = advice(&small(&uses, halved), &[]);
    let emptied = found(&advice, |edits| matches!(edits, [Edit::Consolidation { .. }]));
    let saving = emptied.difference.saving.to_f64() / PRICE;
    assert!((4.0 * 20.0..=4.0 * 23.0).contains(&saving), "{saving} node-hours");
    has_risk(emptied, RiskKind::Eviction, "+8 had to leave their node in 2 runs");
}
