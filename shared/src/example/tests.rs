//! What the stages of the flow make of the example workload.

mod recommendation;
mod stream;
mod variance;
