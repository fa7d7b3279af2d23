//! What a predicted stream is sampled from.

use serde::{Deserialize, Serialize};

use super::{Attachments, Newcomers, Tags};
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
    /// How often they are resized meanwhile, by the flavor that they have; in order of flavor.
    pub resizes: Vec<Resizes>,
    /// The volumes and addresses that come with machines.
    #[serde(default)]
    pub attachments: Attachments,
    /// Tenants that nobody has seen yet.
    #[serde(default)]
    pub newcomers: Newcomers,
    /// Zones and labels.
    #[serde(default)]
    pub tags: Tags,
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

/// Factors of the hazards, in thousandths, by how a resource was created; empty where what was seen says nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paces {
    /// By how many were created together: 1, 2 to 3, 4 to 7, 8 to 15, 16 to 31, and more.
    pub by_size_milli: Vec<u32>,
    /// By the quarter of the UTC day.
    pub by_quarter_milli: Vec<u32>,
    /// By the weekday, from Thursday (the day of the epoch) on.
    pub by_weekday_milli: Vec<u32>,
}

/// How often resources of one flavor are resized, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resizes {
    /// The flavor that they have.
    pub from: FlavorIndex,
    /// Resizes per resource and day, in millionths.
    pub per_day_millionths: u32,
    /// The flavors that they got, and how often each was seen.
    pub to: Vec<(FlavorIndex, u32)>,
}

/// Discrete-time survival: the chance to end in an age interval, given that it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Upper ends of the age intervals, increasing; the last interval repeats beyond the end. Without any, nothing ends.
    pub edges: Vec<Duration>,
    /// Per flavor, the hazard of each interval in 1/65,536; a flavor without history has everybody's.
    pub hazards: Vec<Vec<u16>>,
    /// Tenants whose resources of a flavor end faster or slower than all of the flavor do, in order of tenant and flavor.
    #[serde(default)]
    pub tenant_paces: Vec<TenantPaces>,
    /// Who ends faster or slower than others of the flavor.
    pub paces: Paces,
    /// How often neighbours in a batch share their lifetime, in thousandths.
    pub shared_milli: u32,
    /// Standard deviation of the logarithm of a run's factor, by which everything ends faster or slower, in thousandths;
    /// at most 1,000.
    pub spread_milli: u32,
}

/// How many bands of age tenants are told apart in.
pub const AGE_BANDS: usize = 10;

/// By what factor the hazard of a tenant's resources of a flavor is larger than that of all resources of the flavor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantPaces {
    /// Whose.
    pub tenant: TenantIndex,
    /// Of which flavor.
    pub flavor: FlavorIndex,
    /// By band of age, in thousandths, above zero: up to 5, 15, 30 and 60 minutes, to 2, 4, 8, 24 and 72 hours, and older.
    pub milli: [u32; AGE_BANDS],
}

impl Lifetimes {
    /// Lives that end by their flavor's hazards alone.
    pub(super) fn of_hazards(edges: Vec<Duration>, hazards: Vec<Vec<u16>>) -> Self {
        let (tenant_paces, paces) = (Vec::new(), Paces::default());
        Self { edges, hazards, tenant_paces, paces, shared_milli: 0, spread_milli: 0 }
    }
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

impl Paces {
    /// How many steps of size there are.
    pub(super) const SIZES: usize = 6;

    /// The step of a batch's size.
    pub(super) fn size(creates: u32) -> usize {
        (creates.max(1).ilog2() as usize).min(Self::SIZES - 1)
    }

    /// Days since the epoch modulo seven.
    pub(super) fn weekday(at: Instant) -> usize {
        at.micros().div_euclid(Duration::DAY.micros()).rem_euclid(7) as usize
    }

    /// The factor of a resource that was created then, in a batch of so many where that is known.
    pub(super) fn of(&self, creates: Option<u32>, created: Instant) -> f64 {
        let part = |factors: &[u32], kind: usize| factors.get(kind).map_or(1.0, |&milli| f64::from(milli) / 1_000.0);
        let of_size = creates.map_or(1.0, |creates| part(&self.by_size_milli, Self::size(creates)));
        let quarter = part(&self.by_quarter_milli, StreamModel::quarter(created));
        of_size * quarter * part(&self.by_weekday_milli, Self::weekday(created))
    }
}

impl BatchTemplate {
    /// How many resources it creates.
    pub fn size(&self) -> u64 {
        self.creates.iter().map(|&(_, count)| u64::from(count)).sum()
    }
}
