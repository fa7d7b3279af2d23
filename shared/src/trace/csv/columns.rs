//! The columns of a file under our names, and their values as what we take them for.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::numbers::{advice, decimal, is_number, no_number, rounded, with_point};
use super::{Config, Kind, Source, Times, quantities};
use crate::input::{InputError, Row, Table};
use crate::units::{Dimension, Instant, Resources, ResourcesError};

/// What exports write where a number or an instant is missing.
const ABSENT: [&str; 6] = ["", "None", "null", "NULL", "\\N", "-"];

/// Our columns that can be filled, each with its source.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    times: Times,
    empty: Vec<String>,
    decimal_comma: bool,
}

#[derive(Debug)]
struct Column {
    name: String,
    source: Source,
    /// Where the source's column stands; unused by a constant.
    position: usize,
}

/// A value after arithmetic.
enum Value<'a> {
    Text(Cow<'a, str>),
    Product(Decimal),
    Quotient(Decimal),
}

impl Columns {
    /// Finds every source in the header. What is not mapped is taken from the column of the same name.
    pub(super) fn resolve(table: &Table<'_>, config: &Config) -> Result<Self, InputError> {
        let mut columns = Vec::new();
        for (name, source) in &config.columns {
            let position = source.column().map_or(Ok(0), |column| table.column(column))?;
            columns.push(Column { name: name.clone(), source: source.clone(), position });
        }
        for (position, name) in table.columns().iter().enumerate() {
            let mapped = columns.iter().any(|column| column.name == *name);
            if config.kind.takes(name) && !mapped {
                columns.push(Column { name: name.clone(), source: Source::Column(name.clone()), position });
            }
        }
        let has = |name: &&&str| columns.iter().any(|column| column.name == **name);
        if let Some(missing) = config.kind.required().iter().find(|name| !has(name)) {
            let message = format!(
                "is needed for {}; add --column {missing}=SOURCE, where the file has {}",
                config.kind.as_str(),
                table.columns().join(", "),
            );
            return Err(InputError::field(1, *missing, message));
        }
        let (times, empty, decimal_comma) = (config.times.clone(), config.empty.clone(), config.decimal_comma);
        Ok(Self { columns, times, empty, decimal_comma })
    }

    /// Our names, in the order in which they were mapped.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether a column can be filled at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// How many local times so far were of an hour that the clocks passed twice.
    pub(super) fn ambiguous(&self) -> u64 {
        self.times.ambiguous()
    }

    /// The text under `name`, where there is one.
    pub(super) fn text(&self, row: &Row, name: &str) -> Result<Option<String>, InputError> {
        let text = match self.value(row, name)? {
            None => return Ok(None),
            Some(Value::Text(text)) => text.into_owned(),
            Some(Value::Product(number) | Value::Quotient(number)) => number.normalize().to_string(),
        };
        if text.contains('\n') {
            return Err(InputError::field(row.line, name, "holds a line break; expected one line"));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The number under `name`, where there is one.
    pub(super) fn number(&self, row: &Row, name: &str) -> Result<Option<Decimal>, InputError> {
        match self.present(row, name)? {
            None => Ok(None),
            Some(Value::Product(number) | Value::Quotient(number)) => Ok(Some(number)),
            Some(Value::Text(text)) => decimal(&text).map(Some).ok_or_else(|| no_number(row, name, &text)),
        }
    }

    /// The seconds under `name`, where there are some: a number, or a length of time with its units.
    pub(super) fn seconds(&self, row: &Row, name: &str) -> Result<Option<Decimal>, InputError> {
        let seconds = match self.present(row, name)? {
            Some(Value::Text(text)) => quantities::seconds(&text),
            _ => None,
        };
        if seconds.is_some() { Ok(seconds) } else { self.number(row, name) }
    }

    /// The instant under `name`, where there is one.
    pub(super) fn instant(&self, row: &Row, name: &str) -> Result<Option<Instant>, InputError> {
        let text = match self.present(row, name)? {
            None => return Ok(None),
            Some(Value::Text(text)) => text,
            Some(Value::Product(number) | Value::Quotient(number)) => Cow::Owned(number.to_string()),
        };
        self.times.instant(&text).map(Some).map_err(|message| InputError::field(row.line, name, message))
    }

    /// The amount of one dimension in our units, where there is one; a quotient is rounded, half to even.
    pub(super) fn amount(&self, row: &Row, dimension: Dimension) -> Result<Option<u32>, InputError> {
        let name = dimension.field();
        let amount = match self.present(row, name)? {
            None => return Ok(None),
            Some(Value::Text(text)) => match quantities::amount(dimension, &text) {
                Some(amount) => {
                    return amount.map(Some).map_err(|message| InputError::field(row.line, name, message));
                }
                None => dimension.parse(&text),
            },
            Some(Value::Product(number)) => dimension.from_decimal(number),
            Some(Value::Quotient(number)) => dimension.from_decimal(rounded(number, dimension)),
        };
        amount.map(Some).map_err(|error| {
            let advice = if matches!(error, ResourcesError::TooFine { .. }) { self.how_to_round(name) } else { None };
            InputError::field(row.line, name, format!("{error}{}", advice.unwrap_or_default()))
        })
    }

    /// Only a quotient is rounded: the quotient that means the same.
    fn how_to_round(&self, name: &str) -> Option<String> {
        let column = self.columns.iter().find(|column| column.name == name)?;
        let (from, by) = match &column.source {
            Source::Column(from) => (from, Decimal::ONE),
            Source::Times(from, by) => (from, Decimal::ONE.checked_div(*by)?.normalize()),
            Source::DividedBy(..) | Source::Constant(_) => return None,
        };
        Some(format!("; if it may be rounded to that, divide: --column \"{name}={from}/{by}\""))
    }

    /// Adds the column of the file and its cell to what is wrong with one of ours, unless both are the same.
    pub(super) fn with_cell(&self, row: &Row, error: InputError) -> InputError {
        let field = error.field.clone().unwrap_or_default();
        let name = field.strip_prefix("requested.").unwrap_or(&field);
        let Some(column) = self.columns.iter().find(|column| column.name == name) else { return error };
        let cell = column.source.column().map_or("", |_| row.get(column.position));
        let advice = if is_number(name) { advice(cell, self.decimal_comma) } else { "" };
        let error = InputError { message: format!("{}{advice}", error.message), ..error };
        let place = match &column.source {
            Source::Column(from) if from == name => return error,
            Source::Constant(text) => format!("the constant '{text}'"),
            Source::Column(from) | Source::Times(from, _) | Source::DividedBy(from, _) => {
                format!("column `{from}`, where it is `{cell}`")
            }
        };
        InputError { message: format!("{} (from {place})", error.message), ..error }
    }

    /// A cell under `name` whose decimal comma, where it is a number and has one, has become a point.
    fn pointed<'a>(&self, name: &str, text: &'a str) -> Cow<'a, str> {
        if self.decimal_comma && is_number(name) { with_point(text) } else { Cow::Borrowed(text) }
    }

    /// Whether a text stands for no value because the caller said so.
    fn is_empty(&self, text: &str) -> bool {
        self.empty.iter().any(|empty| empty == text)
    }

    /// The amounts of every dimension that has a column; none where all of them are absent.
    pub(super) fn resources(&self, row: &Row) -> Result<Option<Resources>, InputError> {
        let (mut resources, mut any) = (Resources::ZERO, false);
        for dimension in Dimension::ALL {
            if let Some(amount) = self.amount(row, dimension)? {
                resources[dimension] = amount;
                any = true;
            }
        }
        Ok(any.then_some(resources))
    }

    /// A cell of one of our CSV files: instants in RFC 3339, quotients rounded to our unit.
    pub(super) fn cell(&self, row: &Row, kind: Kind, name: &str) -> Result<String, InputError> {
        if matches!(name, "at" | "from") {
            return Ok(self.instant(row, name)?.map(|instant| instant.to_string()).unwrap_or_default());
        }
        if let Some(dimension) = Dimension::ALL.into_iter().find(|dimension| dimension.field() == name) {
            let amount = self.amount(row, dimension)?;
            return Ok(amount.map(|units| dimension.write(units)).unwrap_or_default());
        }
        if kind == Kind::Prices && !matches!(name, "instance_type" | "currency") {
            return Ok(match self.present(row, name)? {
                None => String::new(),
                Some(Value::Quotient(number)) => number.round_dp(9).normalize().to_string(),
                Some(Value::Product(number)) => number.normalize().to_string(),
                Some(Value::Text(text)) => text.into_owned(),
            });
        }
        Ok(self.text(row, name)?.unwrap_or_default())
    }

    /// What is wrong with a cell that is to be multiplied or divided.
    fn no_factor(&self, row: &Row, column: &Column, text: &str) -> InputError {
        let error = no_number(row, &column.name, text);
        let Some(from) = column.source.column().filter(|_| quantities::has_unit(text)) else { return error };
        let name = &column.name;
        let message =
            format!("`{text}` has a unit, so that nothing is left to compute; map it as it is: --column {name}={from}");
        InputError { message, ..error }
    }

    /// The value of a number or an instant, unless the file writes that it has none.
    fn present<'a>(&'a self, row: &'a Row, name: &str) -> Result<Option<Value<'a>>, InputError> {
        let value = self.value(row, name)?;
        Ok(value.filter(|value| !matches!(value, Value::Text(text) if ABSENT.contains(&text.as_ref()))))
    }

    fn value<'a>(&'a self, row: &'a Row, name: &str) -> Result<Option<Value<'a>>, InputError> {
        let Some(column) = self.columns.iter().find(|column| column.name == name) else { return Ok(None) };
        let (by, is_product) = match &column.source {
            Source::Constant(text) => return Ok(Some(Value::Text(Cow::Borrowed(text)))),
            Source::Column(_) => {
                let text = Some(row.get(column.position)).filter(|text| !self.is_empty(text));
                return Ok(text.map(|text| Value::Text(self.pointed(name, text))));
            }
            Source::Times(_, by) => (*by, true),
            Source::DividedBy(_, by) => (*by, false),
        };
        let text = row.get(column.position);
        if ABSENT.contains(&text) || self.is_empty(text) {
            return Ok(None);
        }
        let number = decimal(&self.pointed(name, text)).ok_or_else(|| self.no_factor(row, column, text))?;
        let result = if is_product { number.checked_mul(by) } else { number.checked_div(by) };
        let result = result.ok_or_else(|| {
            InputError::field(row.line, name, format!("`{text}` is out of range; expected a smaller number"))
        })?;
        Ok(Some(if is_product { Value::Product(result) } else { Value::Quotient(result) }))
    }
}
