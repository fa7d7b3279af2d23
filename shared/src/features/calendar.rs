//! Local time per bin, days of 23 and 25 hours included.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Instant, Window};

/// A time zone by its IANA name, from the database compiled into this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(jiff::tz::TimeZone);

/// What a local calendar is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarStep {
    /// Hours of the clock.
    Hour,
    /// Days, of 23 and 25 hours too.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
}

/// No time zone has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone; write an IANA name, such as Europe/Berlin or UTC")]
pub struct UnknownTimeZone(pub String);

/// The local time of every bin of a span.
///
/// A seasonal lag of `k` days means *the same local time k days ago*, so that it spans 23 or 25 hours where the zone
/// shifts in between. A local time that was skipped then (clocks went forward) is read an hour later; one that came
/// twice (clocks went back) is read from its second pass. Offsets that are not a multiple of the bin are rounded down
/// to it.
#[derive(Clone, Debug)]
pub struct Calendar {
    start: Instant,
    bin: Duration,
    /// From which bin on which offset from UTC in seconds holds; the first holds before it, too.
    offsets_s: Vec<(usize, i32)>,
}

const DAY_S: i64 = 86_400;

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(jiff::tz::TimeZone::UTC);

    /// When the next local hour, day, week or month begins after `at`.
    pub fn next(&self, step: CalendarStep, at: Instant) -> Instant {
        let hour = Duration::HOUR.micros();
        let local = at.micros() + i64::from(self.offset_s(at)) * 1_000_000;
        let in_an_hour = at + Duration::from_micros(hour - local.rem_euclid(hour));
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(at.micros()) else { return in_an_hour };
        let today = self.0.to_datetime(timestamp).date();
        let next = match step {
            CalendarStep::Hour => return in_an_hour,
            CalendarStep::Day => today.tomorrow(),
            CalendarStep::Week => {
                today.checked_add(jiff::Span::new().days(7 - today.weekday().to_monday_zero_offset()))
            }
            CalendarStep::Month => today.last_of_month().tomorrow(),
        };
        next.ok().and_then(|date| self.midnight(date)).unwrap_or(in_an_hour)
    }

    /// The local hour, day, week or month that `at` is in.
    pub fn around(&self, step: CalendarStep, at: Instant) -> Window {
        let end = self.next(step, at);
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(at.micros()) else { return Window { start: at, end } };
        let today = self.0.to_datetime(timestamp).date();
        let first = match step {
            CalendarStep::Hour => return Window { start: end - Duration::HOUR, end },
            CalendarStep::Day => Some(today),
            CalendarStep::Week => {
                let since_monday = today.weekday().to_monday_zero_offset();
                today.checked_sub(jiff::Span::new().days(since_monday)).ok()
            }
            CalendarStep::Month => Some(today.first_of_month()),
        };
        Window { start: first.and_then(|date| self.midnight(date)).unwrap_or(at), end }
    }

    /// The day of the week, the date and the time to the minute on the local clock, such as `Thu 2026-11-05 14:00`.
    pub fn clock(&self, at: Instant) -> String {
        match jiff::Timestamp::from_microsecond(at.micros()) {
            Ok(timestamp) => self.0.to_datetime(timestamp).strftime("%a %Y-%m-%d %H:%M").to_string(),
            Err(_) => at.to_string(),
        }
    }

    /// When a local day begins: at midnight, or as soon after it as there is a time of that day.
    fn midnight(&self, date: jiff::civil::Date) -> Option<Instant> {
        let timestamp = self.0.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Instant::from_micros(timestamp.as_microsecond()))
    }

    /// Seconds that local time is ahead of UTC at `at`.
    pub fn offset_s(&self, at: Instant) -> i32 {
        jiff::Timestamp::from_microsecond(at.micros()).map_or(0, |timestamp| self.0.to_offset(timestamp).seconds())
    }

    /// The same, and as the clocks before or after them are set where they pass the time at `at` twice; else twice the same.
    pub fn offsets_s(&self, at: Instant) -> [i32; 2] {
        let seconds = |of: i32| Duration::from_seconds(i64::from(of));
        let own = self.offset_s(at);
        let other = [-1, 1].into_iter().find_map(|way| {
            let other = self.offset_s(at + Duration::HOUR * way);
            // Set back by so much: before the clocks were, or after.
            let back = (own - other) * way as i32;
            let passes_twice = back > 0 && self.offset_s(at + seconds(back) * way) == other;
            passes_twice.then_some(other)
        });
        [own, other.unwrap_or(own)]
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        jiff::tz::TimeZone::get(name).map(Self).map_err(|_| UnknownTimeZone(name.to_owned()))
    }
}

impl TryFrom<String> for TimeZone {
    type Error = UnknownTimeZone;

    fn try_from(name: String) -> Result<Self, UnknownTimeZone> {
        name.parse()
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0.iana_name().unwrap_or("UTC").to_owned()
    }
}

impl Calendar {
    /// The calendar of `bins` bins from `start`.
    pub fn new(zone: &TimeZone, start: Instant, bin: Duration, bins: usize) -> Self {
        let offset_at = |position: usize| zone.offset_s(start + bin * position as i64);
        let stride = Duration::DAY.divide(bin).max(1) as usize;
        let mut offsets_s = vec![(0, offset_at(0))];
        for from in (0..bins).step_by(stride) {
            let (mut same, mut other) = (from, (from + stride).min(bins));
            let (before, after) = (offset_at(same), offset_at(other));
            if before == after {
                continue;
            }
            // A zone shifts at most once a day: halve the day until the bin is found.
            while other - same > 1 {
                let middle = same + (other - same) / 2;
                *(if offset_at(middle) == before { &mut same } else { &mut other }) = middle;
            }
            offsets_s.push((other, after));
        }
        Self { start, bin, offsets_s }
    }

    fn offset_s(&self, position: usize) -> i32 {
        let later = self.offsets_s.partition_point(|&(from, _)| from <= position);
        self.offsets_s[later.max(1) - 1].1
    }

    /// Start of a bin.
    pub fn at(&self, position: usize) -> Instant {
        self.start + self.bin * position as i64
    }

    /// The position of the bin with the same local time `days` local days earlier; none before the first bin.
    pub fn days_before(&self, position: usize, days: usize) -> Option<usize> {
        let day = Duration::from_seconds(DAY_S * days as i64);
        let guess = self.position(self.at(position) - day)?;
        let shift = i64::from(self.offset_s(position) - self.offset_s(guess));
        if shift == 0 { Some(guess) } else { self.position(self.at(position) - day + Duration::from_seconds(shift)) }
    }

    /// Sine and cosine of the time of day and of the time of week, in that order.
    ///
    /// The phase is taken at the middle of the bin, on the local clock.
    pub fn phases(&self, position: usize) -> [f64; 4] {
        let [day, week] = self.turns(position).map(|turn| turn * core::f64::consts::TAU);
        [libm::sin(day), libm::cos(day), libm::sin(week), libm::cos(week)]
    }

    /// How much of the day and of the week has gone by, from 0 to 1, at the middle of the bin on the local clock.
    pub fn turns(&self, position: usize) -> [f64; 2] {
        let middle_s = self.at(position).micros().div_euclid(1_000_000) as f64 + self.bin.seconds() / 2.0;
        let local_s = middle_s + f64::from(self.offset_s(position));
        // 1970-01-01 was a Thursday; where the week starts changes nothing but the phase.
        [DAY_S as f64, 7.0 * DAY_S as f64].map(|period_s| local_s / period_s - libm::floor(local_s / period_s))
    }

    fn position(&self, at: Instant) -> Option<usize> {
        let position = (at - self.start).micros().div_euclid(self.bin.micros());
        usize::try_from(position).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(start: &str) -> Calendar {
        let zone = "Europe/Berlin".parse().unwrap();
        Calendar::new(&zone, start.parse().unwrap(), Duration::HOUR, 24 * 14)
    }

    #[test]
    fn yesterday_is_the_same_local_time_on_days_of_23_and_25_hours() {
        // Clocks go forward on 2026-03-29 at 01:00 UTC: 12:00 local is 11:00 UTC before and 10:00 UTC after.
        let spring = berlin("2026-03-28T00:00:00Z");
        assert_eq!(spring.days_before(34, 1), Some(11));
        // Two days of ordinary length later both lie after the shift.
        assert_eq!(spring.days_before(58, 1), Some(34));
        // Clocks go back on 2026-10-25 at 01:00 UTC: 12:00 local is 10:00 UTC before and 11:00 UTC after.
        let autumn = berlin("2026-10-24T00:00:00Z");
        assert_eq!(autumn.days_before(35, 1), Some(10));
        // 02:00 local came twice on the 25th, at 00:00 and 01:00 UTC; seen from the 26th it is the second.
        assert_eq!(autumn.days_before(49, 1), Some(25));
        // 02:00 local was skipped on the 29th of March; seen from the 30th (00:00 UTC) it is 03:00, at 01:00 UTC.
        assert_eq!(spring.days_before(48, 1), Some(25));
        assert_eq!(autumn.days_before(3, 1), None);
    }

    /// Berlin's clocks go back an hour on 2026-10-25 at 01:00 UTC: they pass 02:00 to 03:00 from 00:00 to 02:00 UTC.
    #[test]
    fn times_that_clocks_pass_twice_have_two_offsets() {
        let zone: TimeZone = "Europe/Berlin".parse().unwrap();
        let offsets = |at: &str| zone.offsets_s(at.parse().unwrap());
        assert_eq!(offsets("2026-10-24T23:59:59Z"), [7_200, 7_200]);
        assert_eq!(offsets("2026-10-25T00:00:00Z"), [7_200, 3_600]);
        assert_eq!(offsets("2026-10-25T01:30:00Z"), [3_600, 7_200]);
        assert_eq!(offsets("2026-10-25T02:00:00Z"), [3_600, 3_600]);
        // They go forward on the 29th of March, and pass nothing twice.
        assert_eq!(offsets("2026-03-29T00:30:00Z"), [3_600, 3_600]);
        assert_eq!(offsets("2026-03-29T01:30:00Z"), [7_200, 7_200]);
    }

    #[test]
    fn the_phase_follows_the_local_clock() {
        // The hour from 11:30 to 12:30 local has its middle at noon: half a turn.
        let zone = "Asia/Kolkata".parse().unwrap();
        let calendar = Calendar::new(&zone, "2026-01-01T06:00:00Z".parse().unwrap(), Duration::HOUR, 1);
        let [sin, cos, ..] = calendar.phases(0);
        assert!(sin.abs() < 1e-9 && (cos + 1.0).abs() < 1e-9, "{sin} {cos}");
    }

    #[test]
    fn days_weeks_and_months_begin_at_local_midnight() {
        // Thursday, 2026-11-05, 14:00 in Berlin, an hour ahead of UTC in winter; clocks went back on 2026-10-25, a Sunday.
        let zone: TimeZone = "Europe/Berlin".parse().unwrap();
        let check = |at: &str, step, start: &str, end: &str| {
            let expected = Window { start: start.parse().unwrap(), end: end.parse().unwrap() };
            assert_eq!(zone.around(step, at.parse().unwrap()), expected);
        };
        let at = "2026-11-05T13:00:00Z";
        check(at, CalendarStep::Hour, "2026-11-05T13:00:00Z", "2026-11-05T14:00:00Z");
        check(at, CalendarStep::Day, "2026-11-04T23:00:00Z", "2026-11-05T23:00:00Z");
        check(at, CalendarStep::Week, "2026-11-01T23:00:00Z", "2026-11-08T23:00:00Z");
        check(at, CalendarStep::Month, "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z");
        check("2026-10-25T12:00:00Z", CalendarStep::Day, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        check("2026-10-25T12:00:00Z", CalendarStep::Week, "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_eq!(zone.clock(at.parse().unwrap()), "Thu 2026-11-05 14:00");
    }

    #[test]
    fn names_are_checked_on_the_way_in_and_kept_on_the_way_out() {
        assert!(serde_json::from_str::<TimeZone>("\"Mars/Olympus\"").is_err());
        let zone: TimeZone = serde_json::from_str("\"Europe/Berlin\"").unwrap();
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Europe/Berlin\"");
    }
}
