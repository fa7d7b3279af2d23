//! One JSON object a line.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Observation, Request, RequestLogBuilder};
use crate::input::InputError;

/// Reads requests into `builder`; blank lines are passed over.
///
/// # Errors
/// At the first line that is no request, with its field.
pub fn read_requests(text: &str, builder: &mut RequestLogBuilder) -> Result<(), InputError> {
    for request in parse_requests(text) {
        let (number, request) = request?;
        builder.push(number, request)?;
    }
    Ok(())
}

/// Each request with its line; blank lines are passed over.
pub fn parse_requests(text: &str) -> impl Iterator<Item = Result<(u64, Request), InputError>> {
    lines(text).map(|(number, line)| parse_record(number, line).map(|request| (number, request)))
}

/// Reads observations; blank lines are passed over.
///
/// # Errors
/// At the first line that is no observation, with its field.
pub fn read_observations(text: &str) -> Result<Vec<Observation>, InputError> {
    lines(text).map(|(number, line)| parse_record(number, line)).collect()
}

/// Appends `value` to `text` as one line.
///
/// # Panics
/// When the value cannot be JSON, which none of our records is.
pub fn write_line(text: &mut String, value: &impl Serialize) {
    text.push_str(&serde_json::to_string(value).expect("records serialize to JSON"));
    text.push('\n');
}

fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    text.lines().enumerate().map(|(i, line)| (i as u64 + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

/// One record of line `number`.
///
/// # Errors
/// With the field that is wrong.
pub fn parse_record<T: DeserializeOwned>(number: u64, line: &str) -> Result<T, InputError> {
    serde_json::from_str(line).or_else(|_| {
        // Only a wrong line pays for finding out which of its fields is to blame.
        let mut deserializer = serde_json::Deserializer::from_str(line);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let field = (path != ".").then_some(path);
            InputError { line: number, field, message: error.into_inner().to_string() }
        })
    })
}
