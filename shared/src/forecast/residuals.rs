//! Intervals from how wrong a point forecast was before.

use serde::{Deserialize, Serialize};

use super::quantile::{quantile, sort};
use super::{BinForecast, LEVELS};

/// How many days of a history residuals are taken from, its last ones.
pub(super) const RESIDUAL_DAYS: usize = 28;

/// Quantiles of past residuals in units of the count's own noise, and their sum in units of the summed noise.
///
/// A residual is divided by √(forecast + 1), the order of a Poisson count's standard deviation, so that a quiet hour
/// and a busy one share a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Band {
    quantiles: [f64; LEVELS.len()],
    mean: f64,
}

impl Band {
    /// The band of pairs of (forecast, actual).
    pub(super) fn of(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut error, mut scale) = (0.0, 0.0);
        let mut residuals: Vec<f64> = pairs
            .map(|(forecast, actual)| {
                error += actual - forecast;
                scale += noise(forecast);
                (actual - forecast) / noise(forecast)
            })
            .collect();
        // Not the mean of the ratios: a low forecast is divided by little, which would push the mean up.
        let mean = if scale > 0.0 { error / scale } else { 0.0 };
        sort(&mut residuals);
        Self { quantiles: LEVELS.map(|level| quantile(&residuals, level)), mean }
    }

    /// The band beside a point forecast, whose median is the residuals': the point is too high or too low as often as
    /// it was.
    pub(super) fn beside(&self, point: f64) -> BinForecast {
        let quantiles = self.quantiles.map(|residual| point + residual * noise(point));
        BinForecast::new(quantiles, point + self.mean * noise(point))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that swing around the same level: over all pairs the means add up to the actual counts.
    #[test]
    fn the_mean_is_right_in_sum() {
        let counts = [0.0, 3.0, 1.0, 0.0, 6.0, 2.0, 0.0, 1.0, 4.0, 0.0];
        let pairs = || counts.into_iter().zip(counts.into_iter().cycle().skip(1));
        let band = Band::of(pairs());
        let predicted: f64 = pairs().map(|(forecast, _)| forecast + band.mean * noise(forecast)).sum();
        let actual: f64 = pairs().map(|(_, actual)| actual).sum();
        assert!((predicted - actual).abs() < 1e-9, "{predicted} for {actual}");
    }
}
