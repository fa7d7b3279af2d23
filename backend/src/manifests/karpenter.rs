//! NodePools of Karpenter (`karpenter.sh/v1`) for what a node group should be.
//!
//! They are JSON, which is YAML, below comments: kubectl takes both.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::api::RecommendationView;
use shared::scenario::{Autoscaling, Edit, NodeGroup, Purchase, Scenario};
use shared::units::{Dimension, NodeGroupIndex};

use super::{Exported, kubernetes_name, shell_quoted};

/// Karpenter prefers the pool with the larger weight: on demand comes before spot, as the group before those beyond it.
const WEIGHT_FIRST: u32 = 20;
const WEIGHT_BEYOND: u32 = 10;

/// The groups that a recommendation changes, as it leaves them.
struct Changed<'a> {
    scenario: &'a Scenario,
    groups: BTreeMap<NodeGroupIndex, NodeGroup>,
    /// Groups of the nodes beyond those that are bought on demand.
    beyond: Vec<NodeGroup>,
    autoscaling: Autoscaling,
}

/// The pools of the groups that a recommendation changes.
pub(crate) fn export(recommendation: &RecommendationView, scenario: &Scenario, exported: &mut Exported) {
    let Some(changed) = changed(recommendation, scenario, exported) else { return };
    let pools = changed.groups.values().map(|group| (group, WEIGHT_FIRST));
    for (group, weight) in pools.chain(changed.beyond.iter().map(|group| (group, WEIGHT_BEYOND))) {
        let pool = pool(group, weight, &changed.autoscaling);
        let text = serde_json::to_string_pretty(&pool).expect("text and numbers are JSON");
        exported.add(recommendation, &group.name, "yaml", &changed.comments(group), &text);
    }
}

/// Commands that patch the pools which are called as the groups are.
pub(crate) fn export_patches(recommendation: &RecommendationView, scenario: &Scenario, exported: &mut Exported) {
    let Some(changed) = changed(recommendation, scenario, exported) else { return };
    for group in changed.groups.values() {
        let name = kubernetes_name(&group.name);
        // A merge takes the list of requirements as a whole: those that are not named here are gone.
        let spec = &pool(group, WEIGHT_FIRST, &changed.autoscaling)["spec"];
        let requirements = &spec["template"]["spec"]["requirements"];
        let patch = json!({ "spec": {
            "template": { "spec": { "requirements": requirements } },
            "disruption": spec["disruption"],
            "limits": spec["limits"],
        } });
        let patch = shell_quoted(&patch.to_string());
        let command = format!("kubectl patch nodepool {} --type merge --patch {patch}", shell_quoted(&name));
        let replaced = format!(
            "It takes the NodePool to be called `{name}`, and replaces all of its requirements: add those that are yours."
        );
        let comments: Vec<String> = [replaced].into_iter().chain(changed.unsaid(group)).collect();
        exported.add(recommendation, &group.name, "sh", &comments, &command);
    }
    for group in &changed.beyond {
        let reason = format!("a patch makes no NodePool: `{}` is a new one", kubernetes_name(&group.name));
        exported.leave_out(recommendation, reason);
    }
}

/// The groups as a recommendation leaves them; what no field of a NodePool says is left out, and the rest with it.
fn changed<'a>(
    recommendation: &RecommendationView,
    scenario: &'a Scenario,
    exported: &mut Exported,
) -> Option<Changed<'a>> {
    let (groups, beyond) = (BTreeMap::new(), Vec::new());
    let mut changed = Changed { scenario, groups, beyond, autoscaling: scenario.autoscaling };
    if let Some(edit) = recommendation.edits.iter().find(|edit| !changed.takes(edit)) {
        let what = edit.describe(scenario);
        exported.leave_out(recommendation, format!("no field of a NodePool says “{what}”"));
        return None;
    }
    Some(changed)
}

impl Changed<'_> {
    /// Whether a NodePool can say what an edit does; if so, it is done.
    fn takes(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::InstanceType { node_group, instance_type } => {
                let shape = self.scenario.price_book.get(instance_type).and_then(|entry| entry.shape);
                let group = self.group(*node_group);
                instance_type.clone_into(&mut group.instance_type);
                let (had, has) = (group.capacity, shape.unwrap_or(group.capacity));
                group.max = equal_nodes(group.max, had[Dimension::Vcpu], has[Dimension::Vcpu]);
                group.capacity = has;
            }
            Edit::Purchase { node_group, purchase } => self.group(*node_group).purchase = purchase.clone(),
            Edit::MaxNodes { node_group, max } => self.group(*node_group).max = *max,
            Edit::SpotBeyond { node_group, on_demand, spot } => {
                let group = self.group(*node_group);
                let (name, purchase) = (format!("{} spot", group.name), Purchase::Spot(spot.clone()));
                let max = group.max.saturating_sub(*on_demand);
                let beyond = NodeGroup { name, purchase, max, min: 0, ..group.clone() };
                group.max = *on_demand;
                self.beyond.push(beyond);
            }
            Edit::Consolidation { below_percent } => {
                self.autoscaling.consolidate_below_percent = *below_percent;
                self.every_group();
            }
            Edit::ScaleDown { empty_for } => {
                self.autoscaling.empty_for = *empty_for;
                self.every_group();
            }
            _ => return false,
        }
        true
    }

    fn group(&mut self, node_group: NodeGroupIndex) -> &mut NodeGroup {
        let group = || self.scenario.fleet.node_groups[node_group.usize()].clone();
        self.groups.entry(node_group).or_insert_with(group)
    }

    fn every_group(&mut self) {
        let groups = self.scenario.fleet.node_groups.len();
        (0..groups).map(NodeGroupIndex::from_usize).for_each(|group| {
            self.group(group);
        });
    }

    /// What goes with a whole pool.
    fn comments(&self, group: &NodeGroup) -> Vec<String> {
        let class = "nodeClassRef names the EC2NodeClass `default`: put yours there. Limits are of all nodes together.";
        [class.to_owned()].into_iter().chain(self.unsaid(group)).collect()
    }

    /// What a pool does not say of its group.
    fn unsaid(&self, group: &NodeGroup) -> impl Iterator<Item = String> {
        let kept = (group.min > 0)
            .then(|| format!("A NodePool keeps no empty nodes: the {} that are kept now are not in it.", group.min));
        let threshold = self.autoscaling.consolidate_below_percent.map(|percent| {
            format!(
                "A NodePool has no threshold: Karpenter decides by itself what is underutilised, not by {percent} %."
            )
        });
        kept.into_iter().chain(threshold)
    }
}

/// Nodes of `has` vCPU that have as much as `count` of `had`.
fn equal_nodes(count: u32, had: u32, has: u32) -> u32 {
    u32::try_from((u64::from(count) * u64::from(had)).div_ceil(u64::from(has.max(1)))).unwrap_or(u32::MAX)
}

fn pool(group: &NodeGroup, weight: u32, autoscaling: &Autoscaling) -> Value {
    let consolidates = autoscaling.consolidate_below_percent.is_some();
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
                "consolidateAfter": format!("{}s", autoscaling.empty_for.micros() / 1_000_000),
            },
            "limits": {
                "cpu": format!("{}m", of_all(Dimension::Vcpu)),
                "memory": format!("{}Mi", of_all(Dimension::Memory)),
            },
            "weight": weight,
        },
    })
}
