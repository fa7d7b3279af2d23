//! Edits in words.

use super::Edit;
use crate::scenario::{NodeGroup, Scenario};
use crate::units::NodeGroupIndex;

impl Edit {
    /// What it changes in `scenario`, in words.
    ///
    /// # Panics
    /// When it names a tenant or a node group that is not there, which validation refuses.
    pub fn describe(&self, scenario: &Scenario) -> String {
        let group = |index: NodeGroupIndex| -> &NodeGroup { &scenario.fleet.node_groups[index.usize()] };
        match self {
            Self::Workers { module, workers } => {
                let has = scenario.modules[*module].workers;
                format!("{workers} workers for the {} instead of {has}", module.as_str())
            }
            Self::Placement { policy } => format!("place by {}", policy.as_str()),
            Self::MaxNodes { node_group, max } => format!("at most {max} nodes of `{}`", group(*node_group).name),
            Self::MinNodes { node_group, min } => {
                let NodeGroup { name, min: has, .. } = group(*node_group);
                format!("keep {min} nodes of `{name}` instead of {has} when they are empty")
            }
            Self::InstanceType { node_group, instance_type } => {
                let NodeGroup { name, instance_type: has, .. } = group(*node_group);
                format!("`{instance_type}` nodes instead of `{has}` for `{name}`")
            }
            Self::ScaleDemand { percent, .. } => format!("{percent} % of the demand"),
            Self::Quota { tenant, quota } => {
                let name = &scenario.tenants[tenant.usize()].name;
                match quota {
                    Some(quota) => format!("a quota of {quota} for `{name}`"),
                    None => format!("no quota for `{name}`"),
                }
            }
        }
    }
}
