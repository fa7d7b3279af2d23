//! Decisions about the models.

use serde::{Deserialize, Serialize};

use crate::feedback::Decision;

/// A page of decisions, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionPage {
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// What to ask for next as `after`, where there are older ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
