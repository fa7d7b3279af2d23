//! The files that say what the trace's flavors and lifetime bins are.

use std::collections::BTreeMap;

use super::{seconds, whole};
use crate::input::{InputError, Row, Table};
use crate::request::Catalogue;
use crate::units::{Dimension, Duration, Resources};

/// The shortest and the longest lifetime of each bin, in whole steps of 300 s.
pub type LifetimeBins = BTreeMap<u64, (Duration, Duration)>;

/// Reads `flavor,vcpu,mem_gib`.
///
/// # Errors
/// At the first wrong line.
pub fn read_flavors(text: &str) -> Result<Catalogue, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["flavor", "vcpu", "mem_gib"])?;
    let [flavor, vcpu, memory] = [table.column("flavor")?, table.column("vcpu")?, table.column("mem_gib")?];
    let (mut catalogue, mut row) = (Catalogue::default(), Row::default());
    while table.next(&mut row)? {
        let amount = |dimension: Dimension, column, name| {
            dimension.parse(row.get(column)).map_err(|error| InputError::field(row.line, name, error.to_string()))
        };
        let shape =
            Resources::compute(amount(Dimension::Vcpu, vcpu, "vcpu")?, amount(Dimension::Memory, memory, "mem_gib")?);
        if shape.is_zero() {
            return Err(InputError::field(row.line, "vcpu", "is 0 and so is `mem_gib`; expected a shape"));
        }
        if catalogue.flavors.insert(row.get(flavor).to_owned(), shape).is_some() {
            let message = format!("`{}` stands in the file twice; expected each flavor once", row.get(flavor));
            return Err(InputError::field(row.line, "flavor", message));
        }
    }
    Ok(catalogue)
}

/// Reads `bin,min_s,max_s`.
///
/// # Errors
/// At the first wrong line.
pub fn read_lifetime_bins(text: &str) -> Result<LifetimeBins, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["bin", "min_s", "max_s"])?;
    let columns = [table.column("bin")?, table.column("min_s")?, table.column("max_s")?];
    let (mut bins, mut row) = (LifetimeBins::new(), Row::default());
    while table.next(&mut row)? {
        let bin = whole(&row, columns[0], "bin")?;
        let (min, max) = (whole(&row, columns[1], "min_s")?, whole(&row, columns[2], "max_s")?);
        if max < min {
            return Err(InputError::field(row.line, "max_s", format!("{max} is below min_s {min}")));
        }
        if bins.insert(bin, (seconds(min), seconds(max))).is_some() {
            return Err(InputError::field(row.line, "bin", format!("{bin} stands in the file twice; expected once")));
        }
    }
    Ok(bins)
}
