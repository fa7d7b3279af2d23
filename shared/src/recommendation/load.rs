//! How much of a control plane the runs of an outcome used.

use crate::cost::Utilisation;
use crate::request::Module;
use crate::simulation::{Outcome, TimelineBin};
use crate::units::{DIMENSIONS, Dimension, Window};

/// The share of the nodes' amount of a dimension that was requested, over all runs; none where there was nothing.
pub(super) fn requested_share(outcome: &Outcome, dimension: Dimension) -> Option<f64> {
    let sum = |of: fn(&Utilisation) -> &[u128; DIMENSIONS]| -> f64 {
        outcome.runs.iter().map(|run| of(&run.utilisation)[dimension as usize] as f64).sum()
    };
    let capacity = sum(|utilisation| &utilisation.capacity);
    (capacity > 0.0).then(|| sum(|utilisation| &utilisation.requested) / capacity)
}

/// What was requested of a dimension on average, in its units.
pub(super) fn requested_mean(outcome: &Outcome, window: Window, dimension: Dimension) -> f64 {
    let sum: f64 = outcome.runs.iter().map(|run| run.utilisation.requested[dimension as usize] as f64).sum();
    let span = window.length().micros() as f64 * outcome.runs.len() as f64;
    if span > 0.0 { sum / span } else { 0.0 }
}

/// The share of the nodes that was requested in the busiest bin, in the dimension that is used most: the mean share,
/// times how many more resources a node had then than on average, as if all were alike.
pub(super) fn busiest_share(outcome: &Outcome) -> f64 {
    let mean =
        Dimension::ALL.into_iter().filter_map(|dimension| requested_share(outcome, dimension)).fold(0.0, f64::max);
    let with_nodes = || bins(outcome).filter(|bin| bin.nodes > 0);
    let (live, nodes) =
        with_nodes().fold((0.0, 0.0), |(live, nodes), bin| (live + f64::from(bin.live), nodes + f64::from(bin.nodes)));
    if live <= 0.0 {
        return mean;
    }
    let most = with_nodes().map(|bin| f64::from(bin.live) / f64::from(bin.nodes)).fold(0.0, f64::max);
    mean * most * nodes / live
}

/// How many workers of a module are busy in the busiest bin, in Erlang; none where it did nothing.
pub(super) fn erlang(outcome: &Outcome, window: Window, module: Module) -> Option<f64> {
    load_of(outcome, window, module, |of| of.busy_micros)
}

/// The same without the attempts that failed.
pub(super) fn erlang_of_successes(outcome: &Outcome, window: Window, module: Module) -> Option<f64> {
    load_of(outcome, window, module, |of| of.busy_micros.saturating_sub(of.failed_micros))
}

fn load_of(
    outcome: &Outcome,
    window: Window,
    module: Module,
    busy: impl Fn(&crate::simulation::ModuleOutcome) -> u64,
) -> Option<f64> {
    let runs = outcome.runs.iter().flat_map(|run| run.modules.iter().filter(|of| of.module == module));
    let busy: u64 = runs.map(busy).sum();
    let span = window.length().micros() as f64 * outcome.runs.len() as f64;
    (span > 0.0 && busy > 0).then(|| busy as f64 / span * over_mean(outcome, |bin| f64::from(bin.creates)))
}

/// What there was in the busiest bin of any run over that in a mean one; 1 of nothing.
pub(super) fn over_mean(outcome: &Outcome, of: impl Fn(&TimelineBin) -> f64) -> f64 {
    let (most, sum, count) = bins(outcome)
        .fold((0.0_f64, 0.0, 0.0), |(most, sum, count), bin| (most.max(of(bin)), sum + of(bin), count + 1.0));
    if sum > 0.0 { most * count / sum } else { 1.0 }
}

/// Every bin of every run.
pub(super) fn bins(outcome: &Outcome) -> impl Iterator<Item = &TimelineBin> {
    outcome.runs.iter().flat_map(|run| &run.timeline)
}
