//! Changes that are worth a replay.

use crate::cost::Utilisation;
use crate::request::Module;
use crate::scenario::{Edit, PlacementPolicy, Scenario};
use crate::simulation::Outcome;
use crate::units::{DIMENSIONS, Dimension, NodeGroupIndex};

/// Workers are sized so that they are busy for this part of their time in the busiest bin.
const TARGET: f64 = 0.6;

/// A module whose workers are busier than this in the busiest bin gets more; one whose are less busy than the other
/// fewer.
const BUSY: f64 = 0.8;
const IDLE: f64 = 0.3;

/// A fleet of one group is tried with this part of its peak, in percent.
const PEAK_PERCENT: u32 = 90;

/// One placement policy of each kind, as each costs a replay: kube-scheduler's rank nodes as best and worst fit do, but for
/// the rounding, and fragmentation is of interest only where parts of GPUs are
/// asked for.
const POLICIES: [PlacementPolicy; 4] =
    [PlacementPolicy::FirstFit, PlacementPolicy::BestFit, PlacementPolicy::WorstFit, PlacementPolicy::DotProduct];

/// Other placement policies; other numbers of workers for modules that are too busy or too idle; a smaller fleet,
/// fewer nodes that are kept though empty, smaller nodes of the same family.
///
/// `outcome` is what the scenario yields.
pub fn candidates(scenario: &Scenario, outcome: &Outcome) -> Vec<Edit> {
    let gpus = scenario.flavors.iter().any(|flavor| (1..1_000).contains(&flavor.requested[Dimension::Gpu]));
    let aware = gpus.then_some(PlacementPolicy::FragmentationAware);
    let others = POLICIES.into_iter().chain(aware).filter(|&policy| policy != scenario.placement);
    let placements = others.map(|policy| Edit::Placement { policy });
    let workers = Module::ALL.into_iter().filter_map(|module| workers(scenario, outcome, module));
    let groups = (0..scenario.fleet.node_groups.len()).map(NodeGroupIndex::from_usize);
    let by_group = groups.flat_map(|group| {
        fewer_kept(scenario, outcome, group).into_iter().chain(super::instance_types::smaller(scenario, group))
    });
    placements.chain(workers).chain(smaller_fleet(scenario, outcome)).chain(by_group).collect()
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

/// As many nodes as the load of the busiest bin fills to the target: more are booted when they are needed.
fn fewer_kept(scenario: &Scenario, outcome: &Outcome, node_group: NodeGroupIndex) -> Option<Edit> {
    let group = &scenario.fleet.node_groups[node_group.usize()];
    let share = |dimension: Dimension| {
        let sum = |of: fn(&Utilisation) -> &[u128; DIMENSIONS]| -> f64 {
            outcome.runs.iter().map(|run| of(&run.utilisation)[dimension as usize] as f64).sum()
        };
        let capacity = sum(|utilisation| &utilisation.capacity);
        if capacity > 0.0 { sum(|utilisation| &utilisation.requested) / capacity } else { 0.0 }
    };
    // What the group has none of is used elsewhere.
    let offered = Dimension::ALL.into_iter().filter(|&dimension| group.capacity[dimension] > 0);
    let utilisation = offered.map(share).fold(0.0, f64::max);
    let nodes = || outcome.runs.iter().flat_map(|run| &run.timeline).map(|bin| f64::from(bin.live));
    let (most, sum, count) = (nodes().fold(0.0, f64::max), nodes().sum::<f64>(), nodes().count() as f64);
    let peak = if sum > 0.0 { most * count / sum } else { 1.0 };
    let min = libm::ceil(f64::from(group.min) * utilisation * peak / TARGET) as u32;
    (min < group.min).then_some(Edit::MinNodes { node_group, min })
}

fn smaller_fleet(scenario: &Scenario, outcome: &Outcome) -> Option<Edit> {
    let [group] = &scenario.fleet.node_groups[..] else { return None };
    let peak = outcome.runs.iter().map(|run| run.peak_nodes).max()?;
    let max = peak.saturating_mul(PEAK_PERCENT) / 100;
    (max > 0 && max < group.max).then_some(Edit::MaxNodes { node_group: NodeGroupIndex(0), max })
}
