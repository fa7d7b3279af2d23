//! What the primary began with.

use serde::{Deserialize, Serialize};

use crate::control_plane::AnomalyKind;
use crate::units::Instant;

/// What became of the resources that the primary was said to begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartView {
    /// When they lived.
    pub at: Instant,
    /// All that lived then.
    pub live: u64,
    /// Those of them that no request of the log creates.
    pub added: u64,
    /// Those on the node that they were seen on; the policy placed the others.
    pub on_observed_nodes: u64,
    /// Those without a node.
    pub pending: u64,
    /// Paid nodes.
    pub nodes: u64,
    /// Who cannot have lived then, and is left out.
    pub left_out: Vec<LeftOut>,
    /// Facts about them that cannot be, and are left out.
    pub anomalies: Vec<StartAnomaly>,
}

/// Somebody who cannot have lived when the primary began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The id of the create.
    pub request: String,
    /// Why, in words.
    pub reason: String,
}

/// A fact that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartAnomaly {
    /// The id of the create.
    pub request: String,
    /// What is wrong.
    pub kind: AnomalyKind,
}
