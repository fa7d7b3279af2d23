//! Intervals from how wrong a point forecast was before.

use super::quantile::{quantile, sort};
use super::{BinForecast, LEVELS};

/// Quantiles of past residuals in units of the count's own noise, and their mean.
///
/// A residual is divided by √(forecast + 1), the order of a Poisson count's standard deviation, so that a quiet hour
/// and a busy one share a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    quantiles: [f64; LEVELS.len()],
    mean: f64,
}

impl Band {
    /// The band of pairs of (forecast, actual).
    pub(super) fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut residuals: Vec<f64> = pairs.map(|(forecast, actual)| (actual - forecast) / noise(forecast)).collect();
        let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
        sort(&mut residuals);
        Self { quantiles: LEVELS.map(|level| quantile(&residuals, level)), mean }
    }

    /// The band around a point forecast, which stays the median.
    pub(super) fn around(&self, point: f64) -> BinForecast {
        let mut quantiles = self.quantiles.map(|residual| point + residual * noise(point));
        let middle = LEVELS.len() / 2;
        for (i, quantile) in quantiles.iter_mut().enumerate() {
            *quantile = match i.cmp(&middle) {
                core::cmp::Ordering::Less => quantile.min(point),
                core::cmp::Ordering::Equal => point,
                core::cmp::Ordering::Greater => quantile.max(point),
            };
        }
        BinForecast::new(quantiles, point + self.mean * noise(point))
    }
}

fn noise(forecast: f64) -> f64 {
    libm::sqrt(forecast.max(0.0) + 1.0)
}
