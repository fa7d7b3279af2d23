//! Fields of a CSV file as what they hold.

use crate::input::InputError;
use crate::units::{Instant, TimeError};

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
