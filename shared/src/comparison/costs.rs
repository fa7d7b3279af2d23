//! What two outcomes cost, part by part, and by how much they differ in each run.

use serde::{Deserialize, Serialize};

use crate::allocation::{mean_column, quantile};
use crate::scenario::Scenario;
use crate::simulation::{Outcome, RunOutcome};
use crate::units::{LedgerUnits, TenantIndex};

/// The level of the intervals: the middle 80 % of the runs.
pub const INTERVAL_LEVEL: f64 = 0.8;

/// Least runs that an interval is of.
const RUNS_MIN: usize = 2;

/// A part of a cost. All parts add up to the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostPart {
    /// Workload of the tenant of this name.
    Tenant(String),
    /// Node time that nobody requested.
    Idle,
    /// Node time while booting and draining.
    Overhead,
    /// Workers of the modules.
    Modules,
    /// What commitment discounts saved; below zero.
    CommitmentDiscount,
    /// What commitments cost for nothing.
    UnusedCommitment,
}

/// What one part cost in each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartCosts {
    /// Which one.
    pub part: CostPart,
    /// One amount a run.
    pub runs: Vec<LedgerUnits>,
}

/// What an outcome cost, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// The parts, tenants first.
    pub parts: Vec<PartCosts>,
    /// All of it, one amount a run.
    pub totals: Vec<LedgerUnits>,
}

/// What one part, or all, cost before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostDifference {
    /// Mean over the runs; none where it is not there before.
    pub before: Option<LedgerUnits>,
    /// Mean over the runs; none where it is not there after.
    pub after: Option<LedgerUnits>,
    /// After − before.
    pub difference: LedgerUnits,
    /// After − before, each run with itself, at the lower and the upper end of the middle [`INTERVAL_LEVEL`] of the runs;
    /// none where runs have no counterpart, or there is only one.
    pub interval: Option<(LedgerUnits, LedgerUnits)>,
}

/// What two outcomes cost beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostComparison {
    /// Every part of either, in the order of the first; the differences add up to the total's.
    pub parts: Vec<(CostPart, CostDifference)>,
    /// All of it.
    pub total: CostDifference,
    /// In how many runs it is more afterwards; none where runs have no counterpart.
    pub dearer_runs: Option<u32>,
}

impl Costs {
    /// What `outcome` of `scenario` cost in each of its runs.
    pub fn new(scenario: &Scenario, outcome: &Outcome) -> Self {
        let runs = |amount: &dyn Fn(&RunOutcome) -> LedgerUnits| outcome.runs.iter().map(amount).collect();
        let tenants = scenario.tenants.iter().enumerate().map(|(i, tenant)| PartCosts {
            part: CostPart::Tenant(tenant.name.clone()),
            runs: runs(&|run| run.cost.tenant(TenantIndex::from_usize(i))),
        });
        let part = |part, amount: &dyn Fn(&RunOutcome) -> LedgerUnits| PartCosts { part, runs: runs(amount) };
        let mut parts: Vec<PartCosts> = tenants.collect();
        parts.push(part(CostPart::Idle, &|run| run.cost.idle));
        parts.push(part(CostPart::Overhead, &|run| run.cost.overhead));
        parts.push(part(CostPart::Modules, &|run| run.cost.shared()));
        if !scenario.price_book.commitments.is_empty() {
            parts.push(part(CostPart::CommitmentDiscount, &|run| -run.cost.commitments.saved));
            parts.push(part(CostPart::UnusedCommitment, &|run| run.cost.commitments.unused));
        }
        Self { parts, totals: runs(&|run| run.cost.total()) }
    }

    /// Means that add up to the mean of the total.
    fn means(&self) -> Vec<LedgerUnits> {
        let sums: Vec<LedgerUnits> = self.parts.iter().map(|part| part.runs.iter().copied().sum()).collect();
        mean_column(&sums, self.totals.len() as u32)
    }

    fn mean(&self) -> LedgerUnits {
        mean_column(&[self.totals.iter().copied().sum()], self.totals.len() as u32)[0]
    }

    fn find(&self, part: &CostPart) -> Option<usize> {
        self.parts.iter().position(|other| other.part == *part)
    }
}

/// Sets `after` beside `before`; `paired` where run by run they had the same draws.
pub fn compare(before: &Costs, after: &Costs, paired: bool) -> CostComparison {
    let paired = paired && before.totals.len() == after.totals.len();
    let (means_before, means_after) = (before.means(), after.means());
    let only_after = after.parts.iter().filter(|part| before.find(&part.part).is_none());
    let names = before.parts.iter().chain(only_after).map(|part| part.part.clone());
    let runs = |costs: &Costs, at: Option<usize>| {
        at.map_or_else(|| vec![LedgerUnits::ZERO; costs.totals.len()], |at| costs.parts[at].runs.clone())
    };
    let compared = names.map(|part| {
        let (i, k) = (before.find(&part), after.find(&part));
        let differences = paired.then(|| differences(&runs(before, i), &runs(after, k)));
        let means = (i.map(|i| means_before[i]), k.map(|k| means_after[k]));
        (part, CostDifference::new(means, differences.as_deref()))
    });
    let differences = paired.then(|| differences(&before.totals, &after.totals));
    CostComparison {
        parts: compared.collect(),
        total: CostDifference::new((Some(before.mean()), Some(after.mean())), differences.as_deref()),
        dearer_runs: differences
            .map(|differences| differences.iter().filter(|&&difference| difference > LedgerUnits::ZERO).count() as u32),
    }
}

/// After − before in each run, in ascending order.
fn differences(before: &[LedgerUnits], after: &[LedgerUnits]) -> Vec<LedgerUnits> {
    let mut differences: Vec<LedgerUnits> = before.iter().zip(after).map(|(&before, &after)| after - before).collect();
    differences.sort_unstable();
    differences
}

impl CostDifference {
    fn new((before, after): (Option<LedgerUnits>, Option<LedgerUnits>), differences: Option<&[LedgerUnits]>) -> Self {
        let interval = differences
            .filter(|differences| differences.len() >= RUNS_MIN)
            .map(|differences| (quantile(differences, 10), quantile(differences, 90)));
        Self { before, after, difference: after.unwrap_or_default() - before.unwrap_or_default(), interval }
    }

    /// By how many percent of what it was it grows; none from nothing.
    pub fn growth_percent(&self) -> Option<f64> {
        let before = self.before.filter(|&before| before != LedgerUnits::ZERO)?;
        Some(self.difference.to_f64() / before.to_f64() * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(values: &[i128]) -> Vec<LedgerUnits> {
        values.iter().copied().map(LedgerUnits).collect()
    }

    fn costs(parts: &[(CostPart, &[i128])]) -> Costs {
        let runs = parts[0].1.len();
        let totals = (0..runs).map(|run| LedgerUnits(parts.iter().map(|(_, amounts)| amounts[run]).sum())).collect();
        let parts = parts.iter().map(|(part, amounts)| PartCosts { part: part.clone(), runs: units(amounts) });
        Costs { parts: parts.collect(), totals }
    }

    fn tenant(name: &str) -> CostPart {
        CostPart::Tenant(name.to_owned())
    }

    #[test]
    fn runs_are_compared_with_themselves() {
        let before = costs(&[(tenant("a"), &[100, 300]), (CostPart::Idle, &[10, 20])]);
        let after = costs(&[(tenant("b"), &[8, 8]), (tenant("a"), &[110, 320]), (CostPart::Idle, &[0, 0])]);
        let compared = compare(&before, &after, true);
        let names: Vec<_> = compared.parts.iter().map(|(part, _)| part.clone()).collect();
        assert_eq!(names, [tenant("a"), CostPart::Idle, tenant("b")]);
        // Of `a`: 110 − 100 and 320 − 300, so a mean of 15, and 10 + 0.1 × 10 and 10 + 0.9 × 10 by type 7.
        let a = compared.parts[0].1;
        assert_eq!((a.difference, a.interval), (LedgerUnits(15), Some((LedgerUnits(11), LedgerUnits(19)))));
        assert_eq!(a.growth_percent(), Some(7.5));
        let b = compared.parts[2].1;
        assert_eq!((b.before, b.after, b.growth_percent()), (None, Some(LedgerUnits(8)), None));
        // 110 and 320 before; 118 and 328 after.
        assert_eq!((compared.total.difference, compared.dearer_runs), (LedgerUnits(8), Some(2)));
    }

    #[test]
    fn what_has_no_counterpart_has_no_interval() {
        let (one, two) = (costs(&[(CostPart::Idle, &[5])]), costs(&[(CostPart::Idle, &[4, 8])]));
        let compared = compare(&one, &two, true);
        assert_eq!((compared.total.interval, compared.dearer_runs), (None, None));
        assert_eq!(compared.total.difference, LedgerUnits(1));
        assert_eq!(compare(&two, &two, false).total.interval, None);
        assert_eq!(compare(&one, &one, true).total.interval, None, "one run has no middle");
    }

    proptest! {
        #[test]
        fn differences_add_up(
            amounts in proptest::collection::vec(proptest::array::uniform4(-1_000_000_i128..1_000_000), 1..8),
        ) {
            let column = |i: usize| amounts.iter().map(|row| row[i]).collect::<Vec<_>>();
            let before = costs(&[(tenant("a"), &column(0)), (CostPart::Idle, &column(1))]);
            let after = costs(&[(CostPart::Idle, &column(2)), (tenant("c"), &column(3))]);
            let compared = compare(&before, &after, true);
            let sum: LedgerUnits = compared.parts.iter().map(|(_, part)| part.difference).sum();
            prop_assert_eq!(sum, compared.total.difference);
            let (low, high) = compared.total.interval.unwrap_or_default();
            prop_assert!(low <= high);
        }
    }
}
