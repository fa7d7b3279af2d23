//! Every node of a run over time, and how much of it is requested: what a heat map is drawn from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::watch::Watch;
use crate::control_plane::ControlPlane;
use crate::scenario::Scenario;
use crate::units::{Dimension, Instant, NodeGroupIndex, NodeIndex};

/// The most nodes that a map has: more are no longer told apart on any screen.
pub const MAX_NODES_MAPPED: usize = 5_000;

/// The most instants that a map has, for the same reason.
const MAX_COLUMNS: usize = 720;

/// What a map can show, in order.
pub const MAPPED: [Dimension; 3] = [Dimension::Vcpu, Dimension::Memory, Dimension::Gpu];

/// In the place of a share: the node is not there, or has nothing of the dimension.
const ABSENT: u8 = u8::MAX;

/// Nodes by instants, each with its shares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeMap {
    /// The instants, in order.
    pub columns: Vec<Instant>,
    /// The nodes, by group and in the order of their start.
    pub rows: Vec<NodeRow>,
    /// How many more there were than a map can have.
    pub left_out: u32,
    /// By dimension of [`MAPPED`], then by row, then by column: percent requested, [`ABSENT`] where there is none.
    shares: Vec<u8>,
}

/// One node of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeRow {
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// Which one.
    pub node: NodeIndex,
}

impl NodeMap {
    /// How much of a node is requested at an instant, in percent, as [`MAPPED`] counts dimensions; above 100 where it is
    /// over-committed. None where the node is not there or has none of it.
    pub fn percent(&self, dimension: usize, row: usize, column: usize) -> Option<u8> {
        let shares = self.row(dimension, row)?;
        shares.get(column).copied().filter(|&share| share != ABSENT)
    }

    /// The mean of a node over the instants at which it is there, in percent.
    pub fn mean(&self, dimension: usize, row: usize) -> Option<f64> {
        mean(self.row(dimension, row)?.iter().copied())
    }

    /// The mean over all nodes of a group and all instants, in percent.
    pub fn mean_of_group(&self, dimension: usize, node_group: NodeGroupIndex) -> Option<f64> {
        let rows = (0..self.rows.len()).filter(|&row| self.rows[row].node_group == node_group);
        mean(rows.filter_map(|row| self.row(dimension, row)).flatten().copied())
    }

    /// Whether any node has something of the dimension.
    pub fn has(&self, dimension: usize) -> bool {
        (0..self.rows.len()).any(|row| self.mean(dimension, row).is_some())
    }

    fn row(&self, dimension: usize, row: usize) -> Option<&[u8]> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let at = (dimension * rows + row) * columns;
        self.shares.get(at..at + columns).filter(|_| row < rows && dimension < MAPPED.len())
    }
}

/// Makes the [`NodeMap`] of a run that it watches.
#[derive(Clone, Debug)]
pub struct NodeMapper {
    /// Every so many bins become a column.
    every: usize,
    bins: usize,
    columns: Vec<Instant>,
    /// By node: the column from which on it has shares, and these.
    rows: BTreeMap<NodeRow, (usize, [Vec<u8>; MAPPED.len()])>,
    left_out: BTreeSet<NodeIndex>,
}

impl NodeMapper {
    /// For a run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let every = scenario.window.bins(scenario.bin).div_ceil(MAX_COLUMNS).max(1);
        Self { every, bins: 0, columns: Vec::new(), rows: BTreeMap::new(), left_out: BTreeSet::new() }
    }

    /// The map, once the run is over.
    pub fn finish(self) -> NodeMap {
        let columns = self.columns.len();
        let mut shares = vec![ABSENT; MAPPED.len() * self.rows.len() * columns];
        for (row, (from, of_node)) in self.rows.values().enumerate() {
            for (dimension, of_dimension) in of_node.iter().enumerate() {
                let at = (dimension * self.rows.len() + row) * columns + from;
                shares[at..at + of_dimension.len()].copy_from_slice(of_dimension);
            }
        }
        let left_out = u32::try_from(self.left_out.len()).unwrap_or(u32::MAX);
        NodeMap { columns: self.columns, rows: self.rows.into_keys().collect(), left_out, shares }
    }
}

impl Watch for NodeMapper {
    fn bin_ends(&mut self, plane: &ControlPlane<'_>, at: Instant) {
        self.bins += 1;
        if !self.bins.is_multiple_of(self.every) {
            return;
        }
        let column = self.columns.len();
        self.columns.push(at);
        for used in plane.nodes() {
            let row = NodeRow { node_group: used.node_group, node: used.node };
            if self.rows.len() >= MAX_NODES_MAPPED && !self.rows.contains_key(&row) {
                self.left_out.insert(used.node);
                continue;
            }
            let (from, shares) = self.rows.entry(row).or_insert_with(|| (column, Default::default()));
            for (of, dimension) in shares.iter_mut().zip(MAPPED) {
                // Between two columns a node is there without a break.
                of.resize(column - *from, ABSENT);
                of.push(percent(used.requested[dimension], used.capacity[dimension]));
            }
        }
    }
}

/// To the nearest percent; the most that can be said where it is more.
fn percent(requested: u32, capacity: u32) -> u8 {
    if capacity == 0 {
        return ABSENT;
    }
    let (requested, capacity) = (u64::from(requested), u64::from(capacity));
    u8::try_from((requested * 200 + capacity) / (2 * capacity)).unwrap_or(ABSENT).min(ABSENT - 1)
}

fn mean(shares: impl Iterator<Item = u8>) -> Option<f64> {
    let (sum, count) = shares
        .filter(|&share| share != ABSENT)
        .fold((0_u64, 0_u64), |(sum, count), share| (sum + u64::from(share), count + 1));
    (count > 0).then(|| sum as f64 / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::PlacementPolicy;
    use crate::scenario::{Demand, Fleet, Scenario};
    use crate::simulation::tests::{requests, scenario, valid};
    use crate::simulation::{OccupancyWatch, RunOptions, simulate_watched};
    use crate::units::Duration;

    const HOUR: i64 = 3_600_000_000;

    /// Lives that come and go, so that nodes do.
    fn sound(bin: Duration) -> Scenario {
        let lives: Vec<_> = (0..60).map(|i| (i * HOUR / 8, HOUR, (i % 3) as u32, (i % 3) as u32, None)).collect();
        let like = scenario((PlacementPolicy::BestFit, 1, 8, false, false));
        let fleet = Fleet::of(vec![like.fleet.node_groups[0].clone()]);
        Scenario { demand: Demand::Requests(requests(&lives)), bin, fleet, ..like }
    }

    fn mapped(scenario: &Scenario) -> NodeMap {
        let valid = valid(scenario.clone());
        let mut mapper = NodeMapper::new(scenario);
        simulate_watched(&valid, &valid.requests(0), RunOptions::default(), &mut mapper);
        mapper.finish()
    }

    /// As many nodes as the timeline has, and the means of all of them are what all of them come to.
    #[test]
    fn a_map_has_every_node_whenever_it_is_there() {
        let scenario = sound(Duration::from_minutes(7));
        let (valid, map) = (valid(scenario.clone()), mapped(&scenario));
        let mut watch = OccupancyWatch::default();
        let outcome = simulate_watched(&valid, &valid.requests(0), RunOptions::default(), &mut watch);
        assert_eq!(map.columns.len(), outcome.timeline.len());
        assert!(map.rows.is_sorted() && map.left_out == 0);
        for (column, bin) in outcome.timeline.iter().enumerate() {
            let there: Vec<u8> = (0..map.rows.len()).filter_map(|row| map.percent(0, row, column)).collect();
            assert_eq!(there.len(), bin.nodes as usize, "column {column}");
            // All nodes are alike: the mean of their shares is the share of all, but for half a percent of rounding.
            if let Some(share) = watch.bins[column].share(Dimension::Vcpu) {
                let mean = there.iter().map(|&percent| f64::from(percent)).sum::<f64>() / there.len() as f64;
                assert!((mean - share * 100.0).abs() <= 0.5, "column {column}: {mean} and {share}");
            }
        }
        assert!(map.has(0) && map.has(1) && !map.has(2), "no node has a GPU");
        assert_eq!((map.percent(3, 0, 0), map.percent(0, map.rows.len(), 0)), (None, None));
        let of_group = map.mean_of_group(0, map.rows[0].node_group).unwrap();
        assert!((1.0..=100.0).contains(&of_group), "{of_group}");
    }

    /// Eight hours have 960 bins of half a minute: every second one is a column.
    #[test]
    fn a_long_window_has_no_more_columns_than_a_screen() {
        let map = mapped(&sound(Duration::from_seconds(30)));
        assert_eq!(map.columns.len(), 480);
        assert_eq!(map.columns[0], Instant::from_micros(60_000_000));
    }

    #[test]
    fn shares_are_rounded_to_the_nearest() {
        assert_eq!([percent(1, 3), percent(2, 3), percent(1, 200), percent(0, 5)], [33, 67, 1, 0]);
        assert_eq!([percent(7, 0), percent(500, 100)], [ABSENT, ABSENT - 1]);
        assert_eq!(mean([10, ABSENT, 20].into_iter()), Some(15.0));
    }
}
