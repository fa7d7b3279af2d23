//! What is kept of requests for longer than the requests themselves: their counts by bin.

use std::collections::BTreeSet;

use super::series::{class_of, creates};
use super::{SeriesKey, SeriesSet};
use crate::request::{History, Names, RequestLog, ResourceClass, Stretch};
use crate::units::{BatchIndex, Duration, Instant, TenantIndex, Window};

/// The counts of a log up to an instant, by bin: series of them and of the log from there on are those of all of it.
#[derive(Clone, Debug)]
pub struct PastBins {
    /// Length of a bin; bins begin at multiples of it.
    pub bin: Duration,
    /// Tenants in the order in which they first came.
    pub tenants: Names,
    /// Bins with any request, in order of time.
    pub bins: Vec<PastBin>,
}

/// The requests of one bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBin {
    /// Start of the bin.
    pub at: Instant,
    /// Its requests in time.
    pub stretch: Stretch,
    /// Batches that began in it; a create without a batch is one by itself.
    pub batches: u64,
    /// Creates by tenant and class, in order.
    pub creates: Vec<PastCreates>,
}

/// How often one tenant created something of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastCreates {
    /// Row of [`PastBins::tenants`].
    pub tenant: u32,
    /// Of which class.
    pub class: ResourceClass,
    /// How often.
    pub count: u64,
}

impl PastBins {
    /// None yet.
    ///
    /// # Panics
    /// When `bin` is not positive.
    pub fn new(bin: Duration) -> Self {
        assert!(bin > Duration::ZERO, "a bin is longer than nothing");
        Self { bin, tenants: Names::default(), bins: Vec::new() }
    }

    /// Counts the requests of a window of a log that follows the last bin.
    ///
    /// # Panics
    /// When the window does not begin and end with bins, or begins before the last one ends.
    pub fn count(&mut self, log: &RequestLog, window: Window) {
        let Window { start, end } = window;
        assert!(start == start.floor(self.bin) && end == end.floor(self.bin), "only whole bins are counted");
        assert!(self.end().is_none_or(|last| last <= start), "no bin is counted twice");
        let history = log.before(end);
        for request in history.requests().filter(|request| request.at >= start) {
            self.tenants.intern(log.tenants.name(request.tenant.0));
            let at = request.at.floor(self.bin);
            match self.bins.last_mut().filter(|last| last.at == at) {
                Some(PastBin { stretch, .. }) => {
                    stretch.longest = stretch.longest.max(request.at - stretch.last);
                    stretch.last = request.at;
                }
                None => {
                    let stretch = Stretch { first: request.at, last: request.at, longest: Duration::ZERO };
                    self.bins.push(PastBin { at, stretch, batches: 0, creates: Vec::new() });
                }
            }
        }
        let mut seen: BTreeSet<BatchIndex> = log.begun_batches.clone();
        for request in creates(&history) {
            let is_first = request.batch.is_none_or(|batch| seen.insert(batch));
            if request.at < start {
                continue;
            }
            let tenant = self.tenants.intern(log.tenants.name(request.tenant.0));
            let class = class_of(&history, &request);
            let position = self.bins.partition_point(|bin| bin.at <= request.at) - 1;
            let bin = &mut self.bins[position];
            bin.batches += u64::from(is_first);
            match bin.creates.binary_search_by_key(&(tenant, class), |creates| (creates.tenant, creates.class)) {
                Ok(found) => bin.creates[found].count += 1,
                Err(place) => bin.creates.insert(place, PastCreates { tenant, class, count: 1 }),
            }
        }
    }

    /// The end of the last bin.
    pub fn end(&self) -> Option<Instant> {
        self.bins.last().map(|last| last.at + self.bin)
    }

    /// Drops the bins before an instant.
    pub fn forget_before(&mut self, end: Instant) {
        self.bins.drain(..self.bins.partition_point(|bin| bin.at < end));
    }

    /// The requests of each bin in time.
    pub fn stretches(&self) -> Vec<Stretch> {
        self.bins.iter().map(|bin| bin.stretch).collect()
    }

    /// Where the series of these bins and of a history after them begin, as [`SeriesSet::first_start`] has it.
    pub fn first_start(&self, history: &History, bin: Duration) -> Instant {
        let past = self.bins.iter().flat_map(|bin| [bin.stretch.first, bin.stretch.last]);
        SeriesSet::start_of(past.chain(history.requests().map(|request| request.at)), history.end(), bin)
    }

    /// What [`SeriesKey::standard`] names of these bins and of a history after them; `own` and `of_history` say which of
    /// `tenants` tenants is meant.
    pub fn standard(
        &self,
        history: &History,
        (tenants, tenants_max): (usize, usize),
        own: impl Fn(u32) -> TenantIndex,
        of_history: impl Fn(TenantIndex) -> TenantIndex,
    ) -> Vec<SeriesKey> {
        let mut by_tenant = vec![0_u64; tenants];
        let mut classes = BTreeSet::new();
        for creates in self.bins.iter().flat_map(|bin| &bin.creates) {
            by_tenant[own(creates.tenant).usize()] += creates.count;
            classes.insert(creates.class);
        }
        for request in creates(history) {
            by_tenant[of_history(request.tenant).usize()] += 1;
            classes.insert(class_of(history, &request));
        }
        SeriesKey::of_counts(&by_tenant, classes, tenants_max)
    }

    /// Adds the counts of these bins to series; `own` says which of their tenants each is.
    ///
    /// # Panics
    /// When the bins of the series are not made of whole bins of these.
    pub fn add_to(&self, set: &mut SeriesSet, own: impl Fn(u32) -> TenantIndex) {
        let aligned = set.start == set.start.floor(self.bin) && set.bin == self.bin * set.bin.divide(self.bin);
        assert!(aligned, "bins are made of whole bins of {}", self.bin);
        let (start, length, bins) = (set.start, set.bin, set.bins());
        for past in self.bins.iter().filter(|past| past.at >= start) {
            let position = (past.at - start).divide(length) as usize;
            if position >= bins {
                break;
            }
            for series in &mut set.series {
                let wanted = |creates: &&PastCreates| match series.key {
                    SeriesKey::Creates { tenant, class } => {
                        tenant.is_none_or(|tenant| tenant == own(creates.tenant))
                            && class.is_none_or(|class| class == creates.class)
                    }
                    SeriesKey::Arrivals | SeriesKey::Given => false,
                };
                let count = match series.key {
                    SeriesKey::Arrivals => past.batches,
                    _ => past.creates.iter().filter(wanted).map(|creates| creates.count).sum(),
                };
                series.counts[position] += count as f64;
            }
        }
    }
}
