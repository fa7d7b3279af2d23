//! Terms and labels that were seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Tag, TagRow, Tags};
use crate::request::RequestLog;
use crate::stream::estimate::Source;
use crate::stream::recency::Weighing;
use crate::stream::templates::UNIT;
use crate::units::{FlavorIndex, TenantIndex, TermsIndex};

/// At most so many of a tenant's flavor: the heaviest.
const SEEN_MAX: usize = 16;
/// A label whose values come less often than this on average tells resources apart, as a host's name does: there would be
/// nothing to group by, and no new resource has an old one's.
const USES_MIN: u64 = 2;

type Labels = BTreeMap<String, String>;
/// Weights by terms and labels.
type Seen = BTreeMap<(Option<TermsIndex>, Labels), f64>;

/// Learns what the sources' resources had.
pub(in crate::stream) fn tags(sources: &[Source], weighing: &Weighing) -> Tags {
    let tagged = |source: &Source| source.history.lives().any(|life| life.terms.is_some() || life.labels != 0);
    if !sources.iter().any(tagged) {
        return Tags::default();
    }
    let keys = telling_keys(sources);
    let mut rows: BTreeMap<(TenantIndex, FlavorIndex), Seen> = BTreeMap::new();
    for source in sources {
        let log = source.history.tables();
        let kept: Vec<Labels> = log.label_sets.iter().map(|labels| only(labels, &keys)).collect();
        for life in source.history.lives() {
            let terms = life.terms.map(|terms| source.map.terms(terms));
            let row = rows.entry((source.map.tenant(life.tenant), source.map.flavor(life.flavor))).or_default();
            *row.entry((terms, kept[life.labels as usize].clone())).or_default() += weighing.weight(life.created);
        }
    }
    let rows: Vec<_> = rows.into_iter().map(|(of, seen)| (of, heaviest(seen))).collect();
    let all = || rows.iter().flat_map(|(_, seen)| seen);
    let label_sets: BTreeSet<&Labels> =
        all().map(|((_, labels), _)| labels).filter(|labels| !labels.is_empty()).collect();
    let label_sets: Vec<&Labels> = label_sets.into_iter().collect();
    let tag = |(terms, labels): &(Option<TermsIndex>, Labels)| Tag {
        terms: *terms,
        labels: label_sets.binary_search(&labels).ok().map(|row| row as u32),
    };
    let row = |((tenant, flavor), seen): &((TenantIndex, FlavorIndex), Vec<_>)| {
        let mut seen: Vec<(Tag, u32)> = seen.iter().map(|(of, weight)| (tag(of), *weight)).collect();
        seen.sort_unstable();
        TagRow { tenant: *tenant, flavor: *flavor, seen }
    };
    Tags {
        rows: rows.iter().map(row).filter(|row| !row.seen.is_empty()).collect(),
        label_sets: label_sets.iter().map(|&labels| labels.clone()).collect(),
    }
}

/// Labels whose values come again and again.
fn telling_keys<'a>(sources: &[Source<'a>]) -> BTreeSet<&'a str> {
    let mut found: BTreeMap<&str, (BTreeSet<&str>, u64)> = BTreeMap::new();
    for source in sources {
        let log: &'a RequestLog = source.history.tables();
        let mut uses = vec![0; log.label_sets.len()];
        source.history.lives().for_each(|life| uses[life.labels as usize] += 1);
        for (labels, count) in log.label_sets.iter().zip(uses).filter(|&(_, count)| count > 0) {
            for (key, value) in labels {
                let (values, sum) = found.entry(key).or_default();
                values.insert(value);
                *sum += count;
            }
        }
    }
    found
        .into_iter()
        .filter(|(_, (values, uses))| *uses >= USES_MIN * values.len() as u64)
        .map(|(key, _)| key)
        .collect()
}

fn only(labels: &Labels, keys: &BTreeSet<&str>) -> Labels {
    let kept = labels.iter().filter(|(key, _)| keys.contains(key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The heaviest in the steps of template weights.
fn heaviest(seen: Seen) -> Vec<((Option<TermsIndex>, Labels), u32)> {
    let in_steps = |(of, weight): ((Option<TermsIndex>, Labels), f64)| (of, (weight * UNIT + 0.5) as u32);
    let mut rows: Vec<_> = seen.into_iter().map(in_steps).filter(|&(_, weight)| weight > 0).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows.truncate(SEEN_MAX);
    rows
}
