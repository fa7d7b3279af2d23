//! What the page and the forecast worker say to each other.

use serde::{Deserialize, Serialize};
use shared::api::DemandSeries;
use shared::forecast::{LEVELS, Progress};
use shared::units::{Duration, Instant, Window};

use super::clerk::Work;

/// Models are chosen and fitted, and forecasts made.
pub(crate) struct Forecasts;

impl Work for Forecasts {
    const LOADER: &'static str = "./forecast_worker_loader.js";
    type Order = Order;
    type Progress = Progress;
    type Said = Said;
}

/// What to forecast, how far, and from what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What happened.
    pub(crate) data: Data,
    /// Time step of counts of requests; other data has its own.
    pub(crate) bin: Duration,
    /// How far.
    pub(crate) horizon: Duration,
    /// What to do with it.
    pub(crate) task: Task,
}

/// Where counts come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Data {
    /// The requests of the built-in example.
    Example,
    /// What the service counted: everyone's first, then tenants'.
    Demand(Vec<DemandSeries>),
    /// A file: requests as NDJSON, or a series as CSV.
    File {
        /// What it is called.
        name: String,
        /// Its bytes.
        content: Vec<u8>,
    },
}

/// What to do with the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Show it.
    Look,
    /// Choose and fit models, and forecast.
    Train {
        /// Steps of the network's training at most.
        steps: u32,
        /// Seeds it.
        seed: u64,
    },
    /// Forecast by what was fitted elsewhere.
    Serve {
        /// The model file.
        file: Vec<u8>,
    },
}

/// The data, and a forecast where one was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The bins of the data.
    pub(crate) window: Window,
    /// Length of a bin.
    pub(crate) bin: Duration,
    /// How far the forecast reaches.
    pub(crate) horizon: Duration,
    /// What to know before it is believed.
    pub(crate) notices: Vec<String>,
    /// By series: name, latest counts, forecast.
    pub(crate) series: Vec<SeriesView>,
    /// What made the forecast.
    pub(crate) model: Option<ModelSaid>,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeriesView {
    /// What it counts.
    pub(crate) name: String,
    /// The latest bins.
    pub(crate) past: Vec<(Instant, f64)>,
    /// Bins from the origin on; or why there are none.
    pub(crate) ahead: Result<Vec<AheadBin>, String>,
}

/// One bin of a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AheadBin {
    /// Its start.
    pub(crate) at: Instant,
    /// One for each of the levels.
    pub(crate) quantiles: [f64; LEVELS.len()],
    /// The expected count.
    pub(crate) mean: f64,
}

/// A model, how it did, and what it learnt from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelSaid {
    /// Its name and version.
    pub(crate) name: String,
    /// The digest of the whole forecast.
    pub(crate) digest: String,
    /// How each model did in the backtest.
    pub(crate) scores: Vec<ScoreRow>,
    /// By series, which of them is used, and why.
    pub(crate) reasons: Vec<(String, String)>,
    /// From how many origins; and why from none.
    pub(crate) origins: usize,
    /// Why there was no backtest.
    pub(crate) fallback: Option<String>,
    /// The bins that it learnt from.
    pub(crate) window: Window,
    /// Their hash.
    pub(crate) fingerprint: String,
    /// Whether those are the bins of the data.
    pub(crate) of_this_data: bool,
    /// Seeds the training.
    pub(crate) seed: u64,
    /// How long fitting took, where it was fitted just now.
    pub(crate) fit_ms: Option<f64>,
    /// How long the forecast took.
    pub(crate) forecast_ms: f64,
    /// It as a file.
    pub(crate) file: Vec<u8>,
}

/// One model on one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScoreRow {
    /// The series by name.
    pub(crate) series: String,
    /// The model.
    pub(crate) model: String,
    /// Whether it makes the forecast of this series.
    pub(crate) used: bool,
    /// Its share in the ensemble, over the series of everyone.
    pub(crate) share: Option<f64>,
    /// The scores; or why there are none.
    pub(crate) scores: Result<ScoreFigures, String>,
}

/// What a model scored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScoreFigures {
    /// Mean absolute scaled error.
    pub(crate) mase: Option<f64>,
    /// Weighted absolute percentage error, as a fraction.
    pub(crate) wape: Option<f64>,
    /// Relative bias, as a fraction.
    pub(crate) bias: Option<f64>,
    /// Share of bins inside the 90 % interval.
    pub(crate) inside: Option<f64>,
}
