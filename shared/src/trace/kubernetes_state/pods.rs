//! Pods: live compute, and where it runs.

use super::objects::{Condition, Metadata, Pod, read};
use super::quantity::Rounding;
use super::rules::Wants;
use super::{ClusterState, Tenants, amounts, owner};
use crate::input::InputError;
use crate::request::{Observation, Priority, Request, ResourceClass, Scheduling};
use crate::units::Instant;

/// The label that tells pods of one owner apart by what they were made from: when a Deployment, DaemonSet or StatefulSet is
/// rolled out, its new pods have another value than its old ones.
const REVISION: &str = "kubernetes/revision";
/// The labels that owners put on their pods for that.
const HASHES: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];
/// The annotation of a pod that its node runs by itself, and that the API server only mirrors.
const MIRROR: &str = "kubernetes.io/config.mirror";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Takes a pod in.
pub(super) fn take(
    kind: &str,
    value: &serde_json::Value,
    tenants: &Tenants<'_>,
    state: &mut ClusterState,
) -> Result<(), InputError> {
    let pod: Pod = read(kind, value)?;
    let metadata = &pod.metadata;
    let said = &mut state.said;
    if matches!(pod.status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        said.pods_finished += 1;
        return Ok(());
    }
    let converted = amounts::converted(&amounts::effective(&pod.spec), Rounding::Up).map_err(|(name, message)| {
        metadata.wrong(kind, &format!("spec.containers[].resources.requests.{name}"), &message)
    })?;
    for resource in converted.unknown {
        *said.resources_unknown.entry(resource).or_default() += 1;
    }
    if converted.resources.is_zero() {
        said.pods_without_requests.push(metadata.path());
        return Ok(());
    }
    said.requests_rounded += u64::from(converted.rounded);
    let created = created(kind, &pod)?;
    let mut request = tenants.request("pod", metadata, created, (ResourceClass::Compute, converted.resources), said);
    request.zone = pod.spec.node_selector.get(ZONE).cloned();
    label(&mut request, metadata);
    let class = pod.spec.priority_class_name.clone().filter(|name| !name.is_empty());
    match pod.spec.priority {
        Some(0) => {}
        Some(number) => {
            request.scheduling = Some(Scheduling { priority: Priority::Number(number), ..Scheduling::default() });
        }
        None => state.priorities.unsaid.push((request.id.clone(), class)),
    }
    let wants = Wants::of(metadata, &pod.spec);
    said.pods_with_rules += u64::from(wants.lost || pod.spec.node_selector.keys().any(|key| key != ZONE));
    state.wanted.insert(request.id.clone(), wants);
    let node = pod.spec.node_name.clone().filter(|name| !name.is_empty());
    match node {
        Some(_) => said.pods_running += 1,
        None => said.pods_pending += 1,
    }
    state.observations.push(Observation {
        request: request.id.clone(),
        admitted: Some(true),
        ready_at: node.is_some().then(|| ready(&pod.status.conditions)).flatten(),
        node,
        ..Observation::default()
    });
    state.requests.push(request);
    Ok(())
}

/// When a pod was asked for: a mirrored one when its node began it, which the API server may have heard of later.
fn created(kind: &str, pod: &Pod) -> Result<Instant, InputError> {
    let created = pod.metadata.created(kind)?;
    let started = pod.status.start_time.filter(|_| pod.metadata.annotations.contains_key(MIRROR));
    let ready = ready(&pod.status.conditions).filter(|_| pod.metadata.annotations.contains_key(MIRROR));
    Ok([started, ready].into_iter().flatten().fold(created, Instant::min))
}

/// Since when a pod is ready, if it is.
fn ready(conditions: &[Condition]) -> Option<Instant> {
    let ready = conditions.iter().find(|condition| condition.kind == "Ready" && condition.status == "True");
    ready.and_then(|condition| condition.last_transition_time)
}

fn label(request: &mut Request, metadata: &Metadata) {
    let owner = owner::of(metadata);
    let role = match &owner {
        _ if metadata.annotations.contains_key(MIRROR) => Some("mirror"),
        Some(owner) if owner.starts_with("DaemonSet/") => Some("daemonset"),
        _ => None,
    };
    let revision = HASHES.iter().find_map(|hash| metadata.labels.get(*hash)).filter(|_| owner.is_some()).cloned();
    request.labels.extend(revision.map(|revision| (REVISION.to_owned(), revision)));
    request.labels.extend(owner.map(|owner| (owner::LABEL.to_owned(), owner)));
    request.labels.extend(role.map(|role| ("kubernetes/pod".to_owned(), role.to_owned())));
}
