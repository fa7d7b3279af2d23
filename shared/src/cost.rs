//! What a run costs: the ledger and its breakdown.

mod breakdown;

pub use breakdown::{AccountCost, CostBreakdown};
