//! Pools: what zones have beside nodes.

use std::collections::BTreeMap;

use crate::input::{InputError, Row, Table};
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
/// At the first wrong line, a name that stands there twice, or a pool of nothing.
pub fn read_pools(text: &str) -> Result<Vec<PoolRow>, InputError> {
    let mut table = Table::open(text, None)?;
    let (amounts, percents) = (OF_POOLS.map(|(of, _)| of.field()), OF_POOLS.map(|(_, column)| column));
    table.expect_only(&[&["pool", "zone"], &amounts[..], &percents[..]].concat())?;
    let (name, zone) = (table.column("pool")?, table.find("zone"));
    let columns = OF_POOLS.map(|(of, percent)| (of, table.find(of.field()), percent, table.find(percent)));
    let (mut pools, mut lines, mut row) = (Vec::new(), BTreeMap::new(), Row::default());
    while table.next(&mut row)? {
        let called = row.get(name);
        if called.is_empty() {
            return Err(InputError::field(row.line, "pool", "is empty; expected a name"));
        }
        if let Some(earlier) = lines.insert(called.to_owned(), row.line) {
            let message = format!("`{called}` stands on line {earlier} already; expected each pool once");
            return Err(InputError::field(row.line, "pool", message));
        }
        let (mut capacity, mut over_commit_percent) = (Resources::ZERO, BTreeMap::new());
        for (of, column, percent, percent_column) in columns {
            if let Some(text) = row.optional(column) {
                capacity[of] = amount(of, text).map_err(|wrong| InputError::field(row.line, of.field(), wrong))?;
            }
            if let Some(text) = row.optional(percent_column) {
                let read = text.parse::<u32>().ok().filter(|percent| *percent > 0);
                let wrong = || format!("is `{text}`; expected a whole number of percent, as 100 or 2000");
                let read = read.ok_or_else(|| InputError::field(row.line, percent, wrong()))?;
                over_commit_percent.insert(of, read);
            }
        }
        if capacity.is_zero() {
            let message = format!("`{called}` has nothing; expected an amount of {}", amounts.join(", "));
            return Err(InputError::field(row.line, "pool", message));
        }
        let zone = row.optional(zone).map(str::to_owned);
        pools.push(PoolRow { line: row.line, name: called.to_owned(), zone, capacity, over_commit_percent });
    }
    if pools.is_empty() {
        return Err(InputError::whole("has a header and no rows; expected pools"));
    }
    Ok(pools)
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
            let error = read_pools(&format!("{header}{rows}")).unwrap_err();
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
}
