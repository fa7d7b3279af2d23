//! What is said about a create is what happened to it, and the fix is the smallest that there is.

use super::*;
use crate::control_plane::{ModuleSettings, ServiceTime};
use crate::example;
use crate::request::{Flavor, ResourceClass, Terms};
use crate::scenario::{Demand, Scenario};
use crate::units::{Duration, FlavorIndex, NodeGroupIndex, Rate, Resources, TenantIndex, TermsIndex};

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

/// One worker that takes two minutes, and nobody may wait: every second create is turned away. A second worker is enough.
#[test]
fn the_fix_of_a_full_queue_is_a_worker() {
    let mut busy = scenario(3, 5);
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
    let other = crate::scenario::NodeGroup { zone: Some("b".to_owned()), ..zoned.fleet.node_groups[0].clone() };
    zoned.fleet.node_groups[0].zone = Some("a".to_owned());
    zoned.fleet.node_groups.push(other);
    zoned.terms = vec![Terms { zone: Some("b".to_owned()), ..Terms::default() }];
    let Demand::Requests(requests) = &mut zoned.demand else { panic!("it has requests") };
    requests[0].terms = Some(TermsIndex(0));
    let groups = explained(zoned, 0).decision.unwrap().survey.groups;
    assert_eq!(groups.iter().map(|group| group.in_zone).collect::<Vec<_>>(), [false, true]);
    assert!(groups.iter().all(|group| group.holds && group.nodes == 0));
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
