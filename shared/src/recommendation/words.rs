//! Recommendations in words, and in the optimization areas of a report.

use super::rank::{Benefit, Difference, INTERVAL_PERCENT, Recommendation, Together};
use crate::allocation::{AllocationReport, Cause, OptimizationArea, RowKind};
use crate::scenario::{Edit, Scenario};
use crate::units::{Currency, LedgerUnits};

/// Tells the optimization areas of a report what was recommended about them: edits that belong together, each with its
/// [sentence](Recommendation::sentence), the best first.
pub fn attach<'a>(
    report: &mut AllocationReport,
    recommendations: impl Iterator<Item = (&'a [Edit], String)> + Clone,
    scenario: &Scenario,
) {
    for area in &mut report.optimization_areas {
        let about = recommendations.clone();
        let about = about.filter(|(edits, _)| edits.iter().any(|edit| concerns(edit, area, scenario)));
        area.recommendations = about.map(|(_, sentence)| sentence).collect();
    }
}

/// Modules, tenants and their quotas are about themselves; placement and the fleet about idle and boot time, and about
/// whatever placement changed.
fn concerns(edit: &Edit, area: &OptimizationArea, scenario: &Scenario) -> bool {
    match edit {
        Edit::Workers { module, .. } | Edit::ServiceTimes { module, .. } | Edit::Failures { module, .. } => {
            area.kind == RowKind::Module && area.name == module.as_str()
        }
        Edit::Requested { tenant, .. } => {
            let name = scenario.tenants.get(tenant.usize()).map(|tenant| tenant.name.as_str());
            area.kind == RowKind::Tenant && name == Some(area.name.as_str())
        }
        Edit::Placement { .. }
        | Edit::MaxNodes { .. }
        | Edit::MinNodes { .. }
        | Edit::InstanceType { .. }
        | Edit::Price { .. }
        | Edit::Scaling { .. }
        | Edit::NodeFailures { .. }
        | Edit::ZoneOutage(_)
        | Edit::OverCommit { .. }
        | Edit::ScaleDown { .. }
        | Edit::Consolidation { .. } => {
            matches!(area.kind, RowKind::Idle | RowKind::Overhead) || area.cause == Cause::Placement
        }
        Edit::Commitments { .. } => {
            matches!(area.kind, RowKind::CommitmentDiscount | RowKind::UnusedCommitment)
        }
        // How nodes are bought makes everything cheaper, and explains no variance; pools cost nothing of their own.
        Edit::Purchase { .. }
        | Edit::SpotBeyond { .. }
        | Edit::ScaleDemand { .. }
        | Edit::ScaleFlavor { .. }
        | Edit::Shift { .. }
        | Edit::Burst(_)
        | Edit::RemoveTenant { .. }
        | Edit::Quota { .. }
        | Edit::PoolCapacity { .. }
        | Edit::PoolOverCommit { .. } => false,
    }
}

impl Recommendation {
    /// What to change, for people.
    pub fn what(&self, scenario: &Scenario) -> String {
        scenario.edits_in_words(&self.edits).join(", and ")
    }

    /// What to do and what it brings, for people.
    pub fn sentence(&self, scenario: &Scenario, currency: Currency) -> String {
        let brings = match self.benefit {
            Benefit::Bounds => format!("bounds what it may cost, {}", self.difference.sentence(currency)),
            _ => self.difference.sentence(currency),
        };
        format!("{}: {brings}", self.what(scenario))
    }
}

impl Together {
    /// What several changes bring, and what their savings would add up to.
    pub fn sentence(&self, currency: Currency) -> String {
        let ranks: Vec<String> = self.ranks.iter().map(u32::to_string).collect();
        let sum = rounded(self.sum, currency);
        format!(
            "{} together: {}; alone they would add up to {sum}",
            ranks.join(" + "),
            self.difference.sentence(currency)
        )
    }
}

impl Difference {
    fn sentence(&self, currency: Currency) -> String {
        let amounts = [self.saving, self.saving_p10, self.saving_p90];
        let saves = if self.saving < LedgerUnits::ZERO {
            let [mean, high, low] = amounts.map(|amount| rounded(LedgerUnits::ZERO - amount, currency));
            format!("costs {mean} more ({low} to {high} in the middle {INTERVAL_PERCENT} % of the runs)")
        } else {
            let [mean, low, high] = amounts.map(|amount| rounded(amount, currency));
            format!("saves {mean} ({low} to {high} in the middle {INTERVAL_PERCENT} % of the runs)")
        };
        let latency = self.latency_p99_ms.map(|ms| format!(", p99 to ready {ms:+.0} ms")).unwrap_or_default();
        let refused = a_run(self.refused, self.runs, "refused");
        let evicted = if self.evicted == 0 { String::new() } else { a_run(self.evicted, self.runs, "evicted") };
        format!("{saves}{latency}{refused}{evicted}")
    }
}

/// So many more, on average of the runs as the saving is.
fn a_run(more: i64, runs: u32, what: &str) -> String {
    let mean = more as f64 / f64::from(runs.max(1));
    let digits = usize::from(more % i64::from(runs.max(1)) != 0);
    format!(", {mean:+.digits$} {what}")
}

fn rounded(amount: LedgerUnits, currency: Currency) -> String {
    format!("{} {currency}", amount.to_money(currency).amount.round_dp(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Savings are per run, and so is what stands beside them.
    #[test]
    fn what_is_counted_is_told_per_run() {
        assert_eq!(a_run(30, 20, "evicted"), ", +1.5 evicted");
        assert_eq!(a_run(-40, 20, "refused"), ", -2 refused");
        assert_eq!(a_run(0, 20, "refused"), ", +0 refused");
    }
}
