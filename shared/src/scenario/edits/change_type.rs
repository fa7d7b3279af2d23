//! What if a node group had always been of another instance type?

use crate::control_plane::{DeviceSet, Node, Room};
use crate::scenario::Scenario;
use crate::units::{Dimension, NodeGroupIndex, NodeIndex, Resources};

/// Gives a node group another instance type, as if it had always been of it.
///
/// The bounds of the group keep their capacity. Who lives on its nodes when the window begins lives on booted nodes of
/// the new type instead, placed first fit in order of the resources; who waits goes on waiting.
///
/// # Panics
/// When the price book has no shape of the type, or somebody does not fit it, which validation refuses.
pub(super) fn change_type(scenario: &mut Scenario, node_group: NodeGroupIndex, instance_type: &str) {
    let shape = scenario.price_book.get(instance_type).and_then(|entry| entry.shape);
    let capacity = shape.expect("the shape of a type that is recommended is known");
    let group = &mut scenario.fleet.node_groups[node_group.usize()];
    group.min = equivalent(group.min, group.capacity, capacity);
    group.max = equivalent(group.max, group.capacity, capacity).min(crate::scenario::MAX_NODES);
    group.min = group.min.min(group.max);
    instance_type.clone_into(&mut group.instance_type);
    group.capacity = capacity;
    let empty = Room::of(group);
    move_in(scenario, node_group, empty);
}

/// How many nodes of `new` have at least the capacity of `count` nodes of `old`.
fn equivalent(count: u32, old: Resources, new: Resources) -> u32 {
    let of = |dimension: Dimension| match new[dimension] {
        0 => 0,
        per_node => (u64::from(count) * u64::from(old[dimension])).div_ceil(u64::from(per_node)),
    };
    u32::try_from(Dimension::ALL.into_iter().map(of).max().unwrap_or(0)).unwrap_or(u32::MAX)
}

fn move_in(scenario: &mut Scenario, node_group: NodeGroupIndex, empty: Room) {
    let Scenario { start, flavors, window, fleet, .. } = scenario;
    let boot = fleet.node_groups[node_group.usize()].boot;
    let of_group =
        |index: NodeIndex| start.nodes.iter().any(|node| node.index == index && node.node_group == node_group);
    let moving: Vec<usize> =
        (0..start.live.len()).filter(|&position| start.live[position].node.is_some_and(of_group)).collect();
    start.nodes.retain(|node| node.node_group != node_group);
    let mut free: Vec<Room> = Vec::new();
    for position in moving {
        let requested = flavors[start.live[position].flavor.usize()].requested.on_node();
        let slot = free.iter().position(|free| free.holds(requested)).unwrap_or_else(|| {
            free.push(empty);
            free.len() - 1
        });
        let devices = free[slot].take(requested, DeviceSet::default());
        let live = &mut start.live[position];
        live.devices = devices.expect("a node of the new type holds every flavor of its group");
        live.node = Some(NodeIndex(start.nodes_started + slot as u32));
    }
    let booted = |slot: u32| Node {
        index: NodeIndex(start.nodes_started + slot),
        node_group,
        ordered: window.start - boot,
        ready: window.start,
        empty_since: None,
        gone: None,
    };
    let nodes: Vec<Node> = (0..free.len() as u32).map(booted).collect();
    start.nodes.extend(nodes);
    start.nodes_started += free.len() as u32;
}
