//! Commands of kubectl for what workloads request.

use std::collections::{BTreeMap, BTreeSet};

use shared::api::RecommendationView;
use shared::request::RequestLog;
use shared::scenario::{Edit, Scenario};
use shared::units::{Dimension, Resources};

use super::{Exported, shell_quoted};

/// The label that `import kubernetes-state` gives to what an object made: its kind and name.
const OWNER: &str = "kubernetes/owner";

/// Kinds that `kubectl set resources` knows.
const KINDS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "CronJob"];

/// What made the resources of each tenant and flavor, by their names.
#[derive(Debug, Default)]
pub(crate) struct Workloads(BTreeMap<(String, String), BTreeSet<String>>);

impl Workloads {
    pub(crate) fn of(log: &RequestLog) -> Self {
        let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for life in &log.lives {
            let Some(owner) = log.label_sets.get(life.labels as usize).and_then(|labels| labels.get(OWNER)) else {
                continue;
            };
            let key = (log.tenants.name(life.tenant.0).to_owned(), log.flavors[life.flavor.usize()].name.clone());
            found.entry(key).or_default().insert(owner.clone());
        }
        Self(found)
    }
}

/// The commands that a recommendation comes to.
pub(crate) fn export(
    recommendation: &RecommendationView,
    scenario: &Scenario,
    workloads: &Workloads,
    exported: &mut Exported,
) {
    for edit in &recommendation.edits {
        let Edit::Requested { tenant, flavor, requested } = edit else {
            let what = edit.describe(scenario);
            return exported.leave_out(recommendation, format!("no command of kubectl does “{what}”"));
        };
        let tenant = &scenario.tenants[tenant.usize()].name;
        let flavor = &scenario.flavors[flavor.usize()];
        let owners = workloads.0.get(&(tenant.clone(), flavor.name.clone())).cloned().unwrap_or_default();
        if owners.is_empty() {
            let reason = format!(
                "no request of `{tenant}` for `{}` has the label {OWNER}, which names the workload; `import \
                 kubernetes-state` brings it",
                flavor.name
            );
            exported.leave_out(recommendation, reason);
            continue;
        }
        let (known, unknown): (Vec<&String>, Vec<&String>) = owners.iter().partition(|owner| is_settable(owner));
        for owner in unknown {
            exported.leave_out(recommendation, format!("kubectl sets no resources of {owner} of `{tenant}`"));
        }
        let commands: Vec<String> =
            known.into_iter().map(|owner| command(tenant, owner, flavor.requested, *requested)).collect();
        if !commands.is_empty() {
            let comments = [
                "The namespace is the tenant. Amounts are those of a whole pod: divide them where it has several containers."
                    .to_owned(),
            ];
            exported.add(recommendation, &format!("{tenant}-{}", flavor.name), "sh", &comments, &commands.join("\n"));
        }
    }
}

fn is_settable(owner: &str) -> bool {
    owner.split_once('/').is_some_and(|(kind, _)| KINDS.contains(&kind))
}

/// Sets what changes; what stays is not named.
fn command(tenant: &str, owner: &str, had: Resources, has: Resources) -> String {
    let (kind, name) = owner.split_once('/').unwrap_or(("", owner));
    let amounts = [(Dimension::Vcpu, "cpu", "m"), (Dimension::Memory, "memory", "Mi")];
    let changed = amounts.into_iter().filter(|&(dimension, ..)| had[dimension] != has[dimension]);
    let requests: Vec<String> =
        changed.map(|(dimension, name, unit)| format!("{name}={}{unit}", has[dimension])).collect();
    let target = shell_quoted(&format!("{}/{name}", kind.to_lowercase()));
    format!("kubectl --namespace {} set resources {target} --requests={}", shell_quoted(tenant), requests.join(","))
}
