//! How much was paid for beside resources: time of nodes and of modules, and what it costs on the list.

use super::NODE_GROUP;
use super::charges::{Part, module_of};
use crate::allocation::Metering;
use crate::allocation::statement::distribute::part_of;
use crate::allocation::statement::grid::Grid;
use crate::allocation::statement::sums::Row;
use crate::allocation::statement::{NO_GROUP, Statement, StatementRow};
use crate::cost::NodeState;
use crate::request::MODULES;
use crate::units::LedgerUnits;

/// Cost, and nodes × microseconds, by slice.
type BySlice = Vec<(i128, i128)>;

/// What was paid for in each slice.
pub(super) struct Paid<'m> {
    metering: &'m Metering,
    /// By node group: serving nodes, and those that boot or drain.
    serving: Vec<BySlice>,
    overhead: Vec<BySlice>,
    /// By module.
    modules: Vec<BySlice>,
}

impl<'m> Paid<'m> {
    pub(super) fn new(statement: &Statement, metering: &'m Metering) -> Self {
        let grid = Grid::new(&statement.slices, metering.window, false);
        let rows = |count: usize| -> Vec<Row> { (0..count).map(|_| Row::new(&grid)).collect() };
        let groups = metering.node_groups.len();
        let (mut serving, mut overhead, mut modules) = (rows(groups), rows(groups), rows(MODULES));
        for node in &metering.nodes {
            let rows = if node.state == NodeState::Serving { &mut serving } else { &mut overhead };
            rows[node.node_group.usize()].add(&grid, node.from, node.until, node.rate);
        }
        for module in &metering.modules {
            modules[module.module as usize].add(&grid, module.from, module.until, module.rate);
        }
        let by_slice = |rows: Vec<Row>| -> Vec<BySlice> {
            let of = |mut row: Row| {
                row.settle(&grid);
                let cell = |piece| (row.cell(piece).cost, row.cell(piece).micros);
                (0..grid.pieces()).map(cell).collect()
            };
            rows.into_iter().map(of).collect()
        };
        let [serving, overhead, modules] = [serving, overhead, modules].map(by_slice);
        Self { metering, serving, overhead, modules }
    }

    /// For how many nodes × microseconds, or microseconds of a module, a row pays `cost`.
    pub(super) fn micros(&self, row: &StatementRow, part: Part, cost: LedgerUnits) -> i128 {
        let group = Some(row.key[NODE_GROUP]).filter(|group| *group != NO_GROUP).map(|group| group as usize);
        let of = match part {
            Part::Idle => group.map(|group| &self.serving[group]),
            Part::Overhead => group.map(|group| &self.overhead[group]),
            Part::Shared => module_of(row).map(|module| &self.modules[module]),
            Part::Workload | Part::Purchase | Part::Unused => None,
        };
        let (all, micros) = of.map_or((0, 0), |of| of[row.slice as usize]);
        if all > 0 { part_of(micros, cost.0.min(all), all) } else { 0 }
    }

    /// What a row's cost would be at list prices: spot nodes cost a part of them.
    pub(super) fn list(&self, row: &StatementRow, cost: LedgerUnits) -> LedgerUnits {
        let group = self.metering.node_groups.get(row.key[NODE_GROUP] as usize);
        match group.map_or(100, |group| group.price_percent) {
            0 | 100 => cost,
            percent => LedgerUnits(cost.0 * 100 / i128::from(percent)),
        }
    }
}
