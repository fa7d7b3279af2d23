//! Bills that a service was given, and what it predicted beside what they say.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::bill::{BilledReport, Statement};
use crate::trace::charge::BillSummary;

/// What became of a bill that was sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillAnswer {
    /// What it holds.
    #[serde(flatten)]
    pub summary: BillSummary,
    /// Whether the same was sent before: then nothing changed.
    pub known: bool,
    /// Statements that it takes the place of, with what they came to.
    pub replaced: Vec<Statement>,
    /// Those of it that a later statement has taken the place of already.
    pub overtaken: Vec<Statement>,
}

/// Closed days for which there is a bill, in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BilledReportList {
    /// One report a day.
    pub windows: Vec<BilledReport>,
    /// Why there is none, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}
