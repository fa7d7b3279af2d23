//! What is said about a create or a resize is what happened to it, and the fix is the smallest that there is.

mod fixes;
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
/// create of 4 vCPU and 16 GiB by the first tenant every minute, and nothing is deleted. No other machine has a price.
fn scenario(creates: u32, max: u32) -> Scenario {
    let mut scenario = example::scenario();
    let instant = ModuleSettings::new(1, ServiceTime::Constant(Duration::ZERO), Rate::ZERO);
    scenario.modules.0.iter_mut().for_each(|module| *module = instant.clone());
    scenario.fleet.node_groups.truncate(1);
    let group = &mut scenario.fleet.node_groups[0];
    (group.min, group.max, group.boot) = (0, max, Duration::ZERO);
    group.capacity = Resources::compute(8_000, 32_768);
    let own = group.instance_type.clone();
    scenario.price_book.types.retain(|entry| entry.name == own);
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
    // The third is a database, and comes when the second has been decided about.
    let mut near = scenario(3, 2);
    near.terms = vec![Terms { affinity: vec![rule("db")], ..Terms::default() }, db()];
    let Demand::Requests(requests) = &mut near.demand else { panic!("it has requests") };
    (requests[1].terms, requests[2].terms) = (Some(TermsIndex(0)), Some(TermsIndex(1)));
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
