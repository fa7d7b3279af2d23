//! What a replay says for and against a change.

use serde::{Deserialize, Serialize};

use crate::allocation::{mean_column, quantile};
use crate::scenario::Edit;
use crate::simulation::{Digest, Histogram, Outcome};
use crate::units::LedgerUnits;

/// A change, and the evidence for it: both ensembles ran on the same predicted streams with the same draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recommendation {
    /// What to change.
    pub edit: Edit,
    /// What for.
    pub benefit: Benefit,
    /// Mean saving over the runs, for the window; negative where it costs more.
    pub saving: LedgerUnits,
    /// Saving at level 0.10 over the runs, each compared with itself.
    pub saving_p10: LedgerUnits,
    /// Saving at level 0.90.
    pub saving_p90: LedgerUnits,
    /// By how much the 0.99 quantile of the time from request to ready changes, in milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// How many more creates and resizes are refused, over all runs.
    pub refused: i64,
    /// How many more resources become usable, over all runs.
    pub ready: i64,
    /// Digest of the ensemble as it is.
    pub before: Digest,
    /// Digest of the ensemble with the change.
    pub after: Digest,
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
}

/// Below these, a change is not recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thresholds {
    /// Least mean saving, in thousandths of the cost.
    pub saving_permille: u32,
    /// Least fall of the 0.99 quantile of latency, in percent, for a change that saves nothing.
    pub latency_percent: u32,
    /// Most resources that may not become usable any more, in thousandths.
    pub not_ready_permille: u32,
}

impl Default for Thresholds {
    /// 1 % of the cost, a fifth of the latency, no more than one resource in a thousand.
    fn default() -> Self {
        Self { saving_permille: 10, latency_percent: 20, not_ready_permille: 1 }
    }
}

/// What one change does, where it passes the thresholds.
///
/// A change that saves because it serves less is none: refusals may not rise, nor ready resources fall beyond the
/// threshold. A saving has to hold at level 0.10 of the runs, too.
pub(super) fn judge(edit: &Edit, before: &Outcome, after: &Outcome, least: &Thresholds) -> Option<Recommendation> {
    let pairs = before.runs.iter().zip(&after.runs);
    let mut savings: Vec<LedgerUnits> = pairs.map(|(before, after)| before.cost.total() - after.cost.total()).collect();
    savings.sort_unstable();
    let runs = savings.len() as u32;
    let saving = mean_column(&[savings.iter().copied().sum()], runs)[0];
    let cost = mean_column(&[before.runs.iter().map(|run| run.cost.total()).sum()], runs)[0];
    let (latency_before, latency_after) = (latency(before), latency(after));
    let [p99_before, p99_after] = [&latency_before, &latency_after].map(|latency| latency.quantile_ms(0.99));
    let found = Recommendation {
        edit: edit.clone(),
        benefit: Benefit::Saves,
        saving,
        saving_p10: quantile(&savings, 10),
        saving_p90: quantile(&savings, 90),
        latency_p99_ms: p99_before.zip(p99_after).map(|(before, after)| after - before),
        refused: refused(after) - refused(before),
        ready: latency_after.count() as i64 - latency_before.count() as i64,
        before: before.digest,
        after: after.digest,
    };
    let not_ready =
        i128::from(-found.ready) * 1_000 > i128::from(latency_before.count()) * i128::from(least.not_ready_permille);
    if found.refused > 0 || not_ready {
        return None;
    }
    let saves = saving.0 * 1_000 >= cost.0 * i128::from(least.saving_permille)
        && saving > LedgerUnits::ZERO
        && found.saving_p10 > LedgerUnits::ZERO;
    let speeds = p99_before.zip(p99_after).is_some_and(|(before, after)| {
        before > 0.0 && (before - after) * 100.0 >= before * f64::from(least.latency_percent)
    });
    match (saves, speeds) {
        (true, _) => Some(found),
        (false, true) => Some(Recommendation { benefit: Benefit::Speeds, ..found }),
        (false, false) => None,
    }
}

fn latency(outcome: &Outcome) -> Histogram {
    outcome.runs.iter().fold(Histogram::default(), |mut all, run| {
        all.merge(&run.latency);
        all
    })
}

fn refused(outcome: &Outcome) -> i64 {
    outcome.runs.iter().flat_map(|run| run.refused.values()).map(|&count| count as i64).sum()
}
