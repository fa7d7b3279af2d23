//! What is said about a state that was imported.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use shared::request::{Request, ResourceClass};
use shared::trace::kubernetes_state::{ClusterState, Said};
use shared::units::Dimension;

use super::{INVENTORY, OBSERVATIONS, PRIORITY_CLASSES, QUOTAS, REQUESTS};
use crate::output::{counted, some};

/// What the dump has nothing of, with the command that brings it.
pub(super) fn lacks(state: &ClusterState) -> Vec<&'static str> {
    let lacks = |kind: &str| !state.said.objects.contains_key(kind);
    let all = [
        ("Node", "no nodes, so that there is no inventory: kubectl get nodes -o json"),
        ("Pod", "no pods, so that no compute is live: kubectl get pods -A -o json"),
        ("PersistentVolumeClaim", "no claims of volumes: kubectl get pvc -A -o json"),
        ("Service", "no services, so that there are no load balancers: kubectl get services -A -o json"),
        ("ResourceQuota", "no quotas, so that nobody is limited: kubectl get resourcequotas -A -o json"),
    ];
    all.into_iter().filter(|(kind, _)| lacks(kind)).map(|(_, what)| what).collect()
}

/// All of it, a line each.
pub(super) fn text(state: &ClusterState, lacks: &[&str], folder: &str) -> String {
    let mut text = String::new();
    let file = |name: &str| Path::new(folder).join(name).display().to_string();
    let mut line = |what: &str, says: String| writeln!(text, "{what:<34} {says}").expect("a string takes everything");
    if !state.nodes.is_empty() {
        line(&file(INVENTORY), machines(state));
    }
    if !state.quotas.is_empty() {
        line(&file(QUOTAS), format!("quotas of {}", counted(state.quotas.len() as u64, "tenant")));
    }
    if !state.priority_classes.is_empty() {
        let count = counted(state.priority_classes.len() as u64, "name");
        line(&file(PRIORITY_CLASSES), format!("{count} of priorities"));
    }
    if !state.requests.is_empty() {
        line(&file(REQUESTS), live(&state.requests));
    }
    if !state.observations.is_empty() {
        let on_nodes = state.observations.iter().filter(|observation| observation.node.is_some()).count();
        line(&file(OBSERVATIONS), format!("{} on nodes", counted(on_nodes as u64, "pod")));
    }
    for said in sentences(&state.said) {
        line("note:", said);
    }
    for lack in lacks {
        line("the dump lacks:", (*lack).to_owned());
    }
    text
}

fn machines(state: &ClusterState) -> String {
    let zones: BTreeSet<&str> = state.nodes.iter().filter_map(|node| node.zone.as_deref()).collect();
    let sum = |dimension: Dimension| {
        let units: u64 = state.nodes.iter().map(|node| u64::from(node.capacity[dimension])).sum();
        units as f64 / f64::from(dimension.per_written_unit())
    };
    let gpus = sum(Dimension::Gpu);
    let zones = if zones.is_empty() { String::new() } else { format!(", in {}", some(zones)) };
    let gpus = if gpus > 0.0 { format!(", {gpus} GPU") } else { String::new() };
    format!(
        "{} with {} vCPU, {:.1} GiB{gpus}{zones}",
        counted(state.nodes.len() as u64, "node"),
        sum(Dimension::Vcpu),
        sum(Dimension::Memory)
    )
}

fn live(requests: &[Request]) -> String {
    let tenants: BTreeSet<&str> = requests.iter().map(|request| request.tenant.as_str()).collect();
    let of = |class| requests.iter().filter(|request| request.class == class).count() as u64;
    let classes = [
        (of(ResourceClass::Compute), "pod"),
        (of(ResourceClass::Storage), "volume"),
        (of(ResourceClass::Network), "load balancer"),
    ];
    let classes: Vec<String> =
        classes.into_iter().filter(|(count, _)| *count > 0).map(|(count, name)| counted(count, name)).collect();
    format!("{} of {}", classes.join(", "), counted(tenants.len() as u64, "tenant"))
}

fn sentences(said: &Said) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |count: u64, sentence: String| {
        if count > 0 {
            all.push(sentence);
        }
    };
    let of = |count: u64, singular: &str| counted(count, singular);
    let named = |singular: &str, names: &[String]| {
        format!("{} ({})", of(names.len() as u64, singular), some(names.iter().map(String::as_str)))
    };
    say(said.pods_pending, format!("pending, without a node: {}", of(said.pods_pending, "pod")));
    say(said.pods_finished, format!("left out, ended and holding nothing: {}", of(said.pods_finished, "pod")));
    say(
        said.pods_without_requests.len() as u64,
        format!("left out, asking for nothing that is known: {}", named("pod", &said.pods_without_requests)),
    );
    say(said.claims_unbound, format!("of volumes that are not there yet: {}", of(said.claims_unbound, "claim")));
    let rounded = of(said.requests_rounded, "request");
    say(said.requests_rounded, format!("rounded up to 0.001 vCPU or 1 MiB: {rounded}"));
    let rounded = of(said.capacities_rounded, "amount");
    say(said.capacities_rounded, format!("rounded down to 0.001 vCPU or 1 MiB: {rounded} of nodes and quotas"));
    for (nodes, what) in [
        (&said.nodes_without_type, "named after their shape, without the label node.kubernetes.io/instance-type"),
        (&said.nodes_closed, "cordoned, used by the shadow all the same"),
        (&said.nodes_tainted, "tainted, used by the shadow all the same"),
        (&said.nodes_not_ready, "not ready, used by the shadow all the same"),
    ] {
        say(nodes.len() as u64, format!("{what}: {}", named("node", nodes)));
    }
    let by_class = of(said.priorities_by_class, "pod");
    say(said.priorities_by_class, format!("as urgent as the priority class that they name says: {by_class}"));
    let by_default = of(said.priorities_by_default, "pod");
    say(said.priorities_by_default, format!("as urgent as the default priority class says: {by_default}"));
    for (name, &pods) in &said.priority_classes_unknown {
        let pods_of = of(pods, "pod");
        say(
            pods,
            format!(
                "of priority 0, as their class {name} is not in the dump (kubectl get priorityclasses -o json): {pods_of}"
            ),
        );
    }
    let rules = said.pods_with_rules;
    say(rules, format!("not carried over: some of where {} may go", of(rules, "pod")));
    let many = said.pods_in_many_groups;
    say(many, format!("selected by several rules, of which only the first sees them: {}", of(many, "pod")));
    for (name, &pods) in &said.resources_unknown {
        say(pods, format!("not carried over: {name} of {}", of(pods, "pod")));
    }
    for (name, &quotas) in &said.quota_limits_unknown {
        say(quotas, format!("not carried over: the limit on {name} of {}", of(quotas, "quota")));
    }
    let parts = &said.quotas_of_a_part;
    say(parts.len() as u64, format!("left out, limiting only some pods: {}", named("quota", parts)));
    let unmapped = of(said.unmapped, "resource");
    say(said.unmapped, format!("matched by no rule, of the tenant of their namespace: {unmapped}"));
    say(said.duplicates, format!("there again, the first holds: {}", of(said.duplicates, "object")));
    for (kind, &count) in &said.kinds_unknown {
        say(count, format!("passed over: {} of kind {kind}", of(count, "object")));
    }
    all
}
