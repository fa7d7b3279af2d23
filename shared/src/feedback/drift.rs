//! A change detector for the errors of forecasts of demand.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Instant};

/// Hours of a week: what is usual is learnt for so long before anything is judged, and is forgotten as slowly.
const WEEK: i64 = 168;

/// Hours after which an error no longer counts in full for how far demand spreads.
const FEW: u64 = 24;

/// No error counts for more than so many standard deviations: a single burst is an anomaly, and no change.
const WINSOR: f64 = 4.0;

/// No error counts for more than so many in how far demand spreads, or a change would soon be what is usual.
const SPREAD_WINSOR: f64 = 2.0;

/// A two-sided CUSUM of what hourly counts have beyond their forecasts, in standard deviations.
///
/// With μₜ ≥ 1 the count that is predicted for hour t and eₜ what came beyond it, eₜ is first brought closer to zero by what
/// was wrong in the same direction a week before (the mean of that hour and its two neighbours): what a model gets wrong every
/// Monday is no change. Demand comes in bursts, so that counts spread as a negative binomial variable does, with the
/// variance μₜ + cμₜ²; c, by moments, is Σ (eₜ² − μₜ) / Σ μₜ² over about a week, eₜ held within two standard deviations. zₜ
/// is eₜ over the standard deviation, held within ±4, and the upward sum is Uₜ = max(0, Uₜ₋₁ + zₜ − k), the downward one that
/// of −z; k is the tolerance, and the statistic the larger of both. A training clears the sums; how demand spreads, and
/// what was wrong a week before, is no matter of the model alone and stays.
///
/// Sources: Page, "Continuous inspection schemes", Biometrika 41 (1954); Lucas and Crosier, "Robust CUSUM",
/// Communications in Statistics 11 (1982); Breslow, "Extra-Poisson variation in log-linear models", Applied Statistics 33
/// (1984).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemandCusum {
    tolerance: f64,
    /// Hours seen.
    seen: u64,
    /// By hour since 1970, what came beyond what was predicted in the week before and an hour.
    beyond: BTreeMap<i64, f32>,
    /// Weighted means of eₜ² − μₜ and of μₜ².
    excess: f64,
    squares: f64,
    up: f64,
    down: f64,
}

impl DemandCusum {
    /// A detector that has seen nothing.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, seen: 0, beyond: BTreeMap::new(), excess: 0.0, squares: 0.0, up: 0.0, down: 0.0 }
    }

    /// Takes in the hour that begins at `at`: how many were predicted, and how many came. Hours come in order, and may be
    /// left out; what is not finite is passed over.
    pub fn observe(&mut self, at: Instant, predicted: f64, actual: f64) {
        let beyond = actual - predicted;
        if !beyond.is_finite() {
            return;
        }
        let hour = hours(at);
        let usual = self.usual(hour);
        self.beyond = self.beyond.split_off(&(hour - WEEK));
        self.beyond.insert(hour, beyond as f32);
        let news = if usual * beyond > 0.0 { (beyond.abs() - usual.abs()).max(0.0).copysign(beyond) } else { beyond };
        let mean = predicted.max(1.0);
        let deviation = (mean + self.dispersion() * mean * mean).sqrt();
        if self.is_judging() {
            let off = (news / deviation).clamp(-WINSOR, WINSOR);
            self.up = (self.up + off - self.tolerance).max(0.0);
            self.down = (self.down - off - self.tolerance).max(0.0);
        }
        let most = if self.seen < FEW { f64::INFINITY } else { SPREAD_WINSOR * deviation };
        let held = news.clamp(-most, most);
        self.seen += 1;
        let weight = 1.0 / self.seen.min(WEEK.unsigned_abs()) as f64;
        self.excess += weight * (held * held - mean - self.excess);
        self.squares += weight * (mean * mean - self.squares);
    }

    /// The larger sum of both directions, in standard deviations; none while what is usual is only learnt.
    pub fn statistic(&self) -> Option<f64> {
        self.is_judging().then(|| self.up.max(self.down))
    }

    /// There is another model now: what is beyond its forecasts is yet to be seen.
    pub fn clear(&mut self) {
        (self.up, self.down) = (0.0, 0.0);
    }

    /// Another tolerance from now on.
    pub fn set_tolerance(&mut self, tolerance: f64) {
        self.tolerance = tolerance;
    }

    /// Whether it has taken in an hour of the week before an instant, or a later one.
    pub fn is_current(&self, at: Instant) -> bool {
        self.beyond.last_key_value().is_some_and(|(&hour, _)| hour >= hours(at) - WEEK)
    }

    fn is_judging(&self) -> bool {
        self.seen >= WEEK.unsigned_abs()
    }

    /// What was beyond the forecast around this hour a week ago; nothing where that is not known.
    fn usual(&self, hour: i64) -> f64 {
        let around = self.beyond.range(hour - WEEK - 1..=hour - WEEK + 1).map(|(_, &beyond)| f64::from(beyond));
        let (sum, count) = around.fold((0.0, 0.0_f64), |(sum, count), beyond| (sum + beyond, count + 1.0));
        sum / count.max(1.0)
    }

    fn dispersion(&self) -> f64 {
        if self.squares > 0.0 { (self.excess / self.squares).max(0.0) } else { 0.0 }
    }
}

/// Whole hours since 1970.
fn hours(at: Instant) -> i64 {
    (at - Instant::from_micros(0)).divide(Duration::HOUR)
}
