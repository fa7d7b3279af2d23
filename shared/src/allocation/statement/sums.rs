//! Exact sums over the pieces of a grid.

use super::grid::{Grid, Span};
use super::group_by::Groups;
use super::{NodeState, StatementError};
use crate::allocation::{MeteredUse, Metering};
use crate::units::{Instant, Rate, TenantIndex};

/// Most cells that are kept at once: 64 MiB of them.
const CELLS_MAX: usize = 1 << 20;

/// What stretches of time come to in each piece: a stretch changes two pieces, and a slope for all between them.
pub(super) struct Row {
    cells: Vec<Cell>,
    /// The pieces that hold anything: first, and after the last.
    pub(super) touched: (usize, usize),
}

#[derive(Clone, Copy, Default)]
pub(super) struct Cell {
    /// Ledger units.
    pub(super) cost: i128,
    /// Stretches × microseconds.
    pub(super) micros: i128,
    /// By how much the rate and the number of stretches that fill whole pieces change here.
    rate: i128,
    count: i64,
}

impl Row {
    pub(super) fn new(grid: &Grid) -> Self {
        Self { cells: vec![Cell::default(); grid.pieces() + 1], touched: (usize::MAX, 0) }
    }

    /// What these stretches come to, and nothing else.
    pub(super) fn fill<'u>(&mut self, grid: &Grid, uses: impl Iterator<Item = &'u MeteredUse>) {
        if self.touched.0 < self.touched.1 {
            self.cells[self.touched.0..=self.touched.1].fill(Cell::default());
        }
        self.touched = (usize::MAX, 0);
        uses.for_each(|used| self.add(grid, used.from, used.until, used.rate));
        self.settle(grid);
    }

    /// Adds a stretch, as far as it lies on the grid.
    pub(super) fn add(&mut self, grid: &Grid, from: Instant, until: Instant, rate: Rate) {
        if let Some(span) = grid.span(from, until) {
            self.add_span(grid, span, (from, until, rate));
        }
    }

    /// The same where the pieces are known that the stretch lies in.
    #[inline]
    fn add_span(&mut self, grid: &Grid, (first, last): Span, (from, until, rate): (Instant, Instant, Rate)) {
        let (first, last) = (first as usize, last as usize);
        let (from, until) = (from.max(grid.bounds[first]), until.min(grid.bounds[last + 1]));
        self.touched = (self.touched.0.min(first), self.touched.1.max(last + 1));
        let rate = i128::from(rate.nanos());
        let mut part = |piece: usize, from: Instant, until: Instant| {
            let micros = i128::from((until - from).micros());
            self.cells[piece].micros += micros;
            self.cells[piece].cost += rate * micros;
        };
        if first == last {
            part(first, from, until);
            return;
        }
        part(first, from, grid.bounds[first + 1]);
        part(last, grid.bounds[last], until);
        self.cells[first + 1].rate += rate;
        self.cells[first + 1].count += 1;
        self.cells[last].rate -= rate;
        self.cells[last].count -= 1;
    }

    /// Fills in what lies between the ends of stretches; once, after all of them were added.
    pub(super) fn settle(&mut self, grid: &Grid) {
        let (mut rate, mut count) = (0, 0);
        for (piece, _) in self.pieces() {
            let cell = &mut self.cells[piece];
            rate += cell.rate;
            count += cell.count;
            let length = i128::from((grid.bounds[piece + 1] - grid.bounds[piece]).micros());
            cell.cost += rate * length;
            cell.micros += i128::from(count) * length;
        }
    }

    /// What is in each piece that holds anything.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (usize, Cell)> + use<> {
        let (first, end) = if self.touched.0 < self.touched.1 { self.touched } else { (0, 0) };
        let cells: Vec<Cell> = self.cells[first..end].to_vec();
        (first..end).zip(cells)
    }

    /// What is in a piece.
    pub(super) fn cell(&self, piece: usize) -> Cell {
        self.cells[piece]
    }
}

/// What one pass over all uses, in the order in which they stand, adds up.
pub(super) struct Uses {
    /// By group, what was used of its nodes.
    pub(super) on_nodes: Vec<Row>,
    /// How many tenants used something, by slice.
    pub(super) active_tenants: Vec<u32>,
    /// By the number of their key, where it was asked for and is not too much to keep at once.
    pub(super) keyed: Option<Vec<Row>>,
}

impl Uses {
    /// `by_key` asks for workload key by key, which is several times as quick as account by account, and does where nothing
    /// is handed out.
    pub(super) fn new(metering: &Metering, grid: &Grid, groups: &Groups<'_>, by_key: bool) -> Self {
        let cells = |keys: &usize| keys.checked_mul(grid.pieces() + 1).is_some_and(|cells| cells <= CELLS_MAX);
        let keys = groups.keys().filter(|keys| by_key && cells(keys));
        let row = |_| Row::new(grid);
        let mut keyed: Option<Vec<Row>> = keys.map(|keys| (0..keys).map(row).collect());
        let mut on_nodes: Vec<Row> = (0..metering.node_groups.len()).map(row).collect();
        let (shared, tenants) = (metering.shared_groups(), metering.tenants.len().max(1));
        let slices = grid.slice.iter().flatten().last().map_or(0, |last| *last as usize + 1);
        let mut seen = vec![false; tenants * slices];
        for used in &metering.uses {
            let Some(span) = grid.span(used.from, used.until) else { continue };
            let stretch = (used.from, used.until, used.rate);
            for slice in grid.slice[span.0 as usize..=span.1 as usize].iter().flatten() {
                seen[*slice as usize * tenants + used.tenant.usize()] = true;
            }
            if let Some(group) = used.node_group.filter(|group| shared[group.usize()]) {
                on_nodes[group.usize()].add_span(grid, span, stretch);
            }
            if let Some(keyed) = &mut keyed {
                keyed[groups.number_of(&groups.of(&used.account()))].add_span(grid, span, stretch);
            }
        }
        let count = |slice: &[bool]| slice.iter().filter(|&&seen| seen).count() as u32;
        Self { on_nodes, active_tenants: seen.chunks(tenants).map(count).collect(), keyed }
    }
}

/// What nodes of each group cost in each piece, and what of it was used.
#[derive(Debug)]
pub(super) struct GroupSums {
    /// By group and piece.
    pub(super) overhead: Vec<Vec<i128>>,
    /// By group and piece; never negative.
    pub(super) idle: Vec<Vec<i128>>,
    /// By group and piece.
    pub(super) used: Vec<Vec<i128>>,
}

impl GroupSums {
    /// `on_nodes` is what was used of the nodes of each group.
    pub(super) fn new(metering: &Metering, grid: &Grid, on_nodes: Vec<Row>) -> Result<Self, StatementError> {
        let rows = || -> Vec<Row> { metering.node_groups.iter().map(|_| Row::new(grid)).collect() };
        let (mut overhead, mut serving, mut used) = (rows(), rows(), on_nodes);
        for node in &metering.nodes {
            let rows = if node.state == NodeState::Serving { &mut serving } else { &mut overhead };
            rows[node.node_group.usize()].add(grid, node.from, node.until, node.rate);
        }
        overhead.iter_mut().chain(&mut serving).chain(&mut used).for_each(|row| row.settle(grid));
        let costs = |row: &Row| -> Vec<i128> { (0..grid.pieces()).map(|piece| row.cell(piece).cost).collect() };
        let overhead = overhead.iter().map(costs).collect();
        let used: Vec<Vec<i128>> = used.iter().map(costs).collect();
        let mut idle: Vec<Vec<i128>> = serving.iter().map(costs).collect();
        for (group, (idle, used)) in idle.iter_mut().zip(&used).enumerate() {
            for (piece, (idle, used)) in idle.iter_mut().zip(used).enumerate() {
                *idle -= used;
                if *idle < 0 {
                    let node_group = metering.node_groups[group].name.clone();
                    return Err(StatementError::MoreThanNodes { node_group, from: grid.bounds[piece] });
                }
            }
        }
        Ok(Self { overhead, idle, used })
    }
}

/// Each tenant's workload hour by hour.
#[derive(Debug)]
pub(super) struct TenantHours {
    /// By hour, whoever used something in it.
    hours: Vec<Vec<TenantHour>>,
}

/// What a tenant used in an hour.
#[derive(Clone, Copy, Debug)]
pub(super) struct TenantHour {
    pub(super) tenant: TenantIndex,
    /// Ledger units; nothing where what was used is free.
    pub(super) cost: i128,
}

impl TenantHours {
    pub(super) fn new(grid: &Grid) -> Self {
        Self { hours: vec![Vec::new(); grid.hours.len()] }
    }

    pub(super) fn add(&mut self, tenant: TenantIndex, grid: &Grid, row: &Row) {
        let mut hour = 0;
        for (piece, cell) in row.pieces().filter(|(_, cell)| cell.micros > 0) {
            while grid.hours[hour].end <= piece {
                hour += 1;
            }
            match self.hours[hour].last_mut().filter(|last| last.tenant == tenant) {
                Some(last) => last.cost += cell.cost,
                None => self.hours[hour].push(TenantHour { tenant, cost: cell.cost }),
            }
        }
    }

    /// Puts together what several accounts of a tenant used, and the tenants in order; once, after all of them were added.
    pub(super) fn settle(&mut self) {
        for hour in &mut self.hours {
            hour.sort_by_key(|used| used.tenant);
            hour.dedup_by(|next, kept| {
                let same = next.tenant == kept.tenant;
                kept.cost += if same { next.cost } else { 0 };
                same
            });
        }
    }

    /// Hour by hour, whoever used something in it, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &[TenantHour]> + Clone {
        self.hours.iter().map(Vec::as_slice)
    }

    /// Whoever used something in an hour, in order.
    pub(super) fn of(&self, hour: usize) -> &[TenantHour] {
        &self.hours[hour]
    }
}
