//! What was decided, and on which grounds.

use serde::{Deserialize, Serialize};

use crate::units::Instant;

/// One decision about the models, the ones to leave things alone included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// When it was made, by the clock of the requests.
    pub at: Instant,
    /// What was decided.
    pub verdict: Verdict,
    /// One sentence that says why.
    pub reason: String,
    /// The figures it rests on, all of them, whichever way they point.
    pub signals: Vec<Signal>,
}

/// What can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// Train a challenger.
    Retrain,
    /// Leave the model as it is.
    KeepModel,
    /// The challenger becomes champion.
    Promote,
    /// The champion stays, the challenger is dropped.
    KeepChampion,
    /// The champion before becomes champion again.
    RollBack,
}

impl Verdict {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retrain => "retrain",
            Self::KeepModel => "keep_model",
            Self::Promote => "promote",
            Self::KeepChampion => "keep_champion",
            Self::RollBack => "roll_back",
        }
    }
}

/// One figure against its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signal {
    /// What is measured, such as `cost_weighted_wape`.
    pub name: String,
    /// Its value; none while there is too little to measure.
    pub value: Option<f64>,
    /// Where it would tip the decision.
    pub limit: f64,
    /// Whether it did.
    pub fired: bool,
}
