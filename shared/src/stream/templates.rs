//! Batch templates, weighted by recency, quarter of the day and weekday.

use std::collections::BTreeMap;

use super::batches::Batch;
use super::estimate::{ArrivalForecast, StreamSettings};
use super::{BatchTemplate, QUARTERS, StreamModel};
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// A batch of now has this weight on another weekday: rare and old ones still have a whole one.
const UNIT: f64 = 100.0;

const WEEKDAYS: usize = 7;

type Shape = (TenantIndex, Vec<(FlavorIndex, u32)>);
type Weights = [f64; QUARTERS];

/// The templates that a forecast's batches are drawn from, in order of tenant and creates.
pub(super) fn templates(
    batches: Vec<Batch>,
    forecast: &ArrivalForecast,
    settings: &StreamSettings,
) -> Vec<BatchTemplate> {
    let weekdays = weekday_shares(forecast);
    let mut shapes: BTreeMap<Shape, Weights> = BTreeMap::new();
    for batch in batches {
        let (quarter, weekday) = (StreamModel::quarter(batch.first), weekday(batch.first));
        let half_lives = (forecast.origin - batch.first).micros() as f64 / settings.half_life.micros() as f64;
        let same = 1.0 + f64::from(settings.same_weekday) * weekdays[quarter][weekday];
        shapes.entry((batch.tenant, batch.creates)).or_default()[quarter] += libm::exp2(-half_lives) * same;
    }
    thin(shapes.into_iter().collect(), settings.templates_max)
        .into_iter()
        .map(|((tenant, creates), weights)| BatchTemplate {
            tenant,
            creates,
            weights: weights.map(|weight| (weight * UNIT + 0.5) as u32),
        })
        .filter(|template| template.weights.iter().any(|&weight| weight > 0))
        .collect()
}

/// Per quarter of the day, on which weekdays the forecast's bins of that quarter lie, as shares.
fn weekday_shares(forecast: &ArrivalForecast) -> [[f64; WEEKDAYS]; QUARTERS] {
    let mut shares = [[0.0; WEEKDAYS]; QUARTERS];
    for bin in 0..forecast.bins.len() {
        let at = forecast.origin + forecast.bin * bin as i64;
        shares[StreamModel::quarter(at)][weekday(at)] += 1.0;
    }
    for quarter in &mut shares {
        let bins: f64 = quarter.iter().sum();
        quarter.iter_mut().for_each(|share| *share /= bins.max(1.0));
    }
    shares
}

/// Days since the epoch modulo seven.
fn weekday(at: Instant) -> usize {
    at.micros().div_euclid(Duration::DAY.micros()).rem_euclid(WEEKDAYS as i64) as usize
}

/// At most `most` of the shapes: three quarters for the heaviest, the rest for a systematic sample of the others.
///
/// The sample is drawn in order of tenant and size with chances proportional to weight, and a shape that is drawn gets
/// the weight of those that it stands for: so tenants and batch sizes keep their shares.
fn thin(mut shapes: Vec<(Shape, Weights)>, most: usize) -> Vec<(Shape, Weights)> {
    if shapes.len() <= most {
        return shapes;
    }
    let total = |weights: &Weights| weights.iter().sum::<f64>();
    shapes.sort_by(|a, b| total(&b.1).total_cmp(&total(&a.1)).then_with(|| a.0.cmp(&b.0)));
    let mut rare = shapes.split_off(most * 3 / 4);
    let size = |shape: &Shape| shape.1.iter().map(|&(_, count)| u64::from(count)).sum::<u64>();
    rare.sort_by_cached_key(|(shape, _)| (shape.0, size(shape), shape.1.clone()));
    let step = rare.iter().map(|(_, weights)| total(weights)).sum::<f64>() / (most - shapes.len()) as f64;
    let (mut before, mut drawn) = (0.0, 0.0);
    for (shape, weights) in rare {
        let weight = total(&weights);
        before += weight;
        // Thresholds lie at the middles of steps.
        let hits = libm::floor(before / step + 0.5) - drawn;
        if hits > 0.0 {
            drawn += hits;
            shapes.push((shape, weights.map(|part| part * hits * step / weight)));
        }
    }
    shapes.sort_by(|a, b| a.0.cmp(&b.0));
    shapes
}
