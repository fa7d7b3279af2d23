//! Hazards by age from lives, some of which had not ended when they were last seen.

use std::collections::BTreeMap;

use super::Lifetimes;
use super::attachments::Pairing;
use super::dispersion::hazard_spread_milli;
use super::estimate::Source;
use super::paces::paces;
use super::survival::{HAZARD_STEPS, Survival};
use super::tenant_paces::tenant_paces;
use crate::units::{BatchIndex, Duration, FlavorIndex, Instant, TenantIndex};

/// Everybody's ends that the last interval has at least: fewer would not say at what rate the old ones end.
const TAIL_ENDS: u32 = 50;

/// One life: how old it grew, and whether it ended then or was last seen then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lived {
    pub(super) tenant: TenantIndex,
    pub(super) flavor: FlavorIndex,
    pub(super) batch: Option<(TenantIndex, BatchIndex)>,
    /// How many were created together.
    pub(super) size: u32,
    pub(super) created: Instant,
    pub(super) age: Duration,
    pub(super) ended: bool,
}

/// Lifetimes from sources whose logs have deletes; none where no life was seen.
pub(super) fn lifetimes(sources: &[&Source], flavors: usize, prior_ends: u32) -> Option<Lifetimes> {
    let lives: Vec<Vec<Lived>> = sources.iter().map(|source| lived(source)).collect();
    let all = lives.concat();
    if all.is_empty() {
        return None;
    }
    let of_lives = |lives: &[Lived]| {
        let (edges, hazards) = hazards(lives, flavors, prior_ends);
        let of_flavors = Lifetimes::of_hazards(edges, hazards);
        Lifetimes { tenant_paces: tenant_paces(lives, &Survival::new(&of_flavors), prior_ends), ..of_flavors }
    };
    let of_all = of_lives(&all);
    let counts = lives.iter().map(|lives| same_end(lives, &of_all.edges));
    let [within, between] = counts.fold([Pairs::default(); 2], |[a, b], [c, d]| [a.and(c), b.and(d)]);
    let (paces, shared_milli) = (paces(&all, of_lives), shared_milli(within, between));
    let mut lifetimes = Lifetimes { paces, shared_milli, ..of_all };
    let survival = Survival::new(&lifetimes);
    let spread = |(source, lives): (&&Source, &Vec<Lived>)| hazard_spread_milli(lives, source.history.end(), &survival);
    lifetimes.spread_milli = sources.iter().zip(&lives).map(spread).max().unwrap_or(0);
    Some(lifetimes)
}

/// The lives of a source, in order of their creation, without what came with a machine: that has ends of its own.
pub(super) fn lived(source: &Source) -> Vec<Lived> {
    let pairing = Pairing::new(source);
    let on_their_own = || {
        let lives = source.history.lives().enumerate();
        lives.filter(|&(position, _)| pairing.machine_of(position).is_none()).map(|(_, life)| life)
    };
    let mut sizes: BTreeMap<(TenantIndex, BatchIndex), u32> = BTreeMap::new();
    for (tenant, batch) in on_their_own().filter_map(|life| Some((life.tenant, life.batch?))) {
        *sizes.entry((tenant, batch)).or_default() += 1;
    }
    let of = |life: crate::request::LifeBefore| Lived {
        tenant: source.map.tenant(life.tenant),
        flavor: source.map.flavor(life.flavor),
        batch: life.batch.map(|batch| (life.tenant, batch)),
        size: life.batch.and_then(|batch| sizes.get(&(life.tenant, batch)).copied()).unwrap_or(1),
        created: life.created,
        age: life.age,
        ended: life.ended,
    };
    on_their_own().map(of).collect()
}

/// Ends of intervals and, per flavor, the chance to end in each, in 1/65,536.
///
/// Within each interval the chance is one minus the product-limit estimate of surviving it (Kaplan and Meier 1958), so
/// lives that were last seen in it count for as long as they were. The last interval's is from ends per time of all
/// older ages together, since it stands for all later ones. A flavor's is mixed with everybody's as if it had seen
/// `prior_ends` more ends at everybody's rate.
pub(super) fn hazards(lives: &[Lived], flavors: usize, prior_ends: u32) -> (Vec<Duration>, Vec<Vec<u16>>) {
    let all = Table::new(lives.iter().copied(), &grid());
    let last = all.tail();
    let mut edges = grid();
    edges.truncate(last + 1);
    if last == 0 {
        // Too few ends for more than one rate; an interval of an hour can say it more finely than one of five minutes.
        edges = vec![Duration::HOUR];
    }
    let mut of_flavor: Vec<Vec<Lived>> = vec![Vec::new(); flavors];
    for life in lives {
        of_flavor[life.flavor.usize()].push(*life);
    }
    let prior = f64::from(prior_ends);
    let rows = of_flavor.into_iter().map(|lives| {
        let own = Table::new(lives.into_iter(), &grid());
        let mut hazards: Vec<f64> =
            (0..last).map(|j| mixed(own.hazards[j] * own.at_risk[j], own.at_risk[j], all.hazards[j], prior)).collect();
        let (ends, exposure) = own.beyond(last);
        let (all_ends, all_exposure) = all.beyond(last);
        let everybody = if all_exposure > 0.0 { all_ends / all_exposure } else { 0.0 };
        let rate = mixed(ends, exposure, everybody, prior);
        let length = edges[last].micros() - start_of(last, &edges);
        hazards.push(-libm::expm1(-rate * length as f64));
        hazards.into_iter().map(in_steps).collect()
    });
    (edges.clone(), rows.collect())
}

/// Ends per exposure, as if there were `prior` more ends at the rate `everybody`.
fn mixed(ends: f64, exposure: f64, everybody: f64, prior: f64) -> f64 {
    if everybody > 0.0 && prior > 0.0 {
        return (ends + prior) / (exposure + prior / everybody);
    }
    if exposure > 0.0 { ends / exposure } else { everybody }
}

pub(super) fn in_steps(hazard: f64) -> u16 {
    (hazard * HAZARD_STEPS + 0.5).clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Five minutes up to an hour, hours up to a day, six hours up to four days, days up to thirty.
fn grid() -> Vec<Duration> {
    let steps = |from: i64, to: i64, step: Duration| (from..=to).map(move |i| step * i);
    steps(1, 12, Duration::from_minutes(5))
        .chain(steps(2, 24, Duration::HOUR))
        .chain(steps(5, 16, Duration::HOUR * 6))
        .chain(steps(5, 30, Duration::DAY))
        .collect()
}

/// Where an interval begins, in microseconds of age.
fn start_of(interval: usize, edges: &[Duration]) -> i64 {
    interval.checked_sub(1).map_or(0, |before| edges[before].micros())
}

/// The interval that an age ends in: its upper end belongs to it; the last one goes on.
fn interval(age: Duration, edges: &[Duration]) -> usize {
    edges.partition_point(|&edge| edge < age).min(edges.len() - 1)
}

/// A life table.
pub(super) struct Table {
    /// How many reached each interval.
    pub(super) at_risk: Vec<f64>,
    /// The chance to end in each.
    pub(super) hazards: Vec<f64>,
    ends: Vec<u32>,
    /// Time lived in each, in microseconds.
    exposure: Vec<f64>,
}

impl Table {
    pub(super) fn new(lives: impl Iterator<Item = Lived>, edges: &[Duration]) -> Self {
        let mut lives: Vec<(Duration, bool)> = lives.map(|life| (life.age, !life.ended)).collect();
        // Of equal ages, ends come before lives that were last seen then.
        lives.sort_unstable();
        let n = edges.len();
        let mut table = Self { at_risk: vec![0.0; n], hazards: vec![0.0; n], ends: vec![0; n], exposure: vec![0.0; n] };
        let mut next = 0;
        for j in 0..n {
            let start = start_of(j, edges);
            table.at_risk[j] = (lives.len() - next) as f64;
            let mut survival = 1.0;
            let mut lived = 0_i64;
            while let Some(&(age, censored)) = lives.get(next).filter(|(age, _)| j + 1 == n || *age <= edges[j]) {
                if !censored {
                    let at_risk = (lives.len() - next) as f64;
                    survival *= 1.0 - 1.0 / at_risk;
                    table.ends[j] += 1;
                }
                lived += age.micros() - start;
                next += 1;
            }
            table.hazards[j] = 1.0 - survival;
            table.exposure[j] = lived as f64 + (lives.len() - next) as f64 * (edges[j].micros() - start) as f64;
        }
        table
    }

    /// The last interval from which on there are enough ends.
    fn tail(&self) -> usize {
        let mut ends = 0;
        let enough = |&j: &usize| {
            ends += self.ends[j];
            ends >= TAIL_ENDS
        };
        (0..self.ends.len()).rev().find(enough).unwrap_or(0)
    }

    /// Ends and microseconds lived from an interval on.
    fn beyond(&self, interval: usize) -> (f64, f64) {
        let ends: u32 = self.ends[interval..].iter().sum();
        (f64::from(ends), self.exposure[interval..].iter().sum())
    }
}

/// Pairs of lives of one tenant and flavor whose first had ended, and those among them that ended in the same interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    all: u32,
    same: u32,
}

impl Pairs {
    fn add(&mut self, first: Option<usize>, second: Option<usize>) {
        if first.is_some() {
            self.all += 1;
            self.same += u32::from(first == second);
        }
    }

    fn and(self, other: Self) -> Self {
        Self { all: self.all + other.all, same: self.same + other.same }
    }

    fn share(self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.same) / f64::from(self.all))
    }
}

/// Neighbours within batches, and neighbours from different batches.
fn same_end(lives: &[Lived], edges: &[Duration]) -> [Pairs; 2] {
    let [mut within, mut between] = [Pairs::default(); 2];
    let mut last_of_batch: BTreeMap<(TenantIndex, BatchIndex), &Lived> = BTreeMap::new();
    let mut last_of_kind: BTreeMap<(TenantIndex, FlavorIndex), &Lived> = BTreeMap::new();
    let end = |life: &Lived| life.ended.then(|| interval(life.age, edges));
    for life in lives {
        if let Some(before) = last_of_kind.insert((life.tenant, life.flavor), life)
            && (before.batch.is_none() || before.batch != life.batch)
        {
            between.add(end(before), end(life));
        }
        let before = life.batch.and_then(|batch| last_of_batch.insert(batch, life));
        if let Some(before) = before.filter(|before| before.flavor == life.flavor) {
            within.add(end(before), end(life));
        }
    }
    [within, between]
}

/// The share of neighbours that end together beyond those that do by chance: p = s + (1 − s) · chance.
fn shared_milli(within: Pairs, between: Pairs) -> u32 {
    let (Some(same), chance) = (within.share(), between.share().unwrap_or(0.0)) else { return 0 };
    let shared = if chance < 1.0 { (same - chance) / (1.0 - chance) } else { 0.0 };
    (shared.clamp(0.0, 1.0) * 1_000.0 + 0.5) as u32
}

#[cfg(test)]
mod tests;
