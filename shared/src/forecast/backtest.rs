//! Rolling origins: what forecasts would have said, against what happened.

use serde::{Deserialize, Serialize};

use super::metrics::{ScoreSums, seasonal_scale};
use super::model::season_bins;
use super::progress::tell;
use super::values::horizon_bins;
use super::{ForecastError, NotReady, Predict, Progress, Scores, Watcher};
use crate::features::{Past, SeriesKey};
use crate::units::{Duration, Instant};

/// Which origins a backtest forecasts from, and how far.
///
/// The last origin's longest horizon ends with the data. Models are fitted on [`BacktestPlan::training`] alone, which
/// ends at the first origin; at later origins they see what had happened by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacktestPlan {
    /// Horizons, increasing.
    pub horizons: Vec<Duration>,
    /// How many bins are known at each origin, increasing.
    pub origins: Vec<usize>,
}

/// The scores of one series over one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesScores {
    /// What is counted.
    pub key: SeriesKey,
    /// From the origin to the end of the last bin that is scored.
    pub horizon: Duration,
    /// What came out.
    pub outcome: Scored,
}

/// Scores, or the typed reason why there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scored {
    /// Over all origins and all bins of the horizon.
    Scores(Scores),
    /// The model did not answer at some origin.
    NotReady(NotReady),
}

impl SeriesScores {
    /// The scores, where there are any.
    pub fn scores(&self) -> Option<&Scores> {
        match &self.outcome {
            Scored::Scores(scores) => Some(scores),
            Scored::NotReady(_) => None,
        }
    }
}

impl BacktestPlan {
    /// A plan of `origins` origins, `step` bins apart.
    ///
    /// # Errors
    /// When a horizon is not a positive multiple of the bin, there is none, or the data is too short to leave a day
    /// before the first origin (how many bins are missing).
    pub fn new(past: &Past, horizons: &[Duration], origins: usize, step: usize) -> Result<Self, BacktestError> {
        let mut horizons = horizons.to_vec();
        horizons.sort_unstable();
        horizons.dedup();
        for &horizon in &horizons {
            horizon_bins(horizon, past.bin())?;
        }
        let longest = horizons.last().ok_or(ForecastError::NoHorizon)?.divide(past.bin()) as usize;
        let (origins, step) = (origins.max(1), step.max(1));
        let span = longest + (origins - 1) * step;
        let needed = span + season_bins(past.bin());
        match past.bins().checked_sub(needed) {
            None => Err(NotReady::NeedsBins { missing: needed - past.bins() }.into()),
            Some(_) => {
                let first = past.bins() - span;
                Ok(Self { horizons, origins: (0..origins).map(|i| first + i * step).collect() })
            }
        }
    }

    /// What models of this backtest are fitted on.
    pub fn training<'a>(&self, past: &Past<'a>) -> Past<'a> {
        past.first(self.origins[0])
    }

    /// The instants of the origins.
    pub fn instants(&self, past: &Past) -> Vec<Instant> {
        self.origins.iter().map(|&bins| past.first(bins).origin()).collect()
    }
}

/// Why a backtest cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BacktestError {
    /// The question is wrong.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// The data is too short.
    #[error("a backtest {0}; ask for fewer origins, a smaller step or a shorter horizon, or give more history")]
    NotReady(#[from] NotReady),
}

/// Forecasts from every origin of a plan and scores each horizon, in the order series, then horizon.
///
/// `model` must have been fitted on [`BacktestPlan::training`] of the same plan, or on less.
///
/// # Errors
/// When the watcher cancels.
pub fn backtest(
    model: &dyn Predict,
    past: &Past,
    plan: &BacktestPlan,
    watcher: &mut Watcher,
) -> Result<Vec<SeriesScores>, ForecastError> {
    let ends: Vec<usize> = plan.horizons.iter().map(|horizon| horizon.divide(past.bin()) as usize).collect();
    let name = model.id(ends[ends.len() - 1]).name;
    let mut sums = vec![vec![Ok(ScoreSums::default()); ends.len()]; past.series()];
    for (i, &origin) in plan.origins.iter().enumerate() {
        for (series, sums) in sums.iter_mut().enumerate() {
            // Many series take seconds from one origin.
            tell(watcher, Progress::Backtest { model: name, origin: i, origins: plan.origins.len() })?;
            let actual = &past.counts(series)[origin..];
            score_origin(model, &past.first(origin), series, actual, &ends, sums);
        }
    }
    let season = season_bins(past.bin());
    let scored = sums.into_iter().enumerate().flat_map(|(series, sums)| {
        let scale = seasonal_scale(plan.training(past).counts(series), season);
        sums.into_iter().zip(&plan.horizons).map(move |(sums, &horizon)| {
            let scores = |sums: ScoreSums| sums.scores(scale).expect("every origin has bins to score");
            let outcome = sums.map_or_else(Scored::NotReady, |sums| Scored::Scores(scores(sums)));
            SeriesScores { key: past.key(series), horizon, outcome }
        })
    });
    Ok(scored.collect())
}

/// Adds one origin. A model may answer differently for different horizons, so each is asked for by itself, but for
/// those that the same model answers: they share the longest one's bins.
fn score_origin(
    model: &dyn Predict,
    past: &Past,
    series: usize,
    actual: &[f64],
    ends: &[usize],
    sums: &mut [Result<ScoreSums, NotReady>],
) {
    let mut known: Option<(super::ModelId, Result<Vec<super::BinForecast>, NotReady>)> = None;
    for (&end, sums) in ends.iter().zip(sums).rev() {
        let id = model.id(end);
        if known.as_ref().is_none_or(|(known, bins)| *known != id || bins.is_err()) {
            known = Some((id, model.predict_series(past, series, end)));
        }
        match (known.as_ref().map(|(_, bins)| bins), sums) {
            (Some(Ok(bins)), Ok(sums)) => {
                bins[..end].iter().zip(actual).for_each(|(bin, &actual)| sums.add(bin, actual));
            }
            (Some(Err(reason)), sums) => *sums = Err(*reason),
            (_, _) => {}
        }
    }
}
