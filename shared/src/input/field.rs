//! Which field is wrong, and what is wrong with it, from what a deserializer of serde says.

use super::words::{Format, expected, found, plain_words};

/// Turns what a deserializer of serde says about the place `path` into a field and a message of ours.
pub fn field_and_message(format: Format, path: &str, message: &str) -> (Option<String>, String) {
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
    // A value that is checked as a whole says itself which of its fields is wrong.
    if let Some((name, rest)) = quoted(message, "field `") {
        return (Some(named(name)), rest.trim_start_matches(": ").to_owned());
    }
    let field = path.map(str::to_owned);
    if let Some((name, rest)) = quoted(message, "unknown variant `") {
        return (field, format!("is `{name}`; {}", rest.trim_start_matches(", ")));
    }
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((wrong, right)) = message.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected ")) {
            return (field, format!("is {}; expected {}", found(wrong, format), expected(right, format)));
        }
    }
    (field, plain_words(message).unwrap_or(message).to_owned())
}

/// The name in backticks behind `prefix`, and what follows it.
fn quoted<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    message.strip_prefix(prefix)?.split_once('`')
}
