//! How much of the nodes is requested, bin by bin.

use super::watch::Watch;
use crate::control_plane::{ControlPlane, Occupancy};
use crate::units::Instant;

/// Takes the [`Occupancy`] at the end of each bin of a run.
#[derive(Clone, Debug, Default)]
pub struct OccupancyWatch {
    /// One a bin, in order.
    pub bins: Vec<Occupancy>,
}

impl Watch for OccupancyWatch {
    fn bin_ends(&mut self, plane: &ControlPlane<'_>, _: Instant) {
        self.bins.push(plane.occupancy());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::PlacementPolicy;
    use crate::scenario::{Demand, Fleet, Scenario};
    use crate::simulation::tests::{requests, scenario, valid};
    use crate::simulation::{Plan, RunOptions, simulate, simulate_watched};
    use crate::units::Dimension;

    const HOUR: i64 = 3_600_000_000;

    /// Twenty lives of an hour and more on up to six nodes: what the plans say is on a node at the end of a bin is what
    /// was seen, and looking on changes nothing.
    #[test]
    fn what_is_seen_is_what_the_plans_say() {
        let lives: Vec<_> =
            (0..20).map(|i| (i * HOUR / 5, HOUR + i * HOUR / 7, (i % 3) as u32, (i % 3) as u32, None)).collect();
        let requests = requests(&lives);
        let like = scenario((PlacementPolicy::BestFit, 0, 6, false, false));
        let fleet = Fleet::of(vec![like.fleet.node_groups[0].clone()]);
        let valid = valid(Scenario { demand: Demand::Requests(requests.clone()), fleet, ..like });
        let options = RunOptions { keep_plans: true, ..RunOptions::default() };
        let mut watch = OccupancyWatch::default();
        let seen = simulate_watched(&valid, &requests, options, &mut watch);
        assert_eq!(seen, simulate(&valid, &requests, options));
        assert_eq!(watch.bins.len(), seen.timeline.len());
        let scenario = valid.scenario();
        let of_node = u64::from(scenario.fleet.node_groups[0].capacity[Dimension::Vcpu]);
        let mut compared = 0;
        for (bin, occupancy) in watch.bins.iter().enumerate() {
            let at = (scenario.window.start + scenario.bin * (bin as i64 + 1)).min(scenario.window.end);
            let there = |plan: &&Plan| plan.arrived < at && plan.released.is_none_or(|released| released >= at);
            let in_use = |plan: &&Plan| plan.ready.is_some_and(|ready| ready < at);
            let vcpu = |plan: &Plan| u64::from(scenario.flavors[plan.flavor.usize()].requested[Dimension::Vcpu]);
            let least: u64 = seen.plans.iter().filter(there).filter(in_use).map(vcpu).sum();
            let requested = occupancy.requested[Dimension::Vcpu as usize];
            assert!(requested >= least, "bin {bin}: {requested} of {least}");
            // Whoever is not ready yet may hold room already; where all are, the plans tell it all.
            if seen.plans.iter().filter(there).all(|plan| in_use(&plan)) {
                assert_eq!(requested, least, "bin {bin}");
                compared += 1;
            }
            let nodes = u64::from(seen.timeline[bin].nodes);
            assert_eq!(occupancy.capacity[Dimension::Vcpu as usize], nodes * of_node);
            assert_eq!(occupancy.share(Dimension::Vcpu).is_some(), nodes > 0);
        }
        assert!(compared > 10, "{compared} bins in which all are ready");
    }
}
