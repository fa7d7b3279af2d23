//! Two scenarios beside each other: what differs in them, and what that does to their cost, run by run.
//!
//! ```text
//! two scenarios ─► changes, field by field
//! two outcomes  ─► costs by part ─► differences, each run with its own
//! one outcome   ─► who waits and how full nodes are, bin by bin, to lie over another's
//! ```

mod changes;
mod costs;
mod growth;
mod load;

pub use changes::{Change, changes};
pub use costs::{CostComparison, CostDifference, CostPart, Costs, INTERVAL_LEVEL, PartCosts, compare};
pub use growth::{GrowthLimit, GrowthLimitError};
pub use load::{LoadBin, loads};
