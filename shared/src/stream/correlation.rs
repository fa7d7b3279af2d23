//! How the errors of neighbouring bins go together.

use crate::forecast::season_bins;
use crate::units::Duration;

/// The two parts of the copula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Correlation {
    pub(super) level_milli: u32,
    pub(super) correlation_milli: u32,
}

/// Where the past is shorter than three days: what forecasts of 5-minute counts usually show.
const ASSUMED: Correlation = Correlation { level_milli: 100, correlation_milli: 300 };

/// Correlations at most: a level that explains everything, or a bin that equals its neighbour, would be no spread.
const MOST: f64 = 0.9;

/// Estimates both parts from how far each past bin was from the mean of the same time of day on the days before.
///
/// The residuals are of square roots, which have about the same spread whatever the count. Their autocorrelation is
/// modelled as κ + (1 − κ) ρ^lag: κ (the level) is its mean over lags from an hour to half a day, where ρ^lag has
/// died away; ρ follows from the first lag. What a day errs in all its bins is not taken out before, since a forecast
/// errs by it too.
pub(super) fn correlation(past: &[f64], bin: Duration) -> Correlation {
    let season = season_bins(bin);
    if past.len() < season * 3 || season < 4 {
        return ASSUMED;
    }
    let roots: Vec<f64> = past.iter().map(|&count| libm::sqrt(count + 0.375)).collect();
    let residuals: Vec<f64> =
        (season..roots.len()).map(|i| roots[i] - mean_of_days_before(&roots, i, season)).collect();
    let variance = product(&residuals, 0);
    if variance <= 0.0 {
        return ASSUMED;
    }
    let far: Vec<f64> = (season / 24..=season / 2).filter(|&lag| lag > 1).map(|lag| product(&residuals, lag)).collect();
    let level = (far.iter().sum::<f64>() / far.len().max(1) as f64 / variance).clamp(0.0, MOST);
    let near = ((product(&residuals, 1) / variance - level) / (1.0 - level)).clamp(0.0, MOST);
    let milli = |part: f64| (part * 1_000.0 + 0.5) as u32;
    Correlation { level_milli: milli(level), correlation_milli: milli(near) }
}

/// The mean of up to a week of the same time of day.
fn mean_of_days_before(roots: &[f64], i: usize, season: usize) -> f64 {
    let days = (1..=7).map_while(|day| i.checked_sub(day * season)).map(|earlier| roots[earlier]);
    let (sum, count) = days.fold((0.0, 0.0), |(sum, count), root| (sum + root, count + 1.0));
    sum / count
}

/// The mean product of residuals `lag` bins apart.
fn product(residuals: &[f64], lag: usize) -> f64 {
    let pairs = residuals.iter().zip(&residuals[lag..]);
    pairs.map(|(a, b)| a * b).sum::<f64>() / (residuals.len() - lag) as f64
}
