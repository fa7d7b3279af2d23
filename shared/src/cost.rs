//! What a run costs: rates by node group and flavor, the meter that sums them exactly, and the breakdown.

mod breakdown;
mod commitments;
mod crowds;
mod meter;
mod rates;

pub use breakdown::{AccountCost, CostBreakdown};
pub use commitments::{CommitmentCost, Usage};
pub use meter::{Books, Charges, Meter, Utilisation};
pub use rates::{Rates, node_shares};
