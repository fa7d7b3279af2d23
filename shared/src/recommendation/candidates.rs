//! Changes that are worth a replay.

use crate::request::Module;
use crate::scenario::{Edit, PlacementPolicy, Scenario};
use crate::simulation::Outcome;
use crate::units::NodeGroupIndex;

/// Workers are sized so that they are busy for this part of their time in the busiest bin.
const TARGET: f64 = 0.6;

/// A module whose workers are busier than this in the busiest bin gets more; one whose are less busy than the other
/// fewer.
const BUSY: f64 = 0.8;
const IDLE: f64 = 0.3;

/// A fleet of one group is tried with this part of its peak, in percent.
const PEAK_PERCENT: u32 = 90;

/// Every other placement policy; other numbers of workers for modules that are too busy or too idle; a smaller fleet.
///
/// `outcome` is what the scenario yields.
pub fn candidates(scenario: &Scenario, outcome: &Outcome) -> Vec<Edit> {
    let policies = [PlacementPolicy::FirstFit, PlacementPolicy::BestFit, PlacementPolicy::WorstFit];
    let others = policies.into_iter().filter(|&policy| policy != scenario.placement);
    let placements = others.map(|policy| Edit::Placement { policy });
    let workers = Module::ALL.into_iter().filter_map(|module| workers(scenario, outcome, module));
    placements.chain(workers).chain(smaller_fleet(scenario, outcome)).collect()
}

/// As many workers as the busiest bin needs: its load L (Erlang) at the target, and at least L + 3 √L, the square-root
/// rule for queues that stay short (Halfin and Whitt 1981), which decides where L is small.
fn workers(scenario: &Scenario, outcome: &Outcome, module: Module) -> Option<Edit> {
    let has = scenario.modules[module].workers;
    let runs = outcome.runs.iter().flat_map(|run| run.modules.iter().filter(|of| of.module == module));
    let busy: u64 = runs.map(|of| of.busy_micros).sum();
    let span = scenario.window.length().micros() as f64 * outcome.runs.len() as f64;
    if span <= 0.0 || busy == 0 {
        return None;
    }
    let load = busy as f64 / span * peak_factor(outcome);
    if (IDLE..=BUSY).contains(&(load / f64::from(has.max(1)))) {
        return None;
    }
    let workers = libm::ceil((load / TARGET).max(load + 3.0 * libm::sqrt(load))).clamp(1.0, f64::from(u32::MAX)) as u32;
    (workers != has).then_some(Edit::Workers { module, workers })
}

/// Creates in the busiest bin of any run over those in a mean one.
fn peak_factor(outcome: &Outcome) -> f64 {
    let bins = || outcome.runs.iter().flat_map(|run| &run.timeline).map(|bin| f64::from(bin.creates));
    let (most, sum, count) = (bins().fold(0.0, f64::max), bins().sum::<f64>(), bins().count() as f64);
    if sum > 0.0 { most * count / sum } else { 1.0 }
}

fn smaller_fleet(scenario: &Scenario, outcome: &Outcome) -> Option<Edit> {
    let [group] = &scenario.fleet.node_groups[..] else { return None };
    let peak = outcome.runs.iter().map(|run| run.peak_nodes).max()?;
    let max = peak.saturating_mul(PEAK_PERCENT) / 100;
    (max > 0 && max < group.max).then_some(Edit::MaxNodes { node_group: NodeGroupIndex(0), max })
}
