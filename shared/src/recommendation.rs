//! What would be cheaper or faster: changes that were replayed in the shadow before anybody sees them.
//!
//! ```text
//! outcome ─► candidates ─► replay on the same predicted streams ─► rank ─► recommendations ─► optimization areas
//! ```

mod candidates;
mod commitments;
mod instance_types;
mod rank;
mod replay;

pub use candidates::candidates;
pub use rank::{Benefit, Recommendation, Thresholds};
pub use replay::{attach, recommend};
