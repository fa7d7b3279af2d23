//! Rows that become rows of our own CSV files.

use super::columns::Columns;
use super::{Imported, Kind};
use crate::input::{InputError, Row, Table};
use crate::trace::Lines;

/// One row a row, in the order of the file.
pub(super) fn import(mut table: Table<'_>, columns: &Columns, kind: Kind) -> Result<Imported, InputError> {
    let names: Vec<&str> = kind
        .required()
        .iter()
        .chain(kind.optional())
        .copied()
        // A sensor's scope may be unknown, but its column is always there.
        .filter(|&name| columns.has(name) || name == "scope")
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| InputError::whole(error.to_string());
    writer.write_record(&names).map_err(broken)?;
    let (mut lines, mut row) = (vec![1], Row::default());
    while table.next(&mut row)? {
        let cells: Result<Vec<String>, InputError> = names.iter().map(|name| columns.cell(&row, kind, name)).collect();
        writer.write_record(cells?).map_err(broken)?;
        lines.push(row.line);
    }
    let bytes = writer.into_inner().map_err(|error| InputError::whole(error.to_string()))?;
    let buffer = String::from_utf8(bytes).map_err(|error| InputError::whole(error.to_string()))?;
    // Every row of ours is one line, since no cell holds a line break.
    Ok(Imported { rows: lines.len() as u64 - 1, lines: Lines::whole(buffer), origins: lines, ..Imported::default() })
}
