//! Instants as foreign files write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::units::{Duration, Instant};

/// How the instants of a file are written where they do not say it themselves.
#[derive(Clone, Debug)]
pub struct Times {
    zone: TimeZone,
    epoch: Instant,
}

/// Why there is no such zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone; expected an IANA name such as UTC or Europe/Berlin")]
pub struct TimesError(String);

impl Times {
    /// Local times are in `zone` (an IANA name), numbers are seconds after `epoch` (1970 unless given).
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn new(zone: &str, epoch: Option<Instant>) -> Result<Self, TimesError> {
        let zone = TimeZone::get(zone).map_err(|_| TimesError(zone.to_owned()))?;
        Ok(Self { zone, epoch: epoch.unwrap_or_default() })
    }

    /// Reads RFC 3339, `YYYY-MM-DD[ HH:MM[:SS[.f]]]` in the zone, or seconds after the epoch.
    ///
    /// A local time that the clocks skip is taken after the gap, one that they pass twice the first time.
    pub(super) fn instant(&self, text: &str) -> Result<Instant, String> {
        if let Ok(seconds) = text.parse::<Decimal>() {
            return self.after_epoch(seconds);
        }
        if let Ok(instant) = text.parse::<Instant>() {
            return Ok(instant);
        }
        let local = text.parse::<DateTime>().ok().and_then(|local| self.zone.to_timestamp(local).ok());
        local.map(|timestamp| Instant::from_micros(timestamp.as_microsecond())).ok_or_else(|| {
            format!("`{text}` is not an instant; expected 2026-11-01T00:05:00Z, 2026-11-01 00:05:00, or seconds")
        })
    }

    fn after_epoch(&self, seconds: Decimal) -> Result<Instant, String> {
        // The year 5138: what is later is in smaller units.
        let limit = Decimal::from(100_000_000_000_i64);
        if seconds.abs() >= limit {
            return Err(format!("{seconds} is not in seconds; divide it, such as at=COLUMN/1000 for milliseconds"));
        }
        let micros = micros(seconds).ok_or_else(|| format!("{seconds} is out of range"))?;
        Ok(self.epoch + micros)
    }
}

/// A span of seconds, rounded half to even to a microsecond; none where it overflows.
pub(super) fn micros(seconds: Decimal) -> Option<Duration> {
    let micros = seconds.checked_mul(Decimal::from(1_000_000))?.round();
    micros.to_i64().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        let berlin = Times::new("Europe/Berlin", None).unwrap();
        let expected: Instant = "2026-11-01T12:00:00Z".parse().unwrap();
        for text in [
            "2026-11-01T12:00:00Z",
            "2026-11-01T13:00:00+01:00",
            "2026-11-01 13:00:00",
            "2026-11-01T13:00:00.000000",
            "2026-11-01 13:00",
            "1793534400",
            "1793534400.0",
        ] {
            assert_eq!(berlin.instant(text), Ok(expected), "{text}");
        }
        let relative = Times::new("UTC", Some(expected)).unwrap();
        assert_eq!(relative.instant("1.5"), Ok(expected + Duration::from_micros(1_500_000)));
        assert_eq!(relative.instant("2026-11-01"), Ok("2026-11-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_instant_says_what_would_be_one() {
        let utc = Times::new("UTC", None).unwrap();
        assert!(utc.instant("1793534400000").unwrap_err().contains("at=COLUMN/1000"));
        assert!(utc.instant("01/11/2026").unwrap_err().contains("2026-11-01 00:05:00"));
        assert!(Times::new("Mars/Olympus", None).is_err());
    }
}
