//! Why an actual cost differs from the predicted one, in the words of every report.

use serde::{Deserialize, Serialize};

use super::RowKind;
use crate::units::{Money, Window};

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

/// Where it is worth looking: one line of the variance, what the shadow recommends about it, and what it was before.
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
    /// What to do about it, the best first, where replays in the shadow showed a saving.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recommendations: Vec<String>,
    /// The same line in earlier windows of the same length, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<EarlierVariance>,
}

/// What one line of the variance was in an earlier window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EarlierVariance {
    /// Which.
    pub window: Window,
    /// By how much it differed from the prediction; none where the cause was not observed, which is not 0.
    pub variance: Option<Money>,
}

/// How often a line differed in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// In so many earlier windows.
    pub same_direction: usize,
    /// Of so many in which the cause was observed.
    pub observed: usize,
}

impl OptimizationArea {
    /// How often it was so before; none where no earlier window is known.
    pub fn recurrence(&self) -> Option<Recurrence> {
        let sign = self.variance.amount.is_sign_negative();
        let observed: Vec<Money> = self.history.iter().filter_map(|earlier| earlier.variance).collect();
        let same = observed.iter().map(|money| money.amount).filter(|amount| !amount.is_zero());
        let same_direction = same.filter(|amount| amount.is_sign_negative() == sign).count();
        (!observed.is_empty()).then_some(Recurrence { same_direction, observed: observed.len() })
    }
}
