//! What the stages of the flow make of the example workload.

mod bisect;
mod held_out;
mod newcomers;
mod odd_histories;
mod planted;
mod recommendation;
mod stream;
mod variance;
