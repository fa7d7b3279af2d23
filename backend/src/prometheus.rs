//! What a Prometheus sends by remote write (1.0), on its way to the bins that forecasts look at.
//!
//! A body is unpacked and walked through series by series ([`wire`]); a [`Mapping`] says what is wanted of it and what that
//! becomes; the [`Receiver`] holds samples against the last one of their series, stores the body, and only then answers.
//! What it held is folded in memory and written every few seconds, together with the last sample of each series and
//! without the bodies that are folded: after a kill those that are left are folded again, and no sample counts twice.

mod folding;
mod labels;
mod mapping;
mod matcher;
mod receiver;
mod selection;
mod tally;
mod template;
#[cfg(test)]
mod tests;
mod wire;

pub use mapping::{Mapping, read_prometheus_mapping};
pub use receiver::{Received, Receiver, ReceiverError};
pub use tally::{Outcome, Tally};
