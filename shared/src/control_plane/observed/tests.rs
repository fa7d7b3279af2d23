//! Observed facts against what was asked for, by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{AnomalyKind, Asked, Folded, fold};
use crate::control_plane::{Autoscaling, Fleet, Node, NodeGroup, State};
use crate::request::{Observation, Received};
use crate::trace::inventory::InventoryNode;
use crate::units::{Duration, Instant, NodeGroupIndex, NodeIndex, ResourceIndex, Resources, Window};

fn at(seconds: i64) -> Instant {
    Instant::from_micros(0) + Duration::from_seconds(seconds)
}

/// Small machines of 4 vCPU before large ones of 16; both boot in 100 s.
fn fleet() -> Fleet {
    let group = |name: &str, vcpu: u32| NodeGroup {
        name: name.to_owned(),
        instance_type: name.to_owned(),
        capacity: Resources::compute(vcpu * 1_000, 65_536),
        min: 0,
        max: 10,
        boot: Duration::from_seconds(100),
        ..NodeGroup::default()
    };
    Fleet::of(vec![group("small", 4), group("large", 16)])
}

const AUTOSCALING: Autoscaling = Autoscaling {
    empty_for: Duration::from_seconds(60),
    drain: Duration::from_seconds(30),
    every: Duration::from_minutes(1),
    consolidate_below_percent: None,
};

/// Creates `a`, `b`, `c` of 2 vCPU at 0 s, 10 s and 20 s; `d` deletes `a` at 500 s.
fn asked() -> BTreeMap<&'static str, Asked> {
    let create = |resource: u32, deleted: Option<i64>| Asked {
        resource: ResourceIndex(resource),
        created: at(i64::from(resource) * 10),
        deleted: deleted.map(at),
        requested: Some(Resources::compute(2_000, 1_024)),
        is_create: true,
    };
    let a = create(0, Some(500));
    BTreeMap::from([("a", a), ("b", create(1, None)), ("c", create(2, None)), ("d", Asked { is_create: false, ..a })])
}

fn received(lines: &[&str]) -> Vec<Received> {
    let observation = |line: &&str| -> Observation { serde_json::from_str(line).unwrap() };
    lines.iter().map(|line| Received { at: at(1_000), observation: observation(line) }).collect()
}

fn folded(lines: &[&str]) -> Folded {
    fold(&received(lines), &asked(), &fleet(), AUTOSCALING, &[])
}

fn ready(id: &str, node: &str, seconds: i64) -> String {
    format!(r#"{{"request":"{id}","node":"{node}","ready_at":"{}"}}"#, at(seconds))
}

#[test]
fn an_impossible_fact_is_counted_and_left_out() {
    let check = |lines: &[&str], expected: &[AnomalyKind], placed: usize| {
        let folded = folded(lines);
        let kinds: Vec<AnomalyKind> = folded.anomalies.iter().map(|anomaly| anomaly.kind).collect();
        assert_eq!((kinds.as_slice(), folded.fleet.placements.len()), (expected, placed), "{lines:?}");
    };
    check(&[r#"{"request":"a","node":"n"}"#], &[], 1);
    check(&[r#"{"request":"nobody","node":"n"}"#], &[AnomalyKind::UnknownRequest], 0);
    check(&[r#"{"request":"b","ready_at":"1970-01-01T00:00:09Z"}"#], &[AnomalyKind::ReadyBeforeAsked], 0);
    check(&[r#"{"request":"b","released_at":"1970-01-01T00:00:09Z"}"#], &[AnomalyKind::ReleasedBeforeReady], 0);
    let (late, early) = (ready("a", "n", 60), r#"{"request":"a","released_at":"1970-01-01T00:00:59Z"}"#);
    check(&[&late, early], &[AnomalyKind::ReleasedBeforeReady], 1);
    check(&[early, &late], &[AnomalyKind::ReleasedBeforeReady], 1);
    check(&[&late, &ready("a", "n", 61)], &[AnomalyKind::Contradiction], 1);
    check(&[&late, &late], &[], 1);
    check(&[r#"{"request":"a","node":"n"}"#, r#"{"request":"a","node":"m"}"#], &[AnomalyKind::TwoNodes], 1);
    check(&[r#"{"request":"a","admitted":false,"node":"n"}"#], &[AnomalyKind::RefusedButPlaced], 0);
    check(&[r#"{"request":"a","module_ms":{"quota":-1}}"#], &[AnomalyKind::NegativeModuleTime], 0);
}

#[test]
fn refused_creates_need_no_node() {
    let folded = folded(&[r#"{"request":"a","admitted":false}"#, r#"{"request":"b","node":"n"}"#]);
    assert_eq!(folded.fleet.refused.iter().map(|resource| resource.0).collect::<Vec<_>>(), [0]);
    assert_eq!(folded.seen_in(Window { start: at(0), end: at(60) }), (2, 1), "b is seen, c is not");
}

#[test]
fn a_machine_s_life_follows_from_its_residents() {
    let a = format!(
        r#"{{"request":"a","node":"n","ready_at":"{}","module_ms":{{"gateway":500,"scheduler":1500,"provisioner":5000}}}}"#,
        at(205)
    );
    let alone = folded(&[&a, r#"{"request":"d","released_at":"1970-01-01T00:08:30Z"}"#]);
    let node = alone.fleet.nodes[0];
    // Asked for at 0 s, through the scheduler 2 s later, ready at 205 s of which 5 s in the provisioner.
    assert_eq!((node.ordered, node.ready, node.node_group), (at(2), at(200), NodeGroupIndex(0)));
    // Given back at 510 s by the observation, 10 s after it was asked for; empty for 60 s, drained in 30 s.
    assert_eq!((node.drains, node.gone), (Some(at(570)), Some(at(600))));
    let with_b = folded(&[&a, &ready("b", "n", 300)]);
    assert_eq!((with_b.fleet.nodes[0].drains, with_b.fleet.nodes[0].gone), (None, None), "b is still there");
    assert_eq!(folded(&[r#"{"request":"a","node":"n"}"#]).fleet.nodes[0].ready, at(100), "the group's boot is assumed");
}

#[test]
fn a_machine_is_as_large_as_all_who_were_there_at_once() {
    let three = folded(&[&ready("a", "n", 60), &ready("b", "n", 60), &ready("c", "n", 60)]);
    assert_eq!(three.fleet.nodes[0].node_group, NodeGroupIndex(1), "6 vCPU fit no machine of 4");
    let later = folded(&[&ready("a", "n", 60), &ready("b", "n", 60), &ready("c", "n", 501)]);
    assert_eq!(later.fleet.nodes[0].node_group, NodeGroupIndex(0), "c came after a had gone");
}

/// A create that had been through the scheduler a second after it was asked for, and was 5 s in the provisioner.
fn timed(id: &str, node: &str, ready: i64) -> String {
    let modules =
        r#"{"gateway":200,"authentication":200,"admission":200,"quota":200,"scheduler":200,"provisioner":5000}"#;
    format!(r#"{{"request":"{id}","node":"{node}","ready_at":"{}","module_ms":{modules}}}"#, at(ready))
}

#[test]
fn who_waited_for_a_machine_from_its_order_on_tells_how_long_it_took_to_boot() {
    let check = |lines: &[&str], expected: &[(i64, i64)]| {
        let boots: Vec<_> = folded(lines).boots.iter().map(|boot| (boot.ordered, boot.took)).collect();
        let expected: Vec<_> =
            expected.iter().map(|&(ordered, took)| (at(ordered), Duration::from_seconds(took))).collect();
        assert_eq!(boots, expected, "{lines:?}");
    };
    // `a` is scheduled at 1 s and on its node at 95 s, 5 s before it is ready; `b` and `c` at 11 s and 21 s.
    let (a, b) = (timed("a", "n", 100), timed("b", "n", 100));
    check(&[&a], &[(1, 94)]);
    check(&[&b, &a], &[(1, 94)]);
    check(&[&a, &timed("c", "m", 326)], &[(1, 94), (21, 300)]);
    // Who found it running, and who does not say how long each module took, tell nothing, and nor does who came later.
    check(&[&timed("a", "n", 6), &b], &[]);
    check(&[&ready("a", "n", 100), &b], &[]);
    let inventory = [listed("n", 4, "small")];
    let of_inventory = fold(&received(&[&a]), &asked(), &fleet(), AUTOSCALING, &inventory);
    assert_eq!(of_inventory.boots, [], "what is listed was there before");
}

/// Machines of 4 vCPU and 64 GiB; everybody asks for 2 vCPU and 1 GiB, which is 50 % and 1.6 %.
#[test]
fn what_was_on_a_machine_at_once_tells_how_much_of_it_was_requested() {
    let shares = |folded: &Folded| -> Vec<(Instant, [u32; 3])> {
        folded.shares.iter().map(|share| (share.at, [0, 1, 2].map(|of| share.percent[of]))).collect()
    };
    let lines = [ready("c", "n", 600), ready("a", "n", 60), ready("b", "n", 60)];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let fold_on = |fleet: &Fleet, inventory: &[_]| fold(&received(&lines), &asked(), fleet, AUTOSCALING, inventory);
    let alone = Fleet::of(vec![fleet().node_groups.remove(0)]);
    // `a` has gone at 500 s.
    let expected = [(at(60), [50, 2, 0]), (at(60), [100, 4, 0]), (at(600), [100, 4, 0])];
    assert_eq!(shares(&fold_on(&alone, &[])), expected);
    assert_eq!(shares(&fold_on(&fleet(), &[listed("n", 4, "small")])), expected);
    assert_eq!(shares(&fold_on(&fleet(), &[])), expected, "the first group holds them");

    let lines = [ready("a", "n", 60), ready("b", "n", 60), ready("c", "n", 60)];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let crowded = |fleet: &Fleet| fold(&received(&lines), &asked(), fleet, AUTOSCALING, &[]);
    let on_small = crowded(&alone);
    assert_eq!(on_small.anomalies.len(), 1, "three are too many by what is assumed");
    assert_eq!(shares(&on_small).last(), Some(&(at(60), [150, 5, 0])), "and were there all the same");
    let on_either = crowded(&fleet());
    assert_eq!(on_either.shares[2].node_group, NodeGroupIndex(1), "16 vCPU hold them without over-commit");
    assert_eq!(shares(&on_either).last(), Some(&(at(60), [38, 5, 0])), "6 of 16 vCPU, rounded up");
    let mut smaller = fleet();
    smaller.node_groups[1].capacity = Resources::compute(5_000, 65_536);
    let on_neither = crowded(&smaller);
    assert_eq!(on_neither.shares[2].node_group, NodeGroupIndex(1), "120 % of 5 vCPU are less than 150 % of 4");
    assert_eq!(shares(&on_neither).last(), Some(&(at(60), [120, 5, 0])));
}

fn listed(name: &str, vcpu: u32, instance_type: &str) -> InventoryNode {
    InventoryNode {
        line: 0,
        name: name.to_owned(),
        capacity: Resources::compute(vcpu * 1_000, 65_536),
        instance_type: instance_type.to_owned(),
        zone: None,
        cluster: None,
    }
}

#[test]
fn an_inventory_is_all_that_there_is() {
    let inventory = [listed("n", 4, "small"), listed("unused", 16, "large")];
    let lines =
        [ready("a", "n", 60), ready("b", "n", 60), ready("c", "n", 60), r#"{"request":"c","node":"x"}"#.to_owned()];
    let folded = fold(
        &received(&lines.iter().map(String::as_str).collect::<Vec<_>>()),
        &asked(),
        &fleet(),
        AUTOSCALING,
        &inventory,
    );
    let kinds: Vec<AnomalyKind> = folded.anomalies.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(kinds, [AnomalyKind::UnknownNode, AnomalyKind::NodeTooSmall]);
    assert_eq!((folded.names.as_slice(), folded.fleet.placements.len()), (&["n".into(), "unused".into()][..], 2));
    assert!(folded.fleet.nodes.iter().all(|node| node.gone.is_none()));
}

#[test]
fn a_fork_s_machines_come_first_and_keep_their_names() {
    let folded = folded(&[&ready("a", "old", 150), &ready("b", "gone", 150), &ready("c", "new", 950)]);
    let node = Node {
        index: NodeIndex(7),
        node_group: NodeGroupIndex(0),
        ordered: at(0),
        ready: at(100),
        empty_since: None,
        gone: None,
    };
    let state = State { nodes: vec![Node { index: NodeIndex(6), ..node }, node], ..State::default() };
    let names = ["unheard of".to_owned(), "old".to_owned()];
    let index = |resource: ResourceIndex| (resource.0 != 1).then_some(ResourceIndex(resource.0 + 10));
    let after = folded.after(at(550), &state, &names, index);
    assert_eq!(folded.names_after(at(550), &names).len(), after.nodes.len());
    assert_eq!(after.placements, BTreeMap::from([(ResourceIndex(10), 1), (ResourceIndex(12), 3)]));
    let lives: Vec<_> = after.nodes.iter().map(|node| (node.ordered, node.gone)).collect();
    // `old` is given back 90 s after the delete at 500 s; what came to be known of the others later begins at the fork.
    assert_eq!(lives, [(at(0), None), (at(0), Some(at(590))), (at(550), None), (at(550), None)]);
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let instant = || proptest::option::of((0_i64..900).prop_map(at));
    let request = proptest::sample::select(vec!["a", "b", "c", "d", "e"]);
    let node = proptest::option::of(proptest::sample::select(vec!["n", "m"]));
    (request, proptest::option::of(any::<bool>()), node, instant(), instant()).prop_map(
        |(request, admitted, node, ready_at, released_at)| Observation {
            request: request.to_owned(),
            admitted,
            node: node.map(str::to_owned),
            ready_at,
            released_at,
            ..Observation::default()
        },
    )
}

proptest! {
    /// Whatever comes in, the fleet is possible: every placement has its machine, nobody refused is placed by its
    /// create, machines are ordered before they are ready and gone after that, and the same facts again say nothing new.
    #[test]
    fn any_facts_make_a_possible_fleet(observations in proptest::collection::vec(any_observation(), 0..12)) {
        let once: Vec<Received> =
            observations.into_iter().map(|observation| Received { at: at(1_000), observation }).collect();
        let folded = |received: &[Received]| fold(received, &asked(), &fleet(), AUTOSCALING, &[]);
        let first = folded(&once);
        prop_assert_eq!(first.names.len(), first.fleet.nodes.len());
        prop_assert!(first.fleet.placements.values().all(|&position| (position as usize) < first.names.len()));
        for node in &first.fleet.nodes {
            prop_assert!(first.fleet.refused.iter().all(|resource| !first.fleet.placements.contains_key(resource)));
            prop_assert!(node.ordered <= node.ready);
            prop_assert!(node.drains.is_none_or(|drains| drains >= node.ready));
            prop_assert!(node.gone.is_none_or(|gone| node.drains.is_some_and(|drains| drains <= gone)));
        }
        let twice: Vec<Received> = once.iter().chain(&once).cloned().collect();
        prop_assert_eq!(folded(&twice).fleet, first.fleet);
    }
}
