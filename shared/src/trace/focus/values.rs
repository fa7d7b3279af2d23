//! The values of one line of a bill.

use core::fmt::Display;
use core::str::FromStr;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::columns::Columns;
use crate::input::{InputError, Row};
use crate::trace::charge::ChargeFrequency;
use crate::units::{Amount, Instant};

/// How often a charge comes.
pub(super) const FREQUENCIES: [(&str, ChargeFrequency); 3] = [
    ("One-Time", ChargeFrequency::OneTime),
    ("Recurring", ChargeFrequency::Recurring),
    ("Usage-Based", ChargeFrequency::UsageBased),
];

/// One line, by the names of its columns.
pub(super) struct Values<'r> {
    row: &'r Row,
    columns: &'r Columns,
    /// Amounts finer than 17 decimals.
    pub(super) rounded: u64,
    /// What the specification wants and is not there.
    pub(super) lacking: Vec<&'static str>,
}

impl<'r> Values<'r> {
    pub(super) fn new(row: &'r Row, columns: &'r Columns) -> Self {
        Self { row, columns, rounded: 0, lacking: Vec::new() }
    }

    /// What is wrong with the value of a column.
    pub(super) fn wrong(&self, name: &'static str, message: impl Into<String>) -> InputError {
        InputError::field(self.row.line, name, message)
    }

    fn get(&self, name: &str) -> Option<&'r str> {
        let value = self.row.optional(self.columns.place(name));
        value.filter(|value| !value.eq_ignore_ascii_case("null"))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(super) fn mandatory_text(&self, name: &'static str) -> Result<String, InputError> {
        self.text(name).ok_or_else(|| self.wrong(name, "is empty; expected a name"))
    }

    pub(super) fn parsed<T: FromStr<Err = E>, E: Display>(&self, name: &'static str) -> Result<T, InputError> {
        let text = self.get(name).ok_or_else(|| self.wrong(name, "is empty; expected a value"))?;
        text.parse().map_err(|error: E| self.wrong(name, error.to_string()))
    }

    pub(super) fn amount(&mut self, name: &'static str) -> Result<Amount, InputError> {
        let empty = "is empty; expected an amount, 0 where nothing is charged";
        self.optional_amount(name)?.ok_or_else(|| self.wrong(name, empty))
    }

    pub(super) fn amount_or_lacking(&mut self, name: &'static str) -> Result<Option<Amount>, InputError> {
        let amount = self.optional_amount(name)?;
        if amount.is_none() {
            self.lacking.push(name);
        }
        Ok(amount)
    }

    fn optional_amount(&mut self, name: &'static str) -> Result<Option<Amount>, InputError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let (amount, exact) = Amount::read(text).map_err(|error| self.wrong(name, error.to_string()))?;
        self.rounded += u64::from(!exact);
        Ok(Some(amount))
    }

    pub(super) fn quantity(&self, name: &'static str) -> Result<Option<Decimal>, InputError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let read = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text));
        let wrong = |_| self.wrong(name, format!("`{text}` is not a quantity; write a decimal number such as 2.5"));
        read.map(Some).map_err(wrong)
    }

    /// One of a few names, whatever its case: bills write both `Usage-Based` and `Usage-based`.
    pub(super) fn choice<T: Copy>(&self, name: &'static str, of: &[(&str, T)]) -> Result<Option<T>, InputError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match of.iter().find(|(choice, _)| choice.eq_ignore_ascii_case(text)) {
            Some(&(_, value)) => Ok(Some(value)),
            None => {
                let names: Vec<&str> = of.iter().map(|&(choice, _)| choice).collect();
                Err(self.wrong(name, format!("is `{text}`; expected {}", names.join(", "))))
            }
        }
    }

    /// FOCUS's instants are UTC, `2024-09-01T00:00:00Z`; databases write them without mark or zone, and without seconds.
    pub(super) fn instant(&self, name: &'static str) -> Result<Instant, InputError> {
        let text = self.get(name).ok_or_else(|| self.wrong(name, "is empty; expected an instant"))?;
        let plain = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(['Z', 'z'])).unwrap_or(text);
        let forms = [text.to_owned(), format!("{plain}Z"), format!("{plain}:00Z"), format!("{plain}T00:00:00Z")];
        let read = forms.iter().find_map(|form| form.parse().ok());
        read.ok_or_else(|| {
            self.wrong(name, format!("`{text}` is not an instant; expected UTC, such as 2024-09-01T00:00:00Z"))
        })
    }

    /// A JSON object of texts, or of plain values, which are taken as they are written.
    pub(super) fn tags(&self, name: &'static str) -> Result<BTreeMap<String, String>, InputError> {
        let Some(text) = self.get(name) else { return Ok(BTreeMap::new()) };
        let expected = "expected a JSON object of texts, as {\"team\":\"web\"}";
        let tags: BTreeMap<String, Value> =
            serde_json::from_str(text).map_err(|_| self.wrong(name, format!("is `{text}`; {expected}")))?;
        let plain = |(key, value): (String, Value)| match value {
            Value::String(value) => Ok((key, value)),
            Value::Null => Ok((key, String::new())),
            Value::Bool(_) | Value::Number(_) => Ok((key, value.to_string())),
            _ => Err(self.wrong(name, format!("has `{key}`: {value}; {expected}"))),
        };
        tags.into_iter().map(plain).collect()
    }
}
