//! What would be cheaper or faster: changes that were replayed in the shadow before anybody sees them.
//!
//! ```text
//! outcome ─► candidates ─► replay on the same predicted streams, and on a day that is over ─► rank ─► recommendations ─► optimization areas
//! ```

mod candidates;
mod commitments;
mod conflicts;
mod load;
mod machines;
mod modules;
mod node_groups;
mod off_hours;
mod past_day;
mod quotas;
mod rank;
mod replay;
mod requested_amounts;
mod risk;
mod words;

pub use candidates::{MOST_CANDIDATES, Sources, candidates};
pub use commitments::PastDemand;
pub use past_day::{OnPastDay, PastDay};
pub use rank::{Benefit, Difference, INTERVAL_PERCENT, Recommendation, Thresholds, Together};
pub use replay::{Advice, Attempt, TRIED_TOGETHER, recommend};
pub use requested_amounts::{Usage, usage_by_flavor};
pub use risk::{Effort, Risk, RiskKind};
pub use words::attach;
