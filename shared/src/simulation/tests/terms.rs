//! Where resources go by their terms: zones, rules about others, priorities, and more requested than there is.

use super::*;
use crate::control_plane::Outage;
use crate::request::{Domain, GroupRule, SpreadRule, Terms};
use crate::simulation::{Eviction, Plan, check};
use crate::units::{NodeIndex, TermsIndex};

/// Two groups of 4 vCPU and 16 GiB, in zones a and b, of at most `max` nodes each that boot at once; nothing takes time.
pub(super) fn world(terms: Vec<Terms>, max: u32) -> Scenario {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, max, false, false));
    scenario.modules = instant_modules();
    scenario.flavors.push(Flavor {
        name: "whole".to_owned(),
        class: ResourceClass::Compute,
        requested: Resources::compute(4_000, 16_384),
    });
    scenario.flavors[1].requested = Resources::compute(2_000, 8_192);
    scenario.flavors.remove(2);
    for (group, zone) in scenario.fleet.node_groups.iter_mut().zip(["a", "b"]) {
        group.capacity = Resources::compute(4_000, 16_384);
        group.zone = Some(zone.to_owned());
        group.boot = Duration::ZERO;
    }
    Scenario { terms, ..scenario }
}

pub(super) const HALF: u32 = 1;
pub(super) const WHOLE: u32 = 3;

/// A create at a second, its delete at another, its flavor and its terms.
pub(super) type Wish = (i64, i64, u32, Option<u32>);

pub(super) fn ask(wishes: &[Wish]) -> Vec<IndexedRequest> {
    let lives: Vec<Life> = wishes
        .iter()
        .map(|&(at, until, flavor, _)| (at * 1_000_000, (until - at) * 1_000_000, 0, flavor, None))
        .collect();
    let mut requests = requests(&lives);
    for request in requests.iter_mut().filter(|request| request.operation == Operation::Create) {
        request.terms = wishes[request.resource.usize()].3.map(TermsIndex);
    }
    requests
}

/// The plans of a run that breaks no rule, by resource, and how many were evicted.
pub(super) fn plans(scenario: Scenario, wishes: &[Wish]) -> (Vec<Plan>, u64) {
    let (valid, requests) = (valid(scenario), ask(wishes));
    let end = simulate_to_fork(&valid, &requests, keep());
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    (end.outcome.plans, end.outcome.evicted.get(&Eviction::Preempted).copied().unwrap_or(0))
}

/// The node of each plan; nodes are numbered as they are ordered.
pub(super) fn nodes(scenario: Scenario, wishes: &[Wish]) -> Vec<Option<NodeIndex>> {
    plans(scenario, wishes).0.into_iter().map(|plan| plan.node).collect()
}

pub(super) fn zone(name: &str) -> Terms {
    Terms { zone: Some(name.to_owned()), ..Terms::default() }
}

pub(super) fn rule(domain: Domain, group: &str) -> GroupRule {
    GroupRule { domain, group: group.to_owned() }
}

pub(super) fn member(group: &str) -> Terms {
    Terms { group: Some(group.to_owned()), ..Terms::default() }
}

pub(super) fn node(index: u32) -> Option<NodeIndex> {
    Some(NodeIndex(index))
}

#[test]
fn a_zone_takes_what_asks_for_it_and_holds_up_nobody_else() {
    let far = 10 * 3_600;
    // One node a zone: the second in a waits, and the one in b, who comes later, does not wait behind it.
    let wishes = [(0, far, WHOLE, Some(0)), (1, far, WHOLE, Some(0)), (2, far, WHOLE, Some(1)), (3, far, HALF, None)];
    let (plans, _) = plans(world(vec![zone("a"), zone("b")], 1), &wishes);
    let nodes: Vec<_> = plans.iter().map(|plan| plan.node).collect();
    assert_eq!(nodes, [node(0), None, node(1), None]);
    assert_eq!(plans[2].ready, Some(Instant::from_micros(2_000_000)));
}

#[test]
fn a_zone_that_no_node_group_is_in_is_refused_before_the_run() {
    let problems = ValidScenario::new(world(vec![zone("a"), zone("c")], 1)).unwrap_err().0;
    assert_eq!(problems[0].field, "terms[1].zone");
    assert!(problems[0].message.contains("`c`") && problems[0].message.contains("a, b"), "{}", problems[0].message);
}

#[test]
fn affinity_brings_together_and_waits_for_the_first() {
    let near = Terms { affinity: vec![rule(Domain::Node, "db")], ..member("web") };
    // The first wants to be near a db that is not there yet; it comes in zone b, since a's node is full, and both meet.
    let wishes = [(0, 3_600, WHOLE, Some(2)), (1, 3_600, HALF, Some(0)), (2, 3_600, HALF, Some(1))];
    let (plans, _) = plans(world(vec![near, member("db"), zone("a")], 1), &wishes);
    assert_eq!(plans.iter().map(|plan| plan.node).collect::<Vec<_>>(), [node(0), node(1), node(1)]);
    assert_eq!(plans[1].ready, Some(Instant::from_micros(2_000_000)));
}

#[test]
fn anti_affinity_keeps_apart_those_who_come_later_too() {
    let alone = Terms { anti_affinity: vec![rule(Domain::Node, "web")], ..member("web") };
    let far = 10 * 3_600;
    let wishes = [(0, far, HALF, Some(0)), (1, far, HALF, Some(0)), (2, far, HALF, Some(1)), (3, far, HALF, None)];
    // The third is in the group and has no rule of its own, but both that are there have.
    let found = nodes(world(vec![alone.clone(), member("web")], 3), &wishes);
    assert_eq!(found, [node(0), node(1), node(2), node(0)]);
    let by_zone = Terms { anti_affinity: vec![rule(Domain::Zone, "web")], ..alone };
    // Two zones take two of them; the third waits, and so does whoever else is in the group.
    let found = nodes(world(vec![by_zone, member("web")], 3), &wishes);
    assert_eq!(found, [node(0), node(1), None, node(0)]);
}

#[test]
fn spread_evens_out_over_zones_and_over_nodes() {
    let over = |domain, ahead| Terms { spread: vec![SpreadRule { domain, ahead }], ..member("web") };
    let wishes: Vec<Wish> = (0..6).map(|i| (i, 3_600, HALF, Some(0))).collect();
    // Two to a node, first fit alone would fill zone a first. Nodes are numbered as they are ordered: a 0, b 1, a 2, b 3.
    let found = nodes(world(vec![over(Domain::Zone, 1)], 3), &wishes);
    assert_eq!(found, [node(0), node(1), node(0), node(1), node(2), node(3)]);
    let found = nodes(world(vec![over(Domain::Zone, 2)], 3), &wishes);
    assert_eq!(found, [node(0), node(0), node(1), node(1), node(2), node(2)]);
    // Three nodes that are there from the beginning, two to a node: one after the other instead of the first first.
    let mut three = world(vec![over(Domain::Node, 1)], 3);
    three.fleet.node_groups[0].min = 3;
    assert_eq!(nodes(three, &wishes), [node(0), node(1), node(2), node(0), node(1), node(2)]);
}

/// Two to a node, one node in zone a, nobody is ahead of an emptier zone: while b counts, the second waits for it.
#[test]
fn spread_counts_zones_where_nodes_may_be() {
    let terms = Terms { spread: vec![SpreadRule { domain: Domain::Zone, ahead: 1 }], ..member("web") };
    let world = || {
        let mut world = world(vec![terms.clone(), zone("b")], 1);
        world.fleet.node_groups[1].boot = Duration::from_minutes(30);
        world
    };
    let far = 10 * 3_600;
    // b is full with somebody else, and may have no further node.
    let wishes = [(0, far, WHOLE, Some(1)), (1, far, HALF, Some(0)), (2, far, HALF, Some(0))];
    assert_eq!(nodes(world(), &wishes), [node(0), node(1), None]);
    // It is lost for an hour, and does not count; who is in a stays there when it returns, and who comes then waits.
    let mut lost = world();
    let (from, until) = (Instant::from_micros(0), Instant::from_micros(HOUR));
    lost.fleet.outages = vec![Outage { zone: "b".to_owned(), from, until }];
    let wishes = [(1, far, HALF, Some(0)), (2, far, HALF, Some(0))];
    assert_eq!(nodes(lost, &wishes), [node(0), node(0)]);
    assert_eq!(nodes(world(), &wishes), [node(0), node(1)]);
    // It never has any.
    let mut none = world();
    none.terms.truncate(1);
    none.fleet.node_groups[1].max = 0;
    assert_eq!(nodes(none, &wishes), [node(0), node(0)]);
}

#[test]
fn the_urgent_take_the_place_of_the_least_urgent() {
    let urgent = |priority| Terms { priority, zone: Some("a".to_owned()), ..Terms::default() };
    let terms = vec![urgent(0), urgent(5), urgent(10), urgent(-1)];
    let far = 10 * 3_600;
    // One node in zone a, full with an old and a young one of priority 0; the urgent one takes the young one's place, which
    // comes back when it goes. The least urgent of all waits to the end, though it asked before.
    let wishes =
        [(0, far, HALF, Some(0)), (1, far, HALF, Some(0)), (2, far, HALF, Some(3)), (60, 1_860, HALF, Some(1))];
    let (plans, evicted) = plans(world(terms.clone(), 1), &wishes);
    assert_eq!(evicted, 1);
    let ready: Vec<Option<i64>> = plans.iter().map(|plan| plan.ready.map(Instant::micros)).collect();
    assert_eq!(ready, [Some(0), Some(1_000_000), None, Some(60_000_000)]);
    let nodes: Vec<_> = plans.iter().map(|plan| plan.node).collect();
    assert_eq!(nodes, [node(0), node(0), None, node(0)]);
    // Somebody who needs the whole node takes it from both who are there, whatever their priorities below its own.
    let wishes = [(0, far, HALF, Some(1)), (1, far, HALF, Some(0)), (2, far, WHOLE, Some(2))];
    let (plans, evicted) = self::plans(world(terms, 1), &wishes);
    assert_eq!(evicted, 2);
    assert_eq!(plans.iter().map(|plan| plan.node).collect::<Vec<_>>(), [None, None, node(0)]);
}

/// A node of 0.768 USD an hour with 4 vCPU and 16 GiB, of which 8 vCPU may be requested. By the unit rates its vCPU are
/// worth 4 × 0.031611 = 0.126444 and its memory 16 × 0.004237 = 0.067792, so that vCPU make 126,444/194,236 of the price.
#[test]
fn a_node_that_is_asked_for_more_than_it_has_is_shared_by_what_was_asked() {
    let mut scenario = world(Vec::new(), 1);
    scenario.fleet.node_groups.truncate(1);
    scenario.fleet.node_groups[0].over_commit_percent = [(Dimension::Vcpu, 200)].into();
    scenario.flavors[HALF as usize].requested = Resources::compute(4_000, 4_096);
    scenario.window.end = Instant::from_micros(2 * HOUR);
    let wishes = [(0, 7_200, HALF, None), (3_600, 7_200, HALF, None), (3_601, 7_200, HALF, None)];
    let (valid, requests) = (valid(scenario), ask(&wishes));
    let end = simulate_to_fork(&valid, &requests, keep());
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    assert_eq!(end.outcome.plans.iter().filter(|plan| plan.node.is_some()).count(), 2, "8 of 8 vCPU are taken");
    let vcpu = 768_000_000_i128 * 126_444 / 194_236;
    let memory = 768_000_000_i128 * 67_792 / 194_236;
    // The first hour alone: all vCPU, a quarter of the memory. Then two: half the vCPU each, a quarter of the memory each.
    let alone = vcpu + memory / 4;
    let both = 2 * (vcpu / 2 + memory / 4);
    assert_eq!(end.outcome.cost.workload(), LedgerUnits((alone + both) * i128::from(HOUR)));
    assert_eq!(end.outcome.cost.workload() + end.outcome.cost.idle, LedgerUnits(768_000_000 * 2 * i128::from(HOUR)));
}

fn terms() -> Vec<Terms> {
    let near = |group: &str| vec![rule(Domain::Zone, group)];
    vec![
        zone("a"),
        Terms { priority: 5, ..zone("b") },
        Terms { priority: 10, ..member("web") },
        Terms { affinity: near("web"), anti_affinity: vec![rule(Domain::Node, "db")], ..member("db") },
        Terms { spread: vec![SpreadRule { domain: Domain::Zone, ahead: 1 }], priority: -3, ..member("web") },
        Terms { spread: vec![SpreadRule { domain: Domain::Node, ahead: 2 }], ..member("cache") },
    ]
}

/// The random scenario with zones, with terms, and with more to be had than there is.
pub(super) fn with_terms(
    settings: (PlacementPolicy, u32, u32, bool, bool),
    lives: &[Life],
) -> (Scenario, Vec<IndexedRequest>) {
    let mut scenario = Scenario { terms: terms(), ..scenario(settings) };
    for (group, zone) in scenario.fleet.node_groups.iter_mut().zip(["a", "b"]) {
        group.zone = Some(zone.to_owned());
        group.max = group.max.min(3);
        group.min = group.min.min(group.max);
    }
    scenario.fleet.node_groups[0].over_commit_percent = [(Dimension::Vcpu, 150), (Dimension::Memory, 120)].into();
    let mut requests = requests(lives);
    for request in requests.iter_mut().filter(|request| request.operation == Operation::Create) {
        request.terms = Some(TermsIndex(request.resource.0 % 7)).filter(|row| row.usize() < scenario.terms.len());
    }
    (scenario, requests)
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    /// Nothing is over-committed, conflicts, or is lost, whatever is asked for; what is paid is what nodes cost.
    #[test]
    fn no_rule_is_broken(lives in lives(), settings in settings()) {
        let (scenario, requests) = with_terms(settings, &lives);
        let valid = valid(scenario);
        let end = simulate_to_fork(&valid, &requests, keep());
        prop_assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
        let timeline: LedgerUnits = end.outcome.timeline.iter().map(|bin| bin.cost).sum();
        prop_assert_eq!(timeline, end.outcome.cost.total());
    }

    /// A run that is cut in two at any instant, forked and resumed, comes to the same cost.
    #[test]
    fn a_fork_keeps_terms_and_queues(lives in lives(), settings in settings(), cut in 1_i64..8 * HOUR) {
        let (whole, requests) = with_terms(settings, &lives);
        let once = simulate_to_fork(&valid(whole.clone()), &requests, keep());
        let (first, second) = in_two(&whole, &requests, lives.len(), Instant::from_micros(cut));
        prop_assert_eq!(first.outcome.cost.total() + second.outcome.cost.total(), once.outcome.cost.total());
        prop_assert_eq!(first.outcome.cost.idle + second.outcome.cost.idle, once.outcome.cost.idle);
    }
}
