//! What takes long runs in Web Workers, so that the page stays responsive: the messages, the workers' side, and the page's.

mod forecast_protocol;
mod forecaster;
mod inquiry;
mod listening;
mod module;
mod pool;
mod protocol;
mod serve;
#[cfg(feature = "train")]
mod serve_forecasts;
mod thread;

#[cfg(feature = "train")]
pub(crate) use forecast_protocol::ScoreFigures;
pub(crate) use forecast_protocol::{AheadBin, Data, ModelSaid, Order, Said, ScoreRow, SeriesView, Task};
pub(crate) use forecaster::{ForecastEvent, Forecaster};
pub(crate) use inquiry::Inquiry;
pub(crate) use pool::{Pool, PoolEvent};
pub(crate) use protocol::{Advice, RunTimes};
pub use serve::serve;
#[cfg(feature = "train")]
pub use serve_forecasts::serve_forecasts;
