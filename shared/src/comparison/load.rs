//! How full the nodes of an ensemble are and who waits for one, bin by bin.

use crate::control_plane::Occupancy;
use crate::scenario::Scenario;
use crate::simulation::Outcome;
use crate::units::Instant;

/// One bin of all runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadBin {
    /// Its start.
    pub at: Instant,
    /// Resources that wait for a node at its end, on average.
    pub pending: f64,
    /// What the nodes of all runs have at its end, together, and what of it is requested.
    pub occupancy: Occupancy,
}

/// The bins of `outcome`; `occupancies` has those of each of its runs, in the same order.
pub fn loads(scenario: &Scenario, outcome: &Outcome, occupancies: &[Vec<Occupancy>]) -> Vec<LoadBin> {
    let bins = outcome.runs.iter().map(|run| run.timeline.len()).max().unwrap_or(0);
    let load = |bin: usize| {
        let pending: u64 =
            outcome.runs.iter().filter_map(|run| run.timeline.get(bin)).map(|of| u64::from(of.pending)).sum();
        let mut occupancy = Occupancy::default();
        occupancies.iter().filter_map(|run| run.get(bin)).for_each(|of_run| occupancy += *of_run);
        LoadBin {
            at: scenario.window.start + scenario.bin * bin as i64,
            pending: pending as f64 / outcome.runs.len().max(1) as f64,
            occupancy,
        }
    };
    (0..bins).map(load).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::lab_scenario;
    use crate::scenario::{Edit, ValidScenario};
    use crate::simulation::{OccupancyWatch, RunOptions, simulate_watched};
    use crate::units::{Dimension, NodeGroupIndex};

    /// With one node a group, more wait and nodes are fuller than with as many as there may be.
    #[test]
    fn fewer_nodes_are_fuller_and_let_more_wait() {
        let of = |edits: Vec<Edit>| {
            let scenario = Scenario { runs: 2, edits, ..lab_scenario() };
            let valid = ValidScenario::new(scenario).unwrap();
            let run = |run: u32| {
                let mut watch = OccupancyWatch::default();
                let options = RunOptions { run, ..RunOptions::default() };
                (simulate_watched(&valid, &valid.requests(run), options, &mut watch), watch.bins)
            };
            let (runs, occupancies): (Vec<_>, Vec<_>) = (0..2).map(run).unzip();
            let outcome = Outcome::collect(runs);
            (loads(valid.scenario(), &outcome, &occupancies), outcome)
        };
        let (free, outcome) = of(Vec::new());
        let (tight, _) = of([0, 1].map(|group| Edit::MaxNodes { node_group: NodeGroupIndex(group), max: 1 }).to_vec());
        let last = [0, 1].map(|run| f64::from(outcome.runs[run].timeline.last().unwrap().pending));
        assert_eq!(free.last().unwrap().pending, (last[0] + last[1]) / 2.0);
        assert_eq!(free.len(), 96, "a day of quarters of an hour");
        let sum = |bins: &[LoadBin]| bins.iter().map(|bin| bin.pending).sum::<f64>();
        assert!(sum(&tight) > sum(&free));
        let share = |bins: &[LoadBin]| {
            let mut all = Occupancy::default();
            bins.iter().for_each(|bin| all += bin.occupancy);
            all.share(Dimension::Vcpu).unwrap()
        };
        assert!(share(&tight) > share(&free), "{} and {}", share(&tight), share(&free));
    }
}
