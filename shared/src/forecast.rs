//! Forecasts of counts: quantiles per bin, each with the level it claims.
//!
//! ```text
//! History ─► SeriesSet ─► Features ─► Past ─► fit_best ─► (Selected, SelectionReport)
//!                                       └──────────────────► Selected.predict(past, horizon) ─► Forecast
//! ```
//!
//! The entry points are [`Fit`] and [`Predict`] for one model.

mod backtest;
mod metrics;
mod model;
mod one_day_median;
mod progress;
mod quantile;
mod recent_mean;
mod residuals;
mod seasonal_naive;
mod values;

pub use backtest::{BacktestError, BacktestPlan, Scored, SeriesScores, backtest};
pub use metrics::{CoverageOf, PinballAt, ScoreSums, Scores, pinball, seasonal_scale};
pub use model::{Fit, Predict, season_bins};
pub use one_day_median::{FittedOneDayMedian, OneDayMedian};
pub use progress::{Continue, Progress, Watcher};
pub use recent_mean::RecentMean;
pub use seasonal_naive::{FittedSeasonalNaive, SeasonalNaive};
pub use values::{
    Answer, BinForecast, Forecast, ForecastError, ModelId, ModelName, NotReady, SeriesForecast, horizon_bins,
};

/// The levels of every forecast's quantiles: bands of 50, 80 and 90 % and the median.
pub const LEVELS: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

#[cfg(test)]
mod tests;
