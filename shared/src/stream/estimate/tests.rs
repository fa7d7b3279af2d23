//! What of the estimation can be told from its forecast alone.

use super::*;

#[test]
fn the_tail_brings_the_mean() {
    let past = vec![30.0; 288 * 3];
    let normal = [-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645];
    // Quantiles of a normal with standard deviation 5, but a mean of 30.1: a heavier upper tail. A normal one is
    // 0.43; a tail of 1 adds 0.05 · 5 · (1.645 − 0.674) = 0.243 to the mean; 0.43 + 0.1/0.243 = 0.84.
    let bins = vec![BinForecast::new(normal.map(|z| 30.0 + 5.0 * z), 30.1); 288];
    let forecast =
        ArrivalForecast { origin: Instant::from_micros(0), bin: Duration::from_minutes(5), bins: &bins, past: &past };
    let arrivals = arrival_bins(&forecast);
    let runs = 60;
    let counts: u64 = (0..runs).flat_map(|run| crate::stream::arrivals::counts(&arrivals, 1, run)).sum();
    let mean = counts as f64 / (288.0 * f64::from(runs));
    // Tenths of the quantiles are rounded (0.05 at most); the standard error of the mean over 60 runs, of which a
    // tenth of the variance is a level: 5.5 · √(0.1/60) = 0.22.
    assert!((mean - 30.1).abs() < 0.05 + 3.0 * 0.22, "{mean}");
    assert!((600..1_000).contains(&arrivals.tail_milli), "{}", arrivals.tail_milli);
}
