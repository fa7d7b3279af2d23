//! Lags within a day at which a series echoes itself, found in the history.

use super::context::Context;

/// Lags with an input of their own.
const LAGS_MAX: usize = 4;
/// How far an autocorrelation must stand out from those two bins beside it: several of its standard errors
/// (1 / √bins) for a history of days.
const PROMINENCE_MIN: f64 = 0.1;

/// The lags, increasing, whose autocorrelation stands out most, averaged over series: peaks, since what merely decays is
/// seen by the last bins anyway. A day and its neighbours are left to the anchor.
pub(super) fn echoing_lags(contexts: &[Context], season: usize) -> Vec<usize> {
    let longest = season.saturating_sub(3);
    let mut mean = vec![0.0; longest + 3];
    for context in contexts {
        let correlation = autocorrelation(&context.squashed(), mean.len());
        mean.iter_mut().zip(correlation).for_each(|(mean, value)| *mean += value / contexts.len() as f64);
    }
    let prominence = |lag: usize| mean[lag] - (mean[lag - 2] + mean[lag + 2]) / 2.0;
    let is_peak = |lag: &usize| mean[*lag] > mean[*lag - 1] && mean[*lag] >= mean[*lag + 1];
    let mut lags: Vec<usize> = (3..longest).filter(is_peak).filter(|&lag| prominence(lag) > PROMINENCE_MIN).collect();
    lags.sort_by(|&a, &b| prominence(b).total_cmp(&prominence(a)).then(a.cmp(&b)));
    lags.truncate(LAGS_MAX);
    lags.sort_unstable();
    lags
}

/// Autocorrelation at lags 0 … `lags` − 1; zero where nothing varies.
fn autocorrelation(values: &[f64], lags: usize) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let variance: f64 = centred.iter().map(|value| value * value).sum();
    let covariance = |lag: usize| centred.iter().skip(lag).zip(&centred).map(|(a, b)| a * b).sum::<f64>();
    (0..lags).map(|lag| if variance > 0.0 { covariance(lag) / variance } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autocorrelation_agrees_with_hand_arithmetic() {
        // Centred −1, 1, −1, 1: squares sum to 4, neighbours to −3, next neighbours to 2.
        assert_eq!(autocorrelation(&[0.0, 2.0, 0.0, 2.0], 3), [1.0, -0.75, 0.5]);
        assert_eq!(autocorrelation(&[3.0; 4], 2), [0.0, 0.0]);
    }
}
