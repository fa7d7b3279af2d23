//! A forecast beside what was.

use shared::api::{DemandSeries, ForecastView};
use shared::units::{Duration, Instant};

use super::{Band, Chart, Line, Stroke, Tone, Unit};
use crate::format;

/// Creates as they were, and as the service forecasts them.
pub(crate) fn demand_chart(demand: &DemandSeries, forecast: Option<&ForecastView>, now: Instant) -> Chart {
    let mut at = demand.start;
    let actual = demand.creates.iter().map(|&creates| {
        let point = (at, creates as f64);
        at += demand.bin;
        point
    });
    let actual = actual.collect();
    let bins = forecast.into_iter().flat_map(|forecast| &forecast.bins);
    let bins: Vec<_> = bins.map(|bin| (bin.at, bin.quantiles)).collect();
    let axis = format!("creates per {}", format::per(demand.bin));
    ahead_chart(actual, &bins, Some(now), demand.bin, axis)
}

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
            Band { name: "forecast, 90 % band".into(), tone: Tone::Predicted, opacity: 0.14, points: between(0, 6) },
            Band { name: "80 % band".into(), tone: Tone::Predicted, opacity: 0.2, points: between(1, 5) },
            Band { name: "50 % band".into(), tone: Tone::Predicted, opacity: 0.28, points: between(2, 4) },
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
