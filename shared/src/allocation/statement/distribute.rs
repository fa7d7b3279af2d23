//! Cost that is nobody's, handed out hour by hour so that nothing is lost and no cut of the window shows.

use super::grid::Grid;
use super::sums::{GroupSums, Row, TenantHours};
use super::{IdlePolicy, SharedPolicy};
use crate::allocation::Metering;
use crate::request::{MODULES, Module};
use crate::units::{Instant, NodeGroupIndex, TenantIndex};

/// Idle of every group and hour, and how much of the weights has had its share.
pub(super) struct Distribution {
    policy: IdlePolicy,
    idle: Vec<Vec<i128>>,
    /// By group and hour: the weights of all together, and of those that were served.
    weights: Vec<Vec<(i128, i128)>>,
    /// By group and hour, when most was asked for.
    peaks: Vec<Vec<Instant>>,
}

impl Distribution {
    pub(super) fn of_idle(metering: &Metering, grid: &Grid, paid: &GroupSums, policy: IdlePolicy) -> Self {
        let groups = metering.node_groups.len();
        let nothing = || vec![vec![(0, 0); grid.hours.len()]; groups];
        let (weights, peaks) = match policy {
            IdlePolicy::Keep => (nothing(), Vec::new()),
            IdlePolicy::Proportional => {
                let of_hours =
                    |used: &Vec<i128>| grid.hours.iter().map(|hour| (used[hour.clone()].iter().sum(), 0)).collect();
                (paid.used.iter().map(of_hours).collect(), Vec::new())
            }
            IdlePolicy::Peak => {
                let found: Vec<Vec<(i128, Instant)>> =
                    (0..groups).map(|group| peaks(metering, grid, NodeGroupIndex::from_usize(group))).collect();
                let weights = found.iter().map(|hours| hours.iter().map(|&(level, _)| (level, 0)).collect());
                let peaks = found.iter().map(|hours| hours.iter().map(|&(_, at)| at).collect());
                (weights.collect(), peaks.collect())
            }
        };
        Self { policy, idle: paid.idle.clone(), weights, peaks }
    }

    /// Tells of idle in whose hour nobody has a weight, by group and piece: it stays what it is.
    pub(super) fn rest(&self, grid: &Grid, mut kept: impl FnMut(NodeGroupIndex, usize, i128)) {
        for (group, weights) in self.weights.iter().enumerate() {
            for (hour, _) in weights.iter().enumerate().filter(|(_, (all, _))| *all == 0) {
                for piece in grid.hours[hour].clone() {
                    kept(NodeGroupIndex::from_usize(group), piece, self.idle[group][piece]);
                }
            }
        }
    }

    /// Tells an account of its share of the idle of a group, piece by piece; accounts are served one after the other. `row`
    /// is what it used.
    pub(super) fn share(
        &mut self,
        group: NodeGroupIndex,
        (metering, uses): (&Metering, &[u32]),
        (grid, row): (&Grid, &Row),
        mut give: impl FnMut(usize, i128),
    ) {
        if self.policy == IdlePolicy::Keep {
            return;
        }
        let group = group.usize();
        let (first, end) = row.touched;
        let at_peak = match self.policy {
            IdlePolicy::Peak => rates_at(&self.peaks[group], metering, uses),
            _ => Vec::new(),
        };
        let from = grid.hours.partition_point(|hour| hour.end <= first);
        for (hour, pieces) in grid.hours.iter().enumerate().skip(from).take_while(|(_, pieces)| pieces.start < end) {
            let weight = match self.policy {
                IdlePolicy::Peak => at_peak[hour],
                _ => pieces.clone().map(|piece| row.cell(piece).cost).sum(),
            };
            if weight == 0 {
                continue;
            }
            let (all, served) = &mut self.weights[group][hour];
            let before = *served;
            *served += weight;
            let mut so_far = 0;
            for piece in pieces.clone() {
                let amount = self.idle[group][piece];
                give(piece, part_between(so_far, so_far + amount, (before, *served), *all));
                so_far += amount;
            }
        }
    }
}

/// What the workers of modules cost, by module and piece; where modules are not told apart, they are one.
pub(super) fn of_modules(metering: &Metering, grid: &Grid, told_apart: bool) -> Vec<Vec<i128>> {
    let mut costs: Vec<Row> = (0..if told_apart { MODULES } else { 1 }).map(|_| Row::new(grid)).collect();
    for stretch in &metering.modules {
        let module = if told_apart { stretch.module as usize } else { 0 };
        costs[module].add(grid, stretch.from, stretch.until, stretch.rate);
    }
    costs.iter_mut().for_each(|row| row.settle(grid));
    costs.iter().map(|row| (0..grid.pieces()).map(|piece| row.cell(piece).cost).collect()).collect()
}

/// Tells of the cost of modules piece by piece, as it is or shared out among tenants: whose, and how much.
pub(super) fn share_modules(
    costs: &[Vec<i128>],
    policy: &SharedPolicy,
    grid: &Grid,
    tenants: &TenantHours,
    mut give: impl FnMut(Module, usize, Option<TenantIndex>, i128),
) {
    for (hour, pieces) in grid.hours.iter().enumerate() {
        let weights = weights(policy, tenants, hour);
        let all: i128 = weights.iter().map(|(_, weight)| weight).sum();
        for (module, costs) in Module::ALL.into_iter().zip(costs) {
            let mut so_far = 0;
            for piece in pieces.clone() {
                let until = so_far + costs[piece];
                if until == so_far {
                    continue;
                }
                if all == 0 {
                    give(module, piece, None, until - so_far);
                } else {
                    let mut served = 0;
                    for &(tenant, weight) in &weights {
                        give(module, piece, Some(tenant), part_between(so_far, until, (served, served + weight), all));
                        served += weight;
                    }
                }
                so_far = until;
            }
        }
    }
}

/// Who pays how much of the modules of an hour.
fn weights(policy: &SharedPolicy, tenants: &TenantHours, hour: usize) -> Vec<(TenantIndex, i128)> {
    let used = tenants.of(hour).iter();
    match policy {
        SharedPolicy::Keep => Vec::new(),
        SharedPolicy::Uniform => used.map(|used| (used.tenant, 1)).collect(),
        SharedPolicy::Proportional => used.map(|used| (used.tenant, used.cost)).collect(),
        SharedPolicy::Weighted(weights) => {
            let weight = |(tenant, &weight): (usize, &u64)| (TenantIndex::from_usize(tenant), i128::from(weight));
            weights.iter().enumerate().map(weight).collect()
        }
    }
}

/// The part of what comes from `from` to `until` of an hour's amount that goes to the weights from `before` to `served`.
///
/// Of any amount `x` the weights up to `w` get `floor(x × w ÷ all)` together, so that shares add up exactly over those who
/// get them and over the pieces of the hour, wherever it is cut; each is off by less than two ledger units.
fn part_between(from: i128, until: i128, (before, served): (i128, i128), all: i128) -> i128 {
    let of = |amount| part_of(amount, served, all) - part_of(amount, before, all);
    of(until) - if from == 0 { 0 } else { of(from) }
}

/// `floor(amount × part ÷ whole)` for `0 ≤ part ≤ whole`, exactly; amounts and wholes up to 2⁹⁵.
pub(super) fn part_of(amount: i128, part: i128, whole: i128) -> i128 {
    if part == 0 || part == whole {
        return if part == 0 { 0 } else { amount };
    }
    if let Some(product) = amount.checked_mul(part) {
        return product / whole;
    }
    assert!(amount >> 95 == 0 && whole >> 95 == 0, "an hour costs less than 10^10 units of a currency");
    let (amount, part, whole) = (amount as u128, part as u128, whole as u128);
    // Long division, 32 bits of the part at a time.
    let (mut quotient, mut rest) = (0_u128, 0_u128);
    for shift in [64, 32, 0] {
        let sum = (rest << 32) + amount * ((part >> shift) & u128::from(u32::MAX));
        quotient = (quotient << 32) + sum / whole;
        rest = sum % whole;
    }
    quotient as i128
}

/// By hour, the highest rate of all uses on nodes of a group, and when it was reached first.
fn peaks(metering: &Metering, grid: &Grid, group: NodeGroupIndex) -> Vec<(i128, Instant)> {
    let window = grid.window();
    let mut peaks: Vec<(i128, Instant)> = (0..grid.hours.len()).map(|hour| (0, grid.hour(hour).start)).collect();
    let mut changes: Vec<(Instant, i64)> = Vec::new();
    let of_group = metering.uses.iter().filter(|used| used.node_group == Some(group));
    for used in of_group.filter(|used| used.from < window.end && used.until > window.start) {
        changes.push((used.from.max(window.start), used.rate.nanos()));
        changes.push((used.until, -used.rate.nanos()));
    }
    changes.sort_unstable();
    let (mut level, mut next) = (0_i128, 0);
    for (hour, peak) in peaks.iter_mut().enumerate() {
        let until = grid.hour(hour).end;
        let mut at = peak.1;
        loop {
            // All changes of an instant first: who leaves then makes room for who comes.
            while let Some(&(_, change)) = changes.get(next).filter(|(when, _)| *when <= at) {
                level += i128::from(change);
                next += 1;
            }
            if level > peak.0 {
                *peak = (level, at);
            }
            match changes.get(next) {
                Some(&(when, _)) if when < until => at = when,
                _ => break,
            }
        }
    }
    peaks
}

/// The rate of some uses at each of these instants, which are in order.
fn rates_at(instants: &[Instant], metering: &Metering, uses: &[u32]) -> Vec<i128> {
    let mut changes = vec![0_i128; instants.len() + 1];
    for used in uses.iter().map(|&position| &metering.uses[position as usize]) {
        let [from, until] = [used.from, used.until].map(|bound| instants.partition_point(|&at| at < bound));
        changes[from] += i128::from(used.rate.nanos());
        changes[until] -= i128::from(used.rate.nanos());
    }
    let mut level = 0;
    changes.pop();
    changes
        .into_iter()
        .map(|change| {
            level += change;
            level
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Where the product fits, the division is that of the machine; otherwise its defining bounds hold, by halves of the
        /// amount.
        #[test]
        fn parts_are_exact(amount in 0_i128..1 << 95, whole in 1_i128..1 << 95, share in 0.0..1.0_f64) {
            let part = ((whole as f64 * share) as i128).clamp(0, whole);
            let (small, small_part) = (amount >> 40, part >> 40);
            let small_whole = (whole >> 40).max(1).max(small_part);
            prop_assert_eq!(part_of(small, small_part, small_whole), small * small_part / small_whole);
            let (half, rest) = (amount / 2, amount - amount / 2);
            let (whole_part, halves) = (part_of(amount, part, whole), part_of(half, part, whole) + part_of(rest, part, whole));
            prop_assert!((0..=1).contains(&(whole_part - halves)), "floors of two parts lose less than two");
            prop_assert_eq!(part_of(whole, part, whole), part);
        }
    }
}
