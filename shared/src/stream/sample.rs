//! One predicted stream: the requests of one run.

use std::collections::BTreeMap;

use super::StreamModel;
use super::arrivals::counts;
use super::resizes::Resizing;
use super::survival::Survival;
use super::table::BatchTable;
use crate::random::{Draws, Purpose, key};
use crate::request::{IndexedRequest, Operation};
use crate::units::{BatchIndex, Duration, FlavorIndex, Instant, ResourceIndex, TenantIndex, Window};

/// What sampling needs to know of a resource that lives when the window begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveAtStart {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// When it was created.
    pub created: Instant,
    /// Keys its draws.
    pub draw_key: u64,
}

/// Draw keys of predicted creates have this bit, so that none is the key of a resource of the log.
const PREDICTED: u64 = 1 << 63;

/// What holds for a whole run has this key; batches have hashed ones.
const RUN_KEY: u64 = u64::MAX;

/// The requests of `window` in run `run`, in order of time; at one instant, in order of creation.
///
/// Resources `0 .. live.len()` are the live ones, new ones follow in order of their creation. A create announces the
/// lifetime that was drawn for it, and its delete is in the stream where it falls into the window; a live resource's
/// delete is there too, at the window's start plus a remaining lifetime given its age. While they live, resources are
/// resized as often as others of their flavor were.
///
/// Draws of arrivals and what they bring are keyed by bin and batch, those of live resources by their own keys, and what the
/// simulation draws for a new resource by its tenant and its number among the tenant's creates. So a stream from which
/// one tenant's requests are taken out leaves every other request, and all that is drawn for it, as it was. (A model
/// that never had the tenant's templates is another model: the same arrivals bring other batches.)
pub fn sample(
    model: &StreamModel,
    live: impl IntoIterator<Item = LiveAtStart>,
    window: Window,
    seed: u64,
    run: u32,
) -> Vec<IndexedRequest> {
    let survival = Survival::new(&model.lifetimes);
    let pace = factor(Draws::new(seed, run, Purpose::Lifetime, RUN_KEY), model.lifetimes.spread_milli);
    let resizing = Resizing::new(&model.resizes);
    let resize = |life: &IndexedRequest, until: Option<Instant>, requests: &mut Vec<IndexedRequest>| {
        let lived = Window { start: life.at, end: until.map_or(window.end, |until| until.min(window.end)) };
        let draws = Draws::new(seed, run, Purpose::Resize, life.draw_key);
        resizing.of_life(draws, life.flavor, lived, |at, flavor| {
            requests.push(IndexedRequest {
                at,
                flavor,
                operation: Operation::Resize,
                batch: None,
                lifetime: None,
                ..*life
            });
        });
    };
    let mut requests = Vec::new();
    let mut lives = 0;
    for (i, resource) in live.into_iter().enumerate() {
        lives = i + 1;
        // How many were created with it is not known any more: its flavor's hazards are a mean over all sizes.
        let pace = pace * model.lifetimes.paces.of(None, resource.created);
        let exposure = Draws::new(seed, run, Purpose::RemainingLifetime, resource.draw_key).exponential(0) / pace;
        let age = window.start - resource.created;
        let until = survival.remaining(resource.flavor, age, exposure).map(|remaining| window.start + remaining);
        let life = IndexedRequest {
            at: window.start,
            operation: Operation::Delete,
            tenant: resource.tenant,
            resource: ResourceIndex::from_usize(i),
            flavor: resource.flavor,
            batch: None,
            lifetime: None,
            draw_key: resource.draw_key,
        };
        resize(&life, until, &mut requests);
        requests.extend(until.map(|at| IndexedRequest { at, ..life }));
    }
    let mut creates = creates(model, &survival, pace, window, seed, run);
    creates.sort_by_key(|create| create.at);
    number(&mut creates, lives);
    for create in &creates {
        resize(create, create.lifetime.map(|lifetime| create.at + lifetime), &mut requests);
    }
    requests.extend(creates.iter().filter_map(delete_of));
    requests.append(&mut creates);
    requests.retain(|request| request.at < window.end);
    // A resource is created before it is deleted: `Create` sorts before `Delete`.
    requests.sort_unstable_by_key(|request| (request.at, request.resource, request.operation));
    requests
}

/// Creates of every bin of the window, batch by batch, not numbered yet.
fn creates(
    model: &StreamModel,
    survival: &Survival,
    pace: f64,
    window: Window,
    seed: u64,
    run: u32,
) -> Vec<IndexedRequest> {
    let table = BatchTable::new(model, &tenant_factors(model, seed, run));
    let (mut creates, mut flavors) = (Vec::new(), Vec::new());
    let mut batches = 0;
    for (bin, count) in counts(&model.arrivals, seed, run).into_iter().enumerate() {
        let start = model.origin + model.bin * bin as i64;
        if start + model.bin <= window.start || start >= window.end {
            continue;
        }
        for ordinal in 0..count {
            let batch = Batch { seed, run, pace, key: key(&[bin as u64, ordinal]), index: BatchIndex(batches) };
            if let Some(tenant) = table.draw(start, batch.draws(Purpose::Template), &mut flavors) {
                batch.fill(model, (tenant, &flavors), start, survival, &mut creates);
                batches += 1;
            }
        }
    }
    creates.retain(|create| window.contains(create.at));
    creates
}

/// How much more often the batches of each tenant come in a run.
fn tenant_factors(model: &StreamModel, seed: u64, run: u32) -> BTreeMap<TenantIndex, f64> {
    let factor = |tenant: TenantIndex| {
        factor(Draws::new(seed, run, Purpose::Template, key(&[RUN_KEY, u64::from(tenant.0)])), model.mix_spread_milli)
    };
    let mut factors = BTreeMap::new();
    for template in &model.templates {
        factors.entry(template.tenant).or_insert_with_key(|&tenant| factor(tenant));
    }
    factors
}

/// Lognormal with a mean of 1; none lies so far out that a run would be absurd.
fn factor(draws: Draws, spread_milli: u32) -> f64 {
    let sigma = f64::from(spread_milli.min(1_000)) / 1_000.0;
    libm::exp(sigma * draws.normal(0).clamp(-3.0, 3.0) - sigma * sigma / 2.0)
}

/// One arrival.
struct Batch {
    seed: u64,
    run: u32,
    /// How much faster than usual everything ends in this run.
    pace: f64,
    key: u64,
    index: BatchIndex,
}

impl Batch {
    fn draws(&self, purpose: Purpose) -> Draws {
        Draws::new(self.seed, self.run, purpose, self.key)
    }

    /// Adds the creates of a tenant, spread over a part of the bin that begins at `start`.
    fn fill(
        &self,
        model: &StreamModel,
        (tenant, flavors): (TenantIndex, &[FlavorIndex]),
        start: Instant,
        survival: &Survival,
        creates: &mut Vec<IndexedRequest>,
    ) {
        let (instants, lifetimes) = (self.draws(Purpose::ArrivalInstant), self.draws(Purpose::Lifetime));
        let spread = model.spread.micros().clamp(0, model.bin.micros() - 1);
        let begin = start + Duration::from_micros(instants.below(0, (model.bin.micros() - spread) as u64) as i64);
        let shared = f64::from(model.lifetimes.shared_milli) / 1_000.0;
        let pace = self.pace * model.lifetimes.paces.of(Some(flavors.len() as u32), begin);
        let mut exposure = 0.0;
        for (item, &flavor) in (0_u64..).zip(flavors) {
            if item == 0 || lifetimes.uniform(2 * item) >= shared {
                exposure = lifetimes.exponential(2 * item + 1) / pace;
            }
            creates.push(IndexedRequest {
                at: begin + Duration::from_micros(instants.below(item + 1, spread as u64 + 1) as i64),
                operation: Operation::Create,
                tenant,
                resource: ResourceIndex(0),
                flavor,
                batch: Some(self.index),
                lifetime: survival.remaining(flavor, Duration::ZERO, exposure),
                draw_key: 0,
            });
        }
    }
}

/// Gives creates in order of time their resources and draw keys.
fn number(creates: &mut [IndexedRequest], lives: usize) {
    let mut created: BTreeMap<TenantIndex, u64> = BTreeMap::new();
    for (i, create) in creates.iter_mut().enumerate() {
        let ordinal = created.entry(create.tenant).or_default();
        create.resource = ResourceIndex::from_usize(lives + i);
        create.draw_key = PREDICTED | u64::from(create.tenant.0) << 32 | *ordinal;
        *ordinal += 1;
    }
}

fn delete_of(create: &IndexedRequest) -> Option<IndexedRequest> {
    let at = create.at + create.lifetime?;
    Some(IndexedRequest { at, operation: Operation::Delete, batch: None, lifetime: None, ..*create })
}
