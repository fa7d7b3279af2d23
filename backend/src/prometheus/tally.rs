//! What became of samples, in figures.

use core::ops::AddAssign;

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Taken.
    Taken,
    /// Was there already, which happens when a sender was not answered.
    Duplicate,
    /// No rule wants it.
    Unmapped,
    /// Says that its series has ended.
    Stale,
    /// Is no finite number.
    NotFinite,
    /// Is a native histogram, which no rule can map.
    Histogram,
    /// Is older than the last one of its series.
    OutOfOrder,
    /// Is as old as the last one of its series, with another value.
    SameInstant,
    /// Is older than anything that is taken.
    TooOld,
    /// Is of a time that has yet to come.
    TooFarAhead,
    /// Its series has labels that cannot be.
    WrongLabels,
    /// There are too many series already.
    TooManySeries,
}

impl Outcome {
    /// Every one, those that are refused last.
    pub const ALL: [Self; 12] = [
        Self::Taken,
        Self::Duplicate,
        Self::Unmapped,
        Self::Stale,
        Self::NotFinite,
        Self::Histogram,
        Self::OutOfOrder,
        Self::SameInstant,
        Self::TooOld,
        Self::TooFarAhead,
        Self::WrongLabels,
        Self::TooManySeries,
    ];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Duplicate => "duplicate",
            Self::Unmapped => "unmapped",
            Self::Stale => "stale",
            Self::NotFinite => "not_finite",
            Self::Histogram => "histogram",
            Self::OutOfOrder => "out_of_order",
            Self::SameInstant => "same_instant",
            Self::TooOld => "too_old",
            Self::TooFarAhead => "too_far_ahead",
            Self::WrongLabels => "wrong_labels",
            Self::TooManySeries => "too_many_series",
        }
    }

    /// Whether the sender is told that it cannot be accepted, now or later.
    pub const fn is_refused(self) -> bool {
        self as usize >= Self::OutOfOrder as usize
    }
}

/// How many samples each became of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally([u64; Outcome::ALL.len()]);

impl Tally {
    /// Counts some more.
    pub(super) fn count(&mut self, outcome: Outcome, samples: usize) {
        self.0[outcome as usize] += samples as u64;
    }

    /// How many became this.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        Outcome::ALL.into_iter().filter(|outcome| outcome.is_refused()).map(|outcome| self.of(outcome)).sum()
    }

    /// How many there were.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own += other);
    }
}
