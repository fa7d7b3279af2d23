//! Budgets: what was spent of them, and when a prediction passes them.

use serde::{Deserialize, Serialize};

use super::NotReady;
use crate::allocation::BudgetOutlook;
use crate::units::{Duration, Instant};

/// Every budget, by what is predicted from an origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetList {
    /// The instant of the prediction; what was spent is up to it.
    pub origin: Option<Instant>,
    /// How far the prediction reaches; nothing is said of what comes after it.
    pub horizon: Option<Duration>,
    /// Budget by budget, each with the periods that the horizon reaches into in order of time.
    pub budgets: Vec<BudgetOutlook>,
    /// What to know before it is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Why there is nothing to tell, where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<NotReady>,
}
