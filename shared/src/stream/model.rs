//! What a predicted stream is sampled from.

use serde::{Deserialize, Serialize};

use crate::forecast::LEVELS;
use crate::units::{Duration, FlavorIndex, Instant, TenantIndex};

/// A forecast of arrivals with what they bring and how long it lives: small enough to travel in a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamModel {
    /// The instant the forecast was made for; bins count from here.
    pub origin: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// How many batches arrive.
    pub arrivals: ArrivalBins,
    /// The batches that were seen.
    pub templates: Vec<BatchTemplate>,
    /// What a batch holds, given those.
    pub flavor_gates: FlavorGates,
    /// Standard deviation of the logarithm of each tenant's factor in a run, by which its batches come more or less
    /// often, in thousandths; at most 1,000.
    pub mix_spread_milli: u32,
    /// Over what time the creates of one batch are spread, at most a bin.
    pub spread: Duration,
    /// How long its resources live.
    pub lifetimes: Lifetimes,
}

/// Quantiles of the number of batches per bin, in tenths, so that they are the same bytes everywhere.
///
/// A run draws its positions within the bins' distributions from a Gaussian copula with two parts: a level that holds
/// for the whole run (a day that is busier than forecast stays so), and a first-order autoregression from bin to bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalBins {
    /// Per bin, tenths of a batch at each of [`LEVELS`], not decreasing.
    pub tenths: Vec<[u32; LEVELS.len()]>,
    /// Mean excess over the 0.95 quantile, in thousandths of its distance from the 0.75 quantile; at most 1,000.
    pub tail_milli: u32,
    /// Share of the positions' variance that the run's level makes, in thousandths; at most 1,000.
    pub level_milli: u32,
    /// Correlation of neighbouring bins' positions beyond the level, in thousandths; below 1,000.
    pub correlation_milli: u32,
}

/// A batch as it was seen: whose it was, and what it created in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTemplate {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Flavors in order of creation, and how often each comes in a row.
    pub creates: Vec<(FlavorIndex, u32)>,
    /// How often it was seen in each quarter of the day (UTC, from midnight), weighted by recency.
    pub weights: [u32; QUARTERS],
}

/// How a batch is drawn token by token, each flavor and its end, from what followed such a beginning in the templates.
///
/// There are six contexts: how far the batch is; the last flavor as well; how often it came in a row as well; the set of
/// flavors as well; the quarter of the day instead of the set; all creates so far. Which of them is asked is drawn by these
/// weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlavorGates {
    /// The weight of a template that was seen once, now, on the weekday that is forecast.
    pub batch_weight: u32,
    /// By place (the first token, the second, from the third, the 9th, the 33rd and the 129th on), context, and how much was seen of it (nothing, up to 0.3 batches of now, 2, 10, 50,
    /// 500, more).
    pub gates: [[[u16; 7]; 6]; 6],
}

/// How many parts of the day have a mix of their own.
pub const QUARTERS: usize = 4;

/// Discrete-time survival: the chance to end in an age interval, given that it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Upper ends of the age intervals, increasing; the last interval repeats beyond the end. Without any, nothing ends.
    pub edges: Vec<Duration>,
    /// Per flavor, the hazard of each interval in 1/65,536; a flavor without history has everybody's.
    pub hazards: Vec<Vec<u16>>,
    /// How often neighbours in a batch share their lifetime, in thousandths.
    pub shared_milli: u32,
    /// Standard deviation of the logarithm of a run's factor, by which everything ends faster or slower, in thousandths;
    /// at most 1,000.
    pub spread_milli: u32,
}

impl StreamModel {
    /// The quarter of the UTC day that holds `at`.
    pub fn quarter(at: Instant) -> usize {
        let part = Duration::DAY.micros() / QUARTERS as i64;
        (at.micros().rem_euclid(Duration::DAY.micros()) / part) as usize
    }

    /// The window that the arrivals cover.
    pub fn end(&self) -> Instant {
        self.origin + self.bin * self.arrivals.tenths.len() as i64
    }
}

impl BatchTemplate {
    /// How many resources it creates.
    pub fn size(&self) -> u64 {
        self.creates.iter().map(|&(_, count)| u64::from(count)).sum()
    }
}
