//! How many nodes a group has, how they are bought, and how much is asked of them.

use super::load::{bins, over_mean, requested_share};
use crate::pricing::builtin;
use crate::scenario::{Edit, Purchase, Scaling, Scenario, Spot};
use crate::simulation::Outcome;
use crate::units::{Dimension, Duration, NodeGroupIndex};

/// Nodes are kept so that this part of them is requested in the busiest bin.
pub(super) const TARGET: f64 = 0.6;

/// A fleet of one group is tried with this part of its peak, in percent.
const PEAK_PERCENT: u32 = 90;

/// A target of utilisation is raised to this, in percent, and set to the other where there is none and nodes boot while
/// somebody waits.
const HIGH_TARGET: u32 = 85;
const NEW_TARGET: u32 = 70;

/// What may be requested of the vCPU of a node is raised by this, in percent of what it has, and not beyond the other:
/// far below what OpenStack takes for granted (`cpu_allocation_ratio` 4.0 since 2023), as nothing is known of use.
const OVER_COMMIT_STEP: u32 = 50;
const OVER_COMMIT_MOST: u32 = 200;

/// The terms of spot nodes where the scenario has none, assumed with care: nodes are taken back far more often than in the
/// worst class of AWS's Spot Instance Advisor, which begins at 20 % a month (a mean of 730 h ÷ −ln 0.8, or 3,270 h).
const SPOT_PERCENT: u32 = 40;
const SPOT_SERVES: Duration = Duration::from_seconds(100 * 3_600);

/// A fleet that is smaller than its peak, where there is one group.
pub(super) fn smaller_fleet(scenario: &Scenario, outcome: &Outcome) -> Option<Edit> {
    let [group] = &scenario.fleet.node_groups[..] else { return None };
    let peak = outcome.runs.iter().map(|run| run.peak_nodes).max()?;
    let max = peak.saturating_mul(PEAK_PERCENT) / 100;
    (max > 0 && max < group.max).then_some(Edit::MaxNodes { node_group: NodeGroupIndex(0), max })
}

/// As many nodes as the load of the busiest bin fills to the target: more are booted when they are needed.
pub(super) fn fewer_kept(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Option<Edit> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let peak = over_mean(outcome, |bin| f64::from(bin.live));
    let min = nodes_needed(scenario, outcome, node_group, peak);
    (min < group.min).then_some(Edit::MinNodes { node_group, min })
}

/// Nodes of a group that a load of `times` the mean one fills to the target.
pub(super) fn nodes_needed(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex, times: f64) -> u32 {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    // What the group has none of is used elsewhere.
    let offered = Dimension::ALL.into_iter().filter(|&dimension| group.capacity[dimension] > 0);
    let share = offered.filter_map(|dimension| requested_share(outcome, dimension)).fold(0.0, f64::max);
    libm::ceil(f64::from(group.min) * share * times / TARGET) as u32
}

/// More vCPU requested of each node than it has.
pub(super) fn over_commit(scenario: &Scenario, node_group: NodeGroupIndex) -> Option<Edit> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let has = group.over_commit_percent.get(&Dimension::Vcpu).copied().unwrap_or(100);
    let raised = has.saturating_add(OVER_COMMIT_STEP).min(OVER_COMMIT_MOST);
    let mut percent = group.over_commit_percent.clone();
    percent.insert(Dimension::Vcpu, raised);
    (raised > has && group.capacity[Dimension::Vcpu] > 0).then_some(Edit::OverCommit { node_group, percent })
}

/// Another target of utilisation: a higher one, or one at all where those who are ready last waited for a boot.
pub(super) fn target(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Option<Edit> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let percent = match group.scaling.target_utilisation_percent {
        Some(percent) => (percent < HIGH_TARGET).then_some(HIGH_TARGET),
        None => {
            let waits = super::rank::latency(outcome).quantile_ms(0.99);
            let boots = waits.is_some_and(|ms| ms >= group.boot.micros() as f64 / 1e3);
            (boots && group.boot > Duration::ZERO && group.max > group.min).then_some(NEW_TARGET)
        }
    }?;
    let scaling = Scaling { target_utilisation_percent: Some(percent), ..group.scaling.clone() };
    Some(Edit::Scaling { node_group, scaling })
}

/// All nodes as spot nodes, and only those beyond what is always there: the least number, or half of the mean one of a
/// fleet of one group. Where the scenario has no terms, only public instance types are had as spot nodes.
pub(super) fn spot(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Vec<Edit> {
    let groups = &scenario.fleet.node_groups;
    let group = &groups[node_group.usize()];
    if group.purchase.spot().is_some() {
        return Vec::new();
    }
    let is_public = builtin().get(&group.instance_type).is_some();
    let assumed = is_public.then(|| Spot::new(SPOT_PERCENT, Some(SPOT_SERVES)));
    let Some(spot) = known_spot(scenario).or(assumed) else { return Vec::new() };
    let (nodes, count) =
        bins(outcome).fold((0.0, 0.0), |(nodes, count), bin| (nodes + f64::from(bin.nodes), count + 1.0));
    let half = if groups.len() == 1 && count > 0.0 { libm::ceil(nodes / count / 2.0) as u32 } else { 0 };
    let on_demand = if group.min > 0 { group.min } else { half };
    let all = Edit::Purchase { node_group, purchase: Purchase::Spot(spot.clone()) };
    let beyond = (on_demand > 0 && on_demand < group.max).then_some(Edit::SpotBeyond { node_group, on_demand, spot });
    [all].into_iter().chain(beyond).collect()
}

/// The terms of spot nodes that the scenario has already.
pub(super) fn known_spot(scenario: &Scenario) -> Option<Spot> {
    scenario.fleet.node_groups.iter().find_map(|group| group.purchase.spot().cloned())
}
