//! Foreign data made ours: pure parsers from text to requests.

pub mod azure_vm;
pub mod inventory;
