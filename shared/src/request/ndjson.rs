//! One JSON object a line.

use serde::Serialize;

use super::{Observation, Request, RequestLogBuilder};
use crate::input::{InputError, InputProblems, parse_json};

/// Reads requests into `builder`; blank lines are passed over.
///
/// # Errors
/// With every line that is no request, or contradicts one before, and its field.
pub fn read_requests(text: &str, builder: &mut RequestLogBuilder) -> Result<(), InputProblems> {
    let pushed =
        parse_requests(text).map(|request| request.and_then(|(number, request)| builder.push(number, request)));
    InputProblems::collect(pushed).map(drop)
}

/// Each request with its line; blank lines are passed over.
pub fn parse_requests(text: &str) -> impl Iterator<Item = Result<(u64, Request), InputError>> {
    lines(text).map(|(number, line)| parse_json(number, line).map(|request| (number, request)))
}

/// Reads observations, each with its line; blank lines are passed over.
///
/// # Errors
/// With every line that is no observation, and its field.
pub fn read_observations(text: &str) -> Result<Vec<(u64, Observation)>, InputProblems> {
    let read = lines(text).map(|(number, line)| parse_json(number, line).map(|observation| (number, observation)));
    InputProblems::collect(read)
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
