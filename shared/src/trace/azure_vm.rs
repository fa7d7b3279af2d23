//! The Azure VM trace: creations in bins of 300 s, in batches, with binned lifetimes.
//!
//! What the trace does not say is drawn, and the draws depend on the seed and on the row's own `t_s` and `batch` only:
//! a batch's instant within its bin, and a lifetime within its bin. The trace names no tenants, so they are
//! *synthetic*: batches of the same flavors, as many of each, belong to the same one.

mod rows;
mod tables;

use std::collections::BTreeMap;

use crate::input::{InputError, Row};
use crate::random::{Draws, Purpose, key};
use crate::request::{Catalogue, Operation, Request, ResourceClass};
use crate::units::{Duration, Instant, Resources};
use rows::{Lifetime, Rows};
pub use tables::{LifetimeBins, read_flavors, read_lifetime_bins};

/// The time step of the trace.
const BIN: Duration = Duration::from_seconds(300);

/// What the trace itself does not say.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The instant at which `t_s` is 0.
    pub epoch: Instant,
    /// How many synthetic tenants there are; at least 1.
    pub tenants: u32,
    /// Seeds instants, lifetimes and tenants.
    pub seed: u64,
}

/// The trace with every instant known.
#[derive(Clone, Debug)]
pub struct Trace {
    flavors: Vec<(String, Resources)>,
    tenants: u32,
    /// In order of time; the position is the number of the resource.
    creations: Vec<Creation>,
    /// The requests in order of time.
    order: Vec<Event>,
}

/// One creation.
#[derive(Clone, Copy, Debug)]
struct Creation {
    at: Instant,
    t_s: u64,
    batch: u64,
    flavor: u16,
    tenant: u32,
    /// None where it is unknown, or reaches past the end of the data.
    lifetime: Option<Duration>,
}

/// A request of the creation at a position.
#[derive(Clone, Copy, Debug)]
struct Event {
    position: u32,
    is_delete: bool,
}

impl Trace {
    /// Reads `t_s,batch,flavor[,lifetime_bin,censored]`; without the last two no life ends.
    ///
    /// A life that is marked as censored, or whose drawn end reaches past the end of the last bin, has no delete.
    ///
    /// # Errors
    /// At the first wrong line, when lifetimes are given without `bins` to read them by, or when there are no rows.
    ///
    /// # Panics
    /// When there are to be no tenants.
    pub fn read(
        text: &str,
        flavors: &Catalogue,
        bins: Option<&LifetimeBins>,
        config: Config,
    ) -> Result<Self, InputError> {
        assert!(config.tenants > 0, "a trace has at least one tenant");
        let rows = Rows::read(text, flavors, bins)?;
        let last = rows.batches.keys().map(|&(t_s, _)| t_s).max();
        let last = last.ok_or_else(|| InputError::whole("has a header and no rows; expected creations"))?;
        let end = config.epoch + seconds(last) + BIN;
        let names: Vec<&str> = flavors.flavors.keys().map(String::as_str).collect();
        let batches: Vec<(Instant, u32)> = rows
            .batches
            .iter()
            .map(|(&(t_s, number), flavors)| {
                let draws = Draws::new(config.seed, 0, Purpose::ImportInstant, key(&[t_s, number]));
                (config.epoch + seconds(t_s) + drawn(draws, 0, BIN), tenant(flavors, &names, config))
            })
            .collect();
        let mut creations: Vec<Creation> = rows
            .creations
            .iter()
            .map(|row| {
                let (&(t_s, batch), _) = rows.batches.get_index(row.batch as usize).expect("rows point at batches");
                let (at, tenant) = batches[row.batch as usize];
                let draws = Draws::new(config.seed, 0, Purpose::ImportLifetime, key(&[t_s, batch]));
                let lifetime = row.lifetime.map(|Lifetime { min, max }| {
                    min + drawn(draws, u64::from(row.member), Duration::from_micros(max.micros() - min.micros()) + BIN)
                });
                let lifetime = lifetime.filter(|&lifetime| at + lifetime < end);
                Creation { at, t_s, batch, flavor: row.flavor, tenant, lifetime }
            })
            .collect();
        creations.sort_by_key(|creation| creation.at);
        let flavors = flavors.flavors.iter().map(|(name, shape)| (name.clone(), *shape)).collect();
        Ok(Self { flavors, tenants: config.tenants, order: order(&creations), creations })
    }

    /// How many creations there are.
    pub fn creates(&self) -> usize {
        self.creations.len()
    }

    /// How many of them end within the data.
    pub fn deletes(&self) -> usize {
        self.order.len() - self.creations.len()
    }

    /// The requests in order of time, with increasing ids.
    pub fn requests(&self) -> impl Iterator<Item = Request> + '_ {
        let width = digits(self.order.len());
        self.order.iter().enumerate().map(move |(i, &event)| self.request(format!("r-{:0width$}", i + 1), event))
    }

    fn request(&self, id: String, event: Event) -> Request {
        let creation = &self.creations[event.position as usize];
        let (width, tenant_width) = (digits(self.creations.len()), digits(self.tenants as usize - 1));
        let (flavor, requested) = &self.flavors[usize::from(creation.flavor)];
        let create = Request {
            scheduling: None,
            id,
            at: creation.at,
            tenant: format!("tenant-{:0tenant_width$}", creation.tenant),
            operation: Operation::Create,
            class: ResourceClass::Compute,
            resource: format!("vm-{:0width$}", event.position + 1),
            flavor: Some(flavor.clone()),
            requested: Some(*requested),
            zone: None,
            batch: Some(format!("b-{}-{}", creation.t_s, creation.batch)),
            lifetime: creation.lifetime,
            labels: BTreeMap::new(),
        };
        if event.is_delete { create.into_delete(event.at(&self.creations)) } else { create }
    }
}

impl Event {
    fn at(self, creations: &[Creation]) -> Instant {
        let creation = &creations[self.position as usize];
        match creation.lifetime {
            Some(lifetime) if self.is_delete => creation.at + lifetime,
            _ => creation.at,
        }
    }
}

/// Creates and deletes in order of time; of one instant, creates first, so that no delete precedes its create.
fn order(creations: &[Creation]) -> Vec<Event> {
    let positions = || 0..creations.len() as u32;
    let ends = positions().filter(|&position| creations[position as usize].lifetime.is_some());
    let mut order: Vec<Event> = positions()
        .map(|position| Event { position, is_delete: false })
        .chain(ends.map(|position| Event { position, is_delete: true }))
        .collect();
    order.sort_by_key(|event| (event.at(creations), event.is_delete));
    order
}

/// The synthetic tenant of a batch: a hash of its flavors and how many of each it has.
fn tenant(flavors: &BTreeMap<u16, u32>, names: &[&str], config: Config) -> u32 {
    let mut words = Vec::new();
    for (&flavor, &count) in flavors {
        let name = names[usize::from(flavor)].bytes().map(u64::from);
        words.extend(name.chain([u64::MAX, u64::from(count)]));
    }
    let bits = Draws::new(config.seed, 0, Purpose::ImportTenant, key(&words)).bits(0);
    (bits % u64::from(config.tenants)) as u32
}

/// Uniform among the microseconds of [0, `length`).
fn drawn(draws: Draws, n: u64, length: Duration) -> Duration {
    Duration::from_micros(draws.below(n, length.micros() as u64) as i64)
}

/// How many digits the largest of `count` numbers has.
fn digits(count: usize) -> usize {
    count.to_string().len()
}

/// Whole seconds below [`LATEST`], so that sums of instants stay far from their limits.
fn whole(row: &Row, column: usize, name: &str) -> Result<u64, InputError> {
    let value = row.get(column);
    value.parse().ok().filter(|&number| number < LATEST).ok_or_else(|| {
        InputError::field(row.line, name, format!("is `{value}`; expected a whole number from 0, below {LATEST}"))
    })
}

/// A thousand years of seconds.
const LATEST: u64 = 32_000_000_000;

fn seconds(count: u64) -> Duration {
    Duration::from_seconds(count as i64)
}

#[cfg(test)]
mod tests;
