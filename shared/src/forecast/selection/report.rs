//! What a selection is asked for, and what it says about itself.

use serde::{Deserialize, Serialize};

use super::choose::CLEARLY;
use crate::features::SeriesKey;
use crate::forecast::lstm::{LstmConfig, TrainingReport};
use crate::forecast::{ModelName, NotReady, SeriesScores};
use crate::units::{Duration, Instant};

/// What to choose among, for what, and how hard to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SelectionConfig {
    /// Horizons that matter; each has a choice of its own.
    pub horizons: Vec<Duration>,
    /// Origins of the backtest; fewer, but at least two, where the history is short.
    pub origins: usize,
    /// Bins between two origins; a quarter of a day where none.
    pub step_bins: Option<usize>,
    /// The candidates.
    pub models: Vec<ModelName>,
    /// How the LSTM is trained.
    pub lstm: LstmConfig,
}

impl SelectionConfig {
    /// All models of our own.
    pub fn new(horizons: Vec<Duration>) -> Self {
        Self {
            horizons,
            origins: 8,
            step_bins: None,
            models: vec![
                ModelName::SeasonalNaive,
                ModelName::OneDayMedian,
                ModelName::RecentLevel,
                ModelName::LocalTrend,
                ModelName::SmoothedLevel,
                ModelName::HourMean,
                ModelName::BoostedTrees,
                ModelName::Lstm,
            ],
            lstm: LstmConfig::default(),
        }
    }
}

/// How the choice came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SelectionReport {
    /// The origins of the backtest; none where the history was too short for one.
    pub origins: Vec<Instant>,
    /// Every candidate, with all that it scored.
    pub candidates: Vec<Candidate>,
    /// The choice for each horizon, increasing.
    pub choices: Vec<Choice>,
    /// Why there was no backtest, where there was none.
    pub fallback: Option<Fallback>,
    /// How the LSTM's last training, on the whole past, went, where it was chosen.
    pub final_training: Option<TrainingReport>,
}

/// One model that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// Which one.
    pub model: ModelName,
    /// Scores by series, then by horizon; none where it was not ready.
    pub scores: Vec<SeriesScores>,
    /// Why it was not tried, where it was not.
    pub not_ready: Option<NotReady>,
    /// How its training before the first origin went, where it trains.
    pub training: Option<TrainingReport>,
}

/// What is used for a horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Choice {
    /// The horizon.
    pub horizon: Duration,
    /// The model that all series of everyone use (all tenants', where there are no others); the ensemble where they differ.
    pub model: ModelName,
    /// The MASE in the backtest of what each of those series uses, averaged over them. None for a fallback.
    pub mase: Option<f64>,
    /// How much each model counts for them; where one is used alone, that one. None for a fallback.
    pub members: Vec<MemberWeight>,
    /// What each series uses, and why. None for a fallback.
    pub series: Vec<SeriesChoice>,
}

/// What one series uses over a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesChoice {
    /// What is counted.
    pub key: SeriesKey,
    /// One of the candidates.
    pub model: ModelName,
    /// Why this one.
    pub reason: Reason,
}

/// Why a series uses what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChoiceReason))]
pub enum Reason {
    /// Its error in the backtest was the least.
    #[error("it has the least error in this backtest")]
    Least,
    /// One model alone had less error than all together, but by so little that it is no ground to leave the others out.
    #[error("{model} alone has less error in this backtest, but by less than {:.0} %, which does not last", 100.0 * (1.0 - CLEARLY))]
    Nearly {
        /// The one with the least error.
        model: ModelName,
    },
    /// One model alone had the least error, but was wrong over the last day.
    #[error("{model} alone has the least error in this backtest, but was worse than others over the last day")]
    WrongOfLate {
        /// The one with the least error.
        model: ModelName,
    },
    /// Nothing else can be used, or nothing was scored.
    #[error("there is no score to compare it by")]
    Unscored,
}

/// How much a model counts in an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberWeight {
    /// Which one.
    pub model: ModelName,
    /// Its share at the origin, averaged over the series of everyone; all members' add up to 1.
    pub weight: f64,
}

/// The history is too short for a backtest of two origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the history is too short to compare models by backtest (it {}): {model} is used", NotReady::NeedsBins { missing: *.missing })]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fallback {
    /// Bins that a backtest of two origins would have needed on top.
    pub missing: usize,
    /// The seasonal naive from a day of history on, because it keeps the shape of the day; before that the recent mean,
    /// whose interval says how little is known.
    pub model: ModelName,
}
