//! The model in use.

mod saved;

use shared::api::{ModelInUse, ModelRole, ModelScore, ModelView};
use shared::features::Past;
use shared::forecast::{
    Continue, ModelName, NotReady, Predict, Selected, SelectionConfig, SelectionReport, SeriesScores, TrainError,
    fit_best,
};
use shared::units::{Duration, Instant};

pub(crate) use saved::{
    champion_document, earlier_champion, earlier_document, keep_champion, next_version, stored_champion,
    version_document,
};

/// A fitted choice of models, with how it came about.
#[derive(Clone, Debug)]
pub struct Champion {
    /// What forecasts.
    pub selected: Selected,
    /// Counts champions, from 1.
    pub version: u32,
    /// The end of the history that it was fitted on.
    pub fitted_until: Instant,
    /// Every candidate with its scores.
    pub report: SelectionReport,
    /// Why it is champion.
    pub reason: String,
}

impl Champion {
    /// What serves until a model has been trained: the better of the baselines that need no training.
    ///
    /// # Errors
    /// When there is too little history for any.
    pub fn baseline(past: &Past, horizon: Duration) -> Result<Self, NotReady> {
        let mut config = SelectionConfig::new(vec![horizon]);
        config.models = vec![ModelName::SeasonalNaive];
        let (selected, report) = fit_best(past, &config, &mut |_| Continue::Yes).map_err(|error| match error {
            TrainError::NotReady(reason) => reason,
            // The horizon was checked when the service started, and nobody cancels.
            TrainError::Forecast(_) => NotReady::NeedsTraining,
        })?;
        let reason = "needs no training: serves until a trained model is better".to_owned();
        Ok(Self { selected, version: 1, fitted_until: past.origin(), report, reason })
    }

    /// Whether it is the untrained one, which is fitted anew at every origin.
    pub fn is_baseline(&self, bins: usize) -> bool {
        self.selected.model(bins) != ModelName::Lstm && self.version == 1
    }

    /// The champion in short.
    pub fn in_use(&self, bins: usize) -> ModelInUse {
        ModelInUse {
            name: self.selected.id(bins).name.to_string(),
            version: self.version,
            fitted_until: self.fitted_until,
        }
    }

    /// Whether a model of its selection is what some series uses.
    fn uses(&self, model: ModelName) -> bool {
        self.report.choices.iter().flat_map(|choice| &choice.series).any(|series| series.model == model)
    }

    /// All candidates of its selection, itself first.
    pub fn views(&self, bins: usize) -> Vec<ModelView> {
        let name = self.selected.model(bins);
        let mut views: Vec<ModelView> = self
            .report
            .candidates
            .iter()
            .map(|candidate| ModelView {
                name: candidate.model.to_string(),
                version: self.version,
                role: if candidate.model == name { ModelRole::Champion } else { ModelRole::Challenger },
                fitted_until: self.fitted_until,
                reason: match candidate.not_ready {
                    Some(reason) => reason.to_string(),
                    None if candidate.model == name => self.reason.clone(),
                    None if self.uses(candidate.model) => {
                        "used alone for series where it had the least error".to_owned()
                    }
                    None => "another model was better in the same backtest".to_owned(),
                },
                scores: scores(&candidate.scores, self.report.origins.len()),
            })
            .collect();
        if !views.iter().any(|view| view.role == ModelRole::Champion) {
            let fallback = self.report.fallback.map(|fallback| fallback.to_string());
            views.push(ModelView {
                name: name.to_string(),
                version: self.version,
                role: ModelRole::Champion,
                fitted_until: self.fitted_until,
                reason: fallback.unwrap_or_else(|| self.reason.clone()),
                scores: Vec::new(),
            });
        }
        views.sort_by_key(|view| view.role != ModelRole::Champion);
        views
    }
}

/// Scores averaged over the series, by horizon.
fn scores(series: &[SeriesScores], origins: usize) -> Vec<ModelScore> {
    let mut horizons: Vec<Duration> = series.iter().map(|scores| scores.horizon).collect();
    horizons.sort_unstable();
    horizons.dedup();
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    horizons
        .into_iter()
        .map(|horizon| {
            let of = || series.iter().filter(move |scores| scores.horizon == horizon).filter_map(SeriesScores::scores);
            ModelScore {
                horizon,
                origins: origins as u32,
                mase: mean(of().filter_map(|scores| scores.mase).collect()),
                wape: mean(of().filter_map(|scores| scores.wape).collect()),
            }
        })
        .collect()
}
