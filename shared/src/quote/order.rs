//! Requests that somebody thinks of making, which need not say everything.

use serde_json::{Map, Value};

use crate::input::{InputError, parse_json};
use crate::request::Request;
use crate::units::Instant;

/// The most resources of one line.
const COUNT_MAX: u64 = 10_000;

/// Reads requests, each a JSON object as in a request log, that need not say everything: without `op` one is a create,
/// without `class` it is about compute, without `at` it is made at `at`, `id` and `resource` are then numbered, and `count`
/// of them are made where that is said.
///
/// # Errors
/// At the first that is wrong, its place counted from 1.
pub fn read_order(objects: Vec<Map<String, Value>>, at: Instant) -> Result<Vec<Request>, InputError> {
    let mut requests = Vec::new();
    for (mut object, number) in objects.into_iter().zip(1_u64..) {
        let count = match object.remove("count") {
            None => 1,
            Some(value) => value.as_u64().filter(|count| (1..=COUNT_MAX).contains(count)).ok_or_else(|| {
                let message = format!("is {value}; expected a whole number from 1 to {COUNT_MAX}");
                InputError::field(number, "count", message)
            })?,
        };
        for (field, value) in [("op", "create"), ("class", "compute")] {
            object.entry(field).or_insert_with(|| value.into());
        }
        object.entry("at").or_insert_with(|| at.to_string().into());
        for copy in 1..=count {
            let mut object = object.clone();
            let numbered = if count == 1 { format!("q-{number}") } else { format!("q-{number}-{copy}") };
            for field in ["id", "resource"] {
                match object.get(field).and_then(Value::as_str) {
                    Some(name) if count > 1 => object.insert(field.to_owned(), format!("{name}-{copy}").into()),
                    Some(_) => None,
                    None => object.insert(field.to_owned(), numbered.clone().into()),
                };
            }
            requests.push(parse_json::<Request>(number, &Value::Object(object).to_string())?);
        }
    }
    Ok(requests)
}
