//! Predicted request streams: how many batches arrive, what is in them, how long it lives.

mod arrivals;
mod model;
mod sample;
mod survival;
#[cfg(test)]
mod tests;

pub use model::{ArrivalBins, BatchTemplate, Lifetimes, QUARTERS, StreamModel};
pub use sample::{LiveAtStart, sample};
