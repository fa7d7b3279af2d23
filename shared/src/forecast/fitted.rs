//! Any one of the models, fitted.

use super::lstm::{LstmConfig, LstmModel};
use super::{
    BinForecast, BoostedTrees, Fit, FittedBoostedTrees, FittedHourMean, FittedOneDayMedian, FittedRecentLevel,
    FittedSeasonalNaive, HourMean, LocalTrend, ModelId, ModelName, NotReady, OneDayMedian, Predict, RecentLevel,
    RecentMean, SeasonalNaive, SmoothedLevel, TrainError, Watcher,
};
#[cfg(feature = "smoothing")]
use super::{DampedTrend, Mstl};
use crate::features::Past;

/// A fitted model of a kind that is known only when the program runs.
#[derive(Clone, Debug)]
pub enum FittedModel {
    /// The mean of what there is.
    RecentMean(RecentMean),
    /// The same local time one day ago.
    SeasonalNaive(FittedSeasonalNaive),
    /// The median of the last day.
    OneDayMedian(FittedOneDayMedian),
    /// The level of late, by moving median or exponential smoothing.
    RecentLevel(FittedRecentLevel),
    /// Level and damped trend of the last hours.
    LocalTrend(LocalTrend),
    /// The level by exponential smoothing.
    SmoothedLevel(SmoothedLevel),
    /// The mean of the same hour on the days before.
    HourMean(FittedHourMean),
    /// Level and damped trend.
    #[cfg(feature = "smoothing")]
    DampedTrend(DampedTrend),
    /// Trend and seasons.
    #[cfg(feature = "smoothing")]
    Mstl(Mstl),
    /// The gradient-boosted trees.
    BoostedTrees(Box<FittedBoostedTrees>),
    /// The recurrent network.
    Lstm(Box<LstmModel>),
}

/// Fits one model to a past, to forecast up to `horizon_bins` ahead; or says what it still needs.
///
/// Without the feature `train` the LSTM is never ready; without `smoothing`, neither are the models of augurs.
///
/// # Errors
/// When the watcher cancels.
pub fn fit_model(
    model: ModelName,
    past: &Past,
    lstm: &LstmConfig,
    horizon_bins: usize,
    watcher: &mut Watcher,
) -> Result<Result<FittedModel, NotReady>, TrainError> {
    Ok(match model {
        ModelName::RecentMean => RecentMean.fit(past).map(FittedModel::RecentMean),
        ModelName::SeasonalNaive => SeasonalNaive.fit(past).map(FittedModel::SeasonalNaive),
        ModelName::OneDayMedian => OneDayMedian.fit(past).map(FittedModel::OneDayMedian),
        ModelName::RecentLevel => ready(RecentLevel.fit_told(past, watcher))?.map(FittedModel::RecentLevel),
        ModelName::LocalTrend => LocalTrend.fit(past).map(FittedModel::LocalTrend),
        ModelName::SmoothedLevel => SmoothedLevel.fit(past).map(FittedModel::SmoothedLevel),
        ModelName::HourMean => HourMean.fit(past).map(FittedModel::HourMean),
        #[cfg(feature = "smoothing")]
        ModelName::DampedTrend => DampedTrend.fit(past).map(FittedModel::DampedTrend),
        #[cfg(feature = "smoothing")]
        ModelName::Mstl => Mstl.fit(past).map(FittedModel::Mstl),
        #[cfg(not(feature = "smoothing"))]
        ModelName::DampedTrend | ModelName::Mstl => Err(NotReady::NeedsTraining),
        ModelName::BoostedTrees => ready(BoostedTrees { horizon_bins }.fit(past, watcher))?
            .map(|trees| FittedModel::BoostedTrees(Box::new(trees))),
        // An ensemble is put together by a selection.
        ModelName::Ensemble => Err(NotReady::NeedsTraining),
        ModelName::Lstm => train(past, lstm, horizon_bins, watcher)?.map(|lstm| FittedModel::Lstm(Box::new(lstm))),
    })
}

impl FittedModel {
    /// Its name.
    pub fn name(&self) -> ModelName {
        self.id(1).name
    }

    fn as_predict(&self) -> &dyn Predict {
        match self {
            Self::RecentMean(model) => model,
            Self::SeasonalNaive(model) => model,
            Self::OneDayMedian(model) => model,
            Self::RecentLevel(model) => model,
            Self::LocalTrend(model) => model,
            Self::SmoothedLevel(model) => model,
            Self::HourMean(model) => model,
            #[cfg(feature = "smoothing")]
            Self::DampedTrend(model) => model,
            #[cfg(feature = "smoothing")]
            Self::Mstl(model) => model,
            Self::BoostedTrees(model) => &**model,
            Self::Lstm(model) => &**model,
        }
    }

    /// What was trained is kept as it is; what needs no training is fitted anew to a later past.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn updated(self, past: &Past) -> Result<Self, NotReady> {
        Ok(match self {
            Self::SeasonalNaive(_) => Self::SeasonalNaive(SeasonalNaive.fit(past)?),
            Self::OneDayMedian(_) => Self::OneDayMedian(OneDayMedian.fit(past)?),
            Self::RecentLevel(_) => Self::RecentLevel(RecentLevel.fit(past)?),
            Self::HourMean(_) => Self::HourMean(HourMean.fit(past)?),
            other => other,
        })
    }

    /// The network, where it is one.
    pub fn as_lstm(&self) -> Option<&LstmModel> {
        match self {
            Self::Lstm(model) => Some(model),
            _ => None,
        }
    }
}

impl Predict for FittedModel {
    fn id(&self, bins: usize) -> ModelId {
        self.as_predict().id(bins)
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.as_predict().predict_series(past, series, bins)
    }

    fn predict_earlier(
        &self,
        past: &Past,
        series: usize,
        asked: &[(usize, usize)],
    ) -> Vec<Result<Vec<BinForecast>, NotReady>> {
        self.as_predict().predict_earlier(past, series, asked)
    }
}

/// Takes what is missing for an answer; whoever cancels wants none.
fn ready<T>(trained: Result<T, TrainError>) -> Result<Result<T, NotReady>, TrainError> {
    match trained {
        Ok(model) => Ok(Ok(model)),
        Err(TrainError::NotReady(reason)) => Ok(Err(reason)),
        Err(error) => Err(error),
    }
}

#[cfg(feature = "train")]
fn train(
    past: &Past,
    config: &LstmConfig,
    horizon_bins: usize,
    watcher: &mut Watcher,
) -> Result<Result<LstmModel, NotReady>, TrainError> {
    ready(super::lstm::train_lstm(past, config, horizon_bins, None, watcher))
}

#[cfg(not(feature = "train"))]
fn train(
    past: &Past,
    config: &LstmConfig,
    horizon_bins: usize,
    _: &mut Watcher,
) -> Result<Result<LstmModel, NotReady>, TrainError> {
    Ok(Err(config.needs(past, horizon_bins).unwrap_or(NotReady::NeedsTraining)))
}
