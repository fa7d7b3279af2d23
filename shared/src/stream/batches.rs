//! The batches of a history.

use std::collections::BTreeMap;

use super::attachments::Pairing;
use super::estimate::Source;
use crate::units::{BatchIndex, Duration, FlavorIndex, Instant, TenantIndex};

/// What one tenant created together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) tenant: TenantIndex,
    /// Its first create.
    pub(super) first: Instant,
    /// Its last create.
    pub(super) last: Instant,
    /// Flavors in order of creation, and how often each came in a row.
    pub(super) creates: Vec<(FlavorIndex, u32)>,
}

impl Batch {
    /// How many resources it creates.
    pub(super) fn size(&self) -> u32 {
        self.creates.iter().map(|&(_, count)| count).sum()
    }
}

/// The batches of a source in order of their first create; a create without a batch is one by itself.
///
/// Volumes and addresses that came with a machine are not in them: they come with machines again.
pub(super) fn batches(source: &Source) -> Vec<Batch> {
    let pairing = Pairing::new(source);
    let mut batches: Vec<Batch> = Vec::new();
    let mut known: BTreeMap<(TenantIndex, BatchIndex), usize> = BTreeMap::new();
    let lives = source.history.lives().enumerate();
    for (_, life) in lives.filter(|&(position, _)| pairing.machine_of(position).is_none()) {
        let flavor = source.map.flavor(life.flavor);
        let next = batches.len();
        let position = life.batch.map_or(next, |batch| *known.entry((life.tenant, batch)).or_insert(next));
        if position == next {
            let (tenant, first) = (source.map.tenant(life.tenant), life.created);
            batches.push(Batch { tenant, first, last: first, creates: Vec::new() });
        }
        let batch = &mut batches[position];
        batch.last = life.created;
        match batch.creates.last_mut() {
            Some((last, count)) if *last == flavor => *count += 1,
            _ => batch.creates.push((flavor, 1)),
        }
    }
    batches
}

/// Over what time the creates of one batch are spread, at most a bin.
///
/// The range of n uniform instants has the mean w (n − 1)/(n + 1), so w is estimated by Σ range ÷ Σ (n − 1)/(n + 1).
/// Ranges are cut at a bin: what takes longer is counted in the bin where it begins.
pub(super) fn spread(batches: &[Batch], bin: Duration) -> Duration {
    let (mut ranges, mut weights) = (0.0, 0.0);
    for batch in batches {
        let creates = batch.size();
        if creates > 1 {
            ranges += (batch.last - batch.first).min(bin).micros() as f64;
            weights += f64::from(creates - 1) / f64::from(creates + 1);
        }
    }
    let micros = if weights > 0.0 { ranges / weights } else { 0.0 };
    Duration::from_micros(micros as i64).min(bin)
}
