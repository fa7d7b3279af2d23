//! When the fleet grows and when it shrinks.

use super::nodes::Nodes;
use super::settings::{Autoscaling, Fleet};
use crate::units::{Instant, NodeGroupIndex, Resources};

/// The group that should boot a node for a resource that fits nowhere: the first that could hold it and may grow.
pub(super) fn group_to_grow(fleet: &Fleet, nodes: &Nodes, requested: Resources) -> Option<NodeGroupIndex> {
    fleet
        .node_groups
        .iter()
        .enumerate()
        .map(|(i, group)| (NodeGroupIndex::from_usize(i), group))
        .find(|(index, group)| requested.fits(group.capacity) && nodes.paid(*index) < group.max)
        .map(|(index, _)| index)
}

/// When an empty node stops being paid if it is given back now; none while its group needs it or it is not due.
pub(super) fn gone_at(
    autoscaling: Autoscaling,
    fleet: &Fleet,
    nodes: &Nodes,
    slot: u32,
    since: Instant,
    now: Instant,
) -> Option<Instant> {
    let node = &nodes.slot(slot).node;
    let group = node.node_group;
    let due = node.gone.is_none()
        && node.empty_since == Some(since)
        && now >= since + autoscaling.empty_for
        && now >= node.ready;
    (due && nodes.kept(group) > fleet.node_groups[group.usize()].min).then(|| now + autoscaling.drain)
}
