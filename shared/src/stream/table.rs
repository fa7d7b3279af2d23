//! What a run draws its batches from: flavors token by token, then whose they are.

use std::collections::BTreeMap;

use super::counts::Counts;
use super::mixture::FlavorMixture;
use super::tokens::{Beginning, Class};
use super::{BatchTemplate, StreamModel};
use crate::random::{Draws, key};
use crate::units::{FlavorIndex, Instant, TenantIndex};

/// Flavors and tenants of one run.
#[derive(Clone, Debug)]
pub(super) struct BatchTable {
    flavors: FlavorMixture,
    tenants: TenantTable,
}

impl BatchTable {
    /// `factors` says how much more often each tenant's batches come in this run.
    pub(super) fn new(model: &StreamModel, factors: &BTreeMap<TenantIndex, f64>) -> Self {
        let factor = |template: &BatchTemplate| factors.get(&template.tenant).copied().unwrap_or(1.0);
        let flavors = FlavorMixture::table(&model.templates, &model.flavor_gates, flavors_of(&model.templates), factor);
        Self { flavors, tenants: TenantTable::new(&model.templates, factor) }
    }

    /// Draws a batch: fills `creates` with its flavors in order, and says whose it is. None where there is no template.
    pub(super) fn draw(&self, at: Instant, draws: Draws, creates: &mut Vec<FlavorIndex>) -> Option<TenantIndex> {
        creates.clear();
        let batch = self.flavors.draw_batch(at, draws, 1, |flavor| creates.push(flavor))?;
        self.tenants.draw(at, &batch, draws.uniform(0))
    }
}

/// Flavors up to the last one that a template has: those that no template has are never drawn, however many there are.
fn flavors_of(templates: &[BatchTemplate]) -> usize {
    let flavors = templates.iter().flat_map(|template| &template.creates).map(|(flavor, _)| flavor.usize() + 1);
    flavors.max().unwrap_or(0)
}

/// Whose batches of such creates were.
///
/// The most exact context that was seen says it: the same creates, the same flavors, or any; each in that quarter of the
/// day, or else at any time.
#[derive(Clone, Debug)]
struct TenantTable(Counts);

impl TenantTable {
    fn new(templates: &[BatchTemplate], factor: impl Fn(&BatchTemplate) -> f64) -> Self {
        let mut counts = Counts::default();
        for template in templates {
            let mut batch = Beginning::default();
            let creates = template.creates.iter().flat_map(|&(flavor, count)| (0..count).map(move |_| flavor.0));
            creates.for_each(|flavor| batch.push(flavor));
            let scale = factor(template);
            for (quarter, &weight) in template.weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                for context in contexts(quarter, &batch) {
                    counts.add(context, template.tenant.0, f64::from(weight) * scale);
                }
            }
        }
        Self(counts)
    }

    fn draw(&self, at: Instant, batch: &Beginning, uniform: f64) -> Option<TenantIndex> {
        let contexts = contexts(StreamModel::quarter(at), batch);
        let row = contexts.into_iter().find_map(|context| self.0.get(context))?;
        let tenant: Class = row.at(uniform * row.total);
        Some(TenantIndex(tenant))
    }
}

/// From the most exact to the least.
fn contexts(quarter: usize, batch: &Beginning) -> [u64; 6] {
    let quarter = quarter as u64;
    [
        key(&[0, batch.all, quarter]),
        key(&[1, batch.all]),
        key(&[2, batch.set, quarter]),
        key(&[3, batch.set]),
        key(&[4, quarter]),
        key(&[5]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::QUARTERS;

    #[test]
    fn the_most_exact_context_says_whose_a_batch_is() {
        let template = |tenant, creates: &[u32], weights| BatchTemplate {
            tenant: TenantIndex(tenant),
            creates: creates.iter().map(|&flavor| (FlavorIndex(flavor), 1)).collect(),
            weights,
        };
        let templates = [
            template(0, &[0, 1], [5, 0, 0, 0]),
            template(1, &[1, 0], [5, 0, 0, 0]),
            template(2, &[2], [0; QUARTERS].map(|_| 5)),
        ];
        let table = TenantTable::new(&templates, |_| 1.0);
        let whose = |flavors: &[u32], uniform: f64| {
            let mut batch = Beginning::default();
            flavors.iter().for_each(|&flavor| batch.push(flavor));
            let noon = Instant::from_micros(12 * 3_600_000_000);
            table.draw(noon, &batch, uniform).unwrap().0
        };
        assert_eq!((whose(&[0, 1], 0.9), whose(&[1, 0], 0.1)), (0, 1), "at another quarter, but exactly so");
        assert_eq!((whose(&[0, 1, 0], 0.1), whose(&[0, 1, 0], 0.9)), (0, 1), "the same flavors");
        assert_eq!(whose(&[3], 0.1), 2, "anybody's of the quarter");
    }
}
