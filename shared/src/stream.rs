//! Predicted request streams: how many batches arrive, what is in them, how long it lives.

mod model;

pub use model::{ArrivalBins, BatchTemplate, Lifetimes, StreamModel};
