//! Creates per bin: as they were, and as they were forecast.

use serde::{Deserialize, Serialize};

use super::{ModelInUse, NotReady};
use crate::forecast::LEVELS;
use crate::request::ResourceClass;
use crate::units::{Duration, Instant};

/// Actual creates per bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DemandSeries {
    /// Start of the first bin.
    pub start: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// Whose creates; everyone's where none.
    pub tenant: Option<String>,
    /// Of which class; of all where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ResourceClass>,
    /// Of which flavor; of all where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// Creates in each bin; bins that have not ended are not in it.
    pub creates: Vec<u64>,
}

/// The latest forecast, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ForecastAnswer {
    /// There is one.
    Ready(ForecastView),
    /// There is none.
    NotReady(NotReady),
}

/// Quantiles of creates per bin, each with the level it claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForecastView {
    /// The instant the forecast was made for: it knows nothing later.
    pub origin: Instant,
    /// How far it reaches.
    pub horizon: Duration,
    /// Length of a bin.
    pub bin: Duration,
    /// Whose creates; everyone's where none.
    pub tenant: Option<String>,
    /// Of which class; of all where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ResourceClass>,
    /// Of which flavor; of all where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// What made it.
    pub model: ModelInUse,
    /// Of how many predicted streams the quantiles are, where they are counted there: what has no series of its own, as a
    /// flavor, has a part in the streams that are sampled from the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    /// The levels of each bin's quantiles.
    pub levels: [f64; LEVELS.len()],
    /// Bins from the origin on.
    pub bins: Vec<ForecastBin>,
}

/// One bin of a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForecastBin {
    /// Start of the bin.
    pub at: Instant,
    /// Expected creates.
    pub mean: f64,
    /// Creates at each level, not decreasing.
    pub quantiles: [f64; LEVELS.len()],
    /// What came, once the bin has ended.
    pub actual: Option<u64>,
}
