//! Foreign data made ours, and the side inputs of ours: pure parsers from text to values.

mod collector;

pub mod azure_vm;
pub mod csv;
pub mod inventory;
pub mod kubernetes_state;
pub mod mapping;
pub mod ndjson;
pub mod quotas;
pub mod usage;

pub use collector::Lines;
