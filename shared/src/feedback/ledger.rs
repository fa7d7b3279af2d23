//! The forecast ledger: what was predicted to cost what, written down before anybody could know, in a chain that shows
//! whether anything was changed since.

mod pairs;
mod record;
mod scorecard;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use pairs::{Pairs, pairs};
pub use record::{
    ActualRecord, AmountOf, ForecastRecord, LEVELS, QuantileAmount, Record, SeriesForecast, actual_series,
    forecast_series,
};
pub(super) use record::{amounts, names};
pub use scorecard::{IntervalScore, ScoreRow, Scorecard, SeriesKey, scorecard};
pub(super) use scorecard::{by_series, rows_of};

use crate::simulation::Digest;
use crate::units::Window;

/// One link of the chain.
///
/// `hash` is BLAKE3 (unkeyed) of the 64 hexadecimal digits of `previous` followed by the text of `record`, so
/// `printf '%s%s' "$previous" "$record" | b3sum` checks one. The first link follows 64 zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry {
    /// Counted from 1.
    pub sequence: u64,
    /// The hash of the link before.
    pub previous: Digest,
    /// The hash of this one.
    pub hash: Digest,
    /// A [`Record`], the very text that was hashed.
    pub record: String,
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Head {
    /// How many links it has.
    pub entries: u64,
    /// The hash of the last one; zeros of none.
    pub hash: Digest,
}

/// The first link that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A link is missing, doubled or moved.
    #[error("entry {found} stands where entry {expected} was expected: one was left out, doubled or moved")]
    Sequence {
        /// What it is.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// A link does not follow the one before it.
    #[error("entry {sequence} follows {found}, but the entry before it has the hash {expected}")]
    Previous {
        /// Which.
        sequence: u64,
        /// What it says.
        found: Digest,
        /// What it should be.
        expected: Digest,
    },
    /// A link was changed after it was hashed.
    #[error("entry {sequence} says its hash is {found}, but its record hashes to {expected}: it was changed")]
    Hash {
        /// Which.
        sequence: u64,
        /// What it says.
        found: Digest,
        /// What it should be.
        expected: Digest,
    },
    /// A link holds no record of this version.
    #[error("entry {sequence} holds no record: {problem}; a newer program may have written it")]
    Record {
        /// Which.
        sequence: u64,
        /// What is wrong.
        problem: String,
    },
    /// What a window cost stands without, or before, what was predicted for it.
    #[error("entry {sequence} says what a window cost that no entry before it forecasts")]
    WithoutForecast {
        /// Which.
        sequence: u64,
    },
}

/// What a chain without links has as its last hash.
pub const ZERO: Head = Head { entries: 0, hash: Digest([0; 32]) };

impl Entry {
    /// The link that follows `head` and holds `record`.
    pub fn after(head: Head, record: String) -> Self {
        let hash = hash(head.hash, &record);
        Self { sequence: head.entries + 1, previous: head.hash, hash, record }
    }

    /// The end of the chain whose last link this is.
    pub fn head(&self) -> Head {
        Head { entries: self.sequence, hash: self.hash }
    }
}

fn hash(previous: Digest, record: &str) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous.to_string().as_bytes()).update(record.as_bytes());
    Digest(*hasher.finalize().as_bytes())
}

/// Walks a chain from its first link: its end, and every record in order.
///
/// That its last links were cut off cannot be seen from the chain itself: keep the hash of a head elsewhere to see it.
///
/// # Errors
/// The first link that is wrong.
pub fn verify<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Result<(Head, Vec<Record>), BrokenChain> {
    let (mut head, mut records) = (ZERO, Vec::new());
    let mut windows = BTreeSet::new();
    for entry in entries {
        let sequence = entry.sequence;
        if sequence != head.entries + 1 {
            return Err(BrokenChain::Sequence { found: sequence, expected: head.entries + 1 });
        }
        if entry.previous != head.hash {
            return Err(BrokenChain::Previous { sequence, found: entry.previous, expected: head.hash });
        }
        let expected = hash(entry.previous, &entry.record);
        if entry.hash != expected {
            return Err(BrokenChain::Hash { sequence, found: entry.hash, expected });
        }
        let record = serde_json::from_str::<Record>(&entry.record)
            .map_err(|error| BrokenChain::Record { sequence, problem: error.to_string() })?;
        let place = |window: Window| (window.start, window.end);
        match &record {
            Record::Forecast(forecast) => {
                windows.insert(place(forecast.window));
            }
            Record::Actual(actual) if !windows.contains(&place(actual.window)) => {
                return Err(BrokenChain::WithoutForecast { sequence });
            }
            Record::Actual(_) => {}
        }
        records.push(record);
        head = entry.head();
    }
    Ok((head, records))
}
