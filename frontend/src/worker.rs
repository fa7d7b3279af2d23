//! Shadows run in Web Workers, so that the page stays responsive: the messages, the worker's side, and the pool.

mod pool;
mod protocol;
mod serve;

pub(crate) use pool::{Pool, PoolEvent};
pub use serve::serve;
