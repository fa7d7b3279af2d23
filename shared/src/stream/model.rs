//! What a predicted stream is sampled from.

use serde::{Deserialize, Serialize};

use crate::forecast::LEVELS;
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// A forecast of arrivals with what they bring and how long it lives: small enough to travel in a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamModel {
    /// The instant the forecast was made for; bins count from here.
    pub origin: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// How many batches arrive.
    pub arrivals: ArrivalBins,
    /// What a batch holds.
    pub templates: Vec<BatchTemplate>,
    /// How long its resources live.
    pub lifetimes: Lifetimes,
}

/// Quantiles of the number of batches per bin, in tenths, so that they are the same bytes everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalBins {
    /// Per bin, tenths of a batch at each of [`LEVELS`], not decreasing.
    pub tenths: Vec<[u32; LEVELS.len()]>,
    /// Correlation of neighbouring bins' positions within their distributions, in thousandths; below 1,000.
    pub correlation_milli: u32,
}

/// A batch as it was seen: whose it was, and how many of each flavor it created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTemplate {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Flavors and how many of each, in order of the flavor.
    pub creates: Vec<(FlavorIndex, u32)>,
    /// How often it was seen in each quarter of the day (UTC, from midnight), weighted by recency.
    pub weights: [u32; 4],
}

/// Discrete-time survival: the chance to end in an age interval, given that it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Upper ends of the age intervals, increasing; the last interval repeats beyond the end.
    pub edges: Vec<Duration>,
    /// Per flavor, the hazard of each interval in 1/65,536; a flavor without history has everybody's.
    pub hazards: Vec<Vec<u16>>,
    /// How often neighbours in a batch share their lifetime, in thousandths.
    pub shared_milli: u32,
}
