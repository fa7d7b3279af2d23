//! Counts of batches against the intervals of their forecast.

use serde::Serialize;

use crate::forecast::{BinForecast, LEVELS, season_bins};
use crate::units::Duration;

/// How the counts of batches lay to the interval between the 0.05 and the 0.95 quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ArrivalScores {
    /// Bins that were compared.
    pub bins: u64,
    /// The share of bins whose count lies in the interval, ends included.
    pub coverage: f64,
    /// The share of bins below the interval.
    pub below: f64,
    /// The share of bins above it.
    pub above: f64,
    /// Mean of (u − l) + 2/α (l − y)⁺ + 2/α (y − u)⁺ with α = 0.1, in batches; less is better (Gneiting and Raftery 2007).
    pub interval_score: f64,
    /// Σ(mean − y) ÷ Σ y; none where nothing arrived.
    pub bias: Option<f64>,
}

/// Holds a forecast against what came; none where no bin is in both.
pub fn score_arrivals(forecast: &[BinForecast], actual: &[f64]) -> Option<ArrivalScores> {
    let outside = 1.0 - (LEVELS[LEVELS.len() - 1] - LEVELS[0]);
    let bins = forecast.len().min(actual.len());
    let (mut below, mut above, mut score, mut excess, mut sum) = (0_u64, 0_u64, 0.0, 0.0, 0.0);
    for (bin, &count) in forecast.iter().zip(actual) {
        let (low, high) = (bin.quantiles()[0], bin.quantiles()[LEVELS.len() - 1]);
        below += u64::from(count < low);
        above += u64::from(count > high);
        score += (high - low) + 2.0 / outside * ((low - count).max(0.0) + (count - high).max(0.0));
        excess += bin.mean() - count;
        sum += count;
    }
    let share = |bins_there: u64| bins_there as f64 / bins as f64;
    (bins > 0).then(|| ArrivalScores {
        bins: bins as u64,
        coverage: 1.0 - share(below + above),
        below: share(below),
        above: share(above),
        interval_score: score / bins as f64,
        bias: (sum > 0.0).then(|| excess / sum),
    })
}

/// The mean of the same hour of the day over up to a week before, as if batches came independently (Poisson).
pub fn poisson(past: &[f64], bin: Duration, bins: usize) -> Vec<BinForecast> {
    let season = season_bins(bin);
    let per_hour = (season / 24).max(1);
    let days = (past.len() / season).clamp(1, 7);
    let of = |lead: usize| {
        // Positions within a day, counted back from the origin; the hour holds `per_hour` of them.
        let hour = (lead % season) / per_hour * per_hour;
        let earlier = (1..=days).flat_map(|day| {
            let start = (past.len() + hour).checked_sub(day * season);
            start.into_iter().flat_map(|start| past.iter().skip(start).take(per_hour))
        });
        let (sum, count) = earlier.fold((0.0, 0.0), |(sum, count), bin| (sum + bin, count + 1.0));
        let mean = if count > 0.0 { sum / count } else { past.iter().sum::<f64>() / past.len().max(1) as f64 };
        BinForecast::new(LEVELS.map(|level| poisson_quantile(mean, level)), mean)
    };
    (0..bins).map(of).collect()
}

/// The least count that is not exceeded with chance `level`; above a mean of 500, of the normal distribution.
fn poisson_quantile(mean: f64, level: f64) -> f64 {
    if mean > 500.0 {
        return libm::floor(mean + libm::sqrt(mean) * crate::random::normal_quantile(level) + 0.5);
    }
    let mut chance = libm::exp(-mean);
    let (mut below, mut count) = (chance, 0.0);
    while below < level {
        count += 1.0;
        chance *= mean / count;
        below += chance;
        if chance < f64::EPSILON && count > mean {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_judged_by_its_width_and_by_what_it_missed() {
        let bin = BinForecast::new([2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0], 5.5);
        let scores = score_arrivals(&[bin; 4], &[2.0, 1.0, 12.0, 10.0]).unwrap();
        assert_eq!((scores.bins, scores.coverage, scores.below, scores.above), (4, 0.5, 0.25, 0.25));
        // A width of 8, and 20 for each batch outside: 1 below, 2 above.
        assert!((scores.interval_score - (8.0 + (20.0 + 40.0) / 4.0)).abs() < 1e-9, "{}", scores.interval_score);
        assert!((scores.bias.unwrap() - (22.0 - 25.0) / 25.0).abs() < 1e-12);
        assert_eq!(score_arrivals(&[], &[1.0]), None);
    }

    #[test]
    fn quantiles_of_poisson_are_those_of_its_table() {
        // Of mean 2, at most n with chance 0.135, 0.406, 0.677, 0.857, 0.947, 0.983.
        assert_eq!(LEVELS.map(|level| poisson_quantile(2.0, level)), [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(poisson_quantile(0.0, 0.95), 0.0);
        // 10,000 + 1.645 · 100.
        assert_eq!(poisson_quantile(1e4, 0.95), 10_164.0);
    }

    #[test]
    fn independent_batches_have_the_mean_of_their_hour() {
        // Two days whose hour h has 2h and 2h + 2 batches a bin of half an hour.
        let past: Vec<f64> = (0..96).map(|i| f64::from(i % 48 / 2 * 2 + i / 48 * 2)).collect();
        let forecast = poisson(&past, Duration::from_minutes(30), 50);
        let means: Vec<f64> = forecast.iter().map(BinForecast::mean).collect();
        assert_eq!((means[0], means[1], means[2], means[47], means[48]), (1.0, 1.0, 3.0, 47.0, 1.0));
        assert_eq!(poisson(&[], Duration::HOUR, 1)[0].mean(), 0.0);
    }
}
