//! Tenants that nobody has seen yet: how many appear, and how they begin.
//!
//! A forecast of arrivals is of everybody's, so newcomers take a part of the batches that arrive and add none. Who their
//! batches would have been otherwise is not drawn for others: without newcomers, those batches alone are somebody else's.

mod appearing;
mod learnt;
mod rate;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(super) use appearing::Appearing;
pub(super) use learnt::newcomers;

use crate::units::{Duration, FlavorIndex, TenantIndex};

/// At most so many may have been seen: a rate is no better known for more.
pub(crate) const SEEN_MAX: u32 = 10_000;

/// How many tenants appear, and how; nobody does where nobody did in the later half of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomers {
    /// The index of the first; those who are known have the ones below.
    pub first: TenantIndex,
    /// How many indices there are for them: more do not come in a run.
    pub slots: u32,
    /// How many appeared before the origin.
    pub seen: u32,
    /// Over what time.
    pub over: Duration,
    /// How some of them began; each new one begins as one of these, by even chances.
    pub like: Vec<Newcomer>,
}

/// The first days of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// Its share of everybody's batches by day since it appeared, without its first one, in millionths; later days are as
    /// the last one.
    pub share_millionths: Vec<u32>,
    /// What its batches created, in order, and how often each came.
    pub batches: Vec<(Vec<(FlavorIndex, u32)>, u32)>,
}

impl Newcomers {
    /// How many appear a day, as far as is known.
    pub fn per_day(&self) -> f64 {
        if self.seen == 0 { 0.0 } else { f64::from(self.seen) / self.over.seconds() * Duration::DAY.seconds() }
    }
}
