//! Why the actual cost of a window differs from the predicted one, cause by cause, by replaying it in the shadow.

mod bisect;
mod decompose;
mod explain;
mod finding;
mod involved;
mod lives;
mod mix;
mod parts;
mod replay;
#[cfg(test)]
mod tests;
mod volume;

pub use bisect::{
    BISECT_PERCENT, BISECT_REPLAYS_MAX, BisectCase, BisectFinding, Bisection, Culprit, Unexpected, bisect,
};
pub use decompose::{Actual, decompose};
pub use explain::{PartNames, explain, recall};
pub use finding::{CauseLine, Decomposition, Finding, NotObserved, Part, PartLine};
pub use involved::{FirstRequest, Involved, InvolvedScope, Involvement, NoRequest};
pub use lives::StepContext;
pub use mix::mix;
pub use replay::Replay;
pub use volume::volume;
