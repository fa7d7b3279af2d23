//! NodePools of Karpenter (`karpenter.sh/v1`) for what a node group should be.
//!
//! They are JSON, which is YAML, below comments: kubectl takes both.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::scenario::{Edit, NodeGroup, Scenario};
use shared::units::{Dimension, Duration, NodeGroupIndex};

use super::manifest::{Exported, kubernetes_name};
use crate::cli::shadow::RecommendationView;

/// Karpenter prefers the pool with the larger weight: on demand comes before spot, as the group before those beyond it.
const WEIGHT_FIRST: u32 = 20;
const WEIGHT_BEYOND: u32 = 10;

/// The pools of the groups that a recommendation changes.
pub(super) fn export(recommendation: &RecommendationView, scenario: &Scenario, exported: &mut Exported) {
    let mut touched: BTreeMap<NodeGroupIndex, NodeGroup> = BTreeMap::new();
    let mut autoscaling = scenario.autoscaling;
    let mut every_group = false;
    let mut beyond = Vec::new();
    for edit in &recommendation.edits {
        match edit {
            Edit::InstanceType { node_group, instance_type } => {
                let shape = scenario.price_book.get(instance_type).and_then(|entry| entry.shape);
                let group = touch(&mut touched, scenario, *node_group);
                instance_type.clone_into(&mut group.instance_type);
                let (had, has) = (group.capacity, shape.unwrap_or(group.capacity));
                group.max = equal_nodes(group.max, had[Dimension::Vcpu], has[Dimension::Vcpu]);
                group.capacity = has;
            }
            Edit::Purchase { node_group, purchase } => {
                touch(&mut touched, scenario, *node_group).purchase = purchase.clone();
            }
            Edit::MaxNodes { node_group, max } => touch(&mut touched, scenario, *node_group).max = *max,
            Edit::SpotBeyond { node_group, on_demand, spot } => {
                let group = touch(&mut touched, scenario, *node_group);
                let name = format!("{} spot", group.name);
                let purchase = shared::scenario::Purchase::Spot(spot.clone());
                beyond.push(NodeGroup { name, purchase, max: group.max.saturating_sub(*on_demand), ..group.clone() });
                group.max = *on_demand;
            }
            Edit::Consolidation { below_percent } => {
                (autoscaling.consolidate_below_percent, every_group) = (*below_percent, true);
            }
            Edit::ScaleDown { empty_for } => (autoscaling.empty_for, every_group) = (*empty_for, true),
            other => {
                let what = other.describe(scenario);
                return exported.leave_out(recommendation, format!("no field of a NodePool says “{what}”"));
            }
        }
    }
    if every_group {
        (0..scenario.fleet.node_groups.len()).for_each(|group| {
            touch(&mut touched, scenario, NodeGroupIndex::from_usize(group));
        });
    }
    let mut comments = vec![
        "nodeClassRef names the EC2NodeClass `default`: put yours there. Limits are in vCPU and memory of all nodes."
            .to_owned(),
    ];
    if every_group && autoscaling.consolidate_below_percent.is_some() {
        let percent = autoscaling.consolidate_below_percent.unwrap_or(0);
        comments.push(format!(
            "A NodePool has no threshold: Karpenter itself decides what is underutilised, not {percent} %."
        ));
    }
    let pools =
        touched.values().map(|group| (group, WEIGHT_FIRST)).chain(beyond.iter().map(|group| (group, WEIGHT_BEYOND)));
    for (group, weight) in pools {
        let mut comments = comments.clone();
        if group.min > 0 && weight == WEIGHT_FIRST {
            comments.push(format!(
                "A NodePool keeps no nodes that are empty: the {} that are kept now are not in it.",
                group.min
            ));
        }
        let pool = pool(group, weight, autoscaling.empty_for, autoscaling.consolidate_below_percent.is_some());
        let text = serde_json::to_string_pretty(&pool).expect("text and numbers are JSON");
        exported.add(recommendation, &group.name, "yaml", &comments, &text);
    }
}

fn touch<'a>(
    touched: &'a mut BTreeMap<NodeGroupIndex, NodeGroup>,
    scenario: &Scenario,
    node_group: NodeGroupIndex,
) -> &'a mut NodeGroup {
    touched.entry(node_group).or_insert_with(|| scenario.fleet.node_groups[node_group.usize()].clone())
}

/// Nodes of `has` vCPU that have as much as `count` of `had`.
fn equal_nodes(count: u32, had: u32, has: u32) -> u32 {
    u32::try_from((u64::from(count) * u64::from(had)).div_ceil(u64::from(has.max(1)))).unwrap_or(u32::MAX)
}

fn pool(group: &NodeGroup, weight: u32, empty_for: Duration, consolidates: bool) -> Value {
    let capacity = if group.purchase.spot().is_some() { "spot" } else { "on-demand" };
    let one_of = |key: &str, value: &str| json!({ "key": key, "operator": "In", "values": [value] });
    let mut requirements = vec![
        one_of("node.kubernetes.io/instance-type", &group.instance_type),
        one_of("karpenter.sh/capacity-type", capacity),
    ];
    requirements.extend(group.zone.as_deref().map(|zone| one_of("topology.kubernetes.io/zone", zone)));
    let of_all = |dimension: Dimension| u64::from(group.capacity[dimension]) * u64::from(group.max);
    json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": { "name": kubernetes_name(&group.name) },
        "spec": {
            "template": {
                "spec": {
                    "nodeClassRef": { "group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default" },
                    "requirements": requirements,
                },
            },
            "disruption": {
                "consolidationPolicy": if consolidates { "WhenEmptyOrUnderutilized" } else { "WhenEmpty" },
                "consolidateAfter": format!("{}s", empty_for.micros() / 1_000_000),
            },
            "limits": {
                "cpu": format!("{}m", of_all(Dimension::Vcpu)),
                "memory": format!("{}Mi", of_all(Dimension::Memory)),
            },
            "weight": weight,
        },
    })
}
