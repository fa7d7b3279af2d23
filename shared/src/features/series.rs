//! Counts of requests per bin.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::request::{History, IndexedRequest, Operation, ResourceClass};
use crate::units::{Duration, Instant, TenantIndex, Window};

/// What a series counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SeriesKey {
    /// Batches, over everyone; a create without a batch is one by itself.
    Arrivals,
    /// Creates, of everything that the filters leave.
    Creates {
        /// Whose; everyone's where none.
        tenant: Option<TenantIndex>,
        /// Of which class; of all where none.
        class: Option<ResourceClass>,
    },
    /// The values of a series file.
    Given,
}

/// Series over the same bins, from `start` on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesSet {
    /// Start of the first bin.
    pub start: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// The series, each with the same number of bins.
    pub series: Vec<CountSeries>,
}

/// One value a bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountSeries {
    /// What is counted.
    pub key: SeriesKey,
    /// The counts, finite and not negative.
    pub counts: Vec<f64>,
}

impl SeriesKey {
    /// All creates of everyone.
    pub const TOTAL: Self = Self::Creates { tenant: None, class: None };

    /// The series of a history: arrivals, the total, each class where there are several, and the `tenants_max`
    /// tenants with the most creates (ties to the lower index).
    pub fn standard(history: &History, tenants_max: usize) -> Vec<Self> {
        let mut creates_by_tenant = vec![0_u64; history.tables().tenants.len()];
        let mut classes = BTreeSet::new();
        for request in creates(history) {
            creates_by_tenant[request.tenant.usize()] += 1;
            classes.insert(class_of(history, &request));
        }
        Self::of_counts(&creates_by_tenant, classes, tenants_max)
    }

    /// The same of so many creates of each tenant, of these classes.
    pub(super) fn of_counts(
        creates_by_tenant: &[u64],
        classes: BTreeSet<ResourceClass>,
        tenants_max: usize,
    ) -> Vec<Self> {
        let mut tenants: Vec<usize> = (0..creates_by_tenant.len()).filter(|&i| creates_by_tenant[i] > 0).collect();
        tenants.sort_by_key(|&i| core::cmp::Reverse(creates_by_tenant[i]));
        tenants.truncate(tenants_max);
        tenants.sort_unstable();
        let mut keys = vec![Self::Arrivals, Self::TOTAL];
        if classes.len() > 1 {
            keys.extend(classes.into_iter().map(|class| Self::Creates { tenant: None, class: Some(class) }));
        }
        let by_tenant = |i| Self::Creates { tenant: Some(TenantIndex::from_usize(i)), class: None };
        keys.extend(tenants.into_iter().map(by_tenant));
        keys
    }

    /// Whose series it is, where it is one tenant's.
    pub fn tenant(&self) -> Option<TenantIndex> {
        match self {
            Self::Creates { tenant, .. } => *tenant,
            Self::Arrivals | Self::Given => None,
        }
    }

    /// The same key for another tenant; none where `map` has none.
    pub(crate) fn with_tenant(self, map: impl Fn(TenantIndex) -> Option<TenantIndex>) -> Option<Self> {
        match self {
            Self::Creates { tenant: Some(tenant), class } => {
                map(tenant).map(|tenant| Self::Creates { tenant: Some(tenant), class })
            }
            other => Some(other),
        }
    }
}

/// After a longer silence demand begins anew.
const SILENCE_MAX: Duration = Duration::from_seconds(28 * 86_400);

impl SeriesSet {
    /// Counts the creates of a history in whole bins from `start`: the last bin ends at or before the cut.
    ///
    /// A batch is counted once, in the bin of its first create.
    ///
    /// # Panics
    /// When `bin` is not positive.
    pub fn from_history(history: &History, start: Instant, bin: Duration, keys: &[SeriesKey]) -> Self {
        assert!(bin > Duration::ZERO, "a bin is longer than nothing");
        let bins = (history.end() - start).divide(bin).max(0) as usize;
        let series = keys.iter().map(|&key| CountSeries { key, counts: vec![0.0; bins] }).collect();
        let mut set = Self { start, bin, series };
        let begun = &history.tables().begun_batches;
        let mut seen_batches: Vec<bool> = vec![false; begun.last().map_or(0, |last| last.usize() + 1)];
        begun.iter().for_each(|batch| seen_batches[batch.usize()] = true);
        for request in creates(history) {
            let first_of_batch = request.batch.is_none_or(|batch| {
                if seen_batches.len() <= batch.usize() {
                    seen_batches.resize(batch.usize() + 1, false);
                }
                !core::mem::replace(&mut seen_batches[batch.usize()], true)
            });
            if request.at < start {
                continue;
            }
            let position = (request.at - start).divide(bin) as usize;
            let class = class_of(history, &request);
            for series in set.series.iter_mut() {
                let counted = match series.key {
                    SeriesKey::Arrivals => first_of_batch,
                    SeriesKey::Creates { tenant, class: wanted } => {
                        tenant.is_none_or(|tenant| tenant == request.tenant) && wanted.is_none_or(|w| w == class)
                    }
                    SeriesKey::Given => false,
                };
                if let Some(count) = series.counts.get_mut(position).filter(|_| counted) {
                    *count += 1.0;
                }
            }
        }
        set
    }

    /// Adds the counts of the same series over the same bins.
    pub fn add(&mut self, other: &Self) {
        for (sum, series) in self.series.iter_mut().zip(&other.series) {
            for (count, more) in sum.counts.iter_mut().zip(&series.counts) {
                *count += more;
            }
        }
    }

    /// Counts what was not counted in outages: as many as in the same bin a week before, or a day before where there is no
    /// earlier one. Zero would say that nobody had asked; what is before the first day stays as it is.
    pub fn fill(&mut self, outages: &[Window]) {
        let bins = self.bins();
        let [day, week] = [1, 7].map(|days| (Duration::DAY * days).divide(self.bin) as usize);
        for outage in outages {
            // Only whole bins: what was asked for in the others was counted.
            let into = |at: Instant| (at - self.start).max(Duration::ZERO).divide(self.bin);
            let begun = into(outage.start);
            let first = begun + i64::from(self.start + self.bin * begun < outage.start);
            let (first, end) = (first as usize, (into(outage.end) as usize).min(bins));
            for position in first..end {
                let Some(before) = [week, day].into_iter().find_map(|back| position.checked_sub(back)) else {
                    continue;
                };
                for series in &mut self.series {
                    series.counts[position] = series.counts[before];
                }
            }
        }
    }

    /// The earliest start from which whole bins lead from the first request of a history to its cut, so that the
    /// cut is the origin. The cut itself where there is no request.
    ///
    /// What is before a silence of more than four weeks, such as a row with a mistaken year, is another demand.
    pub fn first_start(history: &History, bin: Duration) -> Instant {
        Self::start_of(history.requests().map(|request| request.at), history.end(), bin)
    }

    /// The same of requests at these instants, in order.
    pub(super) fn start_of(instants: impl Iterator<Item = Instant>, end: Instant, bin: Duration) -> Instant {
        let (mut first, mut last) = (end, Instant::from_micros(i64::MIN / 2));
        for at in instants {
            if at - last > SILENCE_MAX {
                first = at;
            }
            last = at;
        }
        end - bin * (end - first).divide(bin)
    }

    /// How many bins each series has.
    pub fn bins(&self) -> usize {
        self.series.first().map_or(0, |series| series.counts.len())
    }

    /// The end of the last bin.
    pub fn end(&self) -> Instant {
        self.start + self.bin * self.bins() as i64
    }
}

pub(super) fn creates<'a>(history: &'a History) -> impl Iterator<Item = IndexedRequest> + 'a {
    history.requests().filter(|request| request.operation == Operation::Create)
}

pub(super) fn class_of(history: &History, request: &IndexedRequest) -> ResourceClass {
    history.tables().flavors[request.flavor.usize()].class
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Catalogue, RequestLogBuilder};

    #[test]
    fn an_outage_counts_as_the_week_before_or_the_day_before() {
        // Nine days of four bins of six hours, each with the number of its bin.
        let bin = Duration::HOUR * 6;
        let start = Instant::from_micros(0);
        let series = vec![CountSeries { key: SeriesKey::TOTAL, counts: (0..36).map(f64::from).collect() }];
        let mut set = SeriesSet { start, bin, series };
        let window = |first: i64, end: i64| Window { start: start + bin * first, end: start + bin * end };
        let late = Window { start: window(30, 32).start + Duration::HOUR, ..window(30, 32) };
        set.fill(&[window(1, 2), window(5, 7), late]);
        let mut expected: Vec<f64> = (0..36).map(f64::from).collect();
        // Bin 1 has nothing before it; 5 and 6 are those of a day before; 30 was counted in part, and 31 is 31 − 28.
        (expected[5], expected[6], expected[31]) = (1.0, 2.0, 3.0);
        assert_eq!(set.series[0].counts, expected);
    }

    #[test]
    fn demand_begins_anew_after_four_weeks_of_silence() {
        let start = |instants: [&str; 3]| {
            let mut builder = RequestLogBuilder::new(Catalogue::default());
            for (line, at) in (1..).zip(instants) {
                let text = format!(
                    r#"{{"id":"{line}","at":"{at}","tenant":"a","op":"create","class":"compute","resource":"{line}","requested":{{"vcpu":1}}}}"#
                );
                builder.push(line, serde_json::from_str(&text).unwrap()).unwrap();
            }
            let log = builder.finish().unwrap();
            SeriesSet::first_start(&log.before("2026-03-10T00:00:00Z".parse().unwrap()), Duration::HOUR).to_string()
        };
        let recent = ["2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"];
        assert_eq!(start(["2022-03-05T00:00:00Z", recent[0], recent[1]]), recent[0]);
        // Exactly 28 days are no such silence.
        let before = "2026-02-05T00:00:00Z";
        assert_eq!(start([before, recent[0], recent[1]]), before);
    }
}
