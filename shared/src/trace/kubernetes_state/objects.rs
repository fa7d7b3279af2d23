//! The fields of Kubernetes objects that say what there is; all others are passed over.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::quantity::Quantity;
use crate::input::{Format, InputError, field_and_message};
use crate::units::Instant;

/// Amounts by the name of the resource.
pub(super) type Amounts = BTreeMap<String, Quantity>;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: Option<String>,
    #[serde(default)]
    pub(super) creation_timestamp: Option<Instant>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) owner_references: Vec<Owner>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Owner {
    pub(super) kind: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Node {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: NodeSpec,
    #[serde(default)]
    pub(super) status: NodeStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct NodeSpec {
    #[serde(default)]
    pub(super) unschedulable: bool,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) taints: Vec<Taint>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Taint {
    pub(super) effect: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct NodeStatus {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) allocatable: Amounts,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) capacity: Amounts,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) last_transition_time: Option<Instant>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pod {
    pub(super) metadata: Metadata,
    pub(super) spec: PodSpec,
    #[serde(default)]
    pub(super) status: PodStatus,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodSpec {
    #[serde(default)]
    pub(super) node_name: Option<String>,
    pub(super) containers: Vec<Container>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) init_containers: Vec<Container>,
    /// What the pod as a whole asks for, beside its containers.
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) resources: Asked,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) overhead: Amounts,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) node_selector: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) affinity: Affinity,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) topology_spread_constraints: Vec<Value>,
    #[serde(default)]
    pub(super) priority: Option<i32>,
    #[serde(default)]
    pub(super) priority_class_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Affinity {
    #[serde(default)]
    pub(super) node_affinity: Option<Value>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) pod_affinity: PodRules,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) pod_anti_affinity: PodRules,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PodRules {
    #[serde(default, rename = "requiredDuringSchedulingIgnoredDuringExecution", deserialize_with = "or_nothing")]
    pub(super) required: Vec<PodRule>,
    #[serde(default, rename = "preferredDuringSchedulingIgnoredDuringExecution", deserialize_with = "or_nothing")]
    pub(super) preferred: Vec<Value>,
}

/// A rule about pods that are there already.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodRule {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) label_selector: LabelSelector,
    pub(super) topology_key: String,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) namespaces: Vec<String>,
    #[serde(default)]
    pub(super) namespace_selector: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LabelSelector {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) match_labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) match_expressions: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) resources: Asked,
    #[serde(default)]
    pub(super) restart_policy: Option<String>,
}

/// What somebody asks for, and what it may grow to.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) requests: Amounts,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) limits: Amounts,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodStatus {
    #[serde(default)]
    pub(super) phase: Option<String>,
    #[serde(default)]
    pub(super) start_time: Option<Instant>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claim {
    pub(super) metadata: Metadata,
    pub(super) spec: ClaimSpec,
    #[serde(default)]
    pub(super) status: ClaimStatus,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimSpec {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) resources: Asked,
    #[serde(default)]
    pub(super) storage_class_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ClaimStatus {
    #[serde(default)]
    pub(super) phase: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Service {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: ServiceSpec,
    #[serde(default)]
    pub(super) status: ServiceStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ServiceSpec {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStatus {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct LoadBalancer {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) ingress: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriorityClass {
    pub(super) metadata: Metadata,
    pub(super) value: i32,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) global_default: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ResourceQuota {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: QuotaSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuotaSpec {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) hard: Amounts,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) scopes: Vec<Value>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(super) scope_selector: BTreeMap<String, Value>,
}

/// Reads an object, and names what is wrong by its kind, its name and the field.
///
/// # Errors
/// With the field and what was expected.
pub(super) fn read<T: DeserializeOwned>(kind: &str, value: &Value) -> Result<T, InputError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (field, message) = field_and_message(Format::Json, &error.path().to_string(), &error.inner().to_string());
        let text = |name: &str| value.get("metadata")?.get(name)?.as_str();
        wrong(kind, text("namespace"), text("name").unwrap_or("without a name"), &field.unwrap_or_default(), &message)
    })
}

/// What is wrong with a field of an object.
pub(super) fn wrong(kind: &str, namespace: Option<&str>, name: &str, field: &str, message: &str) -> InputError {
    let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
    InputError::field(0, format!("{kind} {namespace}{name} {field}").trim_end(), message)
}

impl Metadata {
    /// What is wrong with a field of the object that this is of.
    pub(super) fn wrong(&self, kind: &str, field: &str, message: &str) -> InputError {
        wrong(kind, self.namespace.as_deref(), &self.name, field, message)
    }

    /// The namespace; what names none is in `default`.
    pub(super) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// Namespace and name.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.namespace(), self.name)
    }

    /// When the object was created.
    ///
    /// # Errors
    /// When it does not say so.
    pub(super) fn created(&self, kind: &str) -> Result<Instant, InputError> {
        self.creation_timestamp.ok_or_else(|| {
            self.wrong(
                kind,
                "metadata.creationTimestamp",
                "is missing; expected an instant such as 2026-11-01T00:00:00Z",
            )
        })
    }
}

/// A value, or its default where it is null.
fn or_nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
