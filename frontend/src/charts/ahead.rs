//! A forecast beside what was.

use shared::units::{Duration, Instant};

use super::{Band, Chart, Line, Stroke, Tone, Unit};

/// Actual values, and the bands and the median of a forecast: by bin its start and its quantiles, at 0.05, 0.10, 0.25,
/// 0.50, 0.75, 0.90 and 0.95.
pub(crate) fn ahead_chart(
    actual: Vec<(Instant, f64)>,
    forecast: &[(Instant, [f64; 7])],
    now: Option<Instant>,
    bin: Duration,
    axis: String,
) -> Chart {
    let between = |low: usize, high: usize| {
        forecast.iter().map(|(at, quantiles)| (*at, quantiles[low], quantiles[high])).collect()
    };
    Chart {
        bands: vec![
            Band { name: "forecast, 90 % band".into(), tone: Tone::Predicted, opacity: 0.18, points: between(0, 6) },
            Band { name: "50 % band".into(), tone: Tone::Predicted, opacity: 0.32, points: between(2, 4) },
        ],
        lines: vec![
            Line { name: "actual".into(), tone: Tone::Actual, stroke: Stroke::Solid, points: actual },
            Line {
                name: "median".into(),
                tone: Tone::Predicted,
                stroke: Stroke::Solid,
                points: forecast.iter().map(|(at, quantiles)| (*at, quantiles[3])).collect(),
            },
        ],
        layers: Vec::new(),
        now,
        bin,
        axis,
        unit: Unit::Number,
    }
}
