//! Values that are text in formats for people and a number in binary ones.

use core::fmt::{self, Display};
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(
    text: &impl Display,
    number: impl Serialize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { serializer.collect_str(text) } else { number.serialize(serializer) }
}

/// Parses the text, or makes the value of the number, or says what is wrong with it; what is neither is told what was
/// `expected`.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>, N: Deserialize<'de>>(
    deserializer: D,
    expected: &'static str,
    of: impl FnOnce(N) -> Result<T, &'static str>,
) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        text(deserializer, expected)
    } else {
        of(N::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Parses a text; what is none is told what was `expected`.
pub(super) fn text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text(expected, PhantomData))
}

struct Text<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err: Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
