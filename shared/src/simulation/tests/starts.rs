//! What lives when the window begins: times that cannot be are refused, and where it is found is held against nobody.

use super::refused::fields;
use super::terms::{HALF, ask, world, zone};
use super::*;
use crate::control_plane::LiveResource;
use crate::request::{Domain, GroupRule, Terms};
use crate::simulation::check;
use crate::units::{NodeIndex, TermsIndex};

/// A day later than a run of one half of a node for ever, on a node of group 0 in zone a, with that run's fork.
fn going_on(terms: Vec<Terms>, lives: usize) -> Scenario {
    let (valid, requests) = (valid(world(terms, 4)), ask(&vec![(0, 1_000_000, HALF, None); lives]));
    let end = simulate_to_fork(&valid, &requests, RunOptions::default());
    let mut later = valid.original().clone();
    later.window.start = later.window.end;
    later.window.end = later.window.start + Duration::HOUR * 8;
    (later.demand, later.start) = (Demand::Requests(Vec::new()), end.fork.state);
    later
}

#[test]
fn times_that_cannot_be_are_refused() {
    let later = going_on(Vec::new(), 1);
    let with = |change: &dyn Fn(&mut LiveResource, Window)| {
        let mut changed = later.clone();
        change(&mut changed.start.live[0], changed.window);
        fields(|scenario| *scenario = changed)
    };
    assert_eq!(with(&|_, _| {}), [""; 0]);
    let before_create = |live: &mut LiveResource, _| live.ready = Some(live.created - Duration::from_micros(1));
    assert_eq!(with(&before_create), ["start.live[0].ready"]);
    let to_come = |live: &mut LiveResource, window: Window| live.ready = Some(window.start + Duration::from_micros(1));
    assert_eq!(with(&to_come), ["start.live[0].ready"]);
    assert_eq!(with(&|live, _| live.node = Some(NodeIndex(7))), ["start.live[0].node"]);
    let mut booting = later.clone();
    booting.start.nodes[0].ready = later.window.start + Duration::HOUR;
    assert_eq!(fields(|scenario| *scenario = booting), ["start.live[0].node"], "and no create of it is on its way");
}

/// Two halves that share a node wish each other away, and one of them is not in its zone: as clusters have them, whose rules
/// came later.
#[test]
fn where_somebody_is_found_is_no_violation() {
    let apart = GroupRule { domain: Domain::Node, group: "db".to_owned() };
    let db = Terms { group: Some("db".to_owned()), anti_affinity: vec![apart], ..Terms::default() };
    let mut found = going_on(vec![db, Terms { group: Some("db".to_owned()), ..zone("b") }], 2);
    for (live, terms) in found.start.live.iter_mut().zip([0, 1]) {
        live.terms = Some(TermsIndex(terms));
    }
    let nodes: Vec<_> = found.start.live.iter().map(|live| live.node).collect();
    assert_eq!(nodes, [Some(NodeIndex(0)), Some(NodeIndex(0))]);
    // Its node was to be given back before: it stays as long as they do.
    found.start.nodes[0].gone = Some(found.window.start + Duration::HOUR);
    let valid = valid(found);
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let end = simulate_to_fork(&valid, &[], options);
    assert_eq!(check(valid.scenario(), &[], &end.outcome.plans, &end.fleet), []);
    // The same is one for who comes later.
    let mut requests = ask(&[(10, 20, HALF, Some(0))]);
    for request in &mut requests {
        request.at += valid.scenario().window.start - Instant::from_micros(0);
        request.resource = ResourceIndex(2);
    }
    let mut end = simulate_to_fork(&valid, &requests, options);
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    end.fleet.placements.insert(ResourceIndex(2), 0);
    let violations = check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet);
    let apart =
        |violation: &str| violation.contains("resource 2 is on node 0, beside a group that it asked to be kept apart");
    assert!(violations.iter().any(|violation| apart(&violation.to_string())), "{violations:?}");
}

/// Eight nodes of two halves each, and a seventeenth half, which waits: a ninth node takes it as soon as there may be one.
#[test]
fn who_waits_at_the_start_has_what_there_is_by_then() {
    let mut later = going_on(Vec::new(), 17);
    assert_eq!(later.start.pending.len(), 1);
    let end = |scenario: &Scenario| {
        let valid = valid(scenario.clone());
        simulate_to_fork(&valid, &[], RunOptions { keep_plans: true, ..RunOptions::default() }).outcome.plans[16]
    };
    assert_eq!(end(&later).node, None);
    later.fleet.node_groups[0].max += 1;
    let plan = end(&later);
    assert_eq!((plan.node, plan.ready), (Some(NodeIndex(8)), Some(later.window.start)));
}
