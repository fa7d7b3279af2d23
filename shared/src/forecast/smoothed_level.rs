//! The level by exponential smoothing, with the memory that has told the next count best.

use super::model::{a_day, season_bins};
use super::quantile::{quantile, sort};
use super::{BinForecast, Fit, LEVELS, ModelId, ModelName, NotReady, Predict};
use crate::features::Past;

/// Simple exponential smoothing (Brown 1959), l ← l + α (y − l). At every origin α is the one with the least squared error
/// one bin ahead over the last three days, which is the likeliest one under normal noise (Hyndman, Koehler, Ord and Snyder
/// 2008, section 5.1).
///
/// It follows the mean, where [`RecentLevel`](super::RecentLevel) and [`LocalTrend`](super::LocalTrend) follow the median of
/// what varies. Quantiles are those of the errors one bin ahead, as many times wider as the standard deviation at a lead of h
/// bins is than at one: √(1 + (h − 1) α²).
#[derive(Clone, Copy, Debug, Default)]
pub struct SmoothedLevel;

/// Memories of 50 bins to one.
const ALPHAS: [f64; 12] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0];

/// Days that α and the errors are taken from.
const MEMORY_DAYS: usize = 3;

impl Fit for SmoothedLevel {
    type Fitted = Self;

    fn needs(&self, past: &Past) -> Option<NotReady> {
        a_day(past).err()
    }

    fn fit(&self, past: &Past) -> Result<Self, NotReady> {
        a_day(past)?;
        Ok(*self)
    }
}

impl Predict for SmoothedLevel {
    fn id(&self, _bins: usize) -> ModelId {
        ModelId { name: ModelName::SmoothedLevel, version: 1 }
    }

    fn predict_series(&self, past: &Past, series: usize, bins: usize) -> Result<Vec<BinForecast>, NotReady> {
        a_day(past)?;
        let counts = past.counts(series);
        let counts = &counts[counts.len().saturating_sub(MEMORY_DAYS * season_bins(past.bin()))..];
        let alpha = likeliest(counts);
        let (level, mut errors) = smoothed(counts, alpha);
        sort(&mut errors);
        let errors = LEVELS.map(|at| quantile(&errors, at));
        let one = |lead: usize| {
            let wider = libm::sqrt(1.0 + lead as f64 * alpha * alpha);
            BinForecast::new(errors.map(|error| level + wider * error), level)
        };
        Ok((0..bins).map(one).collect())
    }
}

/// How much of the distance to a count a level takes, after so many counts: until its memory is full it is their mean.
fn step(alpha: f64, before: usize) -> f64 {
    alpha.max(1.0 / (before + 1) as f64)
}

/// The α with the least squared error one bin ahead, ties to the slower.
fn likeliest(counts: &[f64]) -> f64 {
    // All of them side by side, which a processor does at once.
    let (mut levels, mut squares) = ([0.0; ALPHAS.len()], [0.0; ALPHAS.len()]);
    for (before, &count) in counts.iter().enumerate() {
        for ((level, sum), alpha) in levels.iter_mut().zip(&mut squares).zip(ALPHAS) {
            let error = count - *level;
            // Of the first count nothing is known.
            *sum += if before == 0 { 0.0 } else { error * error };
            *level += step(alpha, before) * error;
        }
    }
    let best = squares.iter().zip(ALPHAS).min_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map_or(1.0, |(_, alpha)| alpha)
}

/// The level after the last count, and the errors one bin ahead.
fn smoothed(counts: &[f64], alpha: f64) -> (f64, Vec<f64>) {
    let mut level = 0.0;
    let error = |(before, &count): (usize, &f64)| {
        let error = count - level;
        level += step(alpha, before) * error;
        error
    };
    let mut errors: Vec<f64> = counts.iter().enumerate().map(error).collect();
    errors.drain(..1.min(counts.len()));
    (level, errors)
}

#[cfg(test)]
mod tests {
    use super::super::tests::hourly;
    use super::*;

    #[test]
    fn a_level_is_the_mean_until_its_memory_is_full() {
        // Means of 4 and 8, then of these and 12; a memory of two: 8 + 0.5 · 4 = 10 after 6 and 12.
        let (level, errors) = smoothed(&[4.0, 8.0, 12.0], 0.02);
        assert!((level - 8.0).abs() < 1e-12);
        assert_eq!(errors, [4.0, 6.0]);
        // From the mean 6 of the first two on, 0.5 · (12 − 6) is added, and then 0.5 · (5 − 9).
        let (level, errors) = smoothed(&[4.0, 8.0, 12.0, 5.0], 0.5);
        assert_eq!((level, errors), (7.0, vec![4.0, 6.0, -4.0]));
    }

    #[test]
    fn what_walks_is_followed_at_once_and_noise_is_not() {
        let walk: Vec<f64> = (0..72).map(|t| 100.0 + 5.0 * f64::from(t)).collect();
        assert_eq!(likeliest(&walk), 1.0);
        let noise: Vec<f64> = (0..72).map(|t| if t % 2 == 0 { 10.0 } else { 14.0 }).collect();
        assert_eq!(likeliest(&noise), 0.02);
    }

    #[test]
    fn the_interval_grows_with_the_lead() {
        // A walk with steps of ±2, whose likeliest α is large: after h bins the width is √(1 + (h − 1) α²) times the first.
        let mut level = 500.0;
        let counts: Vec<f64> = (0..72)
            .map(|t: u32| {
                level += if (t * t / 7).is_multiple_of(2) { 2.0 } else { -2.0 };
                level
            })
            .collect();
        let alpha = likeliest(&counts);
        let features = hourly(counts);
        let bins = SmoothedLevel.predict_series(&features.all(), 0, 5).unwrap();
        let width = |lead: usize| bins[lead].quantiles()[LEVELS.len() - 1] - bins[lead].quantiles()[0];
        assert!(alpha >= 0.5 && width(0) > 0.0, "{alpha}");
        for lead in 1..5 {
            let expected = libm::sqrt(1.0 + lead as f64 * alpha * alpha);
            assert!((width(lead) / width(0) - expected).abs() < 1e-9, "{lead}");
        }
    }
}
