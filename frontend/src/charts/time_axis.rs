//! An axis of time whose labels stand at round times of the shown time zone.

use core::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::format;
use crate::zone::Zone;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Steps between labels.
const STEPS: [i64; 13] = [
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    120 * MINUTE,
    180 * MINUTE,
    360 * MINUTE,
    720 * MINUTE,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
];

/// Microseconds since the Unix epoch, from start to end.
#[derive(Clone)]
pub(super) struct TimeAxis {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) zone: Zone,
}

impl TimeAxis {
    /// A time of day, or the day where one begins.
    pub(super) fn label(&self, at: i64) -> String {
        let civil = self.zone.civil(at);
        if (civil.hour, civil.minute) == (0, 0) {
            format::day(at, self.zone)
        } else {
            format::time_of_day(at, self.zone)
        }
    }
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let part = (value - self.start) as f64 / (self.end - self.start).max(1) as f64;
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i64> {
        let most = hint.max_num_points().max(1) as i64;
        let step = STEPS.into_iter().find(|step| (self.end - self.start) / step < most).unwrap_or(56 * DAY);
        // Round in the shown zone; an offset that changes within the axis moves labels by an hour, not by a day.
        let offset = self.zone.offset(self.start);
        let first = (self.start + offset).div_euclid(step) * step - offset;
        (0..).map(|i| first + i * step).skip_while(|at| *at < self.start).take_while(|at| *at <= self.end).collect()
    }

    fn range(&self) -> Range<i64> {
        self.start..self.end
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        self.label(*value)
    }
}
