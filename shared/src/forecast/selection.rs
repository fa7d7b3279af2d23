//! What to forecast with: of the candidates, and all of them together weighted by a rolling backtest on the history and by
//! the last day, what did best in that backtest.

mod choose;
mod compare;
mod report;
mod saved;

use std::collections::BTreeMap;

pub use compare::compare_mase;
pub use report::{Candidate, Choice, Fallback, MemberWeight, Reason, SelectionConfig, SelectionReport, SeriesChoice};

use super::backtest::{BacktestError, BacktestPlan, SeriesScores, backtest};
use super::lstm::{LstmConfig, LstmModel};
use super::model::season_bins;
use super::{
    BinForecast, BoostedTrees, Ensemble, Fit, FittedModel, ForecastError, ModelId, ModelName, NotReady, Predict,
    RecentLevel, RecentMean, Scores, SeasonalNaive, TrainError, Watcher, fit_model,
};
use crate::features::{Past, SeriesKey};
use crate::units::{Duration, TenantIndex};

/// The candidates that were ready, fitted on the whole past, and which of them answers for a series and horizon: one, or all
/// together.
#[derive(Clone, Debug)]
pub struct Selected(Ensemble);

/// Scores every candidate by a rolling backtest on the past, fits all of them on all of it, and weights them. All together
/// are a candidate too. Of these, what had the least error on a series over a horizon is used for it: one model alone
/// where its error was clearly less, and for as long as it is not wrong over the last day.
///
/// Candidates are fitted on what is before the backtest's first origin; one for which that is too little, but not the
/// whole past, joins all together without scores. Without the feature `train` the LSTM is listed as not ready. At an
/// origin of the backtest all together know the last day before it, and nothing of the members' losses in this backtest.
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
    let ends: Vec<usize> = plan.horizons.iter().map(|horizon| horizon.divide(past.bin()) as usize).collect();
    let longest = ends[ends.len() - 1];
    let training = plan.training(past);
    let (mut members, mut candidates) = (Vec::new(), Vec::new());
    for &model in &config.models {
        let fitted = fit_model(model, &training, &config.lstm, longest, watcher)?;
        let (scores, not_ready) = match &fitted {
            Ok(fitted) => (backtest(fitted, past, &plan, watcher)?, None),
            Err(reason) => (Vec::new(), Some(*reason)),
        };
        let training = fitted.as_ref().ok().and_then(FittedModel::as_lstm).map(|lstm| lstm.report.clone());
        candidates.push(Candidate { model, scores, not_ready, training });
        members.extend(fitted);
    }
    let losses = losses(&candidates, &plan);
    let together = Ensemble::new(ends.clone(), members);
    if together.members().len() > 1 {
        let scores = backtest(&together, past, &plan, watcher)?;
        candidates.push(Candidate { model: ModelName::Ensemble, scores, not_ready: None, training: None });
    }
    let ensemble = together.refitted(|member| refit(member, past, &config.lstm, longest, watcher))?.with_losses(losses);
    let ensemble = ensemble.with_alone(choose::alone(&candidates, &plan.horizons, past));
    let mut late = Vec::new();
    for candidate in candidates.iter().filter(|candidate| candidate.not_ready.is_some()) {
        late.extend(fit_model(candidate.model, past, &config.lstm, longest, watcher)?);
    }
    let selected = Selected(ensemble.joined_by(late));
    let choices = choose::choices(&selected.0, past, &plan.horizons, &candidates);
    let final_training = selected.lstm().map(|lstm| lstm.report.clone());
    let origins = plan.instants(past);
    Ok((selected, SelectionReport { origins, candidates, choices, fallback: None, final_training }))
}

/// Fits one model alone, with scores where the past is long enough for a backtest; or says what the model still needs.
///
/// # Errors
/// As [`fit_best`].
pub fn fit_one(
    model: ModelName,
    past: &Past,
    config: &SelectionConfig,
    watcher: &mut Watcher,
) -> Result<Result<(Selected, SelectionReport), NotReady>, TrainError> {
    let config = SelectionConfig { models: vec![model], ..config.clone() };
    let (selected, mut report) = fit_best(past, &config, watcher)?;
    if selected.0.members().iter().any(|member| member.name() == model) {
        return Ok(Ok((selected, report)));
    }
    let horizons = &selected.0.horizons;
    let fitted = fit_model(model, past, &config.lstm, horizons[horizons.len() - 1], watcher)?;
    Ok(fitted.map(|fitted| {
        report.choices.iter_mut().for_each(|choice| choice.model = model);
        report.fallback = report.fallback.map(|fallback| Fallback { model, ..fallback });
        (Selected(Ensemble::new(horizons.clone(), vec![fitted])), report)
    }))
}

/// By series, then by horizon, the mean pinball loss of each candidate that was ready.
fn losses(candidates: &[Candidate], plan: &BacktestPlan) -> BTreeMap<SeriesKey, Vec<Vec<Option<f64>>>> {
    let ready: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.not_ready.is_none()).collect();
    let mut losses: BTreeMap<SeriesKey, Vec<Vec<Option<f64>>>> = BTreeMap::new();
    for (member, candidate) in ready.iter().enumerate() {
        for score in &candidate.scores {
            let of_series =
                losses.entry(score.key).or_insert_with(|| vec![vec![None; ready.len()]; plan.horizons.len()]);
            let range = plan.horizons.partition_point(|&horizon| horizon < score.horizon);
            of_series[range][member] = score.scores().map(Scores::mean_pinball);
        }
    }
    losses
}

/// Fits a member to the whole past; a network goes on from its weights, and trees are grown anew.
fn refit(
    member: FittedModel,
    past: &Past,
    config: &LstmConfig,
    longest: usize,
    watcher: &mut Watcher,
) -> Result<FittedModel, TrainError> {
    match member {
        FittedModel::Lstm(lstm) => Ok(FittedModel::Lstm(Box::new(train_on(past, config, longest, &lstm, watcher)?))),
        FittedModel::BoostedTrees(_) => {
            let trees = BoostedTrees { horizon_bins: longest }.fit(past, watcher)?;
            Ok(FittedModel::BoostedTrees(Box::new(trees)))
        }
        FittedModel::RecentLevel(_) => Ok(FittedModel::RecentLevel(RecentLevel.fit_told(past, watcher)?)),
        other => Ok(other.updated(past)?),
    }
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
    let member = match SeasonalNaive.fit(past) {
        Ok(fitted) => FittedModel::SeasonalNaive(fitted),
        Err(_) => FittedModel::RecentMean(RecentMean),
    };
    let model = member.name();
    let mut horizons = config.horizons.clone();
    horizons.sort_unstable();
    horizons.dedup();
    let ends = horizons.iter().map(|horizon| horizon.divide(past.bin()) as usize).collect();
    let choice = |horizon| Choice { horizon, model, mase: None, members: Vec::new(), series: Vec::new() };
    let report = SelectionReport {
        origins: Vec::new(),
        candidates: Vec::new(),
        choices: horizons.into_iter().map(choice).collect(),
        fallback: Some(Fallback { missing, model }),
        final_training: None,
    };
    Ok((Selected(Ensemble::new(ends, vec![member])), report))
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

impl Candidate {
    /// The mean MASE over a horizon: of the series of everyone, or of tenants where there are no others.
    pub fn mean_mase(&self, horizon: Duration) -> Option<f64> {
        mean_mase(horizon, &self.scores)
    }

    /// The MASE on one series over a horizon.
    pub fn mase(&self, key: SeriesKey, horizon: Duration) -> Option<f64> {
        let score = self.scores.iter().find(|score| score.key == key && score.horizon == horizon)?;
        score.scores()?.mase
    }
}

impl SelectionReport {
    /// The scores of what each series uses over a horizon.
    pub fn used(&self, horizon: Duration) -> Vec<SeriesScores> {
        let choices = self.choices.iter().filter(|choice| choice.horizon == horizon).flat_map(|choice| &choice.series);
        let score = |choice: &SeriesChoice| {
            let candidate = self.candidates.iter().find(|candidate| candidate.model == choice.model)?;
            candidate.scores.iter().find(|score| score.key == choice.key && score.horizon == horizon).cloned()
        };
        choices.filter_map(score).collect()
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl Selected {
    /// The model that answers for a horizon.
    pub fn model(&self, bins: usize) -> ModelName {
        self.id(bins).name
    }

    /// The trained network, where there is one.
    pub fn lstm(&self) -> Option<&LstmModel> {
        self.0.members().iter().find_map(FittedModel::as_lstm)
    }

    /// The same for a later past, or other series: what needs no training is fitted to it.
    ///
    /// # Errors
    /// What is missing.
    pub fn updated(&self, past: &Past) -> Result<Self, NotReady> {
        Ok(Self(self.0.clone().refitted(|member| member.updated(past))?))
    }

    /// The same for data whose tenants have other indices, as `map` says from those of ours; what is known of the others
    /// is left out.
    pub fn of_tenants(&self, map: impl Fn(TenantIndex) -> Option<TenantIndex>) -> Self {
        let mut ensemble = self.0.clone();
        let losses = core::mem::take(&mut ensemble.losses).into_iter();
        ensemble.losses = losses.filter_map(|(key, losses)| Some((key.with_tenant(&map)?, losses))).collect();
        let alone = core::mem::take(&mut ensemble.alone).into_iter();
        ensemble.alone = alone.filter_map(|(key, alone)| Some((key.with_tenant(&map)?, alone))).collect();
        Self(ensemble)
    }
}

impl Predict for Selected {
    fn id(&self, bins: usize) -> ModelId {
        self.0.id(bins)
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.0.predict_series(past, series, bins)
    }
}
