//! Why the actual cost of a window differs from the predicted one, cause by cause, by replaying it in the shadow.

mod explain;
mod finding;
mod lives;
mod mix;
#[cfg(test)]
mod tests;
mod volume;

pub use explain::explain;
pub use finding::{CauseLine, Decomposition, Finding, NotObserved, Part, PartLine};
pub use mix::mix;
pub use volume::{VolumeContext, volume};
