//! How many batches arrive in each bin of one run.

use super::ArrivalBins;
use crate::forecast::LEVELS;
use crate::random::{Draws, Purpose, normal_cdf};

/// Mean excess over a normal distribution's 0.95 quantile in units of its distance from the 0.75 quantile:
/// (φ(1.645)/0.05 − 1.645) ÷ (1.645 − 0.674) = 0.43. The lower tail, which ends at zero, always has it.
const NORMAL_TAIL: f64 = 0.43;

/// The draws of the run's level have the key after the last bin.
const LEVEL_KEY: u64 = u64::MAX;

/// Counts of batches, bin by bin; the same seed and run give the same counts.
pub(super) fn counts(bins: &ArrivalBins, seed: u64, run: u32) -> Vec<u64> {
    let (level_share, correlation) = (milli(bins.level_milli), milli(bins.correlation_milli));
    let (level_weight, bin_weight) = (libm::sqrt(level_share), libm::sqrt(1.0 - level_share));
    let innovation = libm::sqrt(1.0 - correlation * correlation);
    let level = Draws::new(seed, run, Purpose::Arrivals, LEVEL_KEY).normal(0);
    let mut position = None;
    let count = |(bin, tenths): (usize, &[u32; LEVELS.len()])| {
        let draws = Draws::new(seed, run, Purpose::Arrivals, bin as u64);
        let fresh = draws.normal(0);
        let beyond = position.map_or(fresh, |before: f64| correlation * before + innovation * fresh);
        position = Some(beyond);
        let rank = normal_cdf(level_weight * level + bin_weight * beyond);
        // A fraction becomes one more batch with that chance, which keeps the mean of small counts.
        (quantile(tenths, milli(bins.tail_milli), rank) + draws.uniform(1)) as u64
    };
    bins.tenths.iter().enumerate().map(count).collect()
}

/// The quantile function of a bin: linear between the levels, exponential beyond them, never below zero.
fn quantile(tenths: &[u32; LEVELS.len()], tail: f64, rank: f64) -> f64 {
    let at = |i: usize| f64::from(tenths[i]) / 10.0;
    let last = LEVELS.len() - 1;
    if rank < LEVELS[0] {
        let scale = NORMAL_TAIL * (at(2) - at(0));
        return (at(0) + scale * libm::log((rank / LEVELS[0]).max(f64::MIN_POSITIVE))).max(0.0);
    }
    if rank >= LEVELS[last] {
        let scale = tail * (at(last) - at(last - 2));
        return at(last) - scale * libm::log(((1.0 - rank) / (1.0 - LEVELS[last])).clamp(f64::EPSILON, 1.0));
    }
    let i = LEVELS.partition_point(|&level| level <= rank) - 1;
    at(i) + (at(i + 1) - at(i)) * (rank - LEVELS[i]) / (LEVELS[i + 1] - LEVELS[i])
}

/// The upper tail, in thousandths, with which the bins' means sum up to `mean` or come nearest to it.
pub(super) fn tail_for_mean(bins: &[[u32; LEVELS.len()]], mean: f64) -> u32 {
    let (bodies, units) = bins.iter().map(mean_and_tail_unit).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    let tail = if units > 0.0 { (mean - bodies) / units } else { NORMAL_TAIL };
    (tail.clamp(0.0, 1.0) * 1_000.0 + 0.5) as u32
}

/// The mean of a bin's quantile function without the excess of its upper tail, and that excess for a tail of 1.
fn mean_and_tail_unit(tenths: &[u32; LEVELS.len()]) -> (f64, f64) {
    let at = |i: usize| f64::from(tenths[i]) / 10.0;
    let last = LEVELS.len() - 1;
    let beyond = 1.0 - LEVELS[last];
    let inner = (0..last).map(|i| (at(i) + at(i + 1)) / 2.0 * (LEVELS[i + 1] - LEVELS[i])).sum::<f64>();
    // Below the first level: q − s·E with E exponential of mean 1, where what would be negative is zero.
    let scale = NORMAL_TAIL * (at(2) - at(0));
    let shortfall = if scale > 0.0 { scale * (1.0 - libm::exp(-at(0) / scale)) } else { 0.0 };
    (inner + beyond * at(last) + LEVELS[0] * (at(0) - shortfall), beyond * (at(last) - at(last - 2)))
}

fn milli(thousandths: u32) -> f64 {
    f64::from(thousandths.min(1_000)) / 1_000.0
}
