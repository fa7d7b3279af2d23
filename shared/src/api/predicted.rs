//! One number about what comes next.

use serde::{Deserialize, Serialize};

use crate::units::{Instant, Window};

/// What the number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PredictedMetric {
    /// How many creates are expected.
    Creates,
    /// What is paid, in the currency of the prices.
    Cost,
    /// The most live resources at the end of a bin, on average over the runs.
    Live,
    /// The most paid nodes at the end of a bin, on average over the runs.
    Nodes,
}

impl PredictedMetric {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creates => "creates",
            Self::Cost => "cost",
            Self::Live => "live",
            Self::Nodes => "nodes",
        }
    }
}

/// The number, and what it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictedValue {
    /// The number: of creates and cost the sum over the window, of live resources and nodes the most of any bin in it.
    pub value: f64,
    /// What it is of.
    pub metric: PredictedMetric,
    /// Whose; everyone's where none.
    pub tenant: Option<String>,
    /// From now on.
    pub window: Window,
    /// When the newest forecast of it was made; what that does not reach is from longer ones.
    pub origin: Instant,
}
