//! What made an object, as people know it.

use super::objects::Metadata;

/// The label that names it.
pub(super) const LABEL: &str = "kubernetes/owner";

/// The kind and name of what made an object: of a pod the Deployment, not the ReplicaSet in between; and the CronJob, not
/// each of its Jobs.
pub(super) fn of(metadata: &Metadata) -> Option<String> {
    let owner = metadata.owner_references.first()?;
    let (kind, name) = match owner.kind.as_str() {
        "ReplicaSet" => of_replica_set(metadata, &owner.name)
            .map_or(("ReplicaSet", owner.name.as_str()), |name| ("Deployment", name)),
        "Job" => of_job(&owner.name).map_or(("Job", owner.name.as_str()), |name| ("CronJob", name)),
        kind => (kind, owner.name.as_str()),
    };
    Some(format!("{kind}/{name}"))
}

/// A Deployment names its ReplicaSets after itself and the hash that it labels their pods with.
fn of_replica_set<'a>(metadata: &Metadata, name: &'a str) -> Option<&'a str> {
    let hash = metadata.labels.get("pod-template-hash")?;
    name.strip_suffix(hash.as_str())?.strip_suffix('-')
}

/// A CronJob names its Jobs after itself and the minute that they are of, counted from 1970.
fn of_job(name: &str) -> Option<&str> {
    let (name, minute) = name.rsplit_once('-')?;
    (minute.len() == 8 && minute.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}
