//! Requests that somebody thinks of making, which need not say everything.

use serde_json::{Map, Value};

use crate::input::{InputError, parse_json};
use crate::request::Request;
use crate::units::Instant;

/// The most requests of one order, with their counts.
pub const ORDER_MAX: u64 = 10_000;

/// The requests of an order, and which of its objects each comes from, counted from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ordered {
    /// One a create, resize or delete.
    pub requests: Vec<Request>,
    /// As many.
    pub objects: Vec<usize>,
}

/// Reads requests, each a JSON object as in a request log, that need not say everything: without `op` one is a create,
/// without `class` it is about compute, without `at` it is made at `at`, `id` and `resource` are then numbered from
/// `first` on, and `count` of a create are made where that is said.
///
/// # Errors
/// At the first that is wrong, its place counted from 1, and where they are more than [`ORDER_MAX`].
pub fn read_order(objects: Vec<Map<String, Value>>, at: Instant, first: usize) -> Result<Ordered, InputError> {
    let mut ordered = Ordered::default();
    for (place, mut object) in objects.into_iter().enumerate() {
        let line = place as u64 + 1;
        for (field, value) in [("op", "create"), ("class", "compute")] {
            object.entry(field).or_insert_with(|| value.into());
        }
        object.entry("at").or_insert_with(|| at.to_string().into());
        let count = count(&mut object).map_err(|message| InputError::field(line, "count", message))?;
        if ordered.requests.len() as u64 + count > ORDER_MAX {
            let message = format!("makes more than {ORDER_MAX} requests of the order; quote them in several");
            return Err(InputError::line(line, message));
        }
        for copy in 1..=count {
            let mut object = object.clone();
            let numbered = format!("q-{}", first + place + 1);
            for field in ["id", "resource"] {
                let name = match object.get(field) {
                    None => &numbered,
                    Some(Value::String(name)) => name,
                    // What is no text is refused below.
                    Some(_) => continue,
                };
                let name = if count > 1 { format!("{name}-{copy}") } else { name.clone() };
                object.insert(field.to_owned(), name.into());
            }
            ordered.requests.push(parse_json(line, &Value::Object(object).to_string())?);
            ordered.objects.push(place);
        }
    }
    Ok(ordered)
}

/// How many of a create are made; 1 where it does not say.
fn count(object: &mut Map<String, Value>) -> Result<u64, String> {
    let Some(value) = object.remove("count") else { return Ok(1) };
    if object.get("op").and_then(Value::as_str) != Some("create") {
        return Err("has no effect but on a create; name each resource".to_owned());
    }
    let count = value.as_u64().filter(|count| (1..=ORDER_MAX).contains(count));
    count.ok_or_else(|| format!("is {value}; expected a whole number from 1 to {ORDER_MAX}"))
}
