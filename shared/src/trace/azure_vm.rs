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
        let delete = Request {
            id,
            at: event.at(&self.creations),
            tenant: format!("tenant-{:0tenant_width$}", creation.tenant),
            operation: Operation::Delete,
            class: ResourceClass::Compute,
            resource: format!("vm-{:0width$}", event.position + 1),
            flavor: None,
            requested: None,
            zone: None,
            batch: None,
            lifetime: None,
            labels: BTreeMap::new(),
        };
        if event.is_delete {
            return delete;
        }
        let (flavor, requested) = &self.flavors[usize::from(creation.flavor)];
        Request {
            operation: Operation::Create,
            flavor: Some(flavor.clone()),
            requested: Some(*requested),
            batch: Some(format!("b-{}-{}", creation.t_s, creation.batch)),
            lifetime: creation.lifetime,
            ..delete
        }
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::{RequestLog, RequestLogBuilder, read_requests, write_line};

    const FLAVORS: &str = "flavor,vcpu,mem_gib\na,1,0.75\nd,16,112\n";
    const BINS: &str = "bin,min_s,max_s\n0,0,0\n1,300,300\n2,3900,7200\n";

    fn config(tenants: u32) -> Config {
        Config { epoch: "2026-01-01T00:00:00Z".parse().unwrap(), tenants, seed: 1 }
    }

    fn read(text: &str, with_lifetimes: bool) -> Result<Trace, InputError> {
        let (flavors, bins) = (read_flavors(FLAVORS).unwrap(), read_lifetime_bins(BINS).unwrap());
        Trace::read(text, &flavors, with_lifetimes.then_some(&bins), config(40))
    }

    fn log(trace: &Trace) -> RequestLog {
        let mut text = String::new();
        trace.requests().for_each(|request| write_line(&mut text, &request));
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        read_requests(&text, &mut builder).unwrap();
        builder.finish().unwrap()
    }

    #[test]
    fn a_batch_has_one_instant_in_its_bin_and_one_tenant() {
        let requests: Vec<Request> =
            read("t_s,batch,flavor\n300,0,a\n300,0,d\n300,1,a\n", false).unwrap().requests().collect();
        let of = |batch: &str| -> Vec<&Request> {
            requests.iter().filter(|request| request.batch.as_deref() == Some(batch)).collect()
        };
        let [first, second] = of("b-300-0")[..] else { panic!("two members") };
        assert_eq!((first.at, &first.tenant), (second.at, &second.tenant));
        assert_eq!(second.requested, Some(Resources::compute(16_000, 112 * 1_024)));
        assert_ne!(first.at, of("b-300-1")[0].at);
        let bin = config(1).epoch + Duration::from_seconds(300);
        assert!(
            requests.iter().all(|request| request.at.floor(BIN) == bin && request.tenant.len() == "tenant-07".len())
        );
    }

    #[test]
    fn a_life_ends_in_its_bin_unless_it_is_censored_or_leaves_the_data() {
        // The data end at 9,300 s: 300 + (300 … 600) + (0 … 300) s lie inside, 9,000 + 3,900 s do not.
        let text = "t_s,batch,flavor,lifetime_bin,censored\n300,0,a,1,0\n300,1,a,1,1\n9000,2,d,2,0\n";
        let trace = read(text, true).unwrap();
        let lives = log(&trace).lives;
        let age = |i: usize| lives[i].deleted.map(|deleted| deleted - lives[i].created);
        let ended: Vec<Duration> = (0..3).filter_map(age).collect();
        assert_eq!((ended.len(), trace.deletes()), (1, 1));
        assert!(ended[0] >= Duration::from_seconds(300) && ended[0] < Duration::from_seconds(600));
        assert_eq!(lives.iter().filter_map(|life| life.announced).collect::<Vec<_>>(), ended);
    }

    #[test]
    fn a_part_of_the_trace_gets_the_same_draws() {
        let whole = read("t_s,batch,flavor\n300,0,a\n600,0,a\n600,1,d\n", false).unwrap();
        let part = read("t_s,batch,flavor\n600,1,d\n", false).unwrap();
        let at = |trace: &Trace| trace.requests().find(|r| r.flavor.as_deref() == Some("d")).map(|r| (r.at, r.tenant));
        assert_eq!(at(&whole), at(&part));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |text: &str, lifetimes: bool, line: u64, field: &str, part: &str| {
            let error = read(text, lifetimes).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("t_s,batch,flavor\n300,0,z\n", false, 2, "flavor", "--flavors");
        check("t_s,batch,flavor\n300,0,a\n-1,0,a\n", false, 3, "t_s", "`-1`");
        check("t_s,flavor\n", false, 1, "batch", "no column");
        check("t_s,batch,flavor,lifetime_bin,censored\n", false, 1, "lifetime_bin", "--lifetimes");
        check("t_s,batch,flavor\n300,0,a\n", true, 1, "lifetime_bin", "no column");
        check("t_s,batch,flavor,lifetime_bin,censored\n300,0,a,9,0\n", true, 2, "lifetime_bin", "9 is unknown");
        check("t_s,batch,flavor,lifetime_bin,censored\n300,0,a,1,x\n", true, 2, "censored", "0 or 1");
        assert!(read("t_s,batch,flavor\n", false).unwrap_err().message.contains("no rows"));
        assert!(read_flavors("flavor,vcpu,mem_gib\na,1,0.3\n").unwrap_err().message.contains("1 MiB"));
        assert!(read_lifetime_bins("bin,min_s,max_s\n0,300,0\n").unwrap_err().message.contains("below"));
    }

    proptest! {
        #[test]
        fn the_import_is_always_a_valid_log(
            rows in proptest::collection::vec((0_u64..20, 0_u64..4, any::<bool>(), 0_u64..3, any::<bool>()), 1..60)
        ) {
            let mut text = "t_s,batch,flavor,lifetime_bin,censored\n".to_owned();
            for (bin, batch, large, lifetime, censored) in &rows {
                let flavor = if *large { "d" } else { "a" };
                text.push_str(&format!("{},{batch},{flavor},{lifetime},{}\n", bin * 300, u8::from(*censored)));
            }
            let trace = read(&text, true).unwrap();
            let ids: Vec<String> = trace.requests().map(|request| request.id).collect();
            prop_assert!(ids.is_sorted());
            let log = log(&trace);
            prop_assert_eq!((log.lives.len(), log.orphans, log.duplicates), (rows.len(), 0, 0));
            prop_assert_eq!(log.requests.len(), trace.creates() + trace.deletes());
            prop_assert!(log.lives.iter().all(|life| life.deleted.is_none_or(|deleted| deleted >= life.created)));
            prop_assert!(trace.requests().map(|request| request.at).is_sorted());
        }
    }
}
