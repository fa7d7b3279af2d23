//! The same local time one day ago.

use serde::{Deserialize, Serialize};

use super::model::{a_day, season_bins};
use super::quantile::median;
use super::residuals::{Band, RESIDUAL_DAYS};
use super::{BinForecast, Fit, ModelId, ModelName, NotReady, Predict};
use crate::features::{Calendar, Past};

/// Repeats the last day; over longer horizons the same last day again.
///
/// The interval at a lag of `k` days has the quantiles of what the history's last 28 days did against the day `k` days
/// before. Where there is less than a day to compare, it has those of the last day around its own median, which
/// is wider.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeasonalNaive;

/// What the residuals of a history say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedSeasonalNaive {
    /// By series, then by days of lag less one.
    bands: Vec<Vec<Band>>,
}

/// Lags with a band of their own; longer ones share the last.
const LAGS: usize = 7;

impl Fit for SeasonalNaive {
    type Fitted = FittedSeasonalNaive;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        a_day(past).err()
    }

    fn fit(&self, past: &Past) -> Result<FittedSeasonalNaive, NotReady> {
        a_day(past)?;
        let calendar = past.calendar(0);
        let bands = (0..past.series()).map(|series| bands(past.counts(series), &calendar, season_bins(past.bin())));
        Ok(FittedSeasonalNaive { bands: bands.collect() })
    }
}

impl Predict for FittedSeasonalNaive {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::SeasonalNaive, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        a_day(past)?;
        let (counts, calendar) = (past.counts(series), past.calendar(bins));
        let one = |lead| {
            let (days, position) = last_known_day(&calendar, past.bins(), past.bins() + lead);
            self.bands[series][days.min(LAGS) - 1].around(counts[position])
        };
        Ok((0..bins).map(one).collect())
    }
}

/// The fewest days back from `target` that lead before `known`, and the bin there.
fn last_known_day(calendar: &Calendar, known: usize, target: usize) -> (usize, usize) {
    let mut days = 1;
    loop {
        match calendar.days_before(target, days) {
            Some(position) if position < known => return (days, position),
            Some(_) => days += 1,
            // On a day of 25 hours a history of 24 has no such bin; its first is the nearest.
            None => return (days, 0),
        }
    }
}

fn bands(counts: &[f64], calendar: &Calendar, season: usize) -> Vec<Band> {
    let from = counts.len().saturating_sub(RESIDUAL_DAYS * season);
    let mut bands: Vec<Band> = Vec::with_capacity(LAGS);
    for days in 1..=LAGS {
        let pair = |t: usize| calendar.days_before(t, days).map(|position| (counts[position], counts[t]));
        let pairs: Vec<(f64, f64)> = (from..counts.len()).filter_map(pair).collect();
        let band = match (pairs.len() >= season, bands.last()) {
            (true, _) => Band::of(pairs.into_iter()),
            (false, Some(&shorter)) => shorter,
            (false, None) => {
                let day = &counts[counts.len() - season.min(counts.len())..];
                let middle = median(day);
                Band::of(day.iter().map(|&count| (middle, count)))
            }
        };
        bands.push(band);
    }
    bands
}
