//! How many nodes a demand needs, so that a fleet can be told before the demand comes.

use super::{Run, RunOptions};
use crate::forecast::quantile;
use crate::scenario::{PredictedNodes, ValidScenario};

/// Nodes of one run that somebody is on, by group and bin: the most at the beginning and at the end of the bin.
///
/// What waits for a node counts from when it has one that boots, so the scenario should order nodes for who waits.
pub fn nodes_needed(valid: &ValidScenario, run: u32) -> Vec<Vec<u32>> {
    let scenario = valid.scenario();
    let requests = valid.requests(run);
    let mut going = Run::new(valid, RunOptions { run, ..RunOptions::default() });
    let mut before = going.occupied();
    let mut needed = vec![Vec::new(); before.len()];
    let mut rest = &requests[..];
    for bin in 0..scenario.window.bins(scenario.bin) {
        let end = (scenario.window.start + scenario.bin * (bin as i64 + 1)).min(scenario.window.end);
        let (now, later) = rest.split_at(rest.partition_point(|request| request.at < end));
        rest = later;
        going.play(now, end);
        let after = going.occupied();
        for (group, (&before, &after)) in before.iter().zip(&after).enumerate() {
            needed[group].push(before.max(after));
        }
        before = after;
    }
    needed
}

/// For each group, the nodes that a share `level` of the runs does with in each bin, rounded up.
pub fn predicted_nodes(valid: &ValidScenario, runs: &[Vec<Vec<u32>>], level: f64) -> Vec<PredictedNodes> {
    let scenario = valid.scenario();
    let of_group = |group: usize| PredictedNodes {
        from: scenario.window.start,
        step: scenario.bin,
        nodes: (0..scenario.window.bins(scenario.bin)).map(|bin| enough(runs, group, bin, level)).collect(),
    };
    (0..scenario.fleet.node_groups.len()).map(of_group).collect()
}

fn enough(runs: &[Vec<Vec<u32>>], group: usize, bin: usize, level: f64) -> u32 {
    let mut nodes: Vec<f64> = runs.iter().map(|run| f64::from(run[group][bin])).collect();
    nodes.sort_by(f64::total_cmp);
    quantile(&nodes, level).ceil() as u32
}
