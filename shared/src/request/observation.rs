//! Facts about a request that come from outside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::Instant;

/// How many modules the control plane has.
pub const MODULES: usize = 7;

/// One stage of the virtual control plane, in the order in which a request passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Module {
    /// Takes the request in.
    Gateway,
    /// Finds out who asks.
    Authentication,
    /// Decides whether the request is well formed and allowed.
    Admission,
    /// Holds the tenant to its quota.
    Quota,
    /// Chooses the node.
    Scheduler,
    /// Makes the resource on its node.
    Provisioner,
    /// Writes down what is to be paid.
    Metering,
}

impl Module {
    /// Every module, in order.
    pub const ALL: [Self; MODULES] = [
        Self::Gateway,
        Self::Authentication,
        Self::Admission,
        Self::Quota,
        Self::Scheduler,
        Self::Provisioner,
        Self::Metering,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Authentication => "authentication",
            Self::Admission => "admission",
            Self::Quota => "quota",
            Self::Scheduler => "scheduler",
            Self::Provisioner => "provisioner",
            Self::Metering => "metering",
        }
    }
}

/// An observation, and when it came in by the clock of the service: what came later was not known then.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// When it came in.
    pub at: Instant,
    /// What was seen.
    pub observation: Observation,
}

/// What was seen of one request; everything but `request` may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observation {
    /// The request's id.
    pub request: String,
    /// Whether the primary let it in.
    #[serde(default)]
    pub admitted: Option<bool>,
    /// Why not.
    #[serde(default)]
    pub reason: Option<String>,
    /// The node it was placed on.
    #[serde(default)]
    pub node: Option<String>,
    /// When the resource could be used.
    #[serde(default)]
    pub ready_at: Option<Instant>,
    /// Time spent in each module, in milliseconds.
    #[serde(default)]
    pub module_ms: BTreeMap<Module, f64>,
    /// When the resource was given back.
    #[serde(default)]
    pub released_at: Option<Instant>,
}
