//! How good forecasts were.

use serde::{Deserialize, Serialize};

use super::{BinForecast, LEVELS};

/// Scores of forecasts against what happened.
///
/// With y the actual count and ŷ the forecast's median: MASE = mean |y − ŷ| ÷ scale, where the scale is the mean
/// absolute error of the seasonal naive one step of a day ahead on the data before the first origin; WAPE =
/// Σ|y − ŷ| ÷ Σ|y|; bias = Σ(m − y) ÷ Σ|y| with the forecast's mean m, because sums (and money) follow means;
/// pinball at level q = mean of max(q(y − ŷ_q), (q − 1)(y − ŷ_q)), in counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scores {
    /// Bins that were compared.
    pub bins: u64,
    /// Mean absolute scaled error; none where the scale is zero (a history that repeats itself exactly).
    pub mase: Option<f64>,
    /// Weighted absolute percentage error, as a fraction; none where everything was zero.
    pub wape: Option<f64>,
    /// Relative bias, as a fraction; positive where too much was forecast; none where everything was zero.
    pub bias: Option<f64>,
    /// Pinball loss at each level.
    pub pinball: Vec<PinballAt>,
    /// Coverage of each central interval.
    pub coverage: Vec<CoverageOf>,
}

/// Pinball loss at a level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinballAt {
    /// The level of the quantile.
    pub level: f64,
    /// Mean loss, in counts.
    pub loss: f64,
}

/// How often the actual count lay within a central interval, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageOf {
    /// What the interval claims.
    pub level: f64,
    /// The share of bins that lay inside.
    pub share: f64,
}

impl Scores {
    /// The mean pinball loss over the levels, in counts.
    pub fn mean_pinball(&self) -> f64 {
        self.pinball.iter().map(|pinball| pinball.loss).sum::<f64>() / self.pinball.len().max(1) as f64
    }
}

/// Adds up scores over bins.
#[derive(Clone, Debug, Default)]
pub struct ScoreSums {
    bins: u64,
    absolute: f64,
    actual: f64,
    excess: f64,
    pinball: [f64; LEVELS.len()],
    inside: [u64; LEVELS.len() / 2],
}

impl ScoreSums {
    /// Adds one bin.
    pub fn add(&mut self, forecast: &BinForecast, actual: f64) {
        self.bins += 1;
        self.absolute += (actual - forecast.median()).abs();
        self.actual += actual.abs();
        self.excess += forecast.mean() - actual;
        let quantiles = forecast.quantiles();
        for ((sum, &quantile), level) in self.pinball.iter_mut().zip(quantiles).zip(LEVELS) {
            *sum += pinball(level, quantile, actual);
        }
        for (i, inside) in self.inside.iter_mut().enumerate() {
            let (lower, upper) = (quantiles[i], quantiles[LEVELS.len() - 1 - i]);
            *inside += u64::from(lower <= actual && actual <= upper);
        }
    }

    /// Adds the sums of other bins.
    pub fn merge(&mut self, other: &Self) {
        self.bins += other.bins;
        self.absolute += other.absolute;
        self.actual += other.actual;
        self.excess += other.excess;
        self.pinball.iter_mut().zip(other.pinball).for_each(|(sum, more)| *sum += more);
        self.inside.iter_mut().zip(other.inside).for_each(|(sum, more)| *sum += more);
    }

    /// The scores, where any bin was added; `scale` is the MASE's.
    pub fn scores(&self, scale: f64) -> Option<Scores> {
        let n = self.bins as f64;
        let over = |sum: f64, whole: f64| (whole > 0.0).then(|| sum / whole);
        let interval = |i: usize| LEVELS[LEVELS.len() - 1 - i] - LEVELS[i];
        (self.bins > 0).then(|| Scores {
            bins: self.bins,
            mase: over(self.absolute / n, scale),
            wape: over(self.absolute, self.actual),
            bias: over(self.excess, self.actual),
            pinball: (0..LEVELS.len()).map(|i| PinballAt { level: LEVELS[i], loss: self.pinball[i] / n }).collect(),
            coverage: (0..LEVELS.len() / 2)
                .map(|i| CoverageOf { level: round_level(interval(i)), share: self.inside[i] as f64 / n })
                .collect(),
        })
    }
}

/// Pinball loss of a quantile forecast.
pub fn pinball(level: f64, quantile: f64, actual: f64) -> f64 {
    let miss = actual - quantile;
    (level * miss).max((level - 1.0) * miss)
}

/// Mean absolute error of repeating the value `season` bins before; zero where there is no such pair.
pub fn seasonal_scale(counts: &[f64], season: usize) -> f64 {
    let pairs = counts.len().saturating_sub(season);
    let sum: f64 = counts.iter().skip(season).zip(counts).map(|(now, before)| (now - before).abs()).sum();
    sum / pairs.max(1) as f64
}

/// Levels are multiples of a hundredth; their differences are rounded back to one.
fn round_level(level: f64) -> f64 {
    libm::round(level * 100.0) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<f64>, b: f64) {
        assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
    }

    #[test]
    fn scores_agree_with_hand_arithmetic() {
        let mut sums = ScoreSums::default();
        // Medians 4 and 4 against 6 and 2 (errors 2 and 2); means 5 and 5.
        let forecast = BinForecast::new([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 5.0);
        sums.add(&forecast, 6.0);
        sums.add(&forecast, 2.0);
        let scores = sums.scores(4.0).unwrap();
        close(scores.mase, 2.0 / 4.0);
        close(scores.wape, 4.0 / 8.0);
        close(scores.bias, ((5.0 - 6.0) + (5.0 - 2.0)) / 8.0);
        // Level 0.05, quantile 1: 0.05 × 5 and 0.05 × 1. Level 0.95, quantile 7: 0.05 × 1 and 0.05 × 5.
        close(Some(scores.pinball[0].loss), 0.15);
        close(Some(scores.pinball[6].loss), 0.15);
        // Half the absolute error at the median.
        close(Some(scores.pinball[3].loss), 1.0);
        // [1, 7] and [2, 6] hold both, [3, 5] neither.
        let coverage: Vec<_> = scores.coverage.iter().map(|c| (c.level, c.share)).collect();
        assert_eq!(coverage, [(0.9, 1.0), (0.8, 1.0), (0.5, 0.0)]);
    }

    #[test]
    fn what_cannot_be_divided_is_not_said() {
        let mut sums = ScoreSums::default();
        assert_eq!(sums.scores(1.0), None);
        sums.add(&BinForecast::new([0.0; 7], 0.0), 0.0);
        let scores = sums.scores(0.0).unwrap();
        assert_eq!((scores.mase, scores.wape, scores.bias), (None, None, None));
    }

    #[test]
    fn the_scale_is_the_seasonal_naive_s_error() {
        // |3 − 1|, |5 − 2|, |3 − 3| over three pairs.
        assert_eq!(seasonal_scale(&[1.0, 2.0, 3.0, 5.0, 3.0], 2), 5.0 / 3.0);
        assert_eq!(seasonal_scale(&[1.0], 2), 0.0);
    }
}
