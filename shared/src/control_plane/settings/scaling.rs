//! How many nodes of a group there are: what is asked of them, the time of the week, a forecast.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units::{Duration, Instant};

/// What orders nodes of a group beside its least number. Of several wishes the largest holds, as in EC2 Auto Scaling,
/// and never more than the group may have. Nodes beyond what is wished are given back when they are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scaling {
    /// Whether a resource that fits nowhere orders a node; it does unless said.
    pub on_pending: bool,
    /// As many nodes that what is requested stays at or below this share of what they have, in percent, in every
    /// dimension: `⌈requested ÷ (percent of a node)⌉`.
    pub target_utilisation_percent: Option<u32>,
    /// Nodes that are there at certain times.
    pub schedule: Vec<ScheduledNodes>,
    /// Nodes that a forecast says will be needed.
    pub predicted: Option<PredictedNodes>,
}

/// Nodes that are there at certain times of the week, in the scenario's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScheduledNodes {
    /// On which days it begins; on every day where none is named.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// When it begins.
    pub from: TimeOfDay,
    /// When it ends; on the next day where that is not later.
    pub until: TimeOfDay,
    /// How many nodes there are at least.
    pub nodes: u32,
}

/// Nodes that will be needed, step by step; each is ordered as long before as it takes to boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictedNodes {
    /// When the first step begins.
    pub from: Instant,
    /// How long each lasts.
    pub step: Duration,
    /// How many nodes are needed in each; none after the last.
    pub nodes: Vec<u32>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A time of day, to the minute: `08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
pub struct TimeOfDay(u16);

/// A text that is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time of day; expected hours and minutes such as 08:30")]
pub struct NoTimeOfDay(String);

const MINUTES_A_DAY: u16 = 24 * 60;

/// A minute of the week in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control_plane) struct LocalMinute {
    day: Weekday,
    minute: u16,
}

impl Default for Scaling {
    fn default() -> Self {
        Self { on_pending: true, target_utilisation_percent: None, schedule: Vec::new(), predicted: None }
    }
}

impl Scaling {
    /// Whether the number of nodes follows more than who waits.
    pub fn is_planned(&self) -> bool {
        self.target_utilisation_percent.is_some() || !self.schedule.is_empty() || self.predicted.is_some()
    }
}

impl ScheduledNodes {
    /// Whether it holds at a minute of the week.
    pub(in crate::control_plane) fn holds(&self, at: LocalMinute) -> bool {
        let on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        let (TimeOfDay(from), TimeOfDay(until)) = (self.from, self.until);
        if from < until {
            return on(at.day) && (from..until).contains(&at.minute);
        }
        on(at.day) && at.minute >= from || on(at.day.before()) && at.minute < until
    }
}

impl PredictedNodes {
    /// The most that are needed from `now` until before `until`.
    pub(in crate::control_plane) fn between(&self, now: Instant, until: Instant) -> u32 {
        let step = |at: Instant| at.micros().saturating_sub(self.from.micros()).div_euclid(self.step.micros());
        let (first, end) = (step(now).max(0) as usize, step(until - Duration::from_micros(1)));
        let steps = self.nodes.iter().enumerate().skip(first);
        steps.take_while(|&(position, _)| position as i64 <= end).map(|(_, &nodes)| nodes).max().unwrap_or(0)
    }
}

impl Weekday {
    /// Every day, from Monday on.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    fn before(self) -> Self {
        Self::ALL[(self as usize + 6) % 7]
    }
}

impl LocalMinute {
    /// The minute that it is at `at` where local time is `offset_s` seconds ahead of UTC.
    pub(in crate::control_plane) fn at(at: Instant, offset_s: i32) -> Self {
        let minutes = (at.micros().div_euclid(1_000_000) + i64::from(offset_s)).div_euclid(60);
        let (days, minute) =
            (minutes.div_euclid(i64::from(MINUTES_A_DAY)), minutes.rem_euclid(i64::from(MINUTES_A_DAY)));
        // The first of January 1970 was a Thursday.
        let day = (days + Weekday::Thursday as i64).rem_euclid(7);
        Self { day: Weekday::ALL[day as usize], minute: minute as u16 }
    }
}

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let part = |digits: &str| digits.parse::<u16>().ok().filter(|_| digits.len() == 2);
        let parts = text.split_once(':').and_then(|(hour, minute)| Some((part(hour)?, part(minute)?)));
        let sound = parts.filter(|&(hour, minute)| hour < 24 && minute < 60);
        sound.map(|(hour, minute)| Self(hour * 60 + minute)).ok_or_else(|| NoTimeOfDay(text.to_owned()))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        text.parse()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LocalMinute {
        // Berlin in winter.
        LocalMinute::at(text.parse().unwrap(), 3_600)
    }

    #[test]
    fn a_schedule_follows_local_days_and_may_pass_midnight() {
        let night = |days: Vec<Weekday>| ScheduledNodes {
            days,
            from: "22:00".parse().unwrap(),
            until: "06:00".parse().unwrap(),
            nodes: 3,
        };
        // 2026-03-02 is a Monday; 22:30 UTC on Sunday is 23:30 in Berlin.
        let friday = night(vec![Weekday::Friday]);
        assert!(friday.holds(at("2026-03-06T21:00:00Z")));
        assert!(!friday.holds(at("2026-03-06T20:59:00Z")));
        assert!(friday.holds(at("2026-03-07T04:59:00Z")));
        assert!(!friday.holds(at("2026-03-07T05:00:00Z")));
        assert!(!friday.holds(at("2026-03-06T02:00:00Z")));
        assert!(night(Vec::new()).holds(at("2026-03-01T22:30:00Z")));
        let office =
            ScheduledNodes { from: "08:00".parse().unwrap(), until: "18:00".parse().unwrap(), ..friday.clone() };
        assert!(office.holds(at("2026-03-06T07:00:00Z")) && !office.holds(at("2026-03-06T17:00:00Z")));
        // The same time twice is a whole day.
        let whole = ScheduledNodes { from: "00:00".parse().unwrap(), until: "00:00".parse().unwrap(), ..friday };
        assert!(whole.holds(at("2026-03-06T12:00:00Z")) && !whole.holds(at("2026-03-07T12:00:00Z")));
    }

    #[test]
    fn what_is_predicted_holds_from_its_steps_to_the_last() {
        let start: Instant = "2026-03-02T00:00:00Z".parse().unwrap();
        let hours = |hours: i64| start + Duration::from_minutes(60 * hours);
        let predicted = PredictedNodes { from: start, step: Duration::HOUR, nodes: vec![2, 7, 1] };
        assert_eq!(predicted.between(hours(0), hours(1)), 2);
        assert_eq!(predicted.between(hours(0), hours(1) + Duration::from_micros(1)), 7);
        assert_eq!(predicted.between(hours(2), hours(9)), 1);
        assert_eq!(predicted.between(hours(3), hours(9)), 0);
        assert_eq!(predicted.between(hours(-3), hours(-1)), 0);
        assert_eq!(predicted.between(hours(-3), hours(0)), 0);
        assert_eq!(predicted.between(hours(-3), hours(1)), 2);
    }

    #[test]
    fn times_of_day_are_two_numbers() {
        assert_eq!("08:05".parse::<TimeOfDay>().unwrap().to_string(), "08:05");
        for wrong in ["8:00", "24:00", "08:60", "0800", "08:0x", "", "08:00:00"] {
            let error = wrong.parse::<TimeOfDay>().unwrap_err().to_string();
            assert!(error.contains("expected hours and minutes such as 08:30"), "{error}");
        }
    }
}
