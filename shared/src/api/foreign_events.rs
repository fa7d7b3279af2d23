//! The answer to events of other control planes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::trace::events::{Reason, Refusal};

/// What became of the events of a body. What was taken is committed: it survives a kill. What was refused would be refused
/// again, so that the status is 200 all the same, and nobody sends it forever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForeignEventsAnswer {
    /// Events in the body.
    pub events: u64,
    /// Requests that are new in the log.
    pub requests: u64,
    /// Observations that are new in the log.
    pub observations: u64,
    /// Requests and observations that were in the log already.
    pub duplicates: u64,
    /// Events, or parts of them, of which nothing was taken, by reason.
    pub ignored: BTreeMap<Reason, u64>,
    /// Events that are wrong, or ask for what could never be run; in the order of the body.
    pub refused: Vec<Refusal>,
}
