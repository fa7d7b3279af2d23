//! Any CSV made ours: columns are mapped by name, with units.
//!
//! A column of ours is filled from a column of the file, multiplied or divided by a number where the units differ, or
//! from a constant ([`Source`]); a column of the file that already has our name needs no mapping. Arithmetic is
//! decimal, so that `memory_mib/1024` is exact; only a quotient is rounded, half to even, to our unit (milli-vCPU, MiB,
//! milli-GPU, nano-units of a currency).

mod columns;
mod numbers;
mod observations;
mod quantities;
mod requests;
mod source;
mod tables;
mod times;

use core::str::FromStr;

use super::Lines;
use crate::input::{InputError, Row, Table};
use columns::Columns;
pub use source::{Source, SourceError};
pub use times::{Times, TimesError};

/// What a file is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests: a `create` a row, and its `delete` where `end` or `lifetime_s` says when.
    Requests,
    /// The machines that there are.
    Inventory,
    /// The most that each tenant may hold at once.
    Quotas,
    /// What zones have beside nodes.
    Pools,
    /// Prices of instance types, or the cost of owned hardware.
    Prices,
    /// Sensor readings.
    Sensors,
    /// What resources used.
    Usage,
    /// Facts about requests.
    Observations,
}

/// How to read a file.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it is to become.
    pub kind: Kind,
    /// Our columns and where they come from.
    pub columns: Vec<(String, Source)>,
    /// What separates the values; found in the header where none.
    pub delimiter: Option<u8>,
    /// How instants are written.
    pub times: Times,
    /// Whether a comma is the decimal point of its numbers.
    pub decimal_comma: bool,
    /// What the file writes where it has no value, beside what exports usually write.
    pub empty: Vec<String>,
}

/// A file made ours.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// How many rows the file had.
    pub rows: u64,
    /// Rows that were there again with the same id, left out.
    pub duplicates: u64,
    /// Local times of an hour that the clocks passed twice, taken the first time.
    pub ambiguous: u64,
    /// Ours: requests in order of time, everything else in the order of the file.
    pub lines: Lines,
    /// The lines of the file that the lines of our CSV come from, the header first.
    origins: Vec<u64>,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Requests,
        Self::Inventory,
        Self::Quotas,
        Self::Pools,
        Self::Prices,
        Self::Sensors,
        Self::Usage,
        Self::Observations,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Inventory => "inventory",
            Self::Quotas => "quotas",
            Self::Pools => "pools",
            Self::Prices => "prices",
            Self::Sensors => "sensors",
            Self::Usage => "usage",
            Self::Observations => "observations",
        }
    }

    /// The columns that have to be mapped or there.
    pub const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Requests => &["at", "tenant"],
            Self::Inventory => &["node", "vcpu", "memory_gib", "instance_type"],
            Self::Quotas => &["tenant"],
            Self::Pools => &["pool"],
            Self::Prices => &["instance_type", "currency"],
            Self::Sensors => &["at", "sensor", "value"],
            Self::Usage => &["at", "resource"],
            Self::Observations => &["request"],
        }
    }

    /// The columns that may be; requests also take `label.NAME`.
    pub const fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Requests => &[
                "id",
                "op",
                "class",
                "resource",
                "flavor",
                "vcpu",
                "memory_gib",
                "gpu",
                "storage_gib",
                "network_mbps",
                "local_disk_gib",
                "iops",
                "addresses",
                "zone",
                "batch",
                "end",
                "lifetime_s",
            ],
            Self::Inventory => &["gpu", "local_disk_gib", "network_mbps", "zone", "cluster"],
            Self::Quotas => {
                &["vcpu", "memory_gib", "gpu", "storage_gib", "network_mbps", "local_disk_gib", "iops", "addresses"]
            }
            Self::Pools => &[
                "zone",
                "storage_gib",
                "iops",
                "network_mbps",
                "addresses",
                "storage_gib_over_commit_percent",
                "iops_over_commit_percent",
                "network_mbps_over_commit_percent",
                "addresses_over_commit_percent",
            ],
            Self::Prices => &[
                "price_per_hour",
                "vcpu",
                "memory_gib",
                "gpu",
                "storage_gib",
                "network_mbps",
                "local_disk_gib",
                "iops",
                "addresses",
                "from",
                "purchase_price",
                "term_months",
                "power_kw",
                "price_per_kwh",
                "overhead_percent",
            ],
            Self::Sensors => &["scope"],
            Self::Usage => &["vcpu", "memory_gib"],
            Self::Observations => &[
                "admitted",
                "reason",
                "node",
                "ready_at",
                "released_at",
                "gateway_ms",
                "authentication_ms",
                "admission_ms",
                "quota_ms",
                "scheduler_ms",
                "provisioner_ms",
                "metering_ms",
            ],
        }
    }

    /// Whether a column of ours may be mapped.
    pub fn takes(self, column: &str) -> bool {
        self.required().contains(&column)
            || self.optional().contains(&column)
            || (self == Self::Requests && column.strip_prefix("label.").is_some_and(|name| !name.is_empty()))
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no kind of data; expected one of {}", names()))
    }
}

impl Imported {
    /// Lets the reader of our own CSV files see what came out; its errors are given in lines of the file.
    fn check(&self, reader: impl FnOnce(&str) -> Result<(), InputError>) -> Result<(), InputError> {
        let text: String = self.lines.iter().collect();
        let in_the_file = |error: InputError| InputError {
            line: error.line.checked_sub(1).map_or(0, |i| self.origins.get(i as usize).copied().unwrap_or(error.line)),
            ..error
        };
        reader(&text).map_err(in_the_file)
    }
}

/// Reads all of `text` and makes it ours.
///
/// `read_back` is the reader of that kind of our CSV files and says whether it takes what came out; requests and
/// observations are checked while they are made.
///
/// # Errors
/// At the first wrong line, with the column of ours that could not be filled, and the column and cell of the file that
/// it was to be filled from.
pub fn import(
    text: &str,
    config: &Config,
    read_back: impl FnOnce(&str) -> Result<(), InputError>,
) -> Result<Imported, InputError> {
    let table = Table::open(text, config.delimiter)?;
    let columns = Columns::resolve(&table, config)?;
    let imported = match config.kind {
        Kind::Requests => requests::import(table, &columns),
        Kind::Observations => observations::import(table, &columns),
        kind => tables::import(table, &columns, kind),
    };
    let checked = imported.and_then(|imported| {
        let tables = !matches!(config.kind, Kind::Requests | Kind::Observations);
        if tables { imported.check(read_back).map(|()| imported) } else { Ok(imported) }
    });
    let imported = checked.map_err(|error| with_cell(text, config, &columns, error))?;
    Ok(Imported { ambiguous: columns.ambiguous(), ..imported })
}

/// What is wrong, with the column and the cell of the file, which the one who wrote it knows better than ours.
fn with_cell(text: &str, config: &Config, columns: &Columns, error: InputError) -> InputError {
    let Ok(mut table) = Table::open(text, config.delimiter) else { return error };
    let mut row = Row::default();
    while let Ok(true) = table.next(&mut row) {
        if row.line == error.line {
            return columns.with_cell(&row, error);
        }
    }
    error
}

#[cfg(test)]
mod tests;
