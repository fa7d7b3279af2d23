//! Instants and durations in whole microseconds.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{rfc3339, text_or_number};

/// Microseconds since 1970-01-01T00:00:00Z. RFC 3339 in JSON, an integer in binary formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// A span of time in microseconds; negative where it points back.
///
/// Text such as `90s`, `5m` or `20ms` in JSON, an integer of microseconds in binary formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Half-open: `start` belongs to the window, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// First instant inside.
    pub start: Instant,
    /// First instant after.
    pub end: Instant,
}

/// Why a text is no instant or duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339, or without an offset.
    #[error("`{0}` is not an instant; write RFC 3339 with an offset, such as 2026-11-01T00:05:00Z")]
    Instant(String),
    /// Not a number with a unit.
    #[error("`{0}` is not a duration; write a whole number with us, ms, s, m, h, d or w, such as 5m, 1h or 1d")]
    Duration(String),
}

impl Window {
    /// From the first instant that there is to the last.
    pub const ALWAYS: Self = Self { start: Instant(i64::MIN), end: Instant(i64::MAX) };
}

impl Instant {
    /// The instant `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[inline]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The start of the bin of length `bin` that holds this instant; bins are aligned to the Unix epoch.
    ///
    /// # Panics
    /// When `bin` is not positive.
    pub fn floor(self, bin: Duration) -> Self {
        assert!(bin.0 > 0, "a bin is longer than nothing");
        Self(self.0 - self.0.rem_euclid(bin.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// 3,600 s.
    pub const HOUR: Self = Self::from_seconds(3_600);
    /// 24 h; a calendar day may be longer or shorter.
    pub const DAY: Self = Self::from_seconds(86_400);

    /// `micros` microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// `seconds` seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// `minutes` minutes.
    pub const fn from_minutes(minutes: i64) -> Self {
        Self::from_seconds(minutes * 60)
    }

    /// Length in microseconds.
    #[inline]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Length in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// How many whole times `part` fits; both positive.
    pub fn divide(self, part: Self) -> i64 {
        self.0 / part.0
    }
}

impl Window {
    /// How long the window is.
    pub fn length(&self) -> Duration {
        self.end - self.start
    }

    /// Whether `at` lies inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }

    /// How many bins the window touches.
    pub fn bins(&self, bin: Duration) -> usize {
        let micros = self.length().0.max(0);
        (micros as u64).div_ceil(bin.0 as u64) as usize
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    #[inline]
    fn add(self, span: Duration) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        self.0 += span.0;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    #[inline]
    fn sub(self, span: Duration) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for Instant {
    type Output = Duration;
    #[inline]
    fn sub(self, earlier: Self) -> Duration {
        Duration(self.0 - earlier.0)
    }
}

impl Add for Duration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl core::ops::Mul<i64> for Duration {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0 * times)
    }
}

impl FromStr for Instant {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        rfc3339::parse(text).map(Self).ok_or_else(|| TimeError::Instant(text.to_owned()))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(self.0, f)
    }
}

impl FromStr for Duration {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let wrong = || TimeError::Duration(text.to_owned());
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let micros = match &text[digits.len()..] {
            "w" => 604_800_000_000,
            unit => UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        let count = digits.parse::<u64>().ok().and_then(|count| i64::try_from(count).ok());
        count.and_then(|count| count.checked_mul(micros)).map(Self).ok_or_else(wrong)
    }
}

const AN_INSTANT: &str = "an instant in quotes, as \"2026-11-01T00:05:00Z\"";
const A_DURATION: &str = "a duration in quotes, as \"5m\"";

/// Units of text and their microseconds, largest first.
const UNITS: [(&str, i64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// The largest unit that divides the length: `1d`, `90m`, `45s`, `20ms`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let divides = |(_, micros): &&(&str, i64)| self.0 != 0 && self.0 % micros == 0;
        let (unit, micros) = UNITS.iter().find(divides).unwrap_or(&("s", 1_000_000));
        write!(f, "{}{unit}", self.0 / micros)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text_or_number::serialize(self, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number::deserialize(deserializer, AN_INSTANT, |micros| Ok(Self(micros)))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text_or_number::serialize(self, self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_number::deserialize(deserializer, A_DURATION, |micros| Ok(Self(micros)))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Duration {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9]+(us|ms|s|m|h|d|w)$"))
            .examples([serde_json::json!("5m")])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Duration {}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::KnownFormat(
                utoipa::openapi::schema::KnownFormat::DateTime,
            )))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_and_print_rfc_3339() {
        // 20,454 days from 1970 to 2026-01-01, each of 86,400 s.
        let at: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(at.micros(), 20_454 * 86_400 * 1_000_000);
        assert_eq!("2026-01-01T01:00:00+01:00".parse::<Instant>().unwrap(), at);
        assert_eq!(at.to_string(), "2026-01-01T00:00:00Z");
        assert!("2026-01-01".parse::<Instant>().is_err());
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("5m".parse::<Duration>().unwrap(), Duration::from_seconds(300));
        for text in ["1d", "25h", "90m", "45s", "1500ms", "7us", "0s"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
        for wrong in ["", "5", "h", "1.5h", "-1h", "1y", "300000000w", "5 m"] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn bins_before_the_epoch_are_floored_downwards() {
        let bin = Duration::from_minutes(5);
        assert_eq!(Instant::from_micros(-1).floor(bin), Instant::from_micros(-300_000_000));
    }
}
