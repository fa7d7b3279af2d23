//! What is said about a create or a resize is what happened to it, and the fix is the smallest that there is.

mod resizes;

use super::*;
use crate::control_plane::{Failures, Forbidden, ModuleSettings, Outage, PlacementPolicy, Rule, ServiceTime};
use crate::example;
use crate::request::{Domain, Flavor, GroupRule, ResourceClass, Terms};
use crate::scenario::{Demand, Scenario};
use crate::units::{
    Dimension, Duration, FlavorIndex, NodeGroupIndex, Rate, ResourceIndex, Resources, TenantIndex, TermsIndex,
};

/// A day of one group of at most `max` nodes of 8 vCPU and 32 GiB that boot at once, and modules that take no time; a
/// create of 4 vCPU and 16 GiB by the first tenant every minute, and nothing is deleted.
fn scenario(creates: u32, max: u32) -> Scenario {
    let mut scenario = example::scenario();
    let instant = ModuleSettings::new(1, ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    scenario.modules.0.iter_mut().for_each(|module| *module = instant.clone());
    scenario.fleet.node_groups.truncate(1);
    let group = &mut scenario.fleet.node_groups[0];
    (group.min, group.max, group.boot) = (0, max, Duration::ZERO);
    group.capacity = Resources::compute(8_000, 32_768);
    scenario.tenants.iter_mut().for_each(|tenant| tenant.quota = None);
    scenario.flavors = vec![Flavor {
        name: "half".to_owned(),
        class: ResourceClass::Compute,
        requested: Resources::compute(4_000, 16_384),
    }];
    scenario.window = example::day_window(0);
    let create = |i: u32| IndexedRequest {
        at: scenario.window.start + Duration::from_minutes(i64::from(i)),
        operation: Operation::Create,
        tenant: TenantIndex(0),
        resource: ResourceIndex(i),
        flavor: FlavorIndex(0),
        batch: None,
        lifetime: None,
        terms: None,
        draw_key: u64::from(i),
    };
    scenario.demand = Demand::Requests((0..creates).map(create).collect());
    scenario.edits = Vec::new();
    scenario
}

fn explained(scenario: Scenario, position: usize) -> Explanation {
    explain(&ValidScenario::new(scenario).unwrap(), 0, position).unwrap()
}

/// The scenario with the fix of an explanation made.
fn fixed(mut scenario: Scenario, fix: &Fix) -> Scenario {
    fix.apply(&mut scenario);
    scenario
}

#[test]
fn who_was_let_in_needs_no_fix() {
    let explanation = explained(scenario(3, 5), 2);
    assert_eq!(explanation.plan.state, PlanState::Ready);
    assert_eq!((explanation.fix, explanation.tried), (None, 0));
    let decision = explanation.decision.unwrap();
    assert_eq!(decision.module, Module::Scheduler);
    let group = &decision.survey.groups[0];
    assert_eq!((group.nodes, group.with_room, group.paid), (1, 0, 1), "two halves fill the first node");
    assert_eq!(group.lacking, Some(Resources::compute(4_000, 16_384)));
}

/// Two to a node: the seventh needs a fourth node, and so do five more nodes for the twelfth after two of them.
#[test]
fn the_fix_is_the_smallest_number_of_nodes() {
    let explanation = explained(scenario(7, 3), 6);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 4 }]);
    assert_eq!(fix.ready, Some(explanation.plan.arrived));
    let explanation = explained(scenario(12, 1), 11);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 6 }]);
    // 1, 2, 4, 8 more, of which 8 is enough, and then 6 and 5, of which both are.
    assert_eq!(explanation.tried, 6);
}

#[test]
fn the_fix_of_a_quota_is_what_is_missing() {
    let mut limited = scenario(3, 5);
    limited.tenants[0].quota = Some(Resources::compute(10_000, 65_536));
    let explanation = explained(limited, 2);
    assert_eq!(explanation.plan.state, PlanState::Refused(Refusal::Quota));
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.decision.unwrap().survey.held, Resources::compute(8_000, 32_768));
    let quota = Some(Resources::compute(12_000, 65_536));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
}

/// Two fit the quota; with as much more as the fifth lacks, the third would take it. All five come to 20 vCPU and 80 GiB.
#[test]
fn the_fix_of_a_quota_has_room_for_whoever_was_refused_before() {
    let mut limited = scenario(5, 5);
    limited.tenants[0].quota = Some(Resources::compute(10_000, 65_536));
    let explanation = explained(limited, 4);
    assert_eq!(explanation.decision.unwrap().survey.held, Resources::compute(8_000, 32_768));
    let quota = Some(Resources::compute(20_000, 81_920));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Quota { tenant: TenantIndex(0), quota }]);
}

/// One worker that takes 90 s, and nobody may wait: the second create, a minute later, is turned away. A second worker
/// costs nothing here, and neither does a longer queue, but with the worker nobody waits.
#[test]
fn the_fix_of_a_full_queue_is_a_worker() {
    let mut busy = scenario(2, 5);
    busy.modules[Module::Quota] = ModuleSettings {
        queue_limit: Some(0),
        ..ModuleSettings::new(1, ServiceTime::Constant(Duration::from_seconds(90)), Rate::ZERO)
    };
    let explanation = explained(busy, 1);
    assert_eq!(explanation.plan.state, PlanState::Refused(Refusal::Overloaded));
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.fix.unwrap().edits, [Edit::Workers { module: Module::Quota, workers: 2 }]);
}

#[test]
fn zones_and_rules_are_told_apart_from_room() {
    let mut zoned = scenario(1, 5);
    let (name, zone) = ("b".to_owned(), Some("b".to_owned()));
    let other = crate::scenario::NodeGroup { name, zone, ..zoned.fleet.node_groups[0].clone() };
    zoned.fleet.node_groups[0].zone = Some("a".to_owned());
    zoned.fleet.node_groups.push(other);
    zoned.terms = vec![Terms { zone: Some("b".to_owned()), ..Terms::default() }];
    let Demand::Requests(requests) = &mut zoned.demand else { panic!("it has requests") };
    requests[0].terms = Some(TermsIndex(0));
    let groups = explained(zoned, 0).decision.unwrap().survey.groups;
    assert_eq!(groups.iter().map(|group| group.in_zone).collect::<Vec<_>>(), [false, true]);
    assert!(groups.iter().all(|group| group.holds && group.nodes == 0));
}

/// The last of `creates` asks on the first of these terms, and nobody else on any.
fn on_terms(creates: u32, max: u32, terms: Vec<Terms>) -> Scenario {
    let mut scenario = scenario(creates, max);
    let Demand::Requests(requests) = &mut scenario.demand else { panic!("it has requests") };
    requests.last_mut().expect("there are some").terms = Some(TermsIndex(0));
    Scenario { terms, ..scenario }
}

/// Two halves fill the only node; of equally urgent ones the youngest leaves.
#[test]
fn both_sides_of_a_preemption_are_told() {
    let urgent = on_terms(3, 1, vec![Terms { priority: 100, ..Terms::default() }]);
    let tenant = TenantIndex(0);
    let [first, second, third] = [0, 1, 2].map(|position| explained(urgent.clone(), position));
    assert_eq!((first.departures, first.displaced), (vec![], vec![]));
    let [departure] = second.departures[..] else { panic!("{:?}", second.departures) };
    assert_eq!((departure.eviction, departure.again), (Eviction::Preempted, None), "no other place ever gets free");
    assert_eq!(departure.by, Some(Other { resource: ResourceIndex(2), tenant }));
    let [displaced] = third.displaced[..] else { panic!("{:?}", third.displaced) };
    assert_eq!(displaced.left, Other { resource: ResourceIndex(1), tenant });
    assert_eq!((displaced.at, displaced.node), (departure.at, departure.node));
}

#[test]
fn the_rule_that_forbids_a_node_is_named() {
    let rule = |group: &str| GroupRule { domain: Domain::Node, group: group.to_owned() };
    let db = || Terms { group: Some("db".to_owned()), ..Terms::default() };
    let survey = |scenario: Scenario| explained(scenario, 1).decision.unwrap().survey.groups.remove(0);
    let mut apart = on_terms(2, 1, vec![Terms { anti_affinity: vec![rule("db")], ..Terms::default() }, db()]);
    let Demand::Requests(requests) = &mut apart.demand else { panic!("it has requests") };
    requests[0].terms = Some(TermsIndex(1));
    let group = survey(apart);
    assert_eq!((group.with_room, group.permitted), (1, 0));
    assert_eq!(group.forbidden, [Forbidden { rule: Rule::AntiAffinity(rule("db")), nodes: 1 }]);
    assert_eq!(group.growth_forbidden_by, None);
    let near = on_terms(2, 2, vec![Terms { affinity: vec![rule("db")], ..Terms::default() }, db()]);
    let group = survey(near);
    assert_eq!(group.forbidden, [Forbidden { rule: Rule::Affinity(rule("db")), nodes: 1 }]);
    assert_eq!(group.growth_forbidden_by, Some(Rule::Affinity(rule("db"))));
}

#[test]
fn what_cannot_be_explained_says_so() {
    let mut ended = scenario(1, 5);
    let Demand::Requests(requests) = &mut ended.demand else { panic!("it has requests") };
    let delete = IndexedRequest { operation: Operation::Delete, at: requests[0].at + Duration::HOUR, ..requests[0] };
    requests.push(delete);
    let valid = ValidScenario::new(ended).unwrap();
    let delete = explain(&valid, 0, 1).unwrap_err().to_string();
    assert!(delete.contains("is a delete") && delete.contains("request 0"), "{delete}");
    assert!(explain(&valid, 0, 2).unwrap_err().to_string().contains("has 2, counted from 0"));
}

#[test]
fn a_volume_needs_no_node_and_who_is_on_the_way_no_fix() {
    let mut volume = scenario(1, 0);
    volume.flavors[0].class = ResourceClass::Storage;
    let explanation = explained(volume, 0);
    assert_eq!(explanation.plan.state, PlanState::Ready);
    assert_eq!(explanation.decision.unwrap().survey.groups, []);
    // A gateway that takes two days: nothing is decided, and nothing is tried.
    let mut slow = scenario(1, 1);
    slow.modules[Module::Gateway].service = ServiceTime::Constant(Duration::DAY * 2);
    let explanation = explained(slow, 0);
    assert_eq!(explanation.plan.state, PlanState::Admitted);
    assert_eq!((explanation.decision, explanation.fix, explanation.tried), (None, None, 0));
}

/// A quota of 10 vCPU holds two creates of 4, and three nodes six of them.
#[test]
fn the_first_that_did_not_get_in_is_found() {
    let mut limited = scenario(5, 5);
    limited.tenants[0].quota = Some(Resources::compute(10_000, 65_536));
    let first =
        |scenario: Scenario, state: PlanState| first_that_ends(&ValidScenario::new(scenario).unwrap(), 0, state);
    let (position, plan) = first(limited.clone(), PlanState::Refused(Refusal::Quota)).unwrap();
    assert_eq!((position, plan.resource), (2, ResourceIndex(2)));
    assert_eq!(first(limited, PlanState::Pending), None);
    assert_eq!(first(scenario(9, 3), PlanState::Pending).map(|(position, _)| position), Some(6));
}

/// The machines of an inventory, three with two creates each: one more of them, which is there and in its limits.
#[test]
fn a_fixed_fleet_gets_further_machines() {
    let mut fixed = scenario(7, 3);
    fixed.fleet.node_groups[0].min = 3;
    let group = NodeGroupIndex(0);
    let explanation = explained(fixed.clone(), 6);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.edits, [Edit::MaxNodes { node_group: group, max: 4 }, Edit::MinNodes { node_group: group, min: 4 }]);
    let edits = [Edit::MinNodes { node_group: group, min: 4 }, Edit::MaxNodes { node_group: group, max: 4 }];
    let problems = fixed.check_edits(&edits).unwrap_err().0;
    assert_eq!(problems[0].to_string(), "edits[0].min: is 4; expected at most max (3)", "each on those before it");
}

/// A group in each of two zones, `a` with room for five nodes; `a` is lost by an edit from the first hour on.
fn with_lost_zone(max_in_b: u32) -> (Scenario, Outage) {
    let mut lost = scenario(1, 5);
    let b = crate::scenario::NodeGroup {
        name: "b".to_owned(),
        zone: Some("b".to_owned()),
        max: max_in_b,
        ..lost.fleet.node_groups[0].clone()
    };
    lost.fleet.node_groups[0].zone = Some("a".to_owned());
    lost.fleet.node_groups.push(b);
    let outage = Outage { zone: "a".to_owned(), from: lost.window.start + Duration::HOUR, until: lost.window.end };
    lost.edits = vec![Edit::ZoneOutage(outage.clone())];
    (lost, outage)
}

#[test]
fn a_lost_zone_is_named_and_the_fix_keeps_it_or_goes_elsewhere() {
    let (lost, outage) = with_lost_zone(0);
    let explanation = explained(lost.clone(), 0);
    assert_eq!(explanation.plan.state, PlanState::Pending);
    let [departure] = explanation.departures[..] else { panic!("{:?}", explanation.departures) };
    assert_eq!((departure.at, departure.eviction), (outage.from, Eviction::NodeFailed));
    assert_eq!(departure.zone_lost_since, Some(outage.from));
    let decision = explanation.decision.unwrap();
    assert_eq!(decision.at, outage.from);
    let [a, b] = &decision.survey.groups[..] else { panic!("there are two groups") };
    assert_eq!((a.lost_since, a.nodes, b.lost_since), (Some(outage.from), 0, None));
    // Kept, its node is paid to the end as the one in zone b would be, but that one boots an hour later: the cheapest is
    // what is not paid twice.
    let fix = explanation.fix.unwrap();
    assert!(fix.settings == [Setting::NoOutage(outage.clone())] || !fix.edits.is_empty(), "{fix:?}");
    assert_eq!(explained(fixed(lost, &fix), 0).plan.state, PlanState::Ready);
    // Who asks for zone a can only be helped by keeping it.
    let (mut bound, outage) = with_lost_zone(5);
    bound.terms = vec![Terms { zone: Some("a".to_owned()), ..Terms::default() }];
    let Demand::Requests(requests) = &mut bound.demand else { panic!("it has requests") };
    requests[0].terms = Some(TermsIndex(0));
    let fix = explained(bound.clone(), 0).fix.unwrap();
    assert_eq!((&fix.settings[..], &fix.edits[..]), (&[Setting::NoOutage(outage)][..], &[][..]));
    assert!(explained(fixed(bound, &fix), 0).departures.is_empty());
    // Nothing takes any time here: who may go elsewhere is there in the same instant.
    let (open, outage) = with_lost_zone(5);
    let explanation = explained(open, 0);
    let [departure] = explanation.departures[..] else { panic!("{:?}", explanation.departures) };
    let again = departure.again.unwrap();
    assert_eq!((again.ready, again.node_group), (outage.from, NodeGroupIndex(1)));
    assert_eq!((Some(again.node), explanation.plan.node), (explanation.plan.node, Some(NodeIndex(1))));
    assert_ne!(departure.node, again.node);
}

/// One half is all that the quota of 4 vCPU holds, and two all that the node does: the third needs 12 vCPU and another node.
#[test]
fn what_stands_in_the_way_behind_the_quota_is_mended_with_it() {
    let mut limited = scenario(3, 1);
    limited.tenants[0].quota = Some(Resources::compute(4_000, 65_536));
    let explanation = explained(limited.clone(), 2);
    assert_eq!(explanation.refusal(), Some(Refusal::Quota));
    let fix = explanation.fix.unwrap();
    let tenant = TenantIndex(0);
    let quota = Edit::Quota { tenant, quota: Some(Resources::compute(12_000, 65_536)) };
    assert_eq!(fix.edits, [quota, Edit::MaxNodes { node_group: NodeGroupIndex(0), max: 2 }]);
    assert_eq!(explained(fixed(limited, &fix), 2).plan.state, PlanState::Ready);
}

/// The gateway works 90 s on a create, the scheduler 100 s, and none may wait for either: the second create comes to the one a
/// minute after the first, and to the other 90 s after it.
#[test]
fn a_queue_behind_a_queue_is_found() {
    let mut busy = scenario(2, 5);
    for (module, seconds) in [(Module::Gateway, 90), (Module::Scheduler, 100)] {
        busy.modules[module].service = ServiceTime::Constant(Duration::from_seconds(seconds));
        busy.modules[module].queue_limit = Some(0);
    }
    let explanation = explained(busy.clone(), 1);
    assert_eq!(explanation.refused_by, Some(Module::Gateway));
    let fix = explanation.fix.unwrap();
    let Fix { edits, settings, .. } = &fix;
    assert_eq!(edits.len() + settings.len(), 2, "one for each module: {fix:?}");
    assert_eq!(explained(fixed(busy, &fix), 1).plan.state, PlanState::Ready);
}

/// Nine attempts of ten fail, and none is made again: the fix is the least number of retries that is enough, no less.
#[test]
fn the_fix_of_a_module_that_fails_is_to_try_again() {
    let mut failing = scenario(8, 5);
    let back_off = Duration::from_micros(1_000);
    failing.modules[Module::Quota].failures = Some(Failures { per_million: 900_000, retries: 0, back_off });
    let first = (0..8).find(|&position| explained(failing.clone(), position).refusal() == Some(Refusal::Failed));
    let position = first.expect("hardly ever do all of eight get through");
    let explanation = explained(failing.clone(), position);
    assert_eq!(explanation.refused_by, Some(Module::Quota));
    assert_eq!(explanation.failed, [FailedAttempts { module: Module::Quota, attempts: 1, retries: 0 }]);
    let fix = explanation.fix.unwrap();
    let [Setting::Retries { module: Module::Quota, retries }] = fix.settings[..] else { panic!("{fix:?}") };
    let with = |retries: u32| {
        let mut scenario = failing.clone();
        Setting::Retries { module: Module::Quota, retries }.apply(&mut scenario);
        explained(scenario, position)
    };
    assert_eq!(with(retries - 1).refusal(), Some(Refusal::Failed));
    let let_in = with(retries);
    assert_eq!((let_in.plan.state, let_in.failed[0].attempts), (PlanState::Ready, retries));
}

/// A second worker costs as much as the first, a longer queue nothing: of two that take 90 s and come a minute apart, the
/// second has to wait.
#[test]
fn a_longer_queue_is_cheaper_than_a_worker() {
    let mut busy = scenario(3, 5);
    busy.modules[Module::Quota] = ModuleSettings {
        queue_limit: Some(0),
        ..ModuleSettings::new(1, ServiceTime::Constant(Duration::from_seconds(90)), Rate::from_nanos(1_000_000_000_000))
    };
    let fix = explained(busy, 1).fix.unwrap();
    assert_eq!(fix.settings, [Setting::QueueLimit { module: Module::Quota, queue_limit: 1 }]);
}

/// The scenario of `tests/scenarios/pools`, whose requests are counted from 0 in its file.
fn pooled() -> Scenario {
    serde_json::from_str(include_str!("../../../tests/scenarios/pools/input.json")).unwrap()
}

#[test]
fn the_fix_of_a_full_pool_is_what_is_missing_of_it() {
    let explanation = explained(pooled(), 2);
    assert_eq!(explanation.refusal(), Some(Refusal::NoStorageCapacity));
    let decision = explanation.decision.unwrap();
    let pools: Vec<_> = decision.survey.pools.iter().map(|pool| (pool.pool.0, pool.in_zone, pool.lacking)).collect();
    // 120 of 150 GiB are taken: 30 are free, and 30 missing. The other one is in another zone, and edge has no storage.
    let gib = |gib: u32| Resources::ZERO.with(Dimension::Storage, gib * 1_024);
    assert_eq!(pools, [(0, true, gib(30)), (1, false, Resources::ZERO)]);
    // 30 more may be requested where 150 % of 20 more is.
    let fix = explanation.fix.unwrap();
    assert_eq!(fix.describe(&pooled()), ["20 storage_gib more of pool `ssd-a`"]);
    assert_eq!(fix.ready, Some(explanation.plan.arrived));
}

#[test]
fn the_fix_of_a_resize_is_more_of_the_pool_that_it_is_in() {
    // The sixth request makes 60 of 80, where 10 are free: 10 more are missing, which is what 150 % of 6 ⅔ GiB is, in whole MiB.
    let explanation = explained(pooled(), 5);
    assert_eq!(explanation.refusal(), Some(Refusal::NoStorageCapacity));
    let Edit::PoolCapacity { pool, capacity } = explanation.fix.unwrap().edits.remove(0) else { panic!() };
    assert_eq!((pool.0, capacity[Dimension::Storage]), (0, 100 * 1_024 + 6_827));
}

#[test]
fn the_fix_of_a_lost_pool_is_its_zone_or_more_elsewhere() {
    let scenario = pooled();
    let Demand::Requests(requests) = &scenario.demand else { unreachable!() };
    let last = requests.len() - 1;
    let explanation = explained(scenario, last);
    assert_eq!(explanation.refusal(), Some(Refusal::NoPool));
    let fix = explanation.fix.unwrap();
    assert!(matches!(&fix.settings[..], [Setting::NoOutage(outage)] if outage.zone == "b"), "{fix:?}");
}
