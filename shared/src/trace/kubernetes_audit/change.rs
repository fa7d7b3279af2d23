//! What a call changes of what is asked for and held.

use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Does, Kind};
use crate::input::{InputError, from_json};
use crate::request::{Observation, Operation, Request, ResourceClass};
use crate::trace::events::{Place, Reason};
use crate::trace::kubernetes_state::{ClusterState, id_of_any, read_object, storage_of};
use crate::trace::mapping::Mapping;
use crate::units::{Dimension, Duration, Instant, Resources};

/// A change, and the event that tells of it.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) place: Place,
    pub(super) event: String,
    pub(super) at: Instant,
    pub(super) change: Change,
}

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// By its create, and the node of a pod that was given one at once.
    Created { create: Request, node: Option<String> },
    /// A pod that is on a node.
    Seen(Observation),
    /// A pod whose create's id is only known to begin with its name.
    Bound { of_name: String, node: String },
    /// By the resize.
    Resized(Request),
    /// By the create of what ended.
    Ended(Request),
    /// By the create of what was told to end, and when it is over at the latest.
    Ending { create: Request, by: Instant },
    /// By the delete of what is only known by its name.
    Gone(Request),
}

/// What a call comes to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) at: Instant,
    pub(super) changes: Vec<Change>,
    pub(super) ignored: Option<Reason>,
    pub(super) unmapped: u64,
}

/// What becomes of an object that is to be deleted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Deletion {
    deletion_timestamp: Option<Instant>,
    deletion_grace_period_seconds: Option<i64>,
    finalizers: Option<Vec<Value>>,
}

/// The changes that a call makes.
///
/// # Errors
/// With the field that is wrong, or is missing as the policy has the API server leave it out.
pub(super) fn of(mut call: Call, mapping: Option<&Mapping>) -> Result<Found, InputError> {
    let mut found = Found { at: call.at, ..Found::default() };
    match call.does {
        Does::Bind => found.changes.push(bound(&mut call)?),
        Does::DeleteCollection => collection(&mut call, mapping, &mut found)?,
        Does::Delete => match call.response_object.take().filter(|object| object.get("metadata").is_some_and(named)) {
            Some(object) => deleted(&call, object, mapping, Origin::Itself, &mut found)?,
            None => found.changes.push(Change::Gone(gone(&call, mapping)?)),
        },
        Does::Create | Does::Update | Does::Resize => {
            let object = call.response_object.take().ok_or_else(|| missing("responseObject"))?;
            changed(&call, object, mapping, &mut found)?;
        }
    }
    if found.changes.is_empty() && found.ignored.is_none() {
        found.ignored = Some(Reason::OtherCall);
    }
    Ok(found)
}

/// Where it is said what was deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// As the object was after the call.
    Itself,
    /// As it was before the call.
    Collection,
}

fn named(metadata: &Value) -> bool {
    metadata.get("name").is_some_and(Value::is_string)
}

fn missing(field: &str) -> InputError {
    let message =
        "is missing; expected an event of level RequestResponse, as deploy/kubernetes/audit-policy.yaml asks for";
    InputError::field(0, field, message)
}

fn bound(call: &mut Call) -> Result<Change, InputError> {
    #[derive(Deserialize)]
    struct Binding {
        target: Target,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let object = call.request_object.take().ok_or_else(|| missing("requestObject"))?;
    let Binding { target } = from_json(object).map_err(|error| inside("requestObject", error))?;
    if target.name.is_empty() {
        return Err(InputError::field(0, "requestObject.target.name", "is empty; expected the name of a node"));
    }
    let name = call.name.as_deref().ok_or_else(|| missing("objectRef.name"))?;
    let namespace = call.namespace.as_deref().unwrap_or("default");
    Ok(Change::Bound { of_name: id_of_any("pod", namespace, name), node: target.name })
}

fn inside(object: &str, error: InputError) -> InputError {
    let field = error.field.map_or_else(|| object.to_owned(), |field| format!("{object}.{field}"));
    InputError { field: Some(field), ..error }
}

/// A call that leaves an object behind as it is from then on.
fn changed(call: &Call, object: Value, mapping: Option<&Mapping>, found: &mut Found) -> Result<(), InputError> {
    let has_ended = call.kind == Kind::Pod && has_ended(&object);
    let deletion = deletion(&object)?;
    let claim = (call.kind == Kind::Claim).then(|| capacity(&object));
    let Some((create, seen)) = read(call, object, mapping, found)? else { return Ok(()) };
    let is_gone = deletion.deletion_timestamp.is_some() && deletion.is_over();
    found.changes.push(match call.does {
        Does::Create => Change::Created { create, node: seen.node },
        _ if has_ended || is_gone => Change::Ended(create),
        Does::Resize => Change::Resized(resize(call.at, create, &call.audit_id)),
        // It only grows: whoever tells of a size tells of one resize.
        _ if let Some(mebibytes) = claim.flatten().and_then(|held| grown(&create, held)) => {
            Change::Resized(resize(call.at, create, &format!("{mebibytes}Mi")))
        }
        _ if seen.node.is_some() => Change::Seen(seen),
        _ => return Ok(()),
    });
    Ok(())
}

/// The MiB that a claim asks for, where its volume has less: more was just asked for, or is being made.
fn grown(create: &Request, held: u32) -> Option<u32> {
    let asked = create.requested.unwrap_or(Resources::ZERO)[Dimension::Storage];
    (held < asked).then_some(asked)
}

/// What the volume of a claim has, in MiB rounded up; nothing where there is none yet.
fn capacity(object: &Value) -> Option<u32> {
    let capacity = object.get("status")?.get("capacity")?.get("storage")?;
    storage_of(capacity)
}

fn resize(at: Instant, create: Request, which: &str) -> Request {
    let id = format!("{}/resize/{which}", create.id);
    Request { id, at, operation: Operation::Resize, scheduling: None, ..create }
}

fn deleted(
    call: &Call,
    object: Value,
    mapping: Option<&Mapping>,
    origin: Origin,
    found: &mut Found,
) -> Result<(), InputError> {
    let deletion = deletion(&object)?;
    let waits = match call.kind {
        // The node has no part in its end any more.
        Kind::Pod if has_ended(&object) => None,
        Kind::Pod if origin == Origin::Collection && deletion.deletion_timestamp.is_none() => time_to_end(&object),
        Kind::Pod => deletion.deletion_grace_period_seconds.filter(|&seconds| seconds > 0),
        Kind::Claim | Kind::Service => (!deletion.is_over()).then_some(0),
    };
    let Some((create, _)) = read(call, object, mapping, found)? else { return Ok(()) };
    let by = deletion.deletion_timestamp.unwrap_or(call.at).max(call.at);
    found.changes.push(match waits {
        None => Change::Ended(create),
        Some(_) if deletion.deletion_timestamp.is_some() => Change::Ending { create, by },
        Some(seconds) => Change::Ending { create, by: call.at + Duration::from_seconds(seconds.clamp(0, DAY_S)) },
    });
    Ok(())
}

/// Nobody gives a pod longer than this to end; a slip of the pen would otherwise lie far beyond all time.
const DAY_S: i64 = 86_400;

/// The seconds that a pod on a node has to end, as it was before it was told to.
fn time_to_end(pod: &Value) -> Option<i64> {
    let spec = pod.get("spec")?;
    spec.get("nodeName").and_then(Value::as_str).filter(|node| !node.is_empty())?;
    let seconds = spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(30);
    (seconds > 0).then_some(seconds)
}

fn collection(call: &mut Call, mapping: Option<&Mapping>, found: &mut Found) -> Result<(), InputError> {
    let items = call.response_object.take().and_then(|mut list| list.get_mut("items").map(Value::take));
    let Some(Value::Array(items)) = items else {
        found.ignored = Some(Reason::NoItems);
        return Ok(());
    };
    let mut nothing = None;
    for item in items {
        deleted(call, item, mapping, Origin::Collection, found)?;
        nothing = found.ignored.take().or(nothing);
    }
    found.ignored = if found.changes.is_empty() { nothing.or(Some(Reason::NothingNew)) } else { None };
    Ok(())
}

/// The delete of what is known by its name alone.
fn gone(call: &Call, mapping: Option<&Mapping>) -> Result<Request, InputError> {
    let name = call.name.as_deref().ok_or_else(|| missing("objectRef.name"))?;
    let namespace = call.namespace.as_deref().unwrap_or("default");
    // An object of this name that asks for anything at all is called what the one that is gone was called.
    let spec = match call.kind {
        Kind::Pod => serde_json::json!({"containers": [{"resources": {"requests": {"cpu": 1}}}]}),
        Kind::Claim => serde_json::json!({"resources": {"requests": {"storage": 1}}}),
        Kind::Service => serde_json::json!({"type": "LoadBalancer"}),
    };
    let metadata = serde_json::json!({"name": name, "namespace": namespace, "creationTimestamp": call.at.to_string()});
    let object = serde_json::json!({"metadata": metadata, "spec": spec});
    let state = read_object(call.kind.as_str(), &object, mapping)?;
    let create = state.requests.into_iter().next().ok_or_else(|| missing("responseObject"))?;
    let id = format!("{}{}/delete", id_of_any(prefix(create.class), namespace, name), call.audit_id);
    Ok(Request { id, ..create.into_delete(call.at) })
}

const fn prefix(class: ResourceClass) -> &'static str {
    match class {
        ResourceClass::Compute => "pod",
        ResourceClass::Storage => "persistentvolumeclaim",
        ResourceClass::Network => "service",
    }
}

/// The create of an object, and where it is; nothing where it holds nothing.
fn read(
    call: &Call,
    mut object: Value,
    mapping: Option<&Mapping>,
    found: &mut Found,
) -> Result<Option<(Request, Observation)>, InputError> {
    // What has ended held something, too.
    if let Some(status) = object.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("phase");
    }
    let state = read_object(call.kind.as_str(), &object, mapping).map_err(|error| inside("responseObject", error))?;
    let ClusterState { requests, observations, said, .. } = state;
    let Some(create) = requests.into_iter().next() else {
        found.ignored = Some(Reason::AsksForNothing);
        return Ok(None);
    };
    // Each resource is counted once, by what asks for it; that is dated when it came in, which tells more than a second.
    let is_create = call.does == Does::Create;
    found.unmapped += if is_create { said.unmapped } else { 0 };
    let at = if is_create { call.at } else { create.at };
    Ok(Some((Request { at, ..create }, observations.into_iter().next().unwrap_or_default())))
}

fn has_ended(pod: &Value) -> bool {
    let phase = pod.get("status").and_then(|status| status.get("phase")).and_then(Value::as_str);
    matches!(phase, Some("Succeeded" | "Failed"))
}

fn deletion(object: &Value) -> Result<Deletion, InputError> {
    let metadata = object.get("metadata").filter(|metadata| metadata.is_object()).cloned();
    let read = metadata.map(from_json).transpose().map_err(|error| inside("responseObject.metadata", error))?;
    Ok(read.unwrap_or_default())
}

impl Deletion {
    /// Whether nothing holds the object any more.
    fn is_over(&self) -> bool {
        self.deletion_grace_period_seconds.is_none_or(|seconds| seconds <= 0)
            && self.finalizers.as_ref().is_none_or(Vec::is_empty)
    }
}
