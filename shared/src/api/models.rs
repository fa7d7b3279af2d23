//! The models there are, and what each is worth.

use serde::{Deserialize, Serialize};

use super::Job;
use crate::units::{Duration, Instant};

/// Every candidate of the last selection, the champion first, and the retraining under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelList {
    /// The models.
    pub models: Vec<ModelView>,
    /// The retraining that is queued or running.
    pub retraining: Option<Job>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelView {
    /// Its name, such as `lstm`.
    pub name: String,
    /// Counts the fits that became champion, from 1.
    pub version: u32,
    /// What it is used for.
    pub role: ModelRole,
    /// The end of the history that it was fitted on.
    pub fitted_until: Instant,
    /// Why it has its role.
    pub reason: String,
    /// What the rolling backtest found; empty where the history was too short for one.
    pub scores: Vec<ModelScore>,
}

/// What a model is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ModelRole {
    /// In use.
    Champion,
    /// Tried to replace the champion.
    Challenger,
}

/// A model's accuracy in a rolling backtest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelScore {
    /// How far the forecasts reached.
    pub horizon: Duration,
    /// How many origins.
    pub origins: u32,
    /// Mean absolute error ÷ in-sample seasonal-naive error.
    pub mase: Option<f64>,
    /// Σ|y − ŷ| ÷ Σ|y|.
    pub wape: Option<f64>,
}
