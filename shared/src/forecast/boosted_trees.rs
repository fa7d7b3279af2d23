//! Gradient-boosted trees: how far a count will lie from the level of the last day.

mod forest;
mod rows;

use serde::{Deserialize, Serialize};

use self::forest::{Columns, Forest, TREES_MAX};
use self::rows::{SeriesRows, width};
use super::model::{needs_days, season_bins};
use super::progress::tell;
use super::quantile::{quantile, sort};
use super::{BinForecast, LEVELS, ModelId, ModelName, NotReady, Predict, Progress, TrainError, Watcher};
use crate::features::{Calendar, Past};
use crate::random::{Draws, Purpose};

/// Trees over all series together, each count in units of its series: level and mean distance from it, of the day before
/// the origin. They see the same local time on the days before, the last hour, where the day and the week are, events
/// and sensors, and are boosted by absolute error (Friedman, "Greedy function approximation", 2001).
///
/// The last day of the past is never learnt: what the trees would have said in it tells how good they are.
#[derive(Clone, Copy, Debug)]
pub struct BoostedTrees {
    /// How far ahead they are to answer, in bins.
    pub horizon_bins: usize,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedBoostedTrees {
    events: Vec<String>,
    sensors: Vec<String>,
    forest: Forest,
    /// By group of leads: quantiles of what came against what was said, in scales, and their mean.
    bands: Vec<([f64; LEVELS.len()], f64)>,
}

/// Rows that are learnt from at most; more of them change little.
const ROWS_MAX: usize = 48_000;
/// Rows of an origin: the next bin, two within the hour, four within a day, one within the horizon.
const LEADS: usize = 8;
/// The most events and sensors that are features.
const NAMES_MAX: usize = 8;
/// Days of history at least: two to look back at, one to learn, one to choose by, one that is never learnt.
const DAYS_MIN: usize = 5;

impl BoostedTrees {
    /// Grows trees over all series of a past.
    ///
    /// # Errors
    /// What is missing, or that the watcher cancelled; then there is no model.
    pub fn fit(&self, past: &Past, watcher: &mut Watcher) -> Result<FittedBoostedTrees, TrainError> {
        needs_days(past, DAYS_MIN).map_or(Ok(()), Err)?;
        let max_steps = 2 * TREES_MAX;
        let mut grown = |trees: usize| {
            let (step, max_steps) = (trees as u32, max_steps as u32);
            let model = ModelName::BoostedTrees;
            tell(watcher, Progress::Training { model, step, max_steps, validation: None })
        };
        let names = |names: Vec<&str>| names.into_iter().take(NAMES_MAX).map(str::to_owned).collect::<Vec<_>>();
        let (events, sensors) = (names(past.event_names()), names(past.sensor_names()));
        let season = season_bins(past.bin());
        let calendar = past.calendar(self.horizon_bins);
        let sample = |from: usize, to: usize| {
            let span = Span { from, to, longest: self.horizon_bins };
            Sample::of(past, &calendar, span, (&events, &sensors))
        };
        let end = past.bins() - season;
        let split = end - season.max((end - 2 * season) / 6);
        let (early, late) = (sample(2 * season, split), sample(split, end));
        let held_out = Forest::fit_held_out(&early.rows, &early.targets, (&late.rows, &late.targets), &mut grown)?;
        // What neither these trees nor their number were chosen by.
        let bands = sample(end, past.bins()).bands(&held_out, season);
        let all = sample(2 * season, end);
        // The second time there are fewer steps than there could be: the last is the last of all.
        let before = max_steps - held_out.len();
        let forest = Forest::fit(&all.rows, &all.targets, held_out.len(), &mut |trees| grown(before + trees))?;
        Ok(FittedBoostedTrees { events, sensors, forest, bands })
    }
}

/// Where targets lie, and how far ahead of their origin.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: usize,
    to: usize,
    longest: usize,
}

/// Rows with what came.
struct Sample {
    rows: Columns,
    targets: Vec<f32>,
    leads: Vec<usize>,
}

impl Sample {
    fn of(past: &Past, calendar: &Calendar, span: Span, (events, sensors): (&[String], &[String])) -> Self {
        let Span { from, to, longest } = span;
        let rows = Columns::new(width(events.len(), sensors.len()));
        let mut sample = Self { rows, targets: Vec::new(), leads: Vec::new() };
        let season = season_bins(past.bin());
        let stride = ((to - from) * past.series() * LEADS).div_ceil(ROWS_MAX).max(1);
        let mut row = Vec::new();
        for series in 0..past.series() {
            let counts = past.counts(series);
            let view = SeriesRows::new(*past, series, calendar, events, sensors);
            // Series take turns, so that not all look from the same hours.
            for origin in (from + series % stride..to).step_by(stride) {
                let look = view.from(origin);
                let draws = Draws::new(0, 0, Purpose::Training, (series * past.bins() + origin) as u64);
                for lead in leads(draws, season, longest.min(to - origin)) {
                    view.row(&look, lead, &mut row);
                    sample.rows.push(&row);
                    sample.targets.push(look.distance(counts[origin + lead]));
                    sample.leads.push(lead);
                }
            }
        }
        sample
    }

    /// By group of leads, what came against what `forest` says.
    fn bands(&self, forest: &Forest, season: usize) -> Vec<([f64; LEVELS.len()], f64)> {
        let said = forest.answer(&self.rows);
        let mut residuals = vec![Vec::new(); GROUPS];
        for ((said, came), &lead) in said.iter().zip(&self.targets).zip(&self.leads) {
            residuals[group(lead, season)].push(f64::from(came - said));
        }
        let band = |mut residuals: Vec<f64>| {
            let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
            sort(&mut residuals);
            (LEVELS.map(|level| quantile(&residuals, level)), mean)
        };
        residuals.into_iter().map(band).collect()
    }
}

/// The leads of an origin with so many bins to come, drawn anew for each, the next bin always among them.
fn leads(draws: Draws, season: usize, reach: usize) -> [usize; LEADS] {
    let drawn = |n: usize, below: usize| draws.below(n as u64, below.min(reach) as u64) as usize;
    let mut leads = [0; LEADS];
    for (n, lead) in leads.iter_mut().enumerate().skip(1) {
        *lead = drawn(
            n,
            if n < 3 {
                hour(season)
            } else if n < LEADS - 1 {
                season
            } else {
                reach
            },
        );
    }
    leads
}

/// The bins of an hour; one where a bin is longer.
fn hour(season: usize) -> usize {
    (season / 24).max(1)
}

/// Groups of leads with a band of their own: the next bin, the hour, a quarter of a day, what is later.
const GROUPS: usize = 4;

fn group(lead: usize, season: usize) -> usize {
    [1, hour(season), season / 4].iter().filter(|&&end| lead >= end).count()
}

impl FittedBoostedTrees {
    /// Whether it is whole: a file may be damaged.
    pub(super) fn is_sound(&self) -> bool {
        self.bands.len() == GROUPS && self.forest.is_of(width(self.events.len(), self.sensors.len()))
    }

    fn answer(&self, view: &SeriesRows<'_>, season: usize, origin: usize, bins: usize) -> Vec<BinForecast> {
        let from = view.from(origin);
        let mut rows = Columns::new(width(self.events.len(), self.sensors.len()));
        let mut row = Vec::new();
        for lead in 0..bins {
            view.row(&from, lead, &mut row);
            rows.push(&row);
        }
        let one = |(lead, said): (usize, f32)| {
            let (quantiles, mean) = &self.bands[group(lead, season)];
            let point = from.level + f64::from(said) * from.scale;
            let middle = LEVELS.len() / 2;
            // What is said stays the median.
            let away = |i: usize| match i.cmp(&middle) {
                core::cmp::Ordering::Less => quantiles[i].min(0.0),
                core::cmp::Ordering::Equal => 0.0,
                core::cmp::Ordering::Greater => quantiles[i].max(0.0),
            };
            let quantiles = core::array::from_fn(|i| point + away(i) * from.scale);
            BinForecast::new(quantiles, point + mean * from.scale)
        };
        self.forest.answer(&rows).into_iter().enumerate().map(one).collect()
    }
}

impl Predict for FittedBoostedTrees {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::BoostedTrees, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        self.predict_earlier(past, series, &[(0, bins)]).swap_remove(0)
    }

    fn predict_earlier(
        &self,
        past: &Past,
        series: usize,
        asked: &[(usize, usize)],
    ) -> Vec<Result<Vec<BinForecast>, NotReady>> {
        let season = season_bins(past.bin());
        let calendar = past.calendar(asked.iter().map(|&(_, bins)| bins).max().unwrap_or(0));
        let view = SeriesRows::new(*past, series, &calendar, &self.events, &self.sensors);
        let one = |&(back, bins): &(usize, usize)| {
            let origin = past.bins() - back;
            needs_days(&past.first(origin), 1).map_or(Ok(()), Err)?;
            Ok(self.answer(&view, season, origin, bins))
        };
        asked.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests;
