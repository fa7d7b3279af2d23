//! Time cut into slices, and into the hours in which policies act.

use core::ops::Range;
use core::str::FromStr;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{POLICY_HOUR, SLICES_MAX, StatementError};
use crate::features::{CalendarStep, TimeZone};
use crate::units::{Instant, Window};

/// Into what pieces a statement cuts its window; all but the whole follow the local clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Resolution {
    /// None.
    #[default]
    Whole,
    /// Local hours.
    Hour,
    /// Local days, of 23 and 25 hours too.
    Day,
    /// Local weeks, from Monday.
    Week,
    /// Local months.
    Month,
}

/// The first and the last piece of a stretch.
pub(super) type Span = (u32, u32);

/// The pieces of time between any two instants at which something begins: a slice, or an hour of policies.
#[derive(Debug)]
pub(super) struct Grid {
    /// Where each piece begins, and where the last one ends.
    pub(super) bounds: Vec<Instant>,
    /// The slice that each piece is in; none outside of the window.
    pub(super) slice: Vec<Option<u32>>,
    /// The pieces of each hour; one hour of everything where no policy acts.
    pub(super) hours: Vec<Range<usize>>,
}

impl Resolution {
    /// Every resolution.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The slices of a window in order; the first and the last may be cut short.
    pub(super) fn slices(self, window: Window, zone: &TimeZone) -> Result<Vec<Window>, StatementError> {
        let step = match self {
            Self::Whole => return Ok(vec![window]),
            Self::Hour => CalendarStep::Hour,
            Self::Day => CalendarStep::Day,
            Self::Week => CalendarStep::Week,
            Self::Month => CalendarStep::Month,
        };
        let mut slices = Vec::new();
        let mut start = window.start;
        while start < window.end {
            let end = zone.next(step, start).min(window.end);
            if slices.len() == SLICES_MAX {
                return Err(StatementError::TooFine(self.as_str()));
            }
            slices.push(Window { start, end });
            start = end;
        }
        Ok(slices)
    }
}

impl FromStr for Resolution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|resolution| resolution.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no resolution; expected whole, hour, day, week or month"))
    }
}

impl Grid {
    /// The pieces of `slices`; with `hourly`, of the whole hours that they touch too, as far as they were metered.
    pub(super) fn new(slices: &[Window], metered: Window, hourly: bool) -> Self {
        let (first, last) = (slices[0].start, slices[slices.len() - 1].end);
        let mut bounds: BTreeSet<Instant> = slices.iter().map(|slice| slice.start).collect();
        bounds.insert(last);
        if hourly {
            let mut hour = first.floor(POLICY_HOUR);
            while hour < last + POLICY_HOUR {
                bounds.insert(hour.max(metered.start).min(metered.end));
                if hour >= last {
                    break;
                }
                hour += POLICY_HOUR;
            }
        }
        let bounds: Vec<Instant> = bounds.into_iter().collect();
        let starts = &bounds[..bounds.len() - 1];
        let slice_of = |&start: &Instant| {
            let after = slices.partition_point(|slice| slice.start <= start);
            (after > 0 && start < last).then(|| after as u32 - 1)
        };
        let slice = starts.iter().map(slice_of).collect();
        let mut hours: Vec<Range<usize>> = Vec::new();
        for (piece, start) in starts.iter().enumerate() {
            match hours.last_mut().filter(|_| !hourly || start.floor(POLICY_HOUR) < *start) {
                Some(hour) => hour.end = piece + 1,
                None => hours.push(piece..piece + 1),
            }
        }
        Self { bounds, slice, hours }
    }

    /// How many pieces there are.
    pub(super) fn pieces(&self) -> usize {
        self.slice.len()
    }

    /// The whole of it.
    pub(super) fn window(&self) -> Window {
        Window { start: self.bounds[0], end: self.bounds[self.bounds.len() - 1] }
    }

    /// The piece that an instant of the window is in.
    pub(super) fn piece(&self, at: Instant) -> usize {
        self.bounds.partition_point(|&start| start <= at) - 1
    }

    /// The first and the last piece that a stretch lies in; none where it lies off the grid.
    pub(super) fn span(&self, from: Instant, until: Instant) -> Option<Span> {
        let window = self.window();
        let (from, until) = (from.max(window.start), until.min(window.end));
        if from >= until {
            return None;
        }
        let first = self.piece(from);
        let after = &self.bounds[first + 1..];
        let last = if until <= after[0] { first } else { first + after.partition_point(|&at| at < until) };
        Some((first as u32, last as u32))
    }

    /// When an hour begins and ends.
    pub(super) fn hour(&self, hour: usize) -> Window {
        let Range { start, end } = self.hours[hour].clone();
        Window { start: self.bounds[start], end: self.bounds[end] }
    }
}
