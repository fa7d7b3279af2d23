//! Exponential smoothing, by the crate augurs.

use augurs_core::{Fit as _, Predict as _};
use augurs_ets::AutoETS;
use augurs_mstl::MSTLModel;

use super::model::{needs_days, season_bins};
use super::quantile::{quantile, sort};
use super::{BinForecast, Fit, LEVELS, ModelId, ModelName, NotReady, Predict};
use crate::features::Past;

/// Level and damped trend (Gardner and McKenzie 1985) of the last days, estimated anew at each origin.
///
/// The median of a lead is the point forecast plus the median of the one-step residuals; the other quantiles are those
/// residuals' too, widened as the model's own standard deviation grows with the lead, so that skewed counts keep their
/// skew.
#[derive(Clone, Copy, Debug, Default)]
pub struct DampedTrend;

/// Trend and seasons of a day and, from two weeks on, of a week by repeated loess (MSTL, Bandara et al. 2021), with a
/// damped trend carrying on what is left; estimated anew at each origin, with quantiles as those of [`DampedTrend`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Mstl;

/// The level hardly remembers more.
const DAMPED_TREND_DAYS: usize = 3;
const MSTL_DAYS: usize = 28;

impl Fit for DampedTrend {
    type Fitted = Self;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        needs_days(past, 1)
    }

    fn fit(&self, past: &Past) -> Result<Self, NotReady> {
        self.needs(past).map_or(Ok(*self), Err)
    }
}

impl Predict for DampedTrend {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::DampedTrend, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        needs_days(past, 1).map_or(Ok(()), Err)?;
        let counts = last_days(past, series, DAMPED_TREND_DAYS);
        forecast(counts, bins, || {
            let model = damped_trend()?.fit(counts).ok()?;
            Some((model.predict(bins, INTERVAL).ok()?, model.predict_in_sample(None).ok()?.point))
        })
    }
}

impl Fit for Mstl {
    type Fitted = Self;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        needs_days(past, 2)
    }

    fn fit(&self, past: &Past) -> Result<Self, NotReady> {
        self.needs(past).map_or(Ok(*self), Err)
    }
}

impl Predict for Mstl {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::Mstl, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        needs_days(past, 2).map_or(Ok(()), Err)?;
        let counts = last_days(past, series, MSTL_DAYS);
        let season = season_bins(past.bin());
        let periods = [season, 7 * season].into_iter().filter(|&period| period > 1 && counts.len() >= 2 * period);
        forecast(counts, bins, || {
            let model = MSTLModel::new(periods.collect(), damped_trend()?.into_trend_model()).fit(counts).ok()?;
            Some((model.predict(bins, INTERVAL).ok()?, model.predict_in_sample(None).ok()?.point))
        })
    }
}

/// What is asked of augurs: an interval of one standard deviation to either side.
const INTERVAL: Option<f64> = Some(0.682_689_492_137_086);

fn damped_trend() -> Option<AutoETS> {
    AutoETS::new(1, "AAN").ok()?.damped(true).ok()
}

fn last_days<'a>(past: &Past<'a>, series: usize, days: usize) -> &'a [f64] {
    let counts = past.counts(series);
    &counts[counts.len().saturating_sub(days * season_bins(past.bin()))..]
}

/// Quantiles from a fit's forecast and its one-step forecasts of what it was fitted to. Counts that never change, which
/// leave nothing to estimate, go on as they are.
fn forecast(
    counts: &[f64],
    bins: usize,
    fit: impl FnOnce() -> Option<(augurs_core::Forecast, Vec<f64>)>,
) -> Result<Vec<BinForecast>, NotReady> {
    if let Some(&first) = counts.first().filter(|&first| counts.iter().all(|count| count == first)) {
        return Ok(vec![BinForecast::new([first; LEVELS.len()], first); bins]);
    }
    let (ahead, fitted) = fit().ok_or(NotReady::NoFit)?;
    let mut residuals: Vec<f64> = counts.iter().zip(fitted).map(|(count, fitted)| count - fitted).collect();
    sort(&mut residuals);
    let residuals = LEVELS.map(|level| quantile(&residuals, level));
    let deviation = |i: usize| ahead.intervals.as_ref().map_or(0.0, |intervals| intervals.upper[i] - ahead.point[i]);
    let first = deviation(0);
    let bin = |(i, &point): (usize, &f64)| {
        let wider = if first > 0.0 { deviation(i) / first } else { 1.0 };
        BinForecast::new(residuals.map(|residual| point + residual * wider), point)
    };
    Ok(ahead.point.iter().enumerate().map(bin).collect())
}
