//! Why an actual cost differs from the predicted one, in the words of every report.

use serde::{Deserialize, Serialize};

use super::RowKind;
use crate::units::Money;

/// A cause of cost variance, in the order in which they are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Cause {
    /// More or fewer creates than predicted.
    Volume,
    /// Other flavors.
    Mix,
    /// Other times and lifetimes.
    Timing,
    /// Other placements, another fleet.
    Placement,
    /// Other prices.
    Price,
    /// What is left.
    Residual,
}

impl Cause {
    /// Every cause, in order.
    pub const ALL: [Self; 6] = [Self::Volume, Self::Mix, Self::Timing, Self::Placement, Self::Price, Self::Residual];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Mix => "mix",
            Self::Timing => "timing",
            Self::Placement => "placement",
            Self::Price => "price",
            Self::Residual => "residual",
        }
    }
}

/// How much of a window's variance one cause explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CauseAmount {
    /// Which one.
    pub cause: Cause,
    /// How much; none where the cause was not observed, which is not 0.
    pub amount: Option<Money>,
    /// Why it was not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_observed: Option<String>,
}

/// Where it is worth looking: one line of the variance, and what the shadow recommends about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OptimizationArea {
    /// What the line is about.
    pub kind: RowKind,
    /// Its name; empty where the kind says all.
    pub name: String,
    /// Why it differs from the prediction.
    pub cause: Cause,
    /// By how much.
    pub variance: Money,
    /// What to do about it, where a replay in the shadow showed a saving.
    pub recommendation: Option<String>,
}
