//! The rows of the trace as they are, before anything is drawn.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::{BIN, LifetimeBins, whole};
use crate::input::{InputError, Row, Table};
use crate::request::Catalogue;
use crate::units::Duration;

/// All rows, with the batches that they belong to.
#[derive(Default)]
pub(super) struct Rows {
    /// By `t_s` and number: flavors and how many of each.
    pub(super) batches: IndexMap<(u64, u64), BTreeMap<u16, u32>, FixedState>,
    pub(super) creations: Vec<CreationRow>,
}

/// One row.
pub(super) struct CreationRow {
    /// Position among the batches.
    pub(super) batch: u32,
    /// Position among the flavors, which are sorted by name.
    pub(super) flavor: u16,
    /// Its number within the batch.
    pub(super) member: u32,
    /// None where it is unknown or censored.
    pub(super) lifetime: Option<Lifetime>,
}

/// A lifetime as the trace has it: its bin.
#[derive(Clone, Copy)]
pub(super) struct Lifetime {
    pub(super) min: Duration,
    pub(super) max: Duration,
}

impl Rows {
    pub(super) fn read(text: &str, flavors: &Catalogue, bins: Option<&LifetimeBins>) -> Result<Self, InputError> {
        let mut table = Table::open(text, None)?;
        table.expect_only(&["t_s", "batch", "flavor", "lifetime_bin", "censored"])?;
        let columns = ["t_s", "batch", "flavor"].map(|name| table.column(name));
        let [t_s, batch, flavor] = columns;
        let (t_s, batch, flavor) = (t_s?, batch?, flavor?);
        let lifetime = LifetimeColumns::find(&table, bins)?;
        let numbers: IndexMap<&str, (), FixedState> = flavors.flavors.keys().map(|name| (name.as_str(), ())).collect();
        let (mut rows, mut row) = (Self::default(), Row::default());
        while table.next(&mut row)? {
            let name = row.get(flavor);
            let number = numbers.get_index_of(name).ok_or_else(|| {
                let message = format!("`{name}` is unknown; expected a flavor of the file given with --flavors");
                InputError::field(row.line, "flavor", message)
            })?;
            let flavor = u16::try_from(number)
                .map_err(|_| InputError::field(row.line, "flavor", "is one of more than 65,536; expected fewer"))?;
            let lifetime = lifetime.as_ref().map_or(Ok(None), |columns| columns.of(&row))?;
            rows.push((bin_start(&row, t_s)?, whole(&row, batch, "batch")?), flavor, lifetime);
        }
        Ok(rows)
    }

    fn push(&mut self, batch: (u64, u64), flavor: u16, lifetime: Option<Lifetime>) {
        let entry = self.batches.entry(batch);
        let batch = entry.index() as u32;
        let flavors = entry.or_default();
        let member = flavors.values().sum();
        *flavors.entry(flavor).or_default() += 1;
        self.creations.push(CreationRow { batch, flavor, member, lifetime });
    }
}

/// When a bin of the trace begins, in seconds.
fn bin_start(row: &Row, column: usize) -> Result<u64, InputError> {
    let step = BIN.micros() as u64 / 1_000_000;
    let start = whole(row, column, "t_s")?;
    if start % step == 0 {
        return Ok(start);
    }
    let (before, after) = (start - start % step, start - start % step + step);
    let message = format!("is {start}; expected the start of a bin of {step} s, such as {before} or {after}");
    Err(InputError::field(row.line, "t_s", message))
}

/// Where lifetimes stand, and what they mean.
struct LifetimeColumns<'a> {
    bin: usize,
    censored: usize,
    bins: &'a LifetimeBins,
}

impl<'a> LifetimeColumns<'a> {
    fn find(table: &Table<'_>, bins: Option<&'a LifetimeBins>) -> Result<Option<Self>, InputError> {
        match bins {
            Some(bins) => {
                let (bin, censored) = (table.column("lifetime_bin")?, table.column("censored")?);
                Ok(Some(Self { bin, censored, bins }))
            }
            None if table.find("lifetime_bin").is_some() => {
                let message = "is there, but not what its numbers mean; add `--lifetimes lifetime_bins.csv`";
                Err(InputError::field(1, "lifetime_bin", message))
            }
            None => Ok(None),
        }
    }

    fn of(&self, row: &Row) -> Result<Option<Lifetime>, InputError> {
        let number = whole(row, self.bin, "lifetime_bin")?;
        let &(min, max) = self.bins.get(&number).ok_or_else(|| {
            let message = format!("{number} is unknown; expected a bin of the file given with --lifetimes");
            InputError::field(row.line, "lifetime_bin", message)
        })?;
        match row.get(self.censored) {
            "0" => Ok(Some(Lifetime { min, max })),
            "1" => Ok(None),
            other => Err(InputError::field(row.line, "censored", format!("is `{other}`; expected 0 or 1"))),
        }
    }
}
