//! Cost per bin: as it was, and as the shadows predicted it.

use serde::{Deserialize, Serialize};

use crate::allocation::{Basis, MoneyBand};
use crate::units::{Duration, Instant, Money};

/// Actual and predicted cost per bin, side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostSeries {
    /// Start of the first bin.
    pub start: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// Where the actual amounts come from.
    pub basis: Basis,
    /// Bins that have an actual or a predicted amount, in order of time.
    pub bins: Vec<CostBin>,
}

/// One bin of cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostBin {
    /// Start of the bin.
    pub at: Instant,
    /// What it cost, once it has ended.
    pub actual: Option<Money>,
    /// What the newest shadow run before the bin predicted.
    pub predicted: Option<MoneyBand>,
}
