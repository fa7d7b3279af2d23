//! The rows of a statement on their way.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::group_by::Groups;
use super::sums::Row;
use super::{Amounts, Key, NO_GROUP, StatementRow};
use crate::allocation::statement::grid::Grid;
use crate::units::LedgerUnits;

/// Most rows that have a place kept for each of them: 14 MiB.
const PLACES_MAX: usize = 1 << 17;

/// What each key comes to in each slice.
pub(super) struct Rows<'g, 'm> {
    groups: &'g Groups<'m>,
    slices: usize,
    found: Found,
}

enum Found {
    /// A place for every slice of every key that there can be.
    Places(Vec<Amounts>),
    Map(IndexMap<(u32, Key), Amounts, FixedState>),
}

/// The rows of one key.
pub(super) enum RowsOf<'r> {
    /// By slice.
    Places(&'r mut [Amounts]),
    Map(&'r mut IndexMap<(u32, Key), Amounts, FixedState>, Key),
}

impl<'g, 'm> Rows<'g, 'm> {
    pub(super) fn new(groups: &'g Groups<'m>, slices: usize) -> Self {
        let places = groups.keys().and_then(|keys| keys.checked_mul(slices)).filter(|places| *places <= PLACES_MAX);
        let found = match places {
            Some(places) => Found::Places(vec![Amounts::default(); places]),
            None => Found::Map(IndexMap::default()),
        };
        Self { groups, slices, found }
    }

    /// Those of a key.
    pub(super) fn of(&mut self, key: Key) -> RowsOf<'_> {
        match &mut self.found {
            Found::Places(places) => {
                let first = self.groups.number_of(&key) * self.slices;
                RowsOf::Places(&mut places[first..first + self.slices])
            }
            Found::Map(map) => RowsOf::Map(map, key),
        }
    }

    /// Adds what falls into a piece; what lies outside of the window is no part of the statement.
    pub(super) fn add(&mut self, grid: &Grid, key: Key, piece: usize, amounts: Amounts) {
        if let Some(slice) = grid.slice[piece] {
            self.of(key).add(slice as usize, amounts);
        }
    }

    /// Adds workload that was added up key by key.
    pub(super) fn add_keyed(&mut self, grid: &Grid, keyed: Vec<Row>) {
        for (number, mut row) in keyed.into_iter().enumerate() {
            row.settle(grid);
            self.add_workload(grid, self.groups.key_of(number), &row);
        }
    }

    /// Adds what an account used: one entry a slice.
    pub(super) fn add_workload(&mut self, grid: &Grid, key: Key, row: &Row) {
        let mut of = self.of(key);
        let mut open: Option<(u32, Amounts)> = None;
        for (piece, cell) in row.pieces() {
            let Some(slice) = grid.slice[piece] else { continue };
            let amounts =
                Amounts { workload: LedgerUnits(cell.cost), resource_micros: cell.micros, ..Amounts::default() };
            match &mut open {
                Some((last, sum)) if *last == slice => *sum += amounts,
                _ => {
                    if let Some((last, sum)) = open.replace((slice, amounts)) {
                        of.add(last as usize, sum);
                    }
                }
            }
        }
        if let Some((last, sum)) = open {
            of.add(last as usize, sum);
        }
    }

    /// The rows in order of slice and of the names of their groups, however these are numbered; what is of no group is last.
    pub(super) fn into_sorted(self, names: &[Vec<String>]) -> Vec<StatementRow> {
        let ranks: Vec<Vec<u32>> = names.iter().map(|names| ranks(names)).collect();
        let mut rows = self.into_rows();
        rows.sort_by_cached_key(|row| {
            let mut ranked = row.key;
            for (group, ranks) in ranked.iter_mut().zip(&ranks).filter(|(group, _)| **group != NO_GROUP) {
                *group = ranks[*group as usize];
            }
            (row.slice, ranked)
        });
        rows
    }

    /// The rows of which there is anything, in no order.
    pub(super) fn into_rows(self) -> Vec<StatementRow> {
        match self.found {
            Found::Map(map) => {
                map.into_iter().map(|((slice, key), amounts)| StatementRow { slice, key, amounts }).collect()
            }
            Found::Places(places) => {
                let row = |(place, amounts): (usize, Amounts)| StatementRow {
                    slice: (place % self.slices) as u32,
                    key: self.groups.key_of(place / self.slices),
                    amounts,
                };
                let filled = places.into_iter().enumerate().filter(|(_, amounts)| *amounts != Amounts::default());
                filled.map(row).collect()
            }
        }
    }
}

impl RowsOf<'_> {
    /// Adds what falls into a slice.
    #[inline]
    pub(super) fn add(&mut self, slice: usize, amounts: Amounts) {
        match self {
            Self::Places(places) => places[slice] += amounts,
            Self::Map(map, key) if amounts != Amounts::default() => {
                *map.entry((slice as u32, *key)).or_default() += amounts;
            }
            Self::Map(..) => {}
        }
    }
}

/// The place of each name in the order of all.
fn ranks(names: &[String]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&index| &names[index]);
    let mut ranks = vec![0; names.len()];
    order.into_iter().zip(0..).for_each(|(index, rank)| ranks[index] = rank);
    ranks
}
