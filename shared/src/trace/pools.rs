//! Pools: what zones have beside nodes.

use std::collections::BTreeMap;

use crate::input::{InputError, InputProblems, Row, Table};
use crate::units::{Dimension, Resources};

/// What pools have, with the columns of how much of it may be requested.
const OF_POOLS: [(Dimension, &str); 4] = [
    (Dimension::Storage, "storage_gib_over_commit_percent"),
    (Dimension::Iops, "iops_over_commit_percent"),
    (Dimension::Network, "network_mbps_over_commit_percent"),
    (Dimension::Addresses, "addresses_over_commit_percent"),
];

/// One pool of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRow {
    /// The line that it stands on, counted from 1.
    pub line: u64,
    /// Its name, unique in the file.
    pub name: String,
    /// Where it is; for all zones where none.
    pub zone: Option<String>,
    /// What it has.
    pub capacity: Resources,
    /// How much of that may be requested, in percent; 100 where nothing is said.
    pub over_commit_percent: BTreeMap<Dimension, u32>,
}

/// Reads `pool,zone,storage_gib,iops,network_mbps,addresses`, and how much of each may be requested in percent in columns
/// such as `storage_gib_over_commit_percent`; all but `pool` may be absent or empty.
///
/// # Errors
/// With every wrong line; a name that stands there twice is one, and so is a pool of nothing.
pub fn read_pools(text: &str) -> Result<Vec<PoolRow>, InputProblems> {
    let mut table = Table::open(text, None)?;
    let (amounts, percents) = (OF_POOLS.map(|(of, _)| of.field()), OF_POOLS.map(|(_, column)| column));
    table.expect_only(&[&["pool", "zone"], &amounts[..], &percents[..]].concat())?;
    let (name, zone) = (table.column("pool")?, table.find("zone"));
    let columns = OF_POOLS.map(|(of, percent)| (of, table.find(of.field()), percent, table.find(percent)));
    let (mut pools, mut wrong, mut lines, mut row) = (Vec::new(), Vec::new(), BTreeMap::new(), Row::default());
    while table.next_of(&mut row, &mut wrong) {
        let called = row.get(name).to_owned();
        if called.is_empty() {
            wrong.push(InputError::field(row.line, "pool", "is empty; expected a name"));
        } else if let Some(earlier) = lines.insert(called.clone(), row.line) {
            let message = format!("`{called}` stands on line {earlier} already; expected each pool once");
            wrong.push(InputError::field(row.line, "pool", message));
        }
        let (capacity, over_commit_percent) = amounts_of(&row, columns, &mut wrong);
        if columns.iter().all(|(_, column, ..)| row.optional(*column).is_none()) {
            let message = format!("`{called}` has nothing; expected an amount of {}", amounts.join(", "));
            wrong.push(InputError::field(row.line, "pool", message));
        }
        let zone = row.optional(zone).map(str::to_owned);
        pools.push(PoolRow { line: row.line, name: called, zone, capacity, over_commit_percent });
    }
    if wrong.is_empty() && pools.is_empty() {
        wrong.push(InputError::whole("has a header and no rows; expected pools"));
    }
    if wrong.is_empty() { Ok(pools) } else { Err(InputProblems(wrong)) }
}

/// A dimension and its column, and the name and the column of how much of it may be requested.
type Columns = (Dimension, Option<usize>, &'static str, Option<usize>);

/// What a pool has and how much of it may be requested, with what is wrong about it.
fn amounts_of(
    row: &Row,
    columns: [Columns; OF_POOLS.len()],
    wrong: &mut Vec<InputError>,
) -> (Resources, BTreeMap<Dimension, u32>) {
    let (mut capacity, mut over_commit_percent) = (Resources::ZERO, BTreeMap::new());
    for (of, column, percent, percent_column) in columns {
        match row.optional(column).map(|text| amount(of, text)) {
            Some(Ok(read)) => capacity[of] = read,
            Some(Err(message)) => wrong.push(InputError::field(row.line, of.field(), message)),
            None => {}
        }
        if let Some(text) = row.optional(percent_column) {
            match text.parse::<u32>().ok().filter(|percent| *percent > 0) {
                Some(read) => drop(over_commit_percent.insert(of, read)),
                None => {
                    let message = format!("is `{text}`; expected a whole number of percent, as 100 or 2000");
                    wrong.push(InputError::field(row.line, percent, message));
                }
            }
        }
    }
    (capacity, over_commit_percent)
}

/// What a pool has of a dimension: something, where a cell says how much.
fn amount(of: Dimension, text: &str) -> Result<u32, String> {
    match of.parse(text).map_err(|error| error.to_string())? {
        0 => Err("is 0; expected what the pool has, or nothing where it is for something else".to_owned()),
        amount => Ok(amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_what_its_row_says() {
        let text = "pool,zone,storage_gib,iops,addresses,storage_gib_over_commit_percent\n\
                    ceph-a,a,512000,2000000,,2000\nuplink,,,,4096,\n";
        let pools = read_pools(text).unwrap();
        assert_eq!(pools[0].zone.as_deref(), Some("a"));
        // 500 TiB are 512,000 GiB of 1,024 MiB.
        let storage = Resources::ZERO.with(Dimension::Storage, 512_000 * 1_024);
        assert_eq!(pools[0].capacity, storage.with(Dimension::Iops, 2_000_000));
        assert_eq!(pools[0].over_commit_percent, BTreeMap::from([(Dimension::Storage, 2_000)]));
        assert_eq!((pools[1].zone.as_deref(), pools[1].line), (None, 3));
        assert_eq!(pools[1].capacity, Resources::ZERO.with(Dimension::Addresses, 4_096));
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |rows: &str, line: u64, field: Option<&str>, part: &str| {
            let header = "pool,storage_gib,iops,iops_over_commit_percent\n";
            let error = read_pools(&format!("{header}{rows}")).unwrap_err().first();
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check(",1,,\n", 2, Some("pool"), "is empty");
        check("ssd,1,,\nssd,2,,\n", 3, Some("pool"), "stands on line 2 already");
        check("ssd,,,\n", 2, Some("pool"), "has nothing");
        check("ssd,0,,\n", 2, Some("storage_gib"), "is 0");
        check("ssd,1,many,\n", 2, Some("iops"), "`many`");
        check("ssd,1,5,-3\n", 2, Some("iops_over_commit_percent"), "`-3`");
        check("", 0, None, "no rows");
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let InputProblems(wrong) = read_pools("pool,storage_gib,iops\n,0,many\nssd,,\nssd,1\nssd,1,\n").unwrap_err();
        let told: Vec<_> = wrong.iter().map(|error| (error.line, error.field.as_deref().unwrap_or_default())).collect();
        assert_eq!(told, [(2, "pool"), (2, "storage_gib"), (2, "iops"), (3, "pool"), (4, "iops"), (5, "pool")]);
    }
}
