//! Feedback: when to retrain and when to promote. Returns decisions, never acts.

mod decision;

pub use decision::{Decision, Signal, Verdict};
