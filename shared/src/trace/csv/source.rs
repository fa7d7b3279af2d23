//! Where a column of ours comes from.

use core::str::FromStr;

use rust_decimal::Decimal;

/// A column of the file, with arithmetic where the units differ, or a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `column`: the value as it stands.
    Column(String),
    /// `column*k`: exact.
    Times(String, Decimal),
    /// `column/k`: rounded to our unit where it does not come out even.
    DividedBy(String, Decimal),
    /// `'text'`: the same in every row.
    Constant(String),
}

/// Why a text is no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing there.
    #[error("is empty; expected a column, `column*k`, `column/k`, or a constant in single quotes")]
    Empty,
    /// Division by zero.
    #[error("`{0}` divides by zero")]
    ByZero(String),
}

impl FromStr for Source {
    type Err = SourceError;

    /// A factor is recognised only where it is a number, so that columns may have `*` and `/` in their names.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        if let Some(constant) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Self::Constant(constant.to_owned()));
        }
        if text.is_empty() {
            return Err(SourceError::Empty);
        }
        let factor = text.rfind(['*', '/']).and_then(|position| {
            let number = text[position + 1..].trim().parse::<Decimal>().ok()?;
            Some((text[..position].trim(), text.as_bytes()[position], number))
        });
        match factor {
            Some(("", ..)) => Err(SourceError::Empty),
            Some((_, b'/', number)) if number.is_zero() => Err(SourceError::ByZero(text.to_owned())),
            Some((column, b'/', number)) => Ok(Self::DividedBy(column.to_owned(), number)),
            Some((column, _, number)) => Ok(Self::Times(column.to_owned(), number)),
            None => Ok(Self::Column(text.to_owned())),
        }
    }
}

impl Source {
    /// The column of the file, if there is one.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) | Self::Times(name, _) | Self::DividedBy(name, _) => Some(name),
            Self::Constant(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_columns_products_quotients_and_constants() {
        let check = |text: &str, expected: Source| assert_eq!(text.parse(), Ok(expected), "{text}");
        check("creation_time", Source::Column("creation_time".into()));
        check("cpu_milli*0.001", Source::Times("cpu_milli".into(), Decimal::new(1, 3)));
        check("memory_mib / 1024", Source::DividedBy("memory_mib".into(), Decimal::from(1_024)));
        check("'USD'", Source::Constant("USD".into()));
        check("rate/hour", Source::Column("rate/hour".into()));
        check("bytes/s/1000", Source::DividedBy("bytes/s".into(), Decimal::from(1_000)));
        assert_eq!("".parse::<Source>(), Err(SourceError::Empty));
        assert_eq!("*2".parse::<Source>(), Err(SourceError::Empty));
        assert_eq!("a/0".parse::<Source>(), Err(SourceError::ByZero("a/0".into())));
    }
}
