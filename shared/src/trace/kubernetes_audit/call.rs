//! Which calls of an API server change what is asked for or held.

use serde::Deserialize;
use serde_json::Value;

use crate::trace::events::Reason;
use crate::units::Instant;

/// The fields of an audit event that are looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    verb: String,
    #[serde(default, rename = "requestURI")]
    request_uri: String,
    /// When the call came in: calls that follow from each other are in this order, as they begin after the other's end.
    #[serde(rename = "requestReceivedTimestamp")]
    pub(super) at: Instant,
    #[serde(default)]
    object_ref: Option<ObjectRef>,
    #[serde(default)]
    response_status: Option<ResponseStatus>,
    #[serde(default)]
    request_object: Option<Value>,
    #[serde(default)]
    response_object: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
    api_group: Option<String>,
    subresource: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: Option<i64>,
}

/// A call that changes something.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) audit_id: String,
    pub(super) at: Instant,
    pub(super) does: Does,
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) request_object: Option<Value>,
    pub(super) response_object: Option<Value>,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Does {
    Create,
    /// Gives a pod its node.
    Bind,
    /// Changes an object, or what is known of its state.
    Update,
    /// Changes what a pod asks for.
    Resize,
    Delete,
    DeleteCollection,
}

/// What holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Pod,
    Claim,
    Service,
}

impl Kind {
    /// As Kubernetes calls it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Claim => "PersistentVolumeClaim",
            Self::Service => "Service",
        }
    }
}

impl Call {
    /// What an event tells of, or why it tells of nothing.
    pub(super) fn of(event: Event) -> Result<Self, Reason> {
        if event.stage != "ResponseComplete" {
            return Err(Reason::NotComplete);
        }
        let code = event.response_status.as_ref().and_then(|status| status.code);
        if code.is_some_and(|code| !(200..300).contains(&code)) {
            return Err(Reason::Failed);
        }
        if matches!(event.verb.as_str(), "get" | "list" | "watch") {
            return Err(Reason::Read);
        }
        let about = event.object_ref.clone().unwrap_or_default();
        let kind = match about.resource.as_str() {
            _ if about.api_group.as_deref().is_some_and(|group| !group.is_empty()) => None,
            "pods" => Some(Kind::Pod),
            "persistentvolumeclaims" => Some(Kind::Claim),
            "services" => Some(Kind::Service),
            _ => None,
        };
        let kind = kind.ok_or(Reason::OtherResource)?;
        let part = about.subresource.as_deref().unwrap_or_default();
        let does = match (event.verb.as_str(), part) {
            ("create", "") => Does::Create,
            ("create", "binding") if kind == Kind::Pod => Does::Bind,
            ("update" | "patch", "" | "status") => Does::Update,
            ("update" | "patch", "resize") if kind == Kind::Pod => Does::Resize,
            ("delete", "") => Does::Delete,
            ("deletecollection", "") => Does::DeleteCollection,
            _ => return Err(Reason::OtherCall),
        };
        if event.is_dry_run() {
            return Err(Reason::DryRun);
        }
        Ok(Self {
            audit_id: event.audit_id,
            at: event.at,
            does,
            kind,
            namespace: about.namespace,
            name: about.name,
            request_object: event.request_object,
            response_object: event.response_object,
        })
    }
}

impl Event {
    /// Whether the call was to change nothing, as its address says, or the options of a delete.
    fn is_dry_run(&self) -> bool {
        let query = self.request_uri.split_once('?').map_or("", |(_, query)| query);
        let options = self.request_object.as_ref().filter(|_| self.verb.starts_with("delete"));
        let of_options = options.and_then(|options| options.get("dryRun")).and_then(Value::as_array);
        query.split('&').any(|pair| pair.starts_with("dryRun=") && pair != "dryRun=")
            || of_options.is_some_and(|all| !all.is_empty())
    }
}
