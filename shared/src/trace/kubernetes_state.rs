//! The state of a Kubernetes cluster, as `kubectl get … -A -o json` prints it: machines, quotas, and what runs.
//!
//! ```text
//! text ─► documents ─► objects ─┬─► nodes    ─► inventory
//!                               ├─► quotas   ─► quotas, by tenant
//!                               ├─► priorities ─► priority classes
//!                               ├─► pods     ─► requests (compute), observations
//!                               ├─► volumes  ─► requests (storage)
//!                               └─► services ─► requests (network)
//! ```
//!
//! What is asked for is rounded up to our units (a milli-vCPU, a MiB), what there is and what is allowed is rounded
//! down; [`Said`] counts both, and everything that was left out.

mod amounts;
mod documents;
mod manifest;
mod nodes;
mod objects;
mod owner;
mod pods;
mod priorities;
mod quantity;
mod quotas;
mod rules;
mod said;
mod services;
#[cfg(test)]
mod tests;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use objects::Metadata;
use quantity::{Quantity, Rounding};
pub use said::Said;
use serde_json::Value;

use super::inventory::InventoryNode;
use super::mapping::Mapping;
use super::quotas::TenantQuota;
use crate::input::{InputError, InputProblems};
use crate::request::{Observation, Operation, Request, ResourceClass};
use crate::units::{Dimension, Instant, Resources};

/// What a dump says, in our terms.
#[derive(Clone, Debug, Default)]
pub struct ClusterState {
    /// The machines, by name.
    pub nodes: Vec<InventoryNode>,
    /// What tenants may hold, by name.
    pub quotas: Vec<TenantQuota>,
    /// A create for each live resource, in order of time, then of id.
    pub requests: Vec<Request>,
    /// What is known of each live pod, in the order of the requests.
    pub observations: Vec<Observation>,
    /// Numbers of priority classes, by name.
    pub priority_classes: BTreeMap<String, i32>,
    /// What to know about all of that.
    pub said: Said,
    priorities: priorities::Priorities,
    quotas_by_namespace: quotas::ByNamespace,
    /// What pods want of others, by the id of their request.
    wanted: rules::Wanted,
}

/// Reads a dump; tenants are namespaces, unless a mapping says otherwise.
///
/// # Errors
/// With every object that is wrong: its kind, name and field; and when there is none that we know.
pub fn read_state(text: &str, mapping: Option<&Mapping>) -> Result<ClusterState, InputProblems> {
    let mut reader = Reader::new(mapping);
    let mut wrong = Vec::new();
    let read = documents::each_object(text, &mut |kind, value| {
        wrong.extend(reader.take(kind, &value).err());
        Ok(())
    });
    wrong.extend(read.err());
    if wrong.is_empty() { Ok(reader.finish(documents::EXPECTED)?) } else { Err(InputProblems(wrong)) }
}

/// Reads objects as somebody is about to apply them, as if all were created at `at`: pods, claims and services, and what
/// makes pods, as the pods and claims that it makes. What is made on a schedule, or on every node, is counted with the
/// kinds that are not known.
///
/// # Errors
/// As [`read_state`], and when an object does not say what it is.
pub fn read_manifest(objects: Vec<Value>, at: Instant, mapping: Option<&Mapping>) -> Result<ClusterState, InputError> {
    let mut reader = Reader::new(mapping);
    let mut waiting: Vec<Value> = objects.into_iter().rev().filter(|object| !object.is_null()).collect();
    while let Some(object) = waiting.pop() {
        let Some(kind) = object.get("kind").and_then(Value::as_str) else {
            return Err(InputError::whole("holds something without `kind`; expected objects of Kubernetes"));
        };
        // Others call their own kinds by the same names.
        let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        if version.contains('/') && CORE.contains(&kind) {
            *reader.state.said.kinds_unknown.entry(format!("{kind} of {version}")).or_default() += 1;
            continue;
        }
        match manifest::made(kind, &object, at)? {
            None => reader.take(kind, &manifest::created(object.clone(), at))?,
            Some(made) => {
                for (kind, value) in made {
                    match kind {
                        "" => waiting.push(value),
                        kind => reader.take(kind, &value)?,
                    }
                }
            }
        }
    }
    reader.finish("expected pods, claims, services, or what makes pods: a Deployment, StatefulSet, ReplicaSet or Job")
}

/// Reads one object, of a kind that whoever has it knows, for what is about one object at a time. What depends on others
/// is not known: rules about pods that are not like it, and numbers of priority classes.
///
/// # Errors
/// With kind, name and field of what is wrong.
pub(super) fn read_object(kind: &str, value: &Value, mapping: Option<&Mapping>) -> Result<ClusterState, InputError> {
    let mut reader = Reader::new(mapping);
    reader.take(kind, value)?;
    let mut state = reader.finish("expected a pod, a claim of a volume, or a service")?;
    let losers = rules::leave_out_those_about_others(&mut state.requests);
    state.said.pods_with_rules = state.said.pods_with_rules.max(losers);
    Ok(state)
}

/// MiB of an amount of storage as objects write it, rounded up; nothing where it is none.
pub(super) fn storage_of(quantity: &Value) -> Option<u32> {
    let quantity: Quantity = serde_json::from_value(quantity.clone()).ok()?;
    quantity.in_units(Dimension::Storage, Rounding::Up).ok().map(|(mebibytes, _)| mebibytes)
}

/// Kinds of the core API, which has a version and no group.
const CORE: [&str; 4] = ["Node", "Pod", "PersistentVolumeClaim", "Service"];

/// Takes objects in, one by one.
struct Reader<'m> {
    state: ClusterState,
    tenants: Tenants<'m>,
    known: BTreeSet<(String, Option<String>, Option<String>)>,
    namespaces: BTreeSet<String>,
}

impl<'m> Reader<'m> {
    fn new(mapping: Option<&'m Mapping>) -> Self {
        let (known, namespaces) = (BTreeSet::new(), BTreeSet::new());
        Self { state: ClusterState::default(), tenants: Tenants(mapping), known, namespaces }
    }

    fn take(&mut self, kind: &str, value: &Value) -> Result<(), InputError> {
        let Self { state, tenants, known, namespaces } = self;
        let of = |name: &str| value.get("metadata")?.get(name)?.as_str().map(str::to_owned);
        let (namespace, name) = (of("namespace"), of("name"));
        if !known.insert((kind.to_owned(), namespace.clone(), name)) {
            state.said.duplicates += 1;
            return Ok(());
        }
        namespaces.extend(namespace);
        match kind {
            "Node" => nodes::take(kind, value, state)?,
            "Pod" => pods::take(kind, value, tenants, state)?,
            "PersistentVolumeClaim" => volumes::take(kind, value, tenants, state)?,
            "Service" => services::take(kind, value, tenants, state)?,
            "ResourceQuota" => quotas::take(kind, value, state)?,
            "PriorityClass" => priorities::take(kind, value, state)?,
            other => {
                *state.said.kinds_unknown.entry(other.to_owned()).or_default() += 1;
                return Ok(());
            }
        }
        *state.said.objects.entry(kind.to_owned()).or_default() += 1;
        Ok(())
    }

    fn finish(self, expected: &str) -> Result<ClusterState, InputError> {
        let Self { state, tenants, namespaces, .. } = self;
        if state.said.objects.is_empty() {
            return Err(InputError::whole(format!("holds no object that is read; {expected}")));
        }
        Ok(state.in_order(namespaces, &tenants))
    }
}

impl ClusterState {
    /// With everything in an order that does not depend on that of the dump.
    fn in_order(mut self, namespaces: BTreeSet<String>, tenants: &Tenants<'_>) -> Self {
        priorities::resolve(&mut self);
        rules::carry_over(&mut self);
        self.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        self.requests.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let order: BTreeMap<&str, usize> =
            self.requests.iter().enumerate().map(|(place, request)| (request.id.as_str(), place)).collect();
        self.observations.sort_by_key(|observation| order.get(observation.request.as_str()).copied());
        // The rules that hold now are those that hold at the last instant that the dump knows.
        let ready = self.observations.iter().filter_map(|observation| observation.ready_at);
        let now = self.requests.iter().map(|request| request.at).chain(ready).max().unwrap_or_default();
        self.quotas = quotas::of_tenants(&self.quotas_by_namespace, namespaces.into_iter(), tenants, now);
        self
    }
}

/// The id of the create of an object: the same from wherever one hears of it. No two objects of one kind have one name at
/// a time, and the instant of its creation, to the second, tells it from those before it.
fn id(kind: &str, namespace: &str, name: &str, created: Instant) -> String {
    format!("{}{created}", id_of_any(kind, namespace, name))
}

/// What the ids of all that had this name begin with.
pub(super) fn id_of_any(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind}/{namespace}/{name}@")
}

/// Whose a namespace and what is in it are.
struct Tenants<'a>(Option<&'a Mapping>);

impl Tenants<'_> {
    /// The create of an object, of a kind that is called `kind` in its id.
    fn request(
        &self,
        kind: &str,
        metadata: &Metadata,
        at: Instant,
        (class, requested): (ResourceClass, Resources),
        said: &mut Said,
    ) -> Request {
        let namespace = metadata.namespace();
        let mapped = self.0.and_then(|mapping| mapping.tenant(namespace, &metadata.labels, at));
        said.unmapped += u64::from(self.0.is_some() && mapped.is_none());
        let tenant = mapped.unwrap_or(namespace);
        // Names are unique among what is of one kind in one namespace; a pod is what is meant where nothing is said.
        let name = if kind == "pod" { metadata.name.clone() } else { format!("{kind}/{}", metadata.name) };
        Request {
            id: id(kind, namespace, &metadata.name, metadata.creation_timestamp.unwrap_or(at)),
            at,
            resource: if tenant == namespace { name } else { format!("{namespace}/{name}") },
            tenant: tenant.to_owned(),
            operation: Operation::Create,
            class,
            flavor: None,
            requested: Some(requested),
            zone: None,
            scheduling: None,
            batch: None,
            lifetime: None,
            labels: metadata.labels.clone(),
        }
    }

    fn of_namespace(&self, namespace: &str, at: Instant) -> String {
        let mapped = self.0.and_then(|mapping| mapping.tenant(namespace, &BTreeMap::new(), at));
        mapped.unwrap_or(namespace).to_owned()
    }
}
