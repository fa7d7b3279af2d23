//! Fields of a CSV file by the name of their column.

use std::collections::BTreeMap;

use crate::input::InputError;
use crate::units::{Instant, TimeError};

/// Where each column stands, when all of `required` are there and no other than those and `optional`.
pub(super) fn columns(
    reader: &mut csv::Reader<&[u8]>,
    required: &[&str],
    optional: &[&str],
) -> Result<BTreeMap<String, usize>, InputError> {
    let header = reader.headers().map_err(|error| InputError::whole(error.to_string()))?;
    let expected = || [required, optional].concat().join(",");
    let mut positions = BTreeMap::new();
    for (position, name) in header.iter().map(str::trim).enumerate() {
        if !required.contains(&name) && !optional.contains(&name) {
            let message = format!("unknown column; the columns are {}", expected());
            return Err(InputError::field(1, name, message));
        }
        positions.insert(name.to_owned(), position);
    }
    match required.iter().find(|&&name| !positions.contains_key(name)) {
        Some(missing) => {
            Err(InputError::field(1, *missing, format!("column is missing; the columns are {}", expected())))
        }
        None => Ok(positions),
    }
}

/// The field of a record under a column that [`columns`] found.
pub(super) fn column<'a>(
    record: &'a csv::StringRecord,
    positions: &BTreeMap<String, usize>,
    line: u64,
    name: &str,
) -> Result<&'a str, InputError> {
    let field = positions.get(name).and_then(|&position| record.get(position));
    field.map(str::trim).ok_or_else(|| InputError::field(line, name, "is missing: the line has too few fields"))
}

/// The instant that a field holds.
pub(super) fn instant(line: u64, field: &str, text: &str) -> Result<Instant, InputError> {
    text.parse().map_err(|error: TimeError| InputError::field(line, field, error.to_string()))
}

/// The finite number that a field holds.
pub(super) fn number(line: u64, field: &str, text: &str) -> Result<f64, InputError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(InputError::field(line, field, format!("`{text}` is not a finite number"))),
    }
}
