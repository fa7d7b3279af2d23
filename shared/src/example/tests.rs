//! What the stages of the flow make of the example workload.

mod stream;
mod variance;
