//! Foreign data made ours, and the side inputs of ours: pure parsers from text to values.

mod collector;

pub mod azure_vm;
pub mod charge;
pub mod cloudtrail;
pub mod csv;
pub mod events;
pub mod focus;
pub mod inventory;
pub mod kubernetes_audit;
pub mod kubernetes_state;
pub mod mapping;
pub mod ndjson;
pub mod opencost;
pub mod pools;
pub mod priority_classes;
pub mod quotas;
pub mod terraform_plan;
pub mod usage;

pub use collector::Lines;
