//! Batch templates, weighted by recency, quarter of the day and weekday.

use std::collections::BTreeMap;

use super::batches::Batch;
use super::recency::Weighing;
use super::{BatchTemplate, QUARTERS, StreamModel};
use crate::units::{FlavorIndex, TenantIndex};

/// A batch of now has this weight on another weekday: rare and old ones still have a whole one.
pub(super) const UNIT: f64 = 100.0;

type Shape = (TenantIndex, Vec<(FlavorIndex, u32)>);
type Weights = [f64; QUARTERS];

/// The templates that a forecast's batches are drawn from, in order of tenant and creates.
pub(super) fn templates(batches: Vec<Batch>, weighing: &Weighing, most: usize) -> Vec<BatchTemplate> {
    let mut shapes: BTreeMap<Shape, Weights> = BTreeMap::new();
    for batch in batches {
        let (quarter, weight) = (StreamModel::quarter(batch.first), weighing.weight(batch.first));
        shapes.entry((batch.tenant, batch.creates)).or_default()[quarter] += weight;
    }
    thin(shapes.into_iter().collect(), most)
        .into_iter()
        .map(|((tenant, creates), weights)| BatchTemplate {
            tenant,
            creates,
            weights: weights.map(|weight| (weight * UNIT + 0.5) as u32),
        })
        .filter(|template| template.weights.iter().any(|&weight| weight > 0))
        .collect()
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
