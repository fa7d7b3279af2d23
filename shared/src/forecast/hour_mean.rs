//! The mean of the same hour on the days before.

use serde::{Deserialize, Serialize};

use super::model::{needs_days, season_bins};
use super::residuals::{Band, RESIDUAL_DAYS};
use super::{BinForecast, Fit, ModelId, ModelName, NotReady, Predict};
use crate::features::{Calendar, Past};

/// The mean over the same local hour of up to a week of days before, the bin in its middle.
///
/// It varies far less than any one day does, which is what leads of days want. The interval has the quantiles of what
/// the history's last 28 days did against it, by how many days ahead it was: counts that vary more than independent
/// arrivals would have a wider one.
#[derive(Clone, Copy, Debug, Default)]
pub struct HourMean;

/// What the residuals of a history say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedHourMean {
    /// By series, then by days of lag less one.
    bands: Vec<Vec<Band>>,
}

/// Days that a mean is of.
const DAYS: usize = 7;

/// Lags with a band of their own; longer ones share the last.
const LAGS: usize = 4;

impl Fit for HourMean {
    type Fitted = FittedHourMean;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        // A day to be the mean, and a day to compare with it.
        needs_days(past, 2)
    }

    fn fit(&self, past: &Past) -> Result<FittedHourMean, NotReady> {
        self.needs(past).map_or(Ok(()), Err)?;
        let calendar = past.calendar(0);
        let bands = (0..past.series()).map(|series| bands(past.counts(series), &calendar, season_bins(past.bin())));
        Ok(FittedHourMean { bands: bands.collect() })
    }
}

impl Predict for FittedHourMean {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::HourMean, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        HourMean.needs(past).map_or(Ok(()), Err)?;
        let (season, calendar) = (season_bins(past.bin()), past.calendar(bins));
        let hours = hours(past.counts(series), season);
        let one = |lead: usize| {
            let lag = lead / season + 1;
            self.bands[series][lag.min(LAGS) - 1].beside(mean(&hours, &calendar, past.bins() + lead, lag))
        };
        Ok((0..bins).map(one).collect())
    }
}

/// For each bin the mean of the hour around it, as far as there are counts.
fn hours(counts: &[f64], season: usize) -> Vec<f64> {
    let half = season / 48;
    let sums: Vec<f64> = core::iter::once(0.0)
        .chain(counts.iter().scan(0.0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
        .collect();
    let around = |t: usize| {
        let (from, to) = (t.saturating_sub(half), (t + half + 1).min(counts.len()));
        (sums[to] - sums[from]) / (to - from) as f64
    };
    (0..counts.len()).map(around).collect()
}

/// The mean over the days from `lag` days before `target` on; where it is not known yet, of the first or the last hour.
fn mean(hours: &[f64], calendar: &Calendar, target: usize, lag: usize) -> f64 {
    let day = |days: usize| calendar.days_before(target, days).map(|position| hours[position.min(hours.len() - 1)]);
    let (sum, count) =
        (lag..lag + DAYS).map_while(day).fold((0.0, 0.0), |(sum, count), hour| (sum + hour, count + 1.0));
    if count > 0.0 { sum / count } else { hours[0] }
}

fn bands(counts: &[f64], calendar: &Calendar, season: usize) -> Vec<Band> {
    let hours = hours(counts, season);
    let from = counts.len().saturating_sub(RESIDUAL_DAYS * season);
    let mut bands: Vec<Band> = Vec::with_capacity(LAGS);
    for lag in 1..=LAGS {
        let from = from.max(lag * season);
        let pairs = (from..counts.len()).map(|t| (mean(&hours, calendar, t, lag), counts[t]));
        // Less than a day says too little; a longer lag is no surer than a shorter one.
        match bands.last() {
            Some(&shorter) if counts.len().saturating_sub(from) < season => bands.push(shorter),
            _ => bands.push(Band::of(pairs)),
        }
    }
    bands
}
