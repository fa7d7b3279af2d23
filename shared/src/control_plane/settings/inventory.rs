//! The fleet that an inventory describes.

use std::collections::BTreeMap;

use super::{Fleet, NodeGroup};
use crate::trace::inventory::InventoryNode;
use crate::units::Duration;

/// How long a node takes to boot where nobody says; assumed.
const BOOT: Duration = Duration::from_seconds(120);

impl Fleet {
    /// One node group for all nodes of one instance type, capacity, zone and cluster, in order of the type's name, larger
    /// nodes of the same type first, and then of the zone's and the cluster's. The machines are there whether they are used or not: a group neither grows nor shrinks.
    pub fn from_inventory(nodes: &[InventoryNode]) -> Self {
        let mut groups = BTreeMap::new();
        for node in nodes {
            let capacity = core::cmp::Reverse(node.capacity.to_array());
            let place = (node.zone.as_deref(), node.cluster.as_deref());
            *groups.entry((node.instance_type.as_str(), capacity, place)).or_insert(0) += 1;
        }
        let mut node_groups: Vec<NodeGroup> = Vec::with_capacity(groups.len());
        for ((instance_type, core::cmp::Reverse(capacity), (zone, cluster)), count) in groups {
            let before = node_groups.iter().filter(|group| group.instance_type == instance_type).count();
            let name = if before == 0 { instance_type.to_owned() } else { format!("{instance_type}-{}", before + 1) };
            node_groups.push(NodeGroup {
                name,
                instance_type: instance_type.to_owned(),
                capacity: crate::units::Resources::from_array(capacity),
                min: count,
                max: count,
                boot: BOOT,
                zone: zone.map(str::to_owned),
                cluster: cluster.map(str::to_owned),
                ..NodeGroup::default()
            });
        }
        Self::of(node_groups)
    }

    /// The names of an inventory's nodes by the groups of [`Fleet::from_inventory`], in the order of the inventory.
    pub fn names_of_inventory(&self, nodes: &[InventoryNode]) -> Vec<Vec<String>> {
        let names =
            |group: &NodeGroup| nodes.iter().filter(|node| group.lists(node)).map(|node| node.name.clone()).collect();
        self.node_groups.iter().map(names).collect()
    }
}

impl NodeGroup {
    /// Whether [`Fleet::from_inventory`] puts a node into this group.
    pub(in crate::control_plane) fn lists(&self, node: &InventoryNode) -> bool {
        (&self.instance_type, self.capacity) == (&node.instance_type, node.capacity)
            && (&self.zone, &self.cluster) == (&node.zone, &node.cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::inventory::read_inventory;

    #[test]
    fn equal_nodes_are_one_group() {
        let nodes = read_inventory(
            "node,vcpu,memory_gib,instance_type,cluster\na,32,128,small,\nb,64,256,big,east\nc,32,128,small,\nd,16,64,small,\ne,64,256,big,west\n",
        )
        .unwrap();
        let groups = Fleet::from_inventory(&nodes).node_groups;
        let summary: Vec<(&str, u32, u32)> =
            groups.iter().map(|group| (group.name.as_str(), group.min, group.max)).collect();
        assert_eq!(summary, [("big", 1, 1), ("big-2", 1, 1), ("small", 2, 2), ("small-2", 1, 1)]);
        assert_eq!(groups[3].capacity, nodes[3].capacity);
        assert_eq!(groups[1].cluster.as_deref(), Some("west"));
        let names = Fleet::from_inventory(&nodes).names_of_inventory(&nodes);
        assert_eq!(names, [vec!["b"], vec!["e"], vec!["a", "c"], vec!["d"]]);
    }
}
