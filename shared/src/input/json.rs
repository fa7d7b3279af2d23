//! What is wrong with JSON, in the form of every other input.

use serde::de::DeserializeOwned;

use super::InputError;

/// Reads a value from the JSON of line `number`.
///
/// # Errors
/// With the field that is wrong and what was expected.
pub fn parse_json<T: DeserializeOwned>(number: u64, line: &str) -> Result<T, InputError> {
    // Only a wrong text pays for finding out which of its fields is to blame.
    serde_json::from_str(line).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let read: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
        let found = read.map_err(|error| (error.path().to_string(), error.into_inner()));
        // What is wrong behind a whole value is of no field.
        let whole = found.and_then(|value| deserializer.end().map(|()| value).map_err(|error| (String::new(), error)));
        whole.map_err(|(path, error)| {
            let (field, message) = field_and_message(&path, &error.to_string());
            match error.is_syntax() || error.is_eof() {
                true => InputError::line(number, format!("is no JSON: {message}")),
                false => InputError { line: number, field, message },
            }
        })
    })
}

/// Reads a JSON document of many lines.
///
/// # Errors
/// As [`parse_json`], with the line of the document.
pub fn parse_json_document<T: DeserializeOwned>(text: &str) -> Result<T, InputError> {
    serde_json::from_str(text).or_else(|error| parse_json(u64::try_from(error.line()).unwrap_or(0), text))
}

/// Turns what a deserializer of serde says about the place `path` into a field and a message of ours.
pub fn field_and_message(path: &str, message: &str) -> (Option<String>, String) {
    let message = without_position(message);
    let path = Some(path).filter(|path| !matches!(*path, "" | "." | "?"));
    let named = |name: &str| match path {
        // Some deserializers have entered the field that they do not know.
        Some(path) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(path) => format!("{}.{name}", path.trim_end_matches(".?")),
        None => name.to_owned(),
    };
    if let Some((name, _)) = quoted(message, "missing field `") {
        return (Some(named(name)), "is missing; expected a value".to_owned());
    }
    if let Some((name, rest)) = quoted(message, "unknown field `") {
        let expected = rest.strip_prefix(", ").unwrap_or("expected no field of this name");
        return (Some(named(name)), format!("is unknown; {expected}"));
    }
    if let Some((name, _)) = quoted(message, "duplicate field `") {
        return (Some(named(name)), "is given twice; expected once".to_owned());
    }
    if let Some((name, rest)) = quoted(message, "unknown variant `") {
        return (path.map(str::to_owned), format!("is `{name}`; {}", rest.trim_start_matches(", ")));
    }
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected ")) {
            return (path.map(str::to_owned), format!("is {found}; expected {expected}"));
        }
    }
    (path.map(str::to_owned), message.to_owned())
}

/// The name in backticks behind `prefix`, and what follows it.
fn quoted<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    message.strip_prefix(prefix)?.split_once('`')
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
        check(r#"{"inner":{"count":-1,"kind":"plain"}}"#, Some("inner.count"), "is integer `-1`; expected u32");
        check(r#"{"inner":{"count":"1","kind":"plain"}}"#, Some("inner.count"), "is string \"1\"; expected u32");
        check(r#"{"inner":{"count":1,"kind":"odd"}}"#, Some("inner.kind"), "is `odd`; expected `plain`");
        check(r#"{"inner":{"count":1,"count":2}}"#, Some("inner.count"), "is given twice");
        check("{", None, "is no JSON: EOF");
        check(r#"{"inner":{"count":1,"kind":"plain"}} x"#, None, "is no JSON: trailing characters");
    }

    #[test]
    fn a_document_has_lines_of_its_own() {
        let error = parse_json_document::<Outer>("{\n  \"inner\": {\n    \"count\": -1\n  }\n}").unwrap_err();
        assert_eq!((error.line, error.field.as_deref()), (3, Some("inner.count")), "{error}");
    }
}
