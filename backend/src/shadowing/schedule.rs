//! When models are trained by the calendar: a cron expression, in the time zone of the scenario.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use shared::units::Instant;

/// A cron expression of minute, hour, day of the month, month and day of the week, at local times of a zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is no cron expression.
    #[error(
        "`{text}` is no cron expression ({reason}); write minute, hour, day of the month, month and day of the week, as \
         `0 3 * * 1` for Mondays at 3:00"
    )]
    NoExpression {
        /// What was given.
        text: String,
        /// What the parser says.
        reason: String,
    },
    /// It is one of a day that no calendar has.
    #[error("`{0}` never comes; write a day that there is, as `0 3 1 * *` for the first of each month at 3:00")]
    Never(String),
    /// Its time zone is not known.
    #[error("`{0}` is no time zone; write an IANA name, such as Europe/Berlin or UTC")]
    UnknownZone(String),
}

impl Schedule {
    /// Reads a cron expression; its times are local to the zone of this IANA name.
    ///
    /// # Errors
    /// When either is none, or the expression never comes.
    pub fn new(text: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = Tz::from_str(zone).map_err(|_| ScheduleError::UnknownZone(zone.to_owned()))?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let no_expression = |reason: String| ScheduleError::NoExpression {
            text: text.to_owned(),
            reason: reason.trim_end_matches('.').to_owned(),
        };
        let cron = parser.parse(text).map_err(|error| no_expression(error.to_string()))?;
        let schedule = Self { cron, zone };
        let some_day = Instant::from_micros(SOME_DAY);
        schedule.latest(some_day).map(|_| schedule).ok_or_else(|| ScheduleError::Never(text.to_owned()))
    }

    /// The latest instant of the schedule that is not after `now`.
    pub fn latest(&self, now: Instant) -> Option<Instant> {
        let now = DateTime::<Utc>::from_timestamp_micros(now.micros())?.with_timezone(&self.zone);
        let found = self.cron.find_previous_occurrence(&now, true).ok()?;
        Some(Instant::from_micros(found.timestamp_micros()))
    }
}

/// 2026-01-01T00:00:00Z: any day will do to find out whether a schedule ever comes.
const SOME_DAY: i64 = 1_767_225_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_the_latest_is_found() {
        let check = |text: &str, zone: &str, now: &str, expected: &str| {
            let latest = Schedule::new(text, zone).unwrap().latest(now.parse().unwrap()).unwrap();
            assert_eq!(latest.to_string(), expected, "{text} in {zone} at {now}");
        };
        // Berlin is an hour ahead of UTC in winter and two in summer; 2026-06-01 is a Monday.
        check("0 3 * * 1", "Europe/Berlin", "2026-06-04T12:00:00Z", "2026-06-01T01:00:00Z");
        check("0 3 * * 1", "Europe/Berlin", "2026-06-01T01:00:00Z", "2026-06-01T01:00:00Z");
        check("0 3 * * 1", "Europe/Berlin", "2026-06-01T00:59:59Z", "2026-05-25T01:00:00Z");
        check("0 3 * * 1", "Europe/Berlin", "2026-01-07T12:00:00Z", "2026-01-05T02:00:00Z");
        check("30 2 1 * *", "UTC", "2026-06-30T00:00:00Z", "2026-06-01T02:30:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let error = |text: &str, zone: &str| Schedule::new(text, zone).unwrap_err().to_string();
        assert!(error("0 3 * *", "UTC").starts_with("`0 3 * *` is no cron expression"));
        assert!(error("0 25 * * *", "UTC").contains("Mondays at 3:00"));
        assert!(error("0 0 0 3 * * 1", "UTC").contains("no cron expression"));
        assert!(error("0 3 31 2 *", "UTC").contains("never comes"));
        assert!(error("0 3 * * 1", "Mars/Olympus").contains("no time zone"));
    }
}
