//! Commitment discounts, drawn down hour by hour.

use core::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::meter::Flow;
use crate::pricing::{CommitmentDiscount, Coverage};
use crate::units::{Instant, LedgerUnits, Rate, Window};

/// What commitment discounts came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitmentCost {
    /// What was saved: the price of what they covered, less what they cost for it. Below zero where the price fell below
    /// what was promised.
    pub saved: LedgerUnits,
    /// What they cost for what they covered.
    pub used: LedgerUnits,
    /// What they cost for nothing.
    pub unused: LedgerUnits,
}

/// What was used of one instance type, or of one flavor that has a price of its own.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The instance type or the flavor.
    pub name: &'a str,
    /// What one costs an hour without a commitment.
    pub rate: Rate,
    /// How many × microseconds.
    pub micros: i128,
}

/// Use that a commitment covered in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Position of the commitment.
    pub commitment: usize,
    /// Position of what was used: a node group, or a flavor where each resource has a price of its own.
    pub line: usize,
    /// How many × microseconds.
    pub micros: i128,
    /// What one costs an hour without the commitment.
    pub list: Rate,
    /// What one costs under it.
    pub rate: Rate,
}

/// How far the commitments of a run are drawn down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct DrawDown {
    /// When the hour began that is not closed yet.
    pub(super) opened: Instant,
    /// What was used since then.
    pub(super) open: Vec<Flow>,
    /// What each commitment came to in the hours that are closed.
    pub(super) closed: Vec<CommitmentCost>,
}

/// Draws `commitments` down by what was used in `hour`; gives what each came to, and what they covered.
///
/// Machines come first, in the order of the commitments, then spend, the largest discount first; within one of them use
/// is covered by name of its type, then in the order of `usage`. What an hour does not use is lost, and a part of an hour
/// has its part of the commitment. Source: how AWS applies reserved instances and savings plans.
pub(super) fn draw_down(
    commitments: &[CommitmentDiscount],
    usage: &[Usage<'_>],
    hour: Window,
) -> (Vec<CommitmentCost>, Vec<Covered>) {
    let mut all = Vec::new();
    let mut costs = vec![CommitmentCost::default(); commitments.len()];
    let mut left: Vec<i128> = usage.iter().map(|used| used.micros).collect();
    let mut by_name: Vec<usize> = (0..usage.len()).collect();
    by_name.sort_by_key(|&i| usage[i].name);
    let mut order: Vec<usize> = (0..commitments.len()).collect();
    order.sort_by_key(|&i| discount_rank(&commitments[i].covers));
    for i in order {
        let CommitmentDiscount { covers, .. } = &commitments[i];
        let micros = i128::from(commitments[i].micros_in(hour));
        let lines = by_name.iter().copied().filter(|&used| covers.covers(usage[used].name));
        let cost = &mut costs[i];
        let mut cover = |line: usize, at_most: i128, rate: Rate| {
            let micros = left[line].min(at_most);
            left[line] -= micros;
            let covered = Covered { commitment: i, line, micros, list: usage[line].rate, rate };
            cost.used += covered.used();
            cost.saved += covered.saved();
            all.extend((micros > 0).then_some(covered));
            micros
        };
        let unused = match covers {
            Coverage::Machines { count, rate, .. } => {
                cover_machines(micros * i128::from(*count), *rate, lines, &mut cover)
            }
            Coverage::Spend { rate, price_percent, .. } => {
                cover_spend(micros * i128::from(rate.nanos()), *price_percent, (lines, usage), &mut cover)
            }
        };
        costs[i].unused = unused;
    }
    (costs, all)
}

/// Machines before spend, and of spend the largest discount first.
fn discount_rank(covers: &Coverage) -> u32 {
    match covers {
        Coverage::Machines { .. } => 0,
        Coverage::Spend { price_percent, .. } => *price_percent,
    }
}

/// Covers lines in order; `cover` takes what is left of one, up to so much, and says how much that was. Gives what is
/// unused.
fn cover_machines(
    mut promised: i128,
    rate: Rate,
    lines: impl Iterator<Item = usize>,
    cover: &mut impl FnMut(usize, i128, Rate) -> i128,
) -> LedgerUnits {
    for line in lines {
        promised -= cover(line, promised, rate);
    }
    LedgerUnits(promised * i128::from(rate.nanos()))
}

fn cover_spend(
    mut promised: i128,
    price_percent: u32,
    (lines, usage): (impl Iterator<Item = usize>, &[Usage<'_>]),
    cover: &mut impl FnMut(usize, i128, Rate) -> i128,
) -> LedgerUnits {
    for line in lines {
        let nanos = i128::from(usage[line].rate.nanos()) * i128::from(price_percent) / 100;
        if nanos > 0 {
            promised -= cover(line, promised / nanos, Rate::from_nanos(nanos as i64)) * nanos;
        }
    }
    LedgerUnits(promised)
}

impl Covered {
    /// What it costs under the commitment.
    pub fn used(&self) -> LedgerUnits {
        LedgerUnits(self.micros * i128::from(self.rate.nanos()))
    }

    /// What it costs less than without.
    pub fn saved(&self) -> LedgerUnits {
        LedgerUnits(self.micros * (i128::from(self.list.nanos()) - i128::from(self.rate.nanos())))
    }
}

impl CommitmentCost {
    /// What they change the cost by: what they cost for nothing, less what they saved.
    pub fn net(&self) -> LedgerUnits {
        self.unused - self.saved
    }
}

impl Add for CommitmentCost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { saved: self.saved + other.saved, used: self.used + other.used, unused: self.unused + other.unused }
    }
}

impl AddAssign for CommitmentCost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl core::iter::Sum for CommitmentCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn commitment(covers: Coverage) -> CommitmentDiscount {
        CommitmentDiscount { name: String::new(), covers, from: at(0), until: at(100 * HOUR) }
    }

    fn machines(instance_type: &str, count: u32, nanos: i64) -> CommitmentDiscount {
        let instance_type = instance_type.to_owned();
        commitment(Coverage::Machines { instance_type, count, rate: Rate::from_nanos(nanos) })
    }

    fn spend(nanos: i64, price_percent: u32, families: &[&str]) -> CommitmentDiscount {
        let families = families.iter().map(|&family| family.to_owned()).collect();
        commitment(Coverage::Spend { rate: Rate::from_nanos(nanos), price_percent, families })
    }

    fn used(name: &str, nanos: i64, machine_hours: f64) -> Usage<'_> {
        Usage { name, rate: Rate::from_nanos(nanos), micros: (machine_hours * HOUR as f64) as i128 }
    }

    /// Saved, used and unused in nano-units.
    fn check(commitments: &[CommitmentDiscount], usage: &[Usage<'_>], minutes: i64, expected: &[[i128; 3]]) {
        let hour = Window { start: at(0), end: at(minutes * HOUR / 60) };
        let (costs, covered) = draw_down(commitments, usage, hour);
        let nanos = |amount: LedgerUnits| amount.0 / i128::from(HOUR);
        let found: Vec<[i128; 3]> = costs.iter().map(|cost| [cost.saved, cost.used, cost.unused].map(nanos)).collect();
        assert_eq!(found, expected);
        for (i, cost) in costs.iter().enumerate() {
            let of = || covered.iter().filter(|covered| covered.commitment == i);
            assert_eq!(of().map(Covered::used).sum::<LedgerUnits>(), cost.used);
            assert_eq!(of().map(Covered::saved).sum::<LedgerUnits>(), cost.saved);
        }
    }

    #[test]
    fn machines_cover_their_type_up_to_their_number() {
        // Three of four hours of `m` at 60 instead of 100 save 120; `n` is not covered.
        check(&[machines("m", 3, 60)], &[used("m", 100, 4.0), used("n", 100, 4.0)], 60, &[[120, 180, 0]]);
        // 1.5 hours are used of 3: 90 for use, 90 for nothing.
        check(&[machines("m", 3, 60)], &[used("m", 100, 1.5)], 60, &[[60, 90, 90]]);
        // Twenty minutes have a third of three hours.
        check(&[machines("m", 3, 60)], &[used("m", 100, 4.0)], 20, &[[40, 60, 0]]);
        // A price below what was promised is a loss.
        check(&[machines("m", 1, 60)], &[used("m", 50, 1.0)], 60, &[[-10, 60, 0]]);
    }

    #[test]
    fn spend_covers_what_machines_leave_by_name() {
        // One hour of `b.x` is reserved. 50 an hour at half price buy an hour of `a.x` at 60 and 20 ÷ 40 of one of `b.x`.
        check(
            &[spend(50, 50, &[]), machines("b.x", 1, 70)],
            &[used("b.x", 80, 2.0), used("a.x", 60, 1.0)],
            60,
            &[[50, 50, 0], [10, 70, 0]],
        );
        // The family `b` alone: 1.25 hours at 40 would be 50, there is one; 10 are for nothing.
        check(&[spend(50, 50, &["b"])], &[used("b.x", 80, 1.0), used("a.x", 60, 1.0)], 60, &[[40, 40, 10]]);
    }

    #[test]
    fn the_largest_discount_comes_first() {
        // One hour at 100: the plan at 40 % pays 40 of its 40, nothing is left for the one at 60 %.
        check(&[spend(60, 60, &[]), spend(40, 40, &[])], &[used("m", 100, 1.0)], 60, &[[0, 0, 60], [60, 40, 0]]);
    }

    #[test]
    fn a_commitment_counts_while_it_holds() {
        let mut early = machines("m", 2, 60);
        early.until = at(HOUR / 4);
        // A quarter of an hour of two.
        check(&[early], &[used("m", 100, 3.0)], 60, &[[20, 30, 0]]);
    }
}
