//! One predicted stream: the requests of one run.

mod creates;
mod keys;
mod live;

use self::creates::creates;
use self::keys::number;
pub(crate) use self::keys::scaling_key;
use self::live::ends_of_live;
use super::StreamModel;
use super::attachments::Attaching;
use super::resizes::Resizing;
use super::survival::Survival;
use crate::random::{Draws, Purpose};
use crate::request::{IndexedRequest, Operation};
use crate::units::{FlavorIndex, Instant, ResourceIndex, TenantIndex, Window};

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

/// What holds for a whole run has this key; batches have hashed ones.
const RUN_KEY: u64 = u64::MAX;

/// The requests of `window` in run `run`, in order of time; at one instant, in order of creation.
///
/// Resources `0 .. live.len()` are the live ones, new ones follow in order of their creation. A create announces the
/// lifetime that was drawn for it, and its delete is in the stream where it falls into the window; a live resource's
/// delete is there too, at the window's start plus a remaining lifetime given its age. While they live, resources are
/// resized as often as others of their flavor were. Volumes and addresses come with machines, and go with them, as they
/// did.
///
/// Draws of arrivals and what they bring are keyed by bin and batch, those of live resources by their own keys, and what the
/// simulation draws for a new resource by its tenant and its number among the tenant's creates, or by the machine that it
/// came with. So a stream from which
/// one tenant's requests are taken out leaves every other request, and all that is drawn for it, as it was. (A model
/// that never had the tenant's templates is another model: the same arrivals bring other batches.)
pub fn sample(
    model: &StreamModel,
    live: impl IntoIterator<Item = LiveAtStart>,
    window: Window,
    seed: u64,
    run: u32,
) -> Vec<IndexedRequest> {
    let pace = factor(Draws::new(seed, run, Purpose::Lifetime, RUN_KEY), model.lifetimes.spread_milli);
    let (survival, attaching) = (Survival::new(&model.lifetimes), Attaching::new(&model.attachments));
    let sampling = Sampling { model, survival, attaching, pace, window, seed, run };
    let resizing = Resizing::new(&model.resizes);
    let resize = |life: &IndexedRequest, until: Option<Instant>, requests: &mut Vec<IndexedRequest>| {
        let lived = Window { start: life.at, end: until.map_or(window.end, |until| until.min(window.end)) };
        resizing.of_life(sampling.draws(Purpose::Resize, life.draw_key), life.flavor, lived, |at, flavor| {
            let operation = Operation::Resize;
            requests.push(IndexedRequest { at, flavor, operation, batch: None, lifetime: None, ..*life });
        });
    };
    let mut requests = Vec::new();
    let live: Vec<LiveAtStart> = live.into_iter().collect();
    for (i, (resource, until)) in live.iter().zip(ends_of_live(&sampling, &live)).enumerate() {
        let life = IndexedRequest {
            terms: None,
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
    let mut creates = creates(&sampling);
    creates.sort_by_key(|create| create.at);
    number(&mut creates, live.len());
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

/// What all of one run is drawn from.
struct Sampling<'a> {
    model: &'a StreamModel,
    survival: Survival,
    attaching: Attaching<'a>,
    /// How much faster than usual everything ends in this run.
    pace: f64,
    window: Window,
    seed: u64,
    run: u32,
}

impl Sampling<'_> {
    fn draws(&self, purpose: Purpose, key: u64) -> Draws {
        Draws::new(self.seed, self.run, purpose, key)
    }
}

/// Lognormal with a mean of 1; none lies so far out that a run would be absurd.
fn factor(draws: Draws, spread_milli: u32) -> f64 {
    let sigma = f64::from(spread_milli.min(1_000)) / 1_000.0;
    libm::exp(sigma * draws.normal(0).clamp(-3.0, 3.0) - sigma * sigma / 2.0)
}

fn delete_of(create: &IndexedRequest) -> Option<IndexedRequest> {
    let at = create.at + create.lifetime?;
    Some(IndexedRequest { at, operation: Operation::Delete, batch: None, lifetime: None, ..*create })
}
