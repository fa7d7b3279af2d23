//! Money on the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Currency, LedgerUnits, Rate};
use crate::units::text_or_number;

/// A decimal number as text.
pub(super) mod decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no decimal number, such as 12.5")))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number::text(deserializer, "a currency in quotes, as \"USD\"")
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text_or_number::serialize(self, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let of = |nanos| if nanos < 0 { Err("a rate is never negative") } else { Ok(Self(nanos)) };
        text_or_number::deserialize(deserializer, "a price per hour in quotes, as \"0.096\"", of)
    }
}

impl Serialize for LedgerUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text_or_number::serialize(&self.0, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for LedgerUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number::deserialize(deserializer, "a whole number in quotes", Ok::<i128, &str>).map(Self)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::openapi::{Object, RefOr};

    fn text(description: &str) -> Object {
        ObjectBuilder::new().schema_type(Type::String).description(Some(description)).build()
    }

    macro_rules! text_schema {
        ($name:ty, $description:literal) => {
            impl utoipa::PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    text($description).into()
                }
            }
            impl utoipa::ToSchema for $name {}
        };
    }

    text_schema!(super::Currency, "ISO 4217 code");
    text_schema!(super::Rate, "units of the currency per hour, as a decimal string");
    text_schema!(super::LedgerUnits, "nano-units of the currency × microseconds ÷ hour, as an integer string");
}
