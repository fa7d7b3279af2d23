//! What the stages of the flow make of the example workload.

mod newcomers;
mod odd_histories;
mod recommendation;
mod stream;
mod variance;
