//! Instants as foreign files write them.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::units::{Duration, Instant};

/// How the instants of a file are written where they do not say it themselves.
#[derive(Clone, Debug)]
pub struct Times {
    zone: TimeZone,
    epoch: Instant,
    format: Option<String>,
    /// Local times so far that the clocks passed twice.
    ambiguous: Cell<u64>,
}

/// Why instants cannot be read so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// There is no such zone.
    #[error("--zone `{0}` is no time zone; expected an IANA name such as UTC or Europe/Berlin")]
    Zone(String),
    /// The pattern is none, or leaves a part of the date out.
    #[error("--time-format `{0}` says no date; expected such as \"%d/%m/%Y %H:%M:%S\" ({1})")]
    Format(String, String),
}

impl Times {
    /// Local times are in `zone` (an IANA name), numbers are seconds after `epoch` (1970 unless given), and `format` is
    /// a pattern of strftime for instants that are written in a way of their own.
    ///
    /// # Errors
    /// When there is no such zone, or the pattern could not read what it writes.
    pub fn new(zone: &str, epoch: Option<Instant>, format: Option<&str>) -> Result<Self, TimesError> {
        let zone = TimeZone::get(zone).map_err(|_| TimesError::Zone(zone.to_owned()))?;
        let times =
            Self { zone, epoch: epoch.unwrap_or_default(), format: format.map(str::to_owned), ambiguous: Cell::new(0) };
        if let Some(format) = format {
            let wrong = |why: String| TimesError::Format(format.to_owned(), why);
            let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
            let written = jiff::fmt::strtime::format(format, &sample).map_err(|error| wrong(error.to_string()))?;
            times.in_format(format, &written).map_err(wrong)?;
        }
        Ok(times)
    }

    /// Reads RFC 3339, `YYYY-MM-DD[ HH:MM[:SS[.f]]]` in the zone or with ` UTC` behind it, ISO 8601 without its marks
    /// (`20261101T000500Z`), or seconds after the epoch; what the format says, where there is one.
    ///
    /// A local time that the clocks pass twice is taken the first time; one that they skip is refused, since it shows
    /// that the zone is another.
    pub(super) fn instant(&self, text: &str) -> Result<Instant, String> {
        if let Some(format) = &self.format {
            return self.in_format(format, text).map_err(|why| format!("`{text}` is not as --time-format says: {why}"));
        }
        if let Ok(seconds) = text.parse::<Decimal>() {
            return self.after_epoch(seconds);
        }
        if let Ok(instant) = text.parse::<Instant>() {
            return Ok(instant);
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(Instant::from_micros(timestamp.as_microsecond()));
        }
        let (local, zone) = match text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")) {
            Some(local) => (local, &TimeZone::UTC),
            None => (text, &self.zone),
        };
        let local = local.parse::<DateTime>().map_err(|_| {
            format!(
                "`{text}` is not an instant; expected 2026-11-01T00:05:00Z, 2026-11-01 00:05:00, or seconds; say how \
                 others are written, such as --time-format \"%d/%m/%Y %H:%M\""
            )
        })?;
        self.in_zone(zone, local)
    }

    /// How many local times so far were of an hour that the clocks passed twice.
    pub(super) fn ambiguous(&self) -> u64 {
        self.ambiguous.get()
    }

    fn in_format(&self, format: &str, text: &str) -> Result<Instant, String> {
        let parsed = BrokenDownTime::parse(format, text).map_err(|error| error.to_string())?;
        if parsed.timestamp().is_some() || parsed.offset().is_some() {
            let timestamp = parsed.to_timestamp().map_err(|error| error.to_string())?;
            return Ok(Instant::from_micros(timestamp.as_microsecond()));
        }
        // Without an hour it is the midnight of the day.
        self.in_zone(&self.zone, parsed.to_datetime().map_err(|error| error.to_string())?)
    }

    /// A local time in its zone.
    fn in_zone(&self, zone: &TimeZone, local: DateTime) -> Result<Instant, String> {
        let found = zone.to_ambiguous_timestamp(local);
        if let AmbiguousOffset::Gap { .. } = found.offset() {
            let name = zone.iana_name().unwrap_or("its zone");
            return Err(format!(
                "`{local}` never was in {name}, where the clocks skip it; name the zone of the file with --zone"
            ));
        }
        if let AmbiguousOffset::Fold { .. } = found.offset() {
            self.ambiguous.update(|count| count + 1);
        }
        let timestamp = found.earlier().map_err(|error| error.to_string())?;
        Ok(Instant::from_micros(timestamp.as_microsecond()))
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
        let berlin = Times::new("Europe/Berlin", None, None).unwrap();
        let expected: Instant = "2026-11-01T12:00:00Z".parse().unwrap();
        for text in [
            "2026-11-01T12:00:00Z",
            "2026-11-01T13:00:00+01:00",
            "2026-11-01 13:00:00",
            "2026-11-01T13:00:00.000000",
            "2026-11-01 13:00",
            "2026-11-01 12:00:00 UTC",
            "20261101T120000Z",
            "1793534400",
            "1793534400.0",
        ] {
            assert_eq!(berlin.instant(text), Ok(expected), "{text}");
        }
        let relative = Times::new("UTC", Some(expected), None).unwrap();
        assert_eq!(relative.instant("1.5"), Ok(expected + Duration::from_micros(1_500_000)));
        assert_eq!(relative.instant("2026-11-01"), Ok("2026-11-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_format_reads_what_nothing_else_does() {
        let check = |format: &str, text: &str, expected: &str| {
            let times = Times::new("Europe/Berlin", None, Some(format)).unwrap();
            assert_eq!(times.instant(text), Ok(expected.parse().unwrap()), "{format}");
        };
        check("%d/%m/%Y %H:%M", "02/03/2026 10:00", "2026-03-02T09:00:00Z");
        check("%m/%d/%Y %I:%M %p", "03/02/2026 10:00 PM", "2026-03-02T21:00:00Z");
        check("%d.%m.%Y", "02.03.2026", "2026-03-01T23:00:00Z");
        check("%d/%b/%Y:%H:%M:%S %z", "02/Mar/2026:10:00:00 -0500", "2026-03-02T15:00:00Z");
        check("%s", "1772442000", "2026-03-02T09:00:00Z");
        let times = Times::new("UTC", None, Some("%d/%m/%Y")).unwrap();
        assert!(times.instant("2026-03-02").unwrap_err().contains("--time-format"));
        for format in ["%H:%M", "day", "%d/%m/%Q"] {
            assert!(matches!(Times::new("UTC", None, Some(format)), Err(TimesError::Format(..))), "{format}");
        }
    }

    #[test]
    fn an_hour_that_the_clocks_skip_shows_another_zone_and_one_passed_twice_is_the_first() {
        // Berlin skips 02:00 to 03:00 on the 29th of March and passes it twice on the 25th of October 2026.
        let berlin = Times::new("Europe/Berlin", None, None).unwrap();
        assert!(berlin.instant("2026-03-29 02:30").unwrap_err().contains("Europe/Berlin"));
        assert_eq!(berlin.instant("2026-10-25 02:30"), Ok("2026-10-25T00:30:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_instant_says_what_would_be_one() {
        let utc = Times::new("UTC", None, None).unwrap();
        assert!(utc.instant("1793534400000").unwrap_err().contains("at=COLUMN/1000"));
        assert!(utc.instant("01/11/2026").unwrap_err().contains("--time-format"));
        assert!(Times::new("Mars/Olympus", None, None).is_err());
    }
}
