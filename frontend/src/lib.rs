//! The dashboard and the browser lab.
//!
//! ```text
//! live ───► latest ─► pages/{overview, costs, demand, recommendations, models, settings} ─► charts, components
//! api_client ──┘
//! link ───────► pages/lab ─► worker/pool ═► simulation_worker (one Web Worker each) ═► outcome ─► charts, components
//! data, model ► pages/demand/bench ─► worker/clerk ═► forecast_worker (trains, serves) ═► forecast ─► charts, components
//! files ──────► pages/lab/own_files ─► worker/clerk ═► files_worker (tells them apart) ═► scenario ─► pages/lab
//! ```
//!
//! There is no domain logic here: figures come from the service or from `shared`, which the workers run. Only the forecast
//! worker is built with the feature `train`, and carries what trains.

mod api_client;
mod app;
mod charts;
mod clipboard;
mod components;
#[cfg(feature = "train")]
mod forecasting;
mod format;
mod key;
mod latest;
mod live;
mod opened_file;
mod pages;
mod reading;
mod route;
mod saved_file;
mod tour;
mod worker;
mod zone;

pub use app::start;
#[cfg(feature = "train")]
pub use forecasting::serve_forecasts;
pub use reading::serve_files;
pub use worker::serve;
