//! How sure it is that one of two predictions of the same windows is better.

use serde::{Deserialize, Serialize};

use crate::random::{Draws, Purpose};

/// How many resamples an interval is of.
pub const RESAMPLES: u32 = 10_000;

/// The levels of a 95 % interval.
const ENDS: [f64; 2] = [0.025, 0.975];

/// How far two predictions of one window were off: one with and one without a correction, or those of two ledgers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowErrors {
    /// |actual − predicted| of the first, summed over the series that count together.
    pub without: f64,
    /// The same of the second.
    pub with: f64,
    /// |actual|, summed likewise.
    pub actual: f64,
}

/// The difference of two WAPEs over the same windows; below zero where the second is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// WAPE with − WAPE without.
    pub difference: f64,
    /// Where its 95 % interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// The difference over some windows, with the 95 % percentile interval of a bootstrap that draws whole windows, so that
/// both predictions are always compared on the same ones; none where all actual costs were zero.
///
/// Source: B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13. Of few windows it is
/// narrower than it should be, and of one window it has no width.
pub fn paired_difference(windows: &[WindowErrors], seed: u64) -> Option<PairedDifference> {
    let difference = of(windows.iter())?;
    let (draws, count) = (Draws::new(seed, 0, Purpose::Bootstrap, 0), windows.len() as u64);
    let resample =
        |number: u64| of((0..count).map(|position| &windows[draws.below(number * count + position, count) as usize]));
    let mut differences: Vec<f64> = (0..u64::from(RESAMPLES)).filter_map(resample).collect();
    differences.sort_by(f64::total_cmp);
    let [low, high] = ENDS.map(|level| quantile(&differences, level).unwrap_or(difference));
    Some(PairedDifference { difference, low, high })
}

/// WAPE with − WAPE without.
fn of<'w>(windows: impl Iterator<Item = &'w WindowErrors>) -> Option<f64> {
    let (mut without, mut with, mut actual) = (0.0, 0.0, 0.0);
    for window in windows {
        without += window.without;
        with += window.with;
        actual += window.actual;
    }
    (actual > 0.0).then(|| (with - without) / actual)
}

/// Hyndman and Fan's type 7.
fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = level * last as f64;
    let (low, high) = (sorted[place as usize], sorted[(place as usize + 1).min(last)]);
    Some(low + (high - low) * (place - libm::floor(place)))
}
