//! Nodes: the fleet.

use super::objects::{Node, read};
use super::quantity::Rounding;
use super::{ClusterState, amounts};
use crate::input::InputError;
use crate::trace::inventory::InventoryNode;
use crate::units::{Dimension, Resources};

const INSTANCE_TYPE: [&str; 2] = ["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"];
const ZONE: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// Takes a node in.
pub(super) fn take(kind: &str, value: &serde_json::Value, state: &mut ClusterState) -> Result<(), InputError> {
    let Node { metadata, spec, status } = read(kind, value)?;
    // Beside what pods may use, a node says what it has; older ones say only that.
    let (field, offered) = match status.allocatable.is_empty() {
        false => ("status.allocatable", &status.allocatable),
        true => ("status.capacity", &status.capacity),
    };
    let converted = amounts::converted(offered, Rounding::Down)
        .map_err(|(name, message)| metadata.wrong(kind, &format!("{field}.{name}"), &message))?;
    for (dimension, name) in [(Dimension::Vcpu, "cpu"), (Dimension::Memory, "memory")] {
        if converted.resources[dimension] == 0 {
            let message = "is missing or 0; expected what pods may use of the node";
            return Err(metadata.wrong(kind, &format!("status.allocatable.{name}"), message));
        }
    }
    let label = |names: [&str; 2]| names.iter().find_map(|name| metadata.labels.get(*name)).cloned();
    let said = &mut state.said;
    let instance_type = label(INSTANCE_TYPE).unwrap_or_else(|| {
        said.nodes_without_type.push(metadata.name.clone());
        shape(converted.resources)
    });
    if spec.unschedulable {
        said.nodes_closed.push(metadata.name.clone());
    }
    if spec.taints.iter().any(|taint| taint.effect != "PreferNoSchedule") && !spec.unschedulable {
        said.nodes_tainted.push(metadata.name.clone());
    }
    if status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status != "True") {
        said.nodes_not_ready.push(metadata.name.clone());
    }
    said.capacities_rounded += u64::from(converted.rounded);
    let zone = label(ZONE);
    state.nodes.push(InventoryNode {
        line: 0,
        name: metadata.name,
        capacity: converted.resources,
        instance_type,
        zone,
        cluster: None,
    });
    Ok(())
}

/// A name for the type of a node that has none.
fn shape(capacity: Resources) -> String {
    let whole = |dimension: Dimension| capacity[dimension].div_ceil(dimension.per_written_unit());
    let gpus = whole(Dimension::Gpu);
    let gpu = if gpus > 0 { format!("-{gpus}gpu") } else { String::new() };
    format!("{}vcpu-{}gib{gpu}", whole(Dimension::Vcpu), whole(Dimension::Memory))
}
