//! Forecasts of counts: quantiles per bin, each with the level it claims.
//!
//! ```text
//! History ─► SeriesSet ─► Features ─► Past ─► fit_best ─► (Selected, SelectionReport)
//!                                       └──────────────────► Selected.predict(past, horizon) ─► Forecast
//! ```
//!
//! Entry points, for a command line or a service:
//!
//! 1. [`Features`](crate::features::Features) from a [`SeriesSet`](crate::features::SeriesSet) (of a history, or of a
//!    series file by [`read_series`](crate::features::read_series)), with time zone, known events and sensors.
//! 2. [`fit_best`] chooses per horizon by backtest and fits: use the [`Selected`] like any model, print the
//!    [`SelectionReport`]. One model by itself is [`Fit::fit`], or [`lstm::train_lstm`] (feature `train`).
//! 3. [`Predict::predict`] gives the [`Forecast`]: per series quantiles, or a typed reason why there are none.
//! 4. [`BacktestPlan::new`], a model fitted on [`BacktestPlan::training`], and [`backtest`] give its [`Scores`]; for
//!    what the product itself would use, fit it by [`fit_best`] on that same training part.
//! 5. [`ModelFile`] is what was fitted as a file, which gives the same forecast, bit for bit, natively and in a browser.
//!
//! Long work tells a [`Watcher`] where it is and stops when that says so. Nothing here has a clock: whoever wants to
//! know how long fitting took measures it around the call.

mod backtest;
mod boosted_trees;
mod ensemble;
mod fingerprint;
mod fitted;
mod hour_mean;
mod leads;
mod local_trend;
pub mod lstm;
mod metrics;
mod model;
mod model_file;
mod one_day_median;
mod progress;
mod quantile;
mod recent_level;
mod recent_mean;
mod residuals;
mod selection;
mod seasonal_naive;
mod side_by_side;
mod smoothed_level;
#[cfg(feature = "smoothing")]
mod smoothing;
mod values;

pub use backtest::{BacktestError, BacktestPlan, Scored, SeriesScores, backtest};
pub use boosted_trees::{BoostedTrees, FittedBoostedTrees};
pub use ensemble::Ensemble;
pub use fitted::{FittedModel, fit_model};
pub use hour_mean::{FittedHourMean, HourMean};
pub use local_trend::LocalTrend;
pub use metrics::{CoverageOf, PinballAt, ScoreSums, Scores, pinball, seasonal_scale};
pub use model::{Fit, Predict, season_bins};
pub use model_file::{ModelFile, ModelFileError};
pub use one_day_median::{FittedOneDayMedian, OneDayMedian};
pub use progress::{Continue, Progress, Watcher};
pub(crate) use quantile::quantile;
pub use recent_level::{FittedRecentLevel, RecentLevel};
pub use recent_mean::RecentMean;
pub use seasonal_naive::{FittedSeasonalNaive, SeasonalNaive};
pub use selection::{
    Candidate, Choice, Fallback, MemberWeight, Reason, Selected, SelectionConfig, SelectionReport, SeriesChoice,
    compare_mase, fit_best, fit_one,
};
pub use smoothed_level::SmoothedLevel;
#[cfg(feature = "smoothing")]
pub use smoothing::{DampedTrend, Mstl};
pub use values::{
    Answer, BinForecast, Forecast, ForecastError, ModelId, ModelName, NotReady, SeriesForecast, TrainError,
    horizon_bins,
};

/// The levels of every forecast's quantiles: bands of 50, 80 and 90 % and the median.
pub const LEVELS: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

#[cfg(test)]
mod tests;
