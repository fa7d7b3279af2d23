//! What is wrong with JSON, in the form of every other input.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Format, InputError, field_and_message, plain_words};

/// Reads a record from line `number`, which is one JSON object.
///
/// # Errors
/// With the field that is wrong and what was expected.
pub fn parse_json<T: DeserializeOwned>(number: u64, line: &str) -> Result<T, InputError> {
    // A record that is written as a list would lack the names that say what is what.
    if line.trim_start().starts_with('{') { parse(number, line) } else { Err(no_object(number, line, OF_LINES)) }
}

/// Reads a JSON document of many lines that is one object.
///
/// # Errors
/// As [`parse_json_document`], and when it is anything else.
pub fn parse_json_object<T: DeserializeOwned>(text: &str) -> Result<T, InputError> {
    // A list would be taken for the fields in their order.
    if text.trim_start().starts_with('{') { parse_json_document(text) } else { Err(no_object(1, text, "")) }
}

/// Reads a JSON document of many lines.
///
/// # Errors
/// As [`parse_json`], with the line of the document.
pub fn parse_json_document<T: DeserializeOwned>(text: &str) -> Result<T, InputError> {
    serde_json::from_str(text).or_else(|error| parse(u64::try_from(error.line()).unwrap_or(0), text))
}

/// What is wrong with a text that is no JSON, and on which of its lines.
pub fn no_json_because(error: &serde_json::Error) -> InputError {
    let said = error.to_string();
    let message = without_position(&said);
    let line = u64::try_from(error.line()).unwrap_or(0);
    InputError::line(line, format!("is no JSON: {}", plain_words(message).unwrap_or(message)))
}

/// Takes a value apart that is JSON already.
///
/// # Errors
/// With the field that is wrong and what was expected.
pub fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, InputError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (field, message) = field_and_message(Format::Json, &error.path().to_string(), &error.inner().to_string());
        InputError { line: 0, field, message }
    })
}

fn parse<T: DeserializeOwned>(number: u64, text: &str) -> Result<T, InputError> {
    // Only a wrong text pays for finding out which of its fields is to blame.
    serde_json::from_str(text).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
        let found = read.map_err(|error| (error.path().to_string(), error.into_inner()));
        // What is wrong behind a whole value is of no field.
        let whole = found.and_then(|value| deserializer.end().map(|()| value).map_err(|error| (String::new(), error)));
        whole.map_err(|(path, error)| {
            let said = error.to_string();
            let message = without_position(&said);
            if !error.is_syntax() && !error.is_eof() {
                let (field, message) = field_and_message(Format::Json, &path, message);
                return InputError { line: number, field, message };
            }
            match serde_json::from_str::<Value>(text) {
                // The reader asks for names of choices as if anything else were no JSON.
                Ok(value) => {
                    let message = names_at::<T>(value, &path).unwrap_or_else(|| NO_NAME.to_owned());
                    InputError { line: number, field: Some(path), message }
                }
                Err(_) => {
                    let field = Some(path).filter(|path| message == NO_VALUE && !matches!(path.as_str(), "." | "?"));
                    let message = plain_words(message).unwrap_or(message);
                    InputError { line: number, field, message: format!("is no JSON: {message}") }
                }
            }
        })
    })
}

/// What is wrong with something at `path` that is no text where a name is expected: a text that is no name either has
/// the reader say which there are.
fn names_at<T: DeserializeOwned>(mut document: Value, path: &str) -> Option<String> {
    let pointer: String = path.split(['.', '[']).map(|part| format!("/{}", part.trim_end_matches(']'))).collect();
    let place = document.pointer_mut(&pointer)?;
    let found = core::mem::replace(place, Value::String(String::new()));
    let said = serde_json::from_value::<T>(document).err()?.to_string();
    let expected = said.strip_prefix("unknown variant ``, ")?;
    Some(format!("is {found}; {expected}"))
}

const NO_NAME: &str = "is no text; expected one of its names in quotes";

/// What serde_json says where something else stands in the place of a value.
const NO_VALUE: &str = "expected value";

/// What helps whoever has records that are no JSON.
const OF_LINES: &str = " a line; `shadowplane import csv` makes such lines from a table";

fn no_object(number: u64, line: &str, of_text: &str) -> InputError {
    let expected = "expected one JSON object in braces";
    if line.trim().is_empty() {
        return InputError::whole(format!("is empty; {expected}"));
    }
    InputError::line(
        number,
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Array(_)) => format!("is a list; {expected}"),
            Ok(other) => format!("is {other}; {expected}"),
            Err(_) => format!("is no JSON; {expected}{of_text}"),
        },
    )
}

/// Without the position that serde_json appends: the line is ours to say, and a column of one line is noise.
fn without_position(message: &str) -> &str {
    let Some((before, position)) = message.rsplit_once(" at line ") else { return message };
    let is_position = position
        .split_once(" column ")
        .is_some_and(|(line, column)| line.parse::<u64>().is_ok() && column.parse::<u64>().is_ok());
    if is_position { before } else { message }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "inner")]
        _inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u32,
        #[serde(rename = "kind")]
        _kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
    }

    #[test]
    fn the_field_is_named_and_the_column_is_not() {
        let check = |text: &str, field: Option<&str>, message: &str| {
            let error = parse_json::<Outer>(7, text).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (7, field), "{error}");
            assert!(error.message.starts_with(message), "{error}");
            assert!(!error.message.contains("column"), "{error}");
        };
        check("{}", Some("inner"), "is missing");
        check(r#"{"inner":{"kind":"plain"}}"#, Some("inner.count"), "is missing");
        check(r#"{"outer":{}}"#, Some("outer"), "is unknown; expected `inner`");
        check(r#"{"inner":{"cuont":1}}"#, Some("inner.cuont"), "is unknown; expected `count` or `kind`");
        check(r#"{"inner":{"count":-1,"kind":"plain"}}"#, Some("inner.count"), "is the number -1; expected a whole");
        check(r#"{"inner":{"count":"1","kind":"plain"}}"#, Some("inner.count"), "is \"1\"; expected a whole number");
        check(r#"{"inner":5}"#, Some("inner"), "is the number 5; expected an object in braces");
        check(r#"{"inner":{"count":1,"kind":5}}"#, Some("inner.kind"), "is 5; expected `plain`");
        check(r#"{"inner":{"count":1,"kind":"odd"}}"#, Some("inner.kind"), "is `odd`; expected `plain`");
        check(r#"{"inner":{"count":1,"count":2}}"#, Some("inner.count"), "is given twice");
        check(r#"{"inner":{"count":NaN,"kind":"plain"}}"#, Some("inner.count"), "is no JSON: expected a number");
        check("{", None, "is no JSON: it ends inside an object");
        check("[1]", None, "is a list; expected one JSON object");
        check("5", None, "is 5; expected one JSON object");
        check("inner,count", None, "is no JSON; expected one JSON object in braces a line; `shadowplane import csv`");
        check(r#"{"inner":{"count":1,"kind":"plain"}} x"#, None, "is no JSON: something follows");
    }

    #[test]
    fn a_document_has_lines_of_its_own() {
        let no_object = |text: &str| parse_json_object::<Outer>(text).unwrap_err().message;
        assert_eq!(no_object("inner,count"), "is no JSON; expected one JSON object in braces");
        assert_eq!(no_object("[{}]"), "is a list; expected one JSON object in braces");
        let error = parse_json_document::<Outer>("{\n  \"inner\": {\n    \"count\": -1\n  }\n}").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (3, Some("inner.count")), "{error}");
    }
}
