//! Where an actual cost comes from, and whether it may still change.

use serde::{Deserialize, Serialize};

/// How an actual cost is known; accuracy never mixes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Basis {
    /// From a bill.
    Billed,
    /// From metered usage and the price book.
    Metered,
    /// From running the actual requests through the control plane.
    Simulated,
}

impl Basis {
    /// In lower case, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Billed => "billed",
            Self::Metered => "metered",
            Self::Simulated => "simulated",
        }
    }
}

/// Whether an actual cost may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CostStatus))]
pub enum Status {
    /// The window or its bill is not closed yet.
    Provisional,
    /// Closed.
    Final,
}
