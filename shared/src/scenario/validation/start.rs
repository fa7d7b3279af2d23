//! Problems of what is there when a scenario begins.

use core::fmt;
use std::collections::BTreeSet;

use super::{Found, terms};
use crate::control_plane::{DeviceSet, LiveResource, Node, Room, State};
use crate::scenario::Scenario;
use crate::units::{Dimension, Instant, ResourceIndex};

/// Most nodes that there may have been before: as many indices are left for those of the run.
const MAX_NODES_STARTED: u32 = u32::MAX / 2;

pub(super) fn check(scenario: &Scenario, found: &mut Found) {
    let start = &scenario.start;
    let sorted = start.nodes.is_sorted_by(|a, b| a.index < b.index)
        && start.nodes.last().is_none_or(|node| node.index.0 < start.nodes_started);
    found.expect(sorted, "start.nodes", || "are not in order of their index, below nodes_started".to_owned());
    let started = start.nodes_started;
    found.expect(started <= MAX_NODES_STARTED, "start.nodes_started", || {
        format!("is {started}; expected {MAX_NODES_STARTED} at most")
    });
    for (i, node) in start.nodes.iter().enumerate() {
        let known = node.node_group.usize() < scenario.fleet.node_groups.len();
        found.expect(known, format_args!("start.nodes[{i}].node_group"), || "names no node group".to_owned());
        let ordered = node.ordered <= scenario.window.start && node.ordered <= node.ready;
        found.expect(ordered, format_args!("start.nodes[{i}].ordered"), || {
            "is after the start, or after ready".to_owned()
        });
        let ended = node.gone.is_none_or(|gone| gone >= scenario.window.start && node.ready <= scenario.window.start);
        found
            .expect(ended, format_args!("start.nodes[{i}].gone"), || "is before the start, or before ready".to_owned());
    }
    let on_the_way: BTreeSet<ResourceIndex> = start.in_flight.iter().map(|call| call.resource).collect();
    for (i, live) in start.live.iter().enumerate() {
        check_live(scenario, i, live, found);
        let comes = on_the_way.contains(&ResourceIndex::from_usize(i));
        check_node_of(scenario, (i, live), comes, found);
    }
    check_on_the_way(start, scenario.window.start, found);
    if found.0.is_empty() {
        check_room(scenario, found);
    }
}

fn check_live(scenario: &Scenario, position: usize, live: &LiveResource, found: &mut Found) {
    let path = |field: &'static str| fmt::from_fn(move |f| write!(f, "start.live[{position}].{field}"));
    found.expect(live.tenant.usize() < scenario.tenants.len(), path("tenant"), || "names no tenant".to_owned());
    found.expect(live.flavor.usize() < scenario.flavors.len(), path("flavor"), || "names no flavor".to_owned());
    found.expect(terms::is_known(scenario, live.terms), path("terms"), || "names none of the terms".to_owned());
    found.expect(live.created <= scenario.window.start, path("created"), || "is after the start".to_owned());
    if let Some(ready) = live.ready {
        let in_order = live.created <= ready && ready <= scenario.window.start;
        found.expect(in_order, path("ready"), || {
            format!("is {ready}; expected created ({}) to the start ({})", live.created, scenario.window.start)
        });
    }
}

fn check_node_of(scenario: &Scenario, (position, live): (usize, &LiveResource), comes: bool, found: &mut Found) {
    let Some(index) = live.node else { return };
    let nodes = &scenario.start.nodes;
    let field = format_args!("start.live[{position}].node");
    match nodes.binary_search_by_key(&index, |node| node.index) {
        Err(_) => found.expect(false, field, || "names no node of the start".to_owned()),
        // Who waits for a node to boot goes on from there.
        Ok(of) => found.expect(comes || nodes[of].ready <= scenario.window.start, field, || {
            format!(
                "is node {}, which is not ready before {}; expected one that is, or a create in start.in_flight",
                index.0, nodes[of].ready
            )
        }),
    }
}

fn check_on_the_way(start: &State, at: Instant, found: &mut Found) {
    let exists = |resource: ResourceIndex| resource.usize() < start.live.len();
    let homeless = |resource: ResourceIndex| exists(resource) && start.live[resource.usize()].node.is_none();
    let mut waiting: Vec<_> = start.pending.clone();
    waiting.sort_unstable();
    let once = waiting.is_sorted_by(|a, b| a < b) && waiting.iter().all(|&resource| homeless(resource));
    found.expect(once, "start.pending", || "expected live resources without a node, each once".to_owned());
    for (i, in_flight) in start.in_flight.iter().enumerate() {
        found.expect(exists(in_flight.resource), format_args!("start.in_flight[{i}].resource"), || {
            "is none of the live resources".to_owned()
        });
        found.expect(in_flight.at >= at, format_args!("start.in_flight[{i}].at"), || "is before the start".to_owned());
    }
}

/// Only asked of a start whose indices are right.
fn check_room(scenario: &Scenario, found: &mut Found) {
    let nodes = &scenario.start.nodes;
    let group = |node: &Node| &scenario.fleet.node_groups[node.node_group.usize()];
    let mut rooms: Vec<Room> = nodes.iter().map(|node| Room::of(group(node))).collect();
    let mut full = BTreeSet::new();
    for (i, live) in scenario.start.live.iter().enumerate() {
        let Some(index) = live.node else { continue };
        let position = nodes.partition_point(|node| node.index < index);
        let requested = scenario.flavors[live.flavor.usize()].requested.on_node();
        let room = &mut rooms[position];
        let fits = requested.fits(room.free);
        found.expect(fits || !full.insert(position), format_args!("start.nodes[{position}]"), || {
            format!("holds more than its capacity of {}", group(&nodes[position]).schedulable())
        });
        let devices = room.take(requested, live.devices);
        let right = devices.is_some_and(|devices| live.devices == DeviceSet::default() || devices == live.devices);
        found.expect(right || !fits, format_args!("start.live[{i}].devices"), || {
            let gpus = Dimension::Gpu.write(requested[Dimension::Gpu]);
            format!("are not devices of its node on which {gpus} GPUs are free")
        });
    }
}
