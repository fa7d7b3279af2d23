//! When the fleet grows and when it shrinks.

use super::nodes::Nodes;
use super::settings::Fleet;
use crate::units::{NodeGroupIndex, Resources};

/// The group that should boot a node for a resource that fits nowhere: the first that is permitted, could hold it and may
/// grow.
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
            requested.fits(group.schedulable()) && nodes.paid(*index) < group.max && permitted(*index)
        })
        .map(|(index, _)| index)
}

/// Whether a group has more nodes than it needs at least.
pub(super) fn may_shrink(fleet: &Fleet, nodes: &Nodes, group: NodeGroupIndex) -> bool {
    nodes.kept(group) > fleet.node_groups[group.usize()].min
}
