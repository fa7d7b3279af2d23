//! Values that are text in formats for people and a number in binary ones.

use core::fmt::Display;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(
    text: &impl Display,
    number: impl Serialize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { serializer.collect_str(text) } else { number.serialize(serializer) }
}

/// Parses the text, or makes the value of the number, or says what is wrong with it.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>, N: Deserialize<'de>>(
    deserializer: D,
    of: impl FnOnce(N) -> Result<T, &'static str>,
) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    } else {
        of(N::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
