//! What a forecast says, and why it sometimes says nothing.

use serde::{Deserialize, Deserializer, Serialize};

use super::LEVELS;
use crate::features::SeriesKey;
use crate::units::{Duration, Instant};

/// A model by the name that people choose it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ModelName {
    /// The mean of what there is, with wide intervals: for less than a day of history.
    RecentMean,
    /// The same local time one day ago.
    SeasonalNaive,
    /// The median of the last day.
    OneDayMedian,
    /// The level of late, as fast and as robust as each lead wants it.
    RecentLevel,
    /// Level and damped trend of the last hours, their memory chosen at every origin.
    LocalTrend,
    /// The level by exponential smoothing, with the memory that has told the next count best.
    SmoothedLevel,
    /// Level and damped trend by exponential smoothing.
    DampedTrend,
    /// Trend and seasons by loess, with a damped trend for the rest.
    Mstl,
    /// The mean of the same hour on the days before.
    HourMean,
    /// Gradient-boosted trees over all series.
    BoostedTrees,
    /// The recurrent network over all series.
    Lstm,
    /// Several models together, weighted by how well each did on the series of late.
    Ensemble,
}

/// A model and its version: the same pair makes the same forecast of the same past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelId {
    /// Which one.
    pub name: ModelName,
    /// Incremented whenever its forecasts change.
    pub version: u32,
}

/// Quantiles of counts per bin, for every series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// What made it.
    pub model: ModelId,
    /// The instant it was made for; bins count from here.
    pub origin: Instant,
    /// Length of a bin.
    pub bin: Duration,
    /// The levels that the quantiles claim: [`LEVELS`].
    pub levels: [f64; LEVELS.len()],
    /// In the order of the features it was made from.
    pub series: Vec<SeriesForecast>,
}

/// The forecast of one series, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesForecast {
    /// What is counted.
    pub key: SeriesKey,
    /// What the model says about it.
    pub answer: Answer,
}

/// A forecast, or the typed reason why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Answer {
    /// One a bin, from the origin on.
    Bins(Vec<BinForecast>),
    /// What is missing.
    NotReady(NotReady),
}

/// One bin: finite, not negative, and not decreasing over the levels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BinForecast {
    /// One for each of [`LEVELS`].
    quantiles: [f64; LEVELS.len()],
    /// The expected count.
    mean: f64,
}

/// Why a model says nothing about a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ForecastNotReady))]
pub enum NotReady {
    /// The history is too short.
    #[error("needs {missing} more bin{}", if *.missing == 1 { "" } else { "s" })]
    NeedsBins {
        /// How many more bins of history it needs.
        missing: usize,
    },
    /// No model of this kind was trained, and this build cannot train one.
    #[error("needs a trained model; this build can serve one but not train it")]
    NeedsTraining,
    /// No parameters were found that explain the series.
    #[error("finds no fit for this series; choose another model")]
    NoFit,
    /// The model was trained for shorter horizons.
    #[error("reaches {longest} ahead; ask for that at most, or train for a longer horizon")]
    BeyondHorizon {
        /// The longest horizon it was trained for.
        longest: Duration,
    },
}

/// Why a question for a forecast is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForecastError {
    /// The horizon ends inside a bin, or is nothing.
    #[error(
        "a horizon of {horizon} {}; ask for {bin}, {} or another multiple of it",
        if *.horizon > Duration::ZERO { format!("is not a multiple of the bin of {bin}") }
        else { format!("holds no bin of {bin}") },
        *.bin * 2
    )]
    HorizonNotMultipleOfBin {
        /// What was asked for.
        horizon: Duration,
        /// Length of a bin.
        bin: Duration,
    },
    /// No horizon was asked for.
    #[error("no horizon was asked for; name at least one, such as 1h")]
    NoHorizon,
    /// A training was cancelled by whoever watched its progress.
    #[error("the training was cancelled")]
    Cancelled,
}

/// Why there is no trained model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// The history is too short.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// Cancelled by the watcher.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
}

impl SeriesForecast {
    /// The bins, where there are any.
    pub fn bins(&self) -> Option<&[BinForecast]> {
        match &self.answer {
            Answer::Bins(bins) => Some(bins),
            Answer::NotReady(_) => None,
        }
    }
}

impl From<Result<Vec<BinForecast>, NotReady>> for Answer {
    fn from(result: Result<Vec<BinForecast>, NotReady>) -> Self {
        result.map_or_else(Self::NotReady, Self::Bins)
    }
}

impl BinForecast {
    /// A bin of these quantiles and mean: what is negative or not finite becomes zero, and a quantile below the one
    /// before it takes that one's value.
    pub fn new(quantiles: [f64; LEVELS.len()], mean: f64) -> Self {
        // Not `max`, which leaves open which zero it gives.
        let counted = |value: f64| if value > 0.0 && value.is_finite() { value } else { 0.0 };
        let mut least = 0.0_f64;
        let quantiles = quantiles.map(|quantile| {
            least = least.max(counted(quantile));
            least
        });
        Self { quantiles, mean: counted(mean) }
    }

    /// One for each of [`LEVELS`].
    pub fn quantiles(&self) -> &[f64; LEVELS.len()] {
        &self.quantiles
    }

    /// The quantile at one half: what the point forecast is.
    pub fn median(&self) -> f64 {
        self.quantiles[LEVELS.len() / 2]
    }

    /// The expected count.
    pub fn mean(&self) -> f64 {
        self.mean
    }
}

impl<'de> Deserialize<'de> for BinForecast {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            quantiles: [f64; LEVELS.len()],
            mean: f64,
        }
        let raw = Raw::deserialize(deserializer)?;
        let bin = Self::new(raw.quantiles, raw.mean);
        if bin.quantiles == raw.quantiles && bin.mean == raw.mean {
            Ok(bin)
        } else {
            Err(serde::de::Error::custom("quantiles are finite, not negative, and do not decrease over the levels"))
        }
    }
}

impl ModelName {
    /// The name on the command line and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecentMean => "recent_mean",
            Self::SeasonalNaive => "seasonal_naive",
            Self::OneDayMedian => "one_day_median",
            Self::RecentLevel => "recent_level",
            Self::LocalTrend => "local_trend",
            Self::SmoothedLevel => "smoothed_level",
            Self::DampedTrend => "damped_trend",
            Self::Mstl => "mstl",
            Self::HourMean => "hour_mean",
            Self::BoostedTrees => "boosted_trees",
            Self::Lstm => "lstm",
            Self::Ensemble => "ensemble",
        }
    }
}

impl core::fmt::Display for ModelName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many bins a horizon has.
///
/// # Errors
/// When it is not a positive multiple of the bin.
pub fn horizon_bins(horizon: Duration, bin: Duration) -> Result<usize, ForecastError> {
    let bins = horizon.divide(bin);
    if bins > 0 && bin * bins == horizon {
        Ok(bins as usize)
    } else {
        Err(ForecastError::HorizonNotMultipleOfBin { horizon, bin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_never_negative_nor_decreasing_nor_nan() {
        let bin = BinForecast::new([-1.0, f64::NAN, 2.0, 1.0, 3.0, f64::INFINITY, 4.0], -0.5);
        assert_eq!(bin.quantiles(), &[0.0, 0.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        assert_eq!((bin.mean(), bin.median()), (0.0, 2.0));
        let text = serde_json::to_string(&bin).unwrap();
        assert_eq!(serde_json::from_str::<BinForecast>(&text).unwrap(), bin);
        assert!(serde_json::from_str::<BinForecast>(&text.replace("4.0", "1.0")).is_err());
    }

    #[test]
    fn a_horizon_is_a_positive_multiple_of_the_bin() {
        let bin = Duration::from_minutes(5);
        assert_eq!(horizon_bins(Duration::HOUR, bin), Ok(12));
        let error = horizon_bins(Duration::from_minutes(7), bin).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a horizon of 7m is not a multiple of the bin of 5m; ask for 5m, 10m or another multiple of it"
        );
        let error = horizon_bins(Duration::ZERO, bin).unwrap_err().to_string();
        assert!(error.starts_with("a horizon of 0s holds no bin of 5m"), "{error}");
        assert_eq!(NotReady::NeedsBins { missing: 1 }.to_string(), "needs 1 more bin");
        assert_eq!(NotReady::NeedsBins { missing: 288 }.to_string(), "needs 288 more bins");
    }
}
