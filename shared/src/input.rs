//! Where an input is wrong: line, field, and what was expected.

mod every;
mod field;
mod json;
mod problems;
mod sealed;
mod table;
mod toml;
mod words;

use core::fmt;

pub use every::{Wrong, every_wrong_element, every_wrong_field};
pub use field::field_and_message;
pub use json::{from_json, no_json_because, parse_json, parse_json_document, parse_json_object};
pub use problems::InputProblems;
pub use sealed::{Seal, SealError};
pub use table::{Row, Table, write_table};
pub use toml::parse_toml_document;
pub use words::{Format, plain_words};

/// One wrong place of an input; the caller that opened the file adds its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// Line, counted from 1; 0 for the input as a whole.
    pub line: u64,
    /// Field or column, where one is to blame.
    pub field: Option<String>,
    /// What was wrong and what would have been right.
    pub message: String,
}

/// A record with its line or number, counted from 1, or what is wrong with it.
pub type Numbered<T> = (u64, Result<T, InputError>);

impl InputError {
    /// A problem of a whole line.
    pub fn line(line: u64, message: impl Into<String>) -> Self {
        Self { line, field: None, message: message.into() }
    }

    /// A problem of one field.
    pub fn field(line: u64, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line, field: Some(field.into()), message: message.into() }
    }

    /// A problem of the input as a whole, such as its being empty.
    pub fn whole(message: impl Into<String>) -> Self {
        Self::line(0, message)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if let Some(field) = &self.field {
            write!(f, "field `{field}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl core::error::Error for InputError {}
