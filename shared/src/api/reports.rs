//! Closed windows: what was predicted, what it cost, and why the two differ.

use serde::{Deserialize, Serialize};

use super::{NotReady, ObservedView};
use crate::allocation::{AllocationReport, Basis, StatementView, VarianceStatement};
use crate::units::Window;

/// Reports of closed windows in order of time, and the accuracy after the last of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportList {
    /// One report a window.
    pub windows: Vec<WindowReport>,
    /// The specification's accuracy after the last window; none before the first.
    pub prediction_accuracy: Option<f64>,
    /// Windows that closed without a report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreported: Vec<UnreportedWindow>,
    /// Why there is no window, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// Variances of closed windows by one or two groupings, in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VarianceList {
    /// One statement a window; for a key that is limited to some tenants, of theirs alone.
    pub windows: Vec<VarianceStatement>,
    /// Windows that closed, and of which this is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<UnreportedWindow>,
    /// Why there is no window, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}

/// What a window cost, by up to two groupings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementAnswer {
    /// How it is known.
    pub basis: Basis,
    /// What to know before it is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// The statement.
    #[serde(flatten)]
    pub statement: StatementView,
}

/// A closed window that cannot be held against what was predicted for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreportedWindow {
    /// Which.
    pub window: Window,
    /// Why.
    pub reason: String,
}

/// The report of one closed window, a day of the time zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WindowReport {
    /// What the model that made the forecast is called.
    pub model: String,
    /// What was observed in the window, and what was impossible about it.
    #[serde(default)]
    pub observed: ObservedView,
    /// What was predicted, what it cost, and why the two differ.
    pub report: AllocationReport,
}
