//! The level of late, as fast and as robust as each lead wants it.

use core::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::model::{needs_days, season_bins};
use super::progress::tell;
use super::quantile::median;
use super::residuals::Band;
use super::{BinForecast, Fit, ModelId, ModelName, NotReady, Predict, Progress, TrainError, Watcher, leads};
use crate::features::Past;

/// One level for all leads of a group: a moving median, or simple exponential smoothing (Brown 1959), l ← l + α (y − l).
/// Which, and how long its memory, is chosen per series and group of leads by the least absolute error over the
/// history's last 28 days: the next bin wants a fast level, tomorrow a slow one, and bursts want a median.
///
/// Quantiles are those of the residuals at such leads, so that counts that are mostly zero have a median of zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecentLevel;

/// The chosen levels, and what their residuals say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedRecentLevel {
    /// By series, then by group of leads.
    leads: Vec<Vec<Lead>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Lead {
    level: Level,
    band: Band,
}

/// A way to tell the level before an origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Level {
    /// The median of so many bins.
    Median(usize),
    /// Exponential smoothing with this α.
    Smoothed(f64),
}

/// From a memory of two or three bins on; the longest medians reach as far as [`MEMORY_DAYS`].
const ALPHAS: [f64; 6] = [0.7, 0.4, 0.2, 0.1, 0.05, 0.02];

/// Days that a level is made of at most.
const MEMORY_DAYS: usize = 3;

/// How much better than the day's median another level has to be, so that chance does not choose.
const MARGIN: f64 = 0.98;

impl Level {
    /// The day's median, and then all others.
    fn all(season: usize) -> impl Iterator<Item = Self> {
        let windows = [season, 1, season / 96, season / 24, season / 8, season / 3, MEMORY_DAYS * season];
        let medians = windows.into_iter().filter(|&window| window > 0).map(Level::Median);
        medians.chain(ALPHAS.map(Level::Smoothed))
    }

    /// The level before each origin that `origins` names, which increase.
    fn before(self, counts: &[f64], season: usize, origins: impl Iterator<Item = usize>) -> Vec<f64> {
        let from = |origin: usize, bins: usize| &counts[origin.saturating_sub(bins)..origin];
        match self {
            Self::Median(window) => origins.map(|origin| median(from(origin, window))).collect(),
            Self::Smoothed(alpha) => {
                origins.map(|origin| smoothed(from(origin, MEMORY_DAYS * season), alpha)).collect()
            }
        }
    }
}

/// The level after the last count; it begins with the first one.
fn smoothed(counts: &[f64], alpha: f64) -> f64 {
    let first = counts.first().copied().unwrap_or_default();
    counts.iter().fold(first, |level, count| level + alpha * (count - level))
}

impl Fit for RecentLevel {
    type Fitted = FittedRecentLevel;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        needs_days(past, 2)
    }

    fn fit(&self, past: &Past) -> Result<FittedRecentLevel, NotReady> {
        self.needs(past).map_or(Ok(()), Err)?;
        let Ok(fitted) = FittedRecentLevel::of(past, |_| Ok::<(), Infallible>(()));
        Ok(fitted)
    }
}

impl RecentLevel {
    /// As [`Fit::fit`], telling of every series.
    ///
    /// # Errors
    /// What is missing, or that the watcher cancelled.
    pub(super) fn fit_told(&self, past: &Past, watcher: &mut Watcher) -> Result<FittedRecentLevel, TrainError> {
        self.needs(past).map_or(Ok(()), Err)?;
        let (model, max_steps) = (ModelName::RecentLevel, past.series() as u32);
        let told = |step| tell(watcher, Progress::Training { model, step, max_steps, validation: None });
        Ok(FittedRecentLevel::of(past, told)?)
    }
}

impl FittedRecentLevel {
    /// Learns series by series; `begins` hears of each, and may refuse it.
    fn of<E>(past: &Past, mut begins: impl FnMut(u32) -> Result<(), E>) -> Result<Self, E> {
        let season = season_bins(past.bin());
        let mut of_series = |series: usize| {
            begins(series as u32)?;
            Ok(choose(past.counts(series), season))
        };
        Ok(Self { leads: (0..past.series()).map(&mut of_series).collect::<Result<_, E>>()? })
    }
}

impl Predict for FittedRecentLevel {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::RecentLevel, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        RecentLevel.needs(past).map_or(Ok(()), Err)?;
        let (counts, season) = (past.counts(series), season_bins(past.bin()));
        // Groups of leads next to each other often want the same level.
        let mut known: Option<(Level, f64)> = None;
        let group = |lead: &Lead| {
            let before = || lead.level.before(counts, season, [counts.len()].into_iter())[0];
            let level = known.filter(|(level, _)| *level == lead.level).map_or_else(before, |(_, level)| level);
            known = Some((lead.level, level));
            lead.band.beside(level)
        };
        let groups: Vec<BinForecast> = self.leads[series].iter().map(group).collect();
        Ok((0..bins).map(|lead| groups[leads::group(lead).min(groups.len() - 1)]).collect())
    }
}

/// For each group of leads the level with the least absolute error, ties to the earlier one.
fn choose(counts: &[f64], season: usize) -> Vec<Lead> {
    let levels: Vec<Level> = Level::all(season).collect();
    let origins = || leads::origins(counts, season);
    let before: Vec<Vec<f64>> = levels.iter().map(|level| level.before(counts, season, origins())).collect();
    let mut best = vec![(f64::INFINITY, 0); leads::groups(season)];
    for (i, before) in before.iter().enumerate() {
        let mut errors = vec![0.0; best.len()];
        leads::each(counts, season, |origin, group, count| errors[group] += (count - before[origin]).abs());
        for (best, error) in best.iter_mut().zip(errors) {
            let handicapped = if i == 0 { error * MARGIN } else { error };
            if handicapped < best.0 {
                *best = (handicapped, i);
            }
        }
    }
    let mut pairs: Vec<Vec<(f64, f64)>> = vec![Vec::new(); best.len()];
    leads::each(counts, season, |origin, group, count| pairs[group].push((before[best[group].1][origin], count)));
    let lead = |(&(_, i), pairs): (&(f64, usize), Vec<(f64, f64)>)| Lead {
        level: levels[i],
        band: Band::of(pairs.into_iter()),
    };
    best.iter().zip(pairs).map(lead).collect()
}
