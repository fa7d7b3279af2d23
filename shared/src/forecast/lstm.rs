//! One recurrent network over all series: quantiles of every lead at once, as a residual over a seasonal anchor.
//!
//! An LSTM reads the last bins of a series, each as its distance from the level of the last day and from its own
//! seasonal anchor, in units of the series' own noise. A head with one hidden layer takes the final state together with
//! what is known of the target bin (lead, calendar, known events, the anchor and its neighbourhood on earlier days) and
//! gives the seven quantiles, so that every lead is forecast directly and none is fed back.
//!
//! Distances go through asinh on the way in and sinh on the way out: both are monotone, so the quantiles keep their
//! meaning, while a burst a hundred times the noise does not drown everything else.
//!
//! Training (burn, feature `train`) makes an [`LstmModel`], which is a plain value; serving it needs no burn.

#[cfg(feature = "train")]
mod burn_network;
mod context;
mod inputs;
#[cfg(feature = "train")]
mod lags;
mod model;
mod network;
pub mod recurrent;
#[cfg(feature = "train")]
mod sample;
#[cfg(feature = "train")]
mod train;
#[cfg(all(test, feature = "train"))]
mod train_tests;

pub use inputs::{Layout, SensorScaling};
pub use model::{LossAt, LstmModel, LstmModelError, TrainingReport};
pub use network::{Network, NetworkShape};
#[cfg(feature = "train")]
pub use train::train_lstm;

use serde::{Deserialize, Serialize};

use super::NotReady;
use super::model::season_bins;
use crate::features::Past;

/// How the network is made and trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LstmConfig {
    /// Bins that the network reads before the origin.
    pub encoder_bins: usize,
    /// Width of the recurrent state.
    pub hidden: usize,
    /// Width of the head's hidden layer.
    pub head: usize,
    /// Steps of the optimizer, at most.
    pub max_steps: u32,
    /// Steps between two looks at the validation loss.
    pub validate_every: u32,
    /// Looks without a better loss after which training stops.
    pub patience: u32,
    /// Sequences a step.
    pub batch: usize,
    /// The optimizer's rate at the start; it falls to a twentieth along half a cosine.
    pub learning_rate: f64,
    /// Seeds the initial weights and the choice of examples.
    pub seed: u64,
}

impl Default for LstmConfig {
    fn default() -> Self {
        Self {
            encoder_bins: 96,
            hidden: 24,
            head: 64,
            max_steps: 1_000,
            validate_every: 25,
            patience: 8,
            batch: 32,
            learning_rate: 2e-3,
            seed: 1,
        }
    }
}

impl LstmConfig {
    /// What is missing before a network that reaches `bins` ahead can be trained on a past: a day for the anchors, the
    /// bins it reads, a day or the horizon to learn from, and a day, or as much as it reads, to validate on.
    pub fn needs(&self, past: &Past, bins: usize) -> Option<NotReady> {
        let season = season_bins(past.bin());
        let needed = season + self.encoder_bins + bins.max(season) + self.least_validation(season);
        let missing = needed.saturating_sub(past.bins());
        (missing > 0).then_some(NotReady::NeedsBins { missing })
    }

    /// The fewest bins that validate: a sequence's origins lie within them.
    fn least_validation(&self, season: usize) -> usize {
        season.max(self.encoder_bins)
    }
}
