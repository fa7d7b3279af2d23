//! The creates of a run, batch by batch.

use std::collections::BTreeMap;

use super::keys::Unnumbered;
use super::{RUN_KEY, Sampling, factor};
use crate::random::{Draws, Purpose, key};
use crate::request::{IndexedRequest, Operation};
use crate::stream::arrivals::counts;
use crate::stream::attachments::AttachedDraws;
use crate::stream::newcomers::Appearing;
use crate::stream::table::BatchTable;
use crate::units::{BatchIndex, Duration, FlavorIndex, Instant, ResourceIndex, TenantIndex, Window};

/// Creates of every bin of the window, not numbered yet.
pub(super) fn creates(sampling: &Sampling<'_>) -> Vec<IndexedRequest> {
    let Sampling { model, window, seed, run, .. } = *sampling;
    let table = BatchTable::new(model, &tenant_factors(sampling));
    let span = Window { start: model.origin, end: model.end() };
    let mut appearing = Appearing::new(&model.newcomers, span, seed, run);
    let (mut creates, mut flavors) = (Vec::new(), Vec::new());
    let mut batches = 0;
    for (number, count) in counts(&model.arrivals, seed, run).into_iter().enumerate() {
        let start = model.origin + model.bin * number as i64;
        let bin = Window { start, end: start + model.bin };
        // Who appears before the window is there in it.
        let inside = bin.end > window.start && start < window.end;
        for ordinal in 0..count {
            let batch = Batch { sampling, key: key(&[number as u64, ordinal]), index: BatchIndex(batches) };
            let newcomer = appearing.claim(bin, || batch.draws(Purpose::Newcomer), &mut flavors);
            if !inside {
                continue;
            }
            let tenant = newcomer.or_else(|| table.draw(start, batch.draws(Purpose::Template), &mut flavors));
            if let Some(tenant) = tenant {
                batch.fill((tenant, &flavors), start, &mut creates);
                batches += 1;
            }
        }
    }
    creates.retain(|create| window.contains(create.at));
    creates
}

/// How much more often the batches of each tenant come in a run.
fn tenant_factors(sampling: &Sampling<'_>) -> BTreeMap<TenantIndex, f64> {
    let factor = |tenant: TenantIndex| {
        let draws = sampling.draws(Purpose::Template, key(&[RUN_KEY, u64::from(tenant.0)]));
        factor(draws, sampling.model.mix_spread_milli)
    };
    let mut factors = BTreeMap::new();
    for template in &sampling.model.templates {
        factors.entry(template.tenant).or_insert_with_key(|&tenant| factor(tenant));
    }
    factors
}

/// One arrival.
struct Batch<'a> {
    sampling: &'a Sampling<'a>,
    key: u64,
    index: BatchIndex,
}

impl Batch<'_> {
    fn draws(&self, purpose: Purpose) -> Draws {
        self.sampling.draws(purpose, self.key)
    }

    /// Adds the creates of a tenant, spread over a part of the bin that begins at `start`, and what comes with them.
    fn fill(
        &self,
        (tenant, flavors): (TenantIndex, &[FlavorIndex]),
        start: Instant,
        creates: &mut Vec<IndexedRequest>,
    ) {
        let Sampling { model, survival, .. } = self.sampling;
        let (instants, lifetimes) = (self.draws(Purpose::ArrivalInstant), self.draws(Purpose::Lifetime));
        let spread = model.spread.micros().clamp(0, model.bin.micros() - 1);
        let begin = start + Duration::from_micros(instants.below(0, (model.bin.micros() - spread) as u64) as i64);
        let shared = f64::from(model.lifetimes.shared_milli) / 1_000.0;
        let pace = self.sampling.pace * model.lifetimes.paces.of(Some(flavors.len() as u32), begin);
        let mut exposure = 0.0;
        for (item, &flavor) in (0_u64..).zip(flavors) {
            if item == 0 || lifetimes.uniform(2 * item) >= shared {
                exposure = lifetimes.exponential(2 * item + 1) / pace;
            }
            let place = Unnumbered::new(creates.len());
            let create = IndexedRequest {
                terms: None,
                at: begin + Duration::from_micros(instants.below(item + 1, spread as u64 + 1) as i64),
                operation: Operation::Create,
                tenant,
                resource: ResourceIndex(0),
                flavor,
                batch: Some(self.index),
                lifetime: survival.remaining((tenant, flavor), Duration::ZERO, exposure),
                draw_key: place.as_draw_key(),
            };
            creates.push(create);
            self.attach(&create, (item, place), start, creates);
        }
    }

    /// Adds the volumes and addresses that come with a machine, none before `start`. `item` is its place in the batch, and
    /// `place` what stands for its key.
    fn attach(
        &self,
        machine: &IndexedRequest,
        (item, place): (u64, Unnumbered),
        start: Instant,
        creates: &mut Vec<IndexedRequest>,
    ) {
        let attaching = &self.sampling.attaching;
        if attaching.is_empty() {
            return;
        }
        let draws = self.sampling.draws(Purpose::Attached, key(&[self.key, item]));
        let machine_end = machine.lifetime.map(|lifetime| machine.at + lifetime);
        let mut count = 0;
        let each = |flavor: FlavorIndex, at: Instant, draws: AttachedDraws| {
            let at = at.max(start);
            let end = attaching.end((machine.tenant, flavor), at, machine_end, draws);
            // Deleted with a machine it may have been earlier; but it is created first.
            let lifetime = end.map(|end| (end - at).max(Duration::from_micros(1)));
            count += 1;
            let draw_key = place.attached(count).as_draw_key();
            creates.push(IndexedRequest { at, flavor, lifetime, draw_key, ..*machine });
        };
        attaching.of_machine(machine, draws, each);
    }
}
