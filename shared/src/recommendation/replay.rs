//! Candidates are run before they are recommended.

use super::candidates::candidates;
use super::commitments::commitments;
use super::rank::{Recommendation, Thresholds, judge};
use crate::allocation::{AllocationReport, Cause, OptimizationArea, RowKind};
use crate::pricing::CommitmentOffer;
use crate::scenario::{Edit, Scenario, ValidScenario};
use crate::simulation::Outcome;
use crate::units::{Currency, LedgerUnits};

/// What to change in a scenario, the largest saving first.
///
/// `outcome` is what the scenario yields, `offers` are commitments that could be bought for as long as its window at the
/// least. `simulate` runs every run of a changed scenario, on its own demand: edits of
/// settings leave sampled streams and draws alone, so runs are compared with themselves. A candidate that makes the
/// scenario impossible is left out.
///
/// # Errors
/// Those of `simulate`.
pub fn recommend<E>(
    scenario: &ValidScenario,
    outcome: &Outcome,
    offers: &[CommitmentOffer],
    thresholds: &Thresholds,
    mut simulate: impl FnMut(&ValidScenario) -> Result<Outcome, E>,
) -> Result<Vec<Recommendation>, E> {
    let mut found = Vec::new();
    for edit in candidates(scenario.scenario(), outcome).into_iter().chain(commitments(scenario, offers)) {
        let mut changed = scenario.original().clone();
        changed.edits.push(edit.clone());
        let Ok(changed) = ValidScenario::new(changed) else { continue };
        found.extend(judge(&edit, outcome, &simulate(&changed)?, thresholds));
    }
    found.sort_by_key(|recommendation| core::cmp::Reverse(recommendation.saving));
    Ok(found)
}

/// Tells the optimization areas of a report what was recommended about them.
pub fn attach(report: &mut AllocationReport, recommendations: &[Recommendation], scenario: &Scenario) {
    let currency = report.currency;
    for area in &mut report.optimization_areas {
        let about = recommendations.iter().find(|recommendation| concerns(&recommendation.edit, area));
        area.recommendation = about.map(|recommendation| recommendation.sentence(scenario, currency));
    }
}

/// Workers are about their module; placement and the size of the fleet about idle and boot time, and about whatever
/// placement changed.
fn concerns(edit: &Edit, area: &OptimizationArea) -> bool {
    match edit {
        Edit::Workers { module, .. } => area.kind == RowKind::Module && area.name == module.as_str(),
        Edit::Placement { .. }
        | Edit::MaxNodes { .. }
        | Edit::MinNodes { .. }
        | Edit::InstanceType { .. }
        | Edit::Price { .. }
        | Edit::Scaling { .. }
        | Edit::Purchase { .. }
        | Edit::NodeFailures { .. }
        | Edit::ZoneOutage(_)
        | Edit::Consolidation { .. } => {
            matches!(area.kind, RowKind::Idle | RowKind::Overhead) || area.cause == Cause::Placement
        }
        Edit::Commitments { .. } => {
            matches!(area.kind, RowKind::CommitmentDiscount | RowKind::UnusedCommitment)
        }
        Edit::ScaleDemand { .. }
        | Edit::ScaleFlavor { .. }
        | Edit::Shift { .. }
        | Edit::Burst(_)
        | Edit::Quota { .. } => false,
    }
}

impl Recommendation {
    /// What to do and what it brings, for people.
    pub fn sentence(&self, scenario: &Scenario, currency: Currency) -> String {
        let what = self.edit.describe(scenario);
        let cents = |amount: LedgerUnits| format!("{} {currency}", amount.to_money(currency).amount.round_dp(2));
        let [mean, low, high] = [self.saving, self.saving_p10, self.saving_p90].map(cents);
        let saves = format!("saves {mean} ({low} to {high} in the middle 80 % of the runs)");
        let latency = self.latency_p99_ms.map(|ms| format!(", p99 to ready {ms:+.0} ms")).unwrap_or_default();
        format!("{what}: {saves}{latency}, {:+} refused", self.refused)
    }
}
