//! Objects as somebody is about to apply them: what makes pods becomes the pods that it makes.

use serde_json::{Map, Value, json};

use super::objects::wrong;
use crate::input::InputError;
use crate::units::Instant;

/// The most pods or claims that one object makes.
const REPLICAS_MAX: u64 = 10_000;

/// The objects that `kind` stands for, as they would be at `at`; none where it stands for itself.
///
/// # Errors
/// When it does not say what its pods are, or asks for too many.
pub(super) fn made(kind: &str, value: &Value, at: Instant) -> Result<Option<Vec<(&'static str, Value)>>, InputError> {
    let owner = Owner::of(kind, value);
    let spec = &value["spec"];
    let replicas = match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => owner.count(spec, "replicas")?,
        "Job" => owner.count(spec, "parallelism")?.min(owner.count(spec, "completions")?.max(1)),
        "List" => {
            let items = value["items"].as_array().cloned().unwrap_or_default();
            return Ok(Some(items.into_iter().map(|item| ("", item)).collect()));
        }
        _ => return Ok(None),
    };
    let template = spec.get("template").filter(|template| template["spec"].is_object());
    let template =
        template.ok_or_else(|| owner.wrong("spec.template.spec", "is missing; expected what its pods are"))?;
    let mut made = Vec::new();
    for number in 0..replicas {
        let pod = owner.one(template, &format!("{}-{number}", owner.name), at);
        made.push(("Pod", pod));
        for claim in spec["volumeClaimTemplates"].as_array().into_iter().flatten() {
            let name = claim["metadata"]["name"].as_str().unwrap_or("claim");
            made.push(("PersistentVolumeClaim", owner.one(claim, &format!("{name}-{}-{number}", owner.name), at)));
        }
    }
    Ok(Some(made))
}

/// An object as it would be once it was created at `at`.
pub(super) fn created(mut value: Value, at: Instant) -> Value {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("creationTimestamp".to_owned(), at.to_string().into());
        let generated = metadata.get("generateName").and_then(Value::as_str).map(|name| format!("{name}0"));
        if let Some(name) = generated.filter(|_| !metadata.contains_key("name")) {
            metadata.insert("name".to_owned(), name.into());
        }
    }
    value
}

/// What makes others.
struct Owner<'v> {
    kind: &'v str,
    name: &'v str,
    namespace: Option<&'v str>,
}

impl<'v> Owner<'v> {
    fn of(kind: &'v str, value: &'v Value) -> Self {
        let text = |name: &str| value["metadata"][name].as_str();
        let name = text("name").or(text("generateName")).unwrap_or("unnamed");
        Self { kind, name: name.trim_end_matches('-'), namespace: text("namespace") }
    }

    /// A count of its specification: 1 where it says nothing.
    fn count(&self, spec: &Value, field: &str) -> Result<u64, InputError> {
        match spec.get(field) {
            None | Some(Value::Null) => Ok(1),
            Some(value) => value.as_u64().filter(|&count| count <= REPLICAS_MAX).ok_or_else(|| {
                let message = format!("is {value}; expected a whole number of at most {REPLICAS_MAX}");
                self.wrong(&format!("spec.{field}"), &message)
            }),
        }
    }

    /// One of what it makes, with a name of its own and itself as its owner.
    fn one(&self, template: &Value, name: &str, at: Instant) -> Value {
        let mut metadata: Map<String, Value> = template["metadata"].as_object().cloned().unwrap_or_default();
        metadata.insert("name".to_owned(), name.into());
        metadata.insert("creationTimestamp".to_owned(), at.to_string().into());
        metadata.insert("ownerReferences".to_owned(), json!([{"kind": self.kind, "name": self.name}]));
        if let Some(namespace) = self.namespace {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        json!({"metadata": metadata, "spec": template["spec"]})
    }

    fn wrong(&self, field: &str, message: &str) -> InputError {
        wrong(self.kind, self.namespace, self.name, field, message)
    }
}
