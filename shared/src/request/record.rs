//! One request as it travels.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::input::InputError;
use crate::units::{Duration, Instant, Resources};

use super::Scheduling;

/// From 1970 to 2200: what lies outside is a slip of the pen, and a log that long would have no end of bins.
const PLAUSIBLE: core::ops::Range<Instant> = Instant::from_micros(0)..Instant::from_micros(7_258_118_400_000_000);

/// What a request does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Operation {
    /// Brings a resource to life.
    Create,
    /// Changes the shape of a live resource.
    Resize,
    /// Ends a resource; the only thing that releases.
    Delete,
}

/// The class of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ResourceClass {
    /// Virtual machines, pods.
    Compute,
    /// Volumes.
    Storage,
    /// Load balancers, addresses.
    Network,
}

/// One call to the control plane, the same for actual and predicted streams: one NDJSON line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Unique in the log; predicted ones start with `p-`.
    pub id: String,
    /// When it was made.
    pub at: Instant,
    /// Who asks and pays.
    pub tenant: String,
    /// What it does.
    #[serde(rename = "op")]
    pub operation: Operation,
    /// What it is about.
    pub class: ResourceClass,
    /// The resource's name, unique per tenant while it lives.
    pub resource: String,
    /// The shape's name; this or `requested`, unless it is a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// The shape's amounts; this or `flavor`, unless it is a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Resources>,
    /// Where the tenant wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How urgently, and where beside others; a create's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// Requests that the tenant made together share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The lifetime that the tenant announced, in seconds; it does not release.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "lifetime_s", with = "seconds")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub lifetime: Option<Duration>,
    /// Free-form labels for reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl Operation {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Resize => "resize",
            Self::Delete => "delete",
        }
    }
}

impl ResourceClass {
    /// Every class, in order.
    pub const ALL: [Self; 3] = [Self::Compute, Self::Storage, Self::Network];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Storage => "storage",
            Self::Network => "network",
        }
    }
}

impl Request {
    /// The delete, of this id, of the resource that this is about.
    #[must_use]
    pub fn into_delete(self, at: Instant) -> Self {
        Self {
            at,
            operation: Operation::Delete,
            flavor: None,
            requested: None,
            zone: None,
            scheduling: None,
            batch: None,
            lifetime: None,
            labels: BTreeMap::new(),
            ..self
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// With `line` and the field that is wrong.
    pub fn validate(&self, line: u64) -> Result<(), InputError> {
        if !PLAUSIBLE.contains(&self.at) {
            let message = format!("is {}; expected an instant between 1970 and 2200", self.at);
            return Err(InputError::field(line, "at", message));
        }
        for (field, value) in [("id", &self.id), ("tenant", &self.tenant), ("resource", &self.resource)] {
            if value.is_empty() {
                return Err(InputError::field(line, field, "is empty; expected a name"));
            }
        }
        match (self.operation, &self.flavor, &self.requested) {
            (Operation::Delete, None, None) => {}
            (Operation::Delete, flavor, _) => {
                let field = if flavor.is_some() { "flavor" } else { "requested" };
                return Err(InputError::field(line, field, "a delete carries no shape; leave it out"));
            }
            (_, None, None) => {
                let message = format!("a {} needs `flavor` or `requested`", self.operation.as_str());
                return Err(InputError::field(line, "requested", message));
            }
            (_, _, Some(requested)) if requested.is_zero() => {
                return Err(InputError::field(line, "requested", "asks for nothing; expected an amount above zero"));
            }
            (_, _, Some(requested)) if self.class == ResourceClass::Compute => {
                if let Some(problem) = requested.problem_of_gpus_asked() {
                    return Err(InputError::field(line, "requested.gpu", problem));
                }
            }
            _ => {}
        }
        if let Some(scheduling) = &self.scheduling {
            if self.operation != Operation::Create {
                let message = format!("a {} carries none; it is the create's", self.operation.as_str());
                return Err(InputError::field(line, "scheduling", message));
            }
            if let Some((field, message)) = scheduling.problem() {
                return Err(InputError::field(line, format!("scheduling.{field}"), message));
            }
        }
        if self.lifetime.is_some_and(|lifetime| lifetime < Duration::ZERO) {
            return Err(InputError::field(line, "lifetime_s", "is negative; expected seconds from 0"));
        }
        Ok(())
    }
}

/// A duration as seconds on the wire, whole where it can be.
mod seconds {
    use serde::{Deserializer, Serializer};

    use crate::units::{Duration, optional_number};

    pub(super) fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match span.map(Duration::micros) {
            None => serializer.serialize_none(),
            Some(micros) if micros % 1_000_000 == 0 => serializer.serialize_i64(micros / 1_000_000),
            Some(micros) => serializer.serialize_f64(micros as f64 / 1e6),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let expected = "a number of seconds, as 3600 or 0.5";
        let Some(seconds) = optional_number(deserializer, expected)? else { return Ok(None) };
        // A thousand years, far from the limits of an i64 of microseconds.
        if seconds.is_finite() && seconds.abs() < 3.2e10 {
            Ok(Some(Duration::from_micros((seconds * 1e6).round() as i64)))
        } else {
            Err(serde::de::Error::custom(format!("is {seconds}; expected seconds of less than a thousand years")))
        }
    }
}
