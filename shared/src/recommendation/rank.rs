//! What a replay says for and against a change.

use serde::{Deserialize, Serialize};

use super::past_day::OnPastDay;
use super::risk::{Effort, Risk};
use crate::allocation::{mean_column, quantile};
use crate::scenario::Edit;
use crate::simulation::{Digest, Histogram, Outcome, RunOutcome};
use crate::units::LedgerUnits;

/// How much of the runs lies between the levels of a saving, in percent.
pub const INTERVAL_PERCENT: u32 = 80;

/// A change, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recommendation {
    /// Its place among all, from 1; what [saves the most](Recommendation::lasting_saving) is first.
    pub rank: u32,
    /// What to change, all of it together.
    pub edits: Vec<Edit>,
    /// What for.
    pub benefit: Benefit,
    /// What it brings.
    pub difference: Difference,
    /// What it would have brought on a day that is over, where one was replayed.
    pub past_day: Option<OnPastDay>,
    /// What speaks against it.
    pub risks: Vec<Risk>,
    /// What it takes.
    pub effort: Effort,
    /// The ranks of those that change the same thing: only one of them can be had.
    pub conflicts: Vec<u32>,
}

/// What changes do to what a scenario yields: both ensembles ran on the same predicted streams with the same draws, so
/// that each run is compared with itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Mean saving over the runs, for the window; negative where it costs more.
    pub saving: LedgerUnits,
    /// Saving at level 0.10 over the runs, each compared with itself.
    pub saving_p10: LedgerUnits,
    /// Saving at level 0.90.
    pub saving_p90: LedgerUnits,
    /// By how much the 0.99 quantile of the time from request to ready changes, in milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// How many runs were compared.
    pub runs: u32,
    /// How many more creates and resizes are refused, over all runs.
    pub refused: i64,
    /// How many more resources have to leave their node, over all runs.
    pub evicted: i64,
    /// How many more resources become usable, over all runs.
    pub ready: i64,
    /// Digest of the ensemble as it is.
    pub before: Digest,
    /// Digest of the ensemble with the change.
    pub after: Digest,
}

/// Changes that go together, and what they save then: less than the sum of what each saves, as a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Together {
    /// The ranks of the recommendations.
    pub ranks: Vec<u32>,
    /// What they bring together.
    pub difference: Difference,
    /// What they would save if their savings added up.
    pub sum: LedgerUnits,
}

/// What a change is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Benefit {
    /// It costs less.
    Saves,
    /// Requests are ready sooner.
    Speeds,
    /// Fewer requests are refused; it may cost more.
    Serves,
    /// Nothing changes in the runs, but the most that a tenant could cost is less.
    Bounds,
}

/// Below these, a change is not recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thresholds {
    /// Least mean saving, in thousandths of the cost.
    pub saving_permille: u32,
    /// Least fall of the 0.99 quantile of latency, in percent, for a change that saves nothing.
    pub latency_percent: u32,
    /// Least fall of refusals, in percent, for a change that neither saves nor speeds.
    pub refused_percent: u32,
    /// Most resources that may not become usable any more, in thousandths.
    pub not_ready_permille: u32,
}

impl Default for Thresholds {
    /// 1 % of the cost, a fifth of the latency, a fifth of the refusals, no more than one resource in a thousand.
    fn default() -> Self {
        Self { saving_permille: 10, latency_percent: 20, refused_percent: 20, not_ready_permille: 1 }
    }
}

impl Difference {
    /// What lies between two ensembles of as many runs.
    pub fn between(before: &Outcome, after: &Outcome) -> Self {
        let pairs = before.runs.iter().zip(&after.runs);
        let mut savings: Vec<LedgerUnits> =
            pairs.map(|(before, after)| before.cost.total() - after.cost.total()).collect();
        savings.sort_unstable();
        let (latency_before, latency_after) = (latency(before), latency(after));
        let [p99_before, p99_after] = [&latency_before, &latency_after].map(|latency| latency.quantile_ms(0.99));
        let sum = |outcome: &Outcome, of: fn(&RunOutcome) -> u64| outcome.runs.iter().map(of).sum::<u64>() as i64;
        Self {
            saving: mean_column(&[savings.iter().copied().sum()], savings.len() as u32)[0],
            saving_p10: quantile(&savings, 10),
            saving_p90: quantile(&savings, 90),
            latency_p99_ms: p99_before.zip(p99_after).map(|(before, after)| after - before),
            runs: savings.len() as u32,
            refused: sum(after, refused) - sum(before, refused),
            evicted: sum(after, evicted) - sum(before, evicted),
            ready: latency_after.count() as i64 - latency_before.count() as i64,
            before: before.digest,
            after: after.digest,
        }
    }

    /// Whether as much is served as before: refusals do not rise, nor fall ready resources beyond the threshold.
    pub(super) fn serves_as_much(&self, before: &Outcome, least: &Thresholds) -> bool {
        let ready: u64 = before.runs.iter().map(|run| run.latency.count()).sum();
        let missing = i128::from(-self.ready) * 1_000 > i128::from(ready) * i128::from(least.not_ready_permille);
        self.refused <= 0 && !missing
    }

    /// What it is good for, where that passes the thresholds.
    ///
    /// A change that saves because it serves less is none. A saving has to hold at level 0.10 of the runs, too.
    pub(super) fn benefit(&self, edits: &[Edit], before: &Outcome, least: &Thresholds) -> Option<Benefit> {
        if !self.serves_as_much(before, least) {
            return None;
        }
        let runs = before.runs.len() as u32;
        let cost = mean_column(&[before.runs.iter().map(|run| run.cost.total()).sum()], runs)[0];
        let saves = self.saving.0 * 1_000 >= cost.0 * i128::from(least.saving_permille)
            && self.saving > LedgerUnits::ZERO
            && self.saving_p10 > LedgerUnits::ZERO;
        let speeds = latency(before)
            .quantile_ms(0.99)
            .zip(self.latency_p99_ms)
            .is_some_and(|(before, more)| before > 0.0 && -more * 100.0 >= before * f64::from(least.latency_percent));
        let refused_before = before.runs.iter().map(refused).sum::<u64>();
        let serves = self.refused < 0
            && i128::from(-self.refused) * 100 >= i128::from(refused_before) * i128::from(least.refused_percent);
        let bounds = matches!(edits, [Edit::Quota { quota: Some(_), .. }]) && self.before == self.after;
        let benefits =
            [(saves, Benefit::Saves), (speeds, Benefit::Speeds), (serves, Benefit::Serves), (bounds, Benefit::Bounds)];
        benefits.into_iter().find_map(|(holds, benefit)| holds.then_some(benefit))
    }
}

/// From request to ready, over all runs.
pub(super) fn latency(outcome: &Outcome) -> Histogram {
    outcome.runs.iter().fold(Histogram::default(), |mut all, run| {
        all.merge(&run.latency);
        all
    })
}

fn refused(run: &RunOutcome) -> u64 {
    run.refused.values().sum()
}

fn evicted(run: &RunOutcome) -> u64 {
    run.evicted.values().sum()
}
