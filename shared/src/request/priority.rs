//! How urgent a request is: a number, or the name of a class that stands for one.

use core::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

/// A priority as a request says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Priority {
    /// The number itself: the higher the more urgent.
    Number(i32),
    /// The name of a priority class; what it stands for is looked up where the request is read.
    Class(String),
}

impl Default for Priority {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrName)
    }
}

struct NumberOrName;

impl Visitor<'_> for NumberOrName {
    type Value = Priority;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}, or the name of a priority class", i32::MIN, i32::MAX)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Priority, E> {
        let number = i32::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))?;
        Ok(Priority::Number(number))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Priority, E> {
        let number = i32::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))?;
        Ok(Priority::Number(number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Priority, E> {
        if value.is_empty() {
            return Err(E::invalid_value(Unexpected::Str(value), &self));
        }
        Ok(Priority::Class(value.to_owned()))
    }
}
