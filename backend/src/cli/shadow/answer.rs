//! What `shadow --json` prints.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::allocation::{AllocationReport, MoneyBand};
use shared::api::OutcomeView;
use shared::forecast::{ModelId, SelectionReport};
use shared::simulation::Outcome;
use shared::units::{Dimension, Duration, Instant};
use shared::variance::Decomposition;

use super::advice::Advice;
use super::checked::Checked;

/// The outcome; with an origin it is the predicted one, and what it was made from and compared with stands beside it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// How long it took, in seconds: the only figure that differs between two runs of the same command.
    pub(super) wall_s: f64,
    #[serde(flatten)]
    pub(super) outcome: OutcomeView,
    pub(super) utilisation: Utilisations,
    pub(super) notices: Vec<String>,
    /// What was checked, where that was asked for; without an answer where a rule was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked: Option<Checked>,
    /// Changes that were replayed and are worth it, the largest saving first; only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recommendations: Option<Vec<Advice>>,
    #[serde(flatten)]
    pub(super) prediction: Option<WithOrigin>,
}

/// Requested ÷ paid, from 0 to 1, per dimension that any node has.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Utilisations(BTreeMap<&'static str, f64>);

/// The prediction and, where the log goes on after the origin, what really happened.
#[derive(Debug, Serialize)]
pub(super) struct WithOrigin {
    pub(super) origin: Instant,
    pub(super) horizon: Duration,
    pub(super) model: ModelId,
    pub(super) selection: SelectionReport,
    pub(super) predicted: MoneyBand,
    pub(super) actual: Option<OutcomeView>,
    pub(super) variance: Option<Decomposition>,
    pub(super) prediction_accuracy: Option<f64>,
    pub(super) report: Option<AllocationReport>,
}

impl Utilisations {
    pub(super) fn new(outcome: &Outcome) -> Self {
        let share = |dimension: Dimension| {
            let sum = |of: fn(&shared::simulation::Utilisation) -> &[u128; shared::units::DIMENSIONS]| {
                outcome.runs.iter().map(|run| of(&run.utilisation)[dimension as usize]).sum::<u128>()
            };
            let (requested, capacity) = (sum(|u| &u.requested), sum(|u| &u.capacity));
            (capacity > 0).then(|| (dimension.field(), requested as f64 / capacity as f64))
        };
        Self(Dimension::ALL.into_iter().filter_map(share).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|(&dimension, &share)| (dimension, share))
    }
}

impl WithOrigin {
    pub(super) fn new(
        origin: Instant,
        horizon: Duration,
        model: ModelId,
        selection: SelectionReport,
        predicted: &OutcomeView,
    ) -> Self {
        Self {
            origin,
            horizon,
            model,
            selection,
            predicted: predicted.cost,
            actual: None,
            variance: None,
            prediction_accuracy: None,
            report: None,
        }
    }
}
