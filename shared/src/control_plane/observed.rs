//! Placements and machines that were observed, to be replayed instead of our own decisions.

use std::collections::{BTreeMap, BTreeSet};

mod boots;
mod facts;
mod fold;
mod machines;
mod requested_share;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use boots::ObservedBoot;
pub use facts::{Anomaly, AnomalyKind, Asked};
pub use fold::{Folded, fold};
pub use requested_share::RequestedShare;

use crate::units::{Instant, NodeGroupIndex, ResourceIndex};

/// Machines as they were seen, and where resources went.
///
/// With an observed fleet nothing is autoscaled. A resource without an observed node, or whose node has no room, is
/// placed by the policy on the observed machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedFleet {
    /// The machines.
    pub nodes: Vec<ObservedNode>,
    /// Position in `nodes` by resource.
    pub placements: BTreeMap<ResourceIndex, u32>,
    /// Resources that were seen to be refused.
    pub refused: BTreeSet<ResourceIndex>,
    /// Resources that had to leave a node; `placements` has the last one.
    pub moved: BTreeMap<ResourceIndex, Moved>,
}

/// Where a resource was before it came to where it is, as far as it could be used there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The stays that are over.
    pub earlier: Vec<Stay>,
    /// Since when it can be used where it is; none while it cannot.
    pub since: Option<Instant>,
}

/// A time on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Position of the node.
    pub slot: u32,
    /// From when it could be used there.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// One machine's paid life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedNode {
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// Paid from here.
    pub ordered: Instant,
    /// Usable from here.
    pub ready: Instant,
    /// Being given back from here, where that was seen.
    pub drains: Option<Instant>,
    /// Paid until here, where that was seen.
    pub gone: Option<Instant>,
}
