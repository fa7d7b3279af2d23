//! What of closed windows cost something else than expected.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::feedback::AnomalyReport;

/// Closed windows in order of time, each with what is out of its band.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnomalyList {
    /// One report a window.
    pub windows: Vec<AnomalyReport>,
    /// Why there is no window, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}
