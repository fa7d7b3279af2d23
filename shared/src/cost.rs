//! What a run costs: rates by node group and flavor, the meter that sums them exactly, the breakdown,
//! and the records of who used what when, where they are asked for.

mod breakdown;
mod commitments;
mod crowds;
mod meter;
mod metering;
mod rates;
mod usage;

pub use breakdown::{AccountCost, CostBreakdown};
pub use commitments::{CommitmentCost, Covered, Usage};
pub use meter::{Books, Charges, Meter, Utilisation};
pub use metering::{CoveredRecord, MeteringLog, MeteringRecords, NodeRecord, NodeState, UseRecord};
pub use rates::{Rates, node_shares};
pub use usage::scaled_to_usage;
