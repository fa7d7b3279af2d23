//! What came with machines, from lives.

use std::collections::BTreeMap;

use super::pairing::{Fate, Pairing, fate, lag};
use super::{AttachedEnds, AttachedSets, AttachedTimes, Attachments, RATE_STEPS};
use crate::request::{LifeBefore, ResourceClass};
use crate::stream::estimate::Source;
use crate::stream::recency::Weighing;
use crate::stream::templates::UNIT;
use crate::units::{Duration, FlavorIndex, TenantIndex};

/// At most so many sets a tenant and flavor: the heaviest.
const SETS_MAX: usize = 8;

type Sets = BTreeMap<(TenantIndex, FlavorIndex), BTreeMap<Vec<FlavorIndex>, f64>>;
type Ends = BTreeMap<(TenantIndex, FlavorIndex), (u32, u32)>;
type Times = BTreeMap<FlavorIndex, Timed>;

/// Lags of creates and of deletes; ends by themselves, and over how many microseconds.
#[derive(Default)]
struct Timed {
    creates: Vec<i32>,
    deletes: Vec<i32>,
    ends: u32,
    lived: f64,
}

/// Learns from all sources what came with machines, and from those with deletes what became of it.
pub(in crate::stream) fn attachments(sources: &[Source], weighing: &Weighing) -> Attachments {
    let pairings: Vec<(&Source, Pairing)> = sources.iter().map(|source| (source, Pairing::new(source))).collect();
    if pairings.iter().all(|(_, pairing)| pairing.is_empty()) {
        return Attachments::default();
    }
    let (mut sets, mut ends, mut times) = (Sets::new(), Ends::new(), Times::new());
    for (source, pairing) in &pairings {
        let lives: Vec<LifeBefore> = source.history.lives().collect();
        count_sets(source, pairing, &lives, weighing, &mut sets);
        count_ends(source, pairing, &lives, &mut ends, &mut times);
    }
    let set_rows =
        sets.into_iter().map(|((tenant, machine), sets)| AttachedSets { tenant, machine, sets: rounded(sets) });
    let end_rows = ends.into_iter().map(|((tenant, flavor), (followed, outlived))| AttachedEnds {
        tenant,
        flavor,
        followed,
        outlived,
    });
    let time_rows = times.into_iter().map(|(flavor, timed)| AttachedTimes {
        flavor,
        ends_per_day_millionths: timed.per_day_millionths(),
        create_micros: quartiles(timed.creates),
        delete_micros: quartiles(timed.deletes),
    });
    Attachments {
        sets: set_rows.filter(|row| !row.sets.is_empty()).collect(),
        ends: end_rows.collect(),
        times: time_rows.collect(),
    }
}

/// Which sets came with the machines of a source.
fn count_sets(source: &Source, pairing: &Pairing, lives: &[LifeBefore], weighing: &Weighing, sets: &mut Sets) {
    let flavors = &source.history.tables().flavors;
    let mut with: BTreeMap<usize, Vec<FlavorIndex>> = BTreeMap::new();
    for (position, life) in lives.iter().enumerate() {
        if let Some(machine) = pairing.machine_of(position) {
            with.entry(machine).or_default().push(source.map.flavor(life.flavor));
        }
    }
    let machines = lives.iter().enumerate();
    for (position, life) in machines.filter(|(_, life)| flavors[life.flavor.usize()].class == ResourceClass::Compute) {
        let mut set = with.remove(&position).unwrap_or_default();
        set.sort_unstable();
        let row = sets.entry((source.map.tenant(life.tenant), source.map.flavor(life.flavor))).or_default();
        *row.entry(set).or_default() += weighing.weight(life.created);
    }
}

/// What became of attached resources, and how long after their machine they came and went. Where a log has no deletes
/// nobody knows.
fn count_ends(source: &Source, pairing: &Pairing, lives: &[LifeBefore], ends: &mut Ends, times: &mut Times) {
    for (position, life) in lives.iter().enumerate() {
        let Some(machine) = pairing.machine_of(position).map(|machine| &lives[machine]) else { continue };
        let flavor = source.map.flavor(life.flavor);
        let timed = times.entry(flavor).or_default();
        timed.creates.extend(lag(machine.created, life.created));
        if !source.has_deletes {
            continue;
        }
        timed.lived += life.age.micros() as f64;
        let row = ends.entry((source.map.tenant(life.tenant), flavor));
        match fate(machine, life) {
            Fate::Followed(lag) => {
                row.or_default().0 += 1;
                timed.deletes.push(lag);
                continue;
            }
            Fate::Outlived => row.or_default().1 += 1,
            Fate::EndedBefore | Fate::Unknown => {}
        }
        timed.ends += u32::from(life.ended);
    }
}

impl Timed {
    fn per_day_millionths(&self) -> u32 {
        let days = self.lived.max(1.0) / Duration::DAY.micros() as f64;
        (f64::from(self.ends) / days * RATE_STEPS + 0.5).min(f64::from(u32::MAX)) as u32
    }
}

/// The heaviest sets in the steps of template weights, in order.
fn rounded(sets: BTreeMap<Vec<FlavorIndex>, f64>) -> Vec<(Vec<FlavorIndex>, u32)> {
    let in_steps = |(set, weight): (Vec<FlavorIndex>, f64)| (set, (weight * UNIT + 0.5) as u32);
    let mut rows: Vec<_> = sets.into_iter().map(in_steps).filter(|&(_, weight)| weight > 0).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows.truncate(SETS_MAX);
    rows.sort();
    rows
}

/// The least, the quartiles (each one that was seen) and the largest; zeros of nothing.
fn quartiles(mut lags: Vec<i32>) -> [i32; 5] {
    lags.sort_unstable();
    let last = lags.len().saturating_sub(1);
    [0, 1, 2, 3, 4].map(|quarter| lags.get(last * quarter / 4).copied().unwrap_or(0))
}
