//! Which model to use, per horizon: the one that a rolling backtest on the history would have liked best.

mod compare;
mod report;
mod saved;

pub use compare::compare_mase;
pub use report::{Candidate, Choice, Fallback, SelectionConfig, SelectionReport};

use super::backtest::{BacktestError, BacktestPlan, SeriesScores, backtest};
use super::lstm::{LstmConfig, LstmModel};
use super::model::season_bins;
use super::{
    BinForecast, Fit, FittedOneDayMedian, FittedSeasonalNaive, ForecastError, ModelId, ModelName, NotReady,
    OneDayMedian, Predict, RecentMean, SeasonalNaive, TrainError, Watcher,
};
use crate::features::Past;
use crate::units::Duration;

/// The chosen models, fitted on the whole past.
#[derive(Clone, Debug)]
pub struct Selected {
    /// By horizon in bins, increasing.
    choices: Vec<(usize, ModelName)>,
    seasonal_naive: Option<FittedSeasonalNaive>,
    one_day_median: Option<FittedOneDayMedian>,
    lstm: Option<LstmModel>,
}

/// Chooses a model for each horizon by a rolling backtest on the past, and fits the chosen ones on all of it.
///
/// Candidates are fitted on what is before the backtest's first origin. Without the feature `train` the LSTM is listed
/// as not ready.
///
/// # Errors
/// When a horizon is no positive multiple of the bin or there is none, there is no bin at all, or the watcher cancels.
pub fn fit_best(
    past: &Past,
    config: &SelectionConfig,
    watcher: &mut Watcher,
) -> Result<(Selected, SelectionReport), TrainError> {
    RecentMean.needs(past).map_or(Ok(()), Err)?;
    let plan = match plan(past, config)? {
        Ok(plan) => plan,
        Err(missing) => return fall_back(past, config, missing),
    };
    let longest = plan.horizons[plan.horizons.len() - 1].divide(past.bin()) as usize;
    let training = plan.training(past);
    let first_lstm = match config.models.contains(&ModelName::Lstm) {
        true => train_first(&training, &config.lstm, longest, watcher)?,
        false => Err(NotReady::NeedsTraining),
    };
    let mut candidates = Vec::new();
    for &model in &config.models {
        let fitted = match model {
            ModelName::RecentMean => RecentMean.fit(&training).map(boxed),
            ModelName::SeasonalNaive => SeasonalNaive.fit(&training).map(boxed),
            ModelName::OneDayMedian => OneDayMedian.fit(&training).map(boxed),
            ModelName::Lstm => first_lstm.clone().map(boxed),
        };
        let (scores, not_ready) = match fitted {
            Ok(fitted) => (backtest(&*fitted, past, &plan, watcher)?, None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        let lstm = first_lstm.as_ref().ok().filter(|_| model == ModelName::Lstm);
        candidates.push(Candidate { model, scores, not_ready, training: lstm.map(|lstm| lstm.report.clone()) });
    }
    let choices: Vec<Choice> = plan.horizons.iter().map(|&horizon| choose(horizon, &candidates)).collect();
    let mut selected = selected(past, &choices);
    if let Some(lstm) = first_lstm.ok().filter(|_| choices.iter().any(|choice| choice.model == ModelName::Lstm)) {
        selected.lstm = Some(train_on(past, &config.lstm, longest, &lstm, watcher)?);
    }
    let final_training = selected.lstm.as_ref().map(|lstm| lstm.report.clone());
    let origins = plan.instants(past);
    Ok((selected, SelectionReport { origins, candidates, choices, fallback: None, final_training }))
}

/// The plan with as many origins as fit; with less than two, how many bins are missing.
fn plan(past: &Past, config: &SelectionConfig) -> Result<Result<BacktestPlan, usize>, ForecastError> {
    let step = config.step_bins.unwrap_or_else(|| season_bins(past.bin()) / 4).max(1);
    let mut missing = 0;
    for origins in (2..=config.origins.max(2)).rev() {
        match BacktestPlan::new(past, &config.horizons, origins, step) {
            Ok(plan) => return Ok(Ok(plan)),
            Err(BacktestError::Forecast(error)) => return Err(error),
            Err(BacktestError::NotReady(NotReady::NeedsBins { missing: bins })) => missing = bins,
            Err(BacktestError::NotReady(_)) => {}
        }
    }
    Ok(Err(missing))
}

fn fall_back(past: &Past, config: &SelectionConfig, missing: usize) -> Result<(Selected, SelectionReport), TrainError> {
    let model = match SeasonalNaive.needs(past) {
        None => ModelName::SeasonalNaive,
        Some(_) => ModelName::RecentMean,
    };
    let mut horizons = config.horizons.clone();
    horizons.sort_unstable();
    horizons.dedup();
    let choices: Vec<Choice> = horizons.into_iter().map(|horizon| Choice { horizon, model, mase: None }).collect();
    let fallback = Some(Fallback { missing, model });
    let report = SelectionReport {
        origins: Vec::new(),
        candidates: Vec::new(),
        choices: choices.clone(),
        fallback,
        final_training: None,
    };
    Ok((selected(past, &choices), report))
}

fn boxed(model: impl Predict + 'static) -> Box<dyn Predict> {
    Box::new(model)
}

/// The network of the backtest, or what it still needs.
#[cfg(feature = "train")]
fn train_first(
    training: &Past,
    config: &LstmConfig,
    longest: usize,
    watcher: &mut Watcher,
) -> Result<Result<LstmModel, NotReady>, TrainError> {
    match super::lstm::train_lstm(training, config, longest, None, watcher) {
        Ok(lstm) => Ok(Ok(lstm)),
        Err(TrainError::NotReady(reason)) => Ok(Err(reason)),
        Err(error) => Err(error),
    }
}

#[cfg(not(feature = "train"))]
fn train_first(
    training: &Past,
    config: &LstmConfig,
    longest: usize,
    _: &mut Watcher,
) -> Result<Result<LstmModel, NotReady>, TrainError> {
    Ok(Err(config.needs(training, longest).unwrap_or(NotReady::NeedsTraining)))
}

/// Goes on from the weights of the backtest with what has come since: half as many steps.
#[cfg(feature = "train")]
fn train_on(
    past: &Past,
    config: &LstmConfig,
    longest: usize,
    from: &LstmModel,
    watcher: &mut Watcher,
) -> Result<LstmModel, TrainError> {
    let shorter =
        LstmConfig { max_steps: config.max_steps / 2, learning_rate: config.learning_rate / 2.0, ..config.clone() };
    super::lstm::train_lstm(past, &shorter, longest, Some(from), watcher)
}

#[cfg(not(feature = "train"))]
fn train_on(_: &Past, _: &LstmConfig, _: usize, from: &LstmModel, _: &mut Watcher) -> Result<LstmModel, TrainError> {
    Ok(from.clone())
}

/// The least mean MASE; ties to the earlier candidate. Where no series has one (all repeat themselves exactly), the
/// first that is ready.
fn choose(horizon: Duration, candidates: &[Candidate]) -> Choice {
    let mut best: Option<Choice> = None;
    for candidate in candidates.iter().filter(|candidate| candidate.not_ready.is_none()) {
        let mase = mean_mase(horizon, &candidate.scores);
        let better = match (&best, mase) {
            (None, _) => true,
            (Some(Choice { mase: Some(least), .. }), Some(mase)) => mase < *least,
            (Some(_), _) => false,
        };
        if better {
            best = Some(Choice { horizon, model: candidate.model, mase });
        }
    }
    best.unwrap_or(Choice { horizon, model: ModelName::SeasonalNaive, mase: None })
}

/// The mean over the series of everyone, whose sums the costs follow; over tenants only where there are no others. A
/// tenant with a request now and then is forecast best as nothing at all, and many such must not decide for the total.
fn mean_mase(horizon: Duration, scores: &[SeriesScores]) -> Option<f64> {
    let mases: Vec<f64> = counted(horizon, scores).filter_map(|score| score.scores()?.mase).collect();
    mean(&mases)
}

/// The scores over a horizon that decide: of the series of everyone, or of tenants where there are no others.
fn counted(horizon: Duration, scores: &[SeriesScores]) -> impl Iterator<Item = &SeriesScores> {
    let of_everyone = |score: &SeriesScores| score.key.tenant().is_none();
    let any_of_everyone = scores.iter().any(of_everyone);
    scores.iter().filter(move |score| score.horizon == horizon && (!any_of_everyone || of_everyone(score)))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn selected(past: &Past, choices: &[Choice]) -> Selected {
    Selected {
        choices: choices.iter().map(|c| (c.horizon.divide(past.bin()) as usize, c.model)).collect(),
        seasonal_naive: SeasonalNaive.fit(past).ok(),
        one_day_median: OneDayMedian.fit(past).ok(),
        lstm: None,
    }
}

impl Selected {
    /// The model that answers for a horizon: the one chosen for the shortest horizon that reaches as far, or for the
    /// longest.
    pub fn model(&self, bins: usize) -> ModelName {
        let reaches = self.choices.iter().find(|(end, _)| *end >= bins).or(self.choices.last());
        reaches.map_or(ModelName::RecentMean, |&(_, model)| model)
    }

    /// The trained network, where it was chosen.
    pub fn lstm(&self) -> Option<&LstmModel> {
        self.lstm.as_ref()
    }

    fn answering(&self, bins: usize) -> Option<&dyn Predict> {
        match self.model(bins) {
            ModelName::RecentMean => Some(&RecentMean),
            ModelName::SeasonalNaive => self.seasonal_naive.as_ref().map(|model| model as &dyn Predict),
            ModelName::OneDayMedian => self.one_day_median.as_ref().map(|model| model as &dyn Predict),
            ModelName::Lstm => self.lstm.as_ref().map(|model| model as &dyn Predict),
        }
    }
}

impl Predict for Selected {
    fn id(&self, bins: usize) -> ModelId {
        self.answering(bins).map_or(RecentMean.id(bins), |model| model.id(bins))
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.answering(bins).unwrap_or(&RecentMean).predict_series(past, series, bins)
    }
}
