//! What takes long runs in Web Workers, so that the page stays responsive: the messages, the workers' side, and the page's.

mod clerk;
mod files_protocol;
mod forecast_protocol;
mod inquiry;
mod listening;
mod module;
mod pool;
mod protocol;
mod serve;
mod serve_orders;
mod thread;

pub(crate) use clerk::{Clerk, EventOf, OrderEvent};
pub(crate) use files_protocol::{FileSeen, FilesOrder, FilesSaid, Made, Make, ReadFiles, What};
#[cfg(feature = "train")]
pub(crate) use forecast_protocol::ScoreFigures;
pub(crate) use forecast_protocol::{AheadBin, Data, Forecasts, ModelSaid, Order, Said, ScoreRow, SeriesView, Task};
pub(crate) use inquiry::Inquiry;
pub(crate) use pool::{Pool, PoolEvent};
pub(crate) use protocol::{Advice, RunTimes};
pub use serve::serve;
pub(crate) use serve_orders::serve_orders;
