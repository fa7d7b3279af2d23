//! What is wrong with TOML, in the form of every other input.

use core::ops::Range;

use serde::de::DeserializeOwned;

use super::{Format, InputError, field_and_message};

/// Reads a TOML document.
///
/// # Errors
/// With the line, the field that is wrong and what was expected.
pub fn parse_toml_document<T: DeserializeOwned>(text: &str) -> Result<T, InputError> {
    let line_of = |span: Option<Range<usize>>| {
        span.map_or(0, |span| 1 + text[..span.start].bytes().filter(|&byte| byte == b'\n').count() as u64)
    };
    let deserializer = toml::Deserializer::parse(text).map_err(|error| {
        let place = error.span().and_then(|span| text.get(span)).filter(|place| !place.trim().is_empty());
        let place = place.map_or(String::new(), |place| format!("`{}`: ", place.trim()));
        InputError::line(line_of(error.span()), format!("is no TOML: {place}{}", error.message()))
    })?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let (field, message) = field_and_message(Format::Toml, &error.path().to_string(), error.inner().message());
        InputError { line: line_of(error.inner().span()), field, message }
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(rename = "runs")]
        _runs: Option<u32>,
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "file")]
        _file: String,
    }

    #[test]
    fn line_and_field_are_named() {
        let check = |text: &str, line: u64, field: Option<&str>, part: &str| {
            let error = parse_toml_document::<Settings>(text).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("runs = \"x\"\n", 1, Some("runs"), "is \"x\"; expected a whole number");
        check("\nruns = -1\n", 2, Some("runs"), "is the number -1; expected a whole number from 0");
        check("inner = 4\n", 1, Some("inner"), "is the number 4; expected a table");
        check("[inner]\nfile = 4\n", 2, Some("inner.file"), "expected a text in quotes");
        check("[inner]\nfiel = \"a\"\n", 2, Some("inner.fiel"), "is unknown; expected `file`");
        check("[inner]\n", 1, Some("inner.file"), "is missing");
        check("runs = 1\nruns = 2\n", 2, None, "is no TOML: `runs`: duplicate key");
        check("runs\n", 1, None, "is no TOML");
    }
}
