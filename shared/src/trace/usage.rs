//! Usage: what resources used of what they requested.

use crate::input::{InputError, Row, Table};
use crate::units::{Dimension, Instant, ResourcesError};

/// One reading of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageReading {
    /// When it was read.
    pub at: Instant,
    /// The resource's name.
    pub resource: String,
    /// What it used, of the dimensions that were read, in our units.
    pub used: Vec<(Dimension, u32)>,
}

/// Reads `at,resource,vcpu,memory_gib`; one of the last two may be absent or empty, which is not 0.
///
/// # Errors
/// At the first wrong line.
pub fn read_usage(text: &str) -> Result<Vec<UsageReading>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["at", "resource", "vcpu", "memory_gib"])?;
    let (at, resource) = (table.column("at")?, table.column("resource")?);
    let amounts = [Dimension::Vcpu, Dimension::Memory].map(|dimension| (dimension, table.find(dimension.field())));
    let (mut readings, mut row) = (Vec::new(), Row::default());
    while table.next(&mut row)? {
        let instant: Result<Instant, _> = row.get(at).parse();
        if row.get(resource).is_empty() {
            return Err(InputError::field(row.line, "resource", "is empty; expected a name"));
        }
        let mut used = Vec::new();
        for (dimension, column) in amounts {
            if let Some(text) = row.optional(column) {
                let amount = dimension.parse(text);
                let wrong = |error: ResourcesError| InputError::field(row.line, dimension.field(), error.to_string());
                used.push((dimension, amount.map_err(wrong)?));
            }
        }
        if used.is_empty() {
            let message = "is empty or no column, as is `memory_gib`; expected what the resource used";
            return Err(InputError::field(row.line, "vcpu", message));
        }
        readings.push(UsageReading {
            at: instant.map_err(|error| InputError::field(row.line, "at", error.to_string()))?,
            resource: row.get(resource).to_owned(),
            used,
        });
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_exact_and_wrong_ones_are_named() {
        let readings = read_usage("at,resource,vcpu,memory_gib\n2026-01-01T00:00:00Z,vm,0.25,\n").unwrap();
        assert_eq!(readings[0].used, [(Dimension::Vcpu, 250)], "what was not read is not 0");
        let error = read_usage("at,resource\n2026-01-01T00:00:00Z,vm\n").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (2, Some("vcpu")));
        let error = read_usage("at,resource,vcpu\n2026-01-01T00:00:00Z,vm,many\n").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (2, Some("vcpu")));
    }
}
