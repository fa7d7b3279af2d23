//! When the fleet grows and when it shrinks.

use super::nodes::{Nodes, Slot};
use super::settings::{Fleet, LocalMinute, NodeGroup};
use crate::units::{DIMENSIONS, Duration, Instant, NodeGroupIndex, Resources};

/// The group that should boot a node for a resource that fits nowhere: the first that is permitted, could hold it, may
/// grow, and does so for who waits.
pub(super) fn group_to_grow(
    fleet: &Fleet,
    nodes: &Nodes,
    requested: Resources,
    permitted: impl Fn(NodeGroupIndex) -> bool,
) -> Option<NodeGroupIndex> {
    fleet
        .node_groups
        .iter()
        .enumerate()
        .map(|(i, group)| (NodeGroupIndex::from_usize(i), group))
        .find(|(index, group)| {
            group.scaling.on_pending && group.holds(requested) && nodes.paid(*index) < group.max && permitted(*index)
        })
        .map(|(index, _)| index)
}

/// Whether a group has more nodes than it needs at least.
pub(super) fn may_shrink(fleet: &Fleet, nodes: &Nodes, group: NodeGroupIndex) -> bool {
    nodes.kept(group) > nodes.wanted(group, fleet)
}

/// What is requested on the nodes of each group that are not being given back.
pub(super) fn requested(nodes: &Nodes, groups: usize) -> Vec<[u64; DIMENSIONS]> {
    let mut requested = vec![[0; DIMENSIONS]; groups];
    for (_, slot) in nodes.iter_paid().filter(|(_, slot)| slot.node.gone.is_none()) {
        let of_group = &mut requested[slot.node.node_group.usize()];
        for (sum, amount) in of_group.iter_mut().zip(slot.taken().to_array()) {
            *sum += u64::from(amount);
        }
    }
    requested
}

/// Nodes that a group should have from `now` until it is looked over again, `every` later, when `requested` is what its
/// nodes have to do; `local` is the time there, by both offsets where clocks pass it twice.
pub(super) fn wanted(
    group: &NodeGroup,
    requested: &[u64; DIMENSIONS],
    now: Instant,
    local: [LocalMinute; 2],
    every: Duration,
) -> u32 {
    let scaling = &group.scaling;
    let by_use = scaling.target_utilisation_percent.map(|percent| nodes_for(requested, group.schedulable(), percent));
    let by_time = scaling
        .schedule
        .iter()
        .filter(|scheduled| local.iter().any(|&local| scheduled.holds(local)))
        .map(|scheduled| scheduled.nodes);
    let by_forecast = scaling.predicted.as_ref().map(|predicted| predicted.between(now, now + group.boot + every));
    by_time.chain(by_use).chain(by_forecast).max().unwrap_or(0)
}

/// Nodes of `capacity` of which `requested` is at most `percent`, in every dimension.
fn nodes_for(requested: &[u64; DIMENSIONS], capacity: Resources, percent: u32) -> u32 {
    let of = |(&requested, capacity): (&u64, u32)| {
        let usable = u128::from(capacity) * u128::from(percent);
        (usable > 0).then(|| (u128::from(requested) * 100).div_ceil(usable))
    };
    let nodes = requested.iter().zip(capacity.to_array()).filter_map(of).max().unwrap_or(0);
    u32::try_from(nodes).unwrap_or(u32::MAX)
}

/// Whether less than `percent` of a node is requested in every dimension.
pub(super) fn is_underused(slot: &Slot, percent: u32) -> bool {
    let less =
        |(taken, capacity): (u32, u32)| taken == 0 || u64::from(taken) * 100 < u64::from(capacity) * u64::from(percent);
    slot.taken().to_array().into_iter().zip(slot.capacity.to_array()).all(less)
}
