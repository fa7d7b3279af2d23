//! The dashboard and the browser lab.
//!
//! ```text
//! api_client ─► pages/overview ─► charts, components
//! link ───────► pages/lab ─► worker/pool ═► simulation_worker (one Web Worker each) ═► outcome ─► charts, components
//! ```
//!
//! There is no domain logic here: figures come from the service or from `shared`, which the workers run.

mod api_client;
mod app;
mod charts;
mod components;
mod format;
mod pages;
mod route;
mod worker;
mod zone;

pub use app::start;
pub use worker::serve;
