//! The node that is left with the least.

use super::{Policy, free_share_after};
use crate::control_plane::nodes::Nodes;
use crate::units::Resources;

/// Packs tightly: the smallest sum of free shares afterwards.
pub(super) struct BestFit;

impl Policy for BestFit {
    fn choose(&self, nodes: &Nodes, requested: Resources) -> Option<u32> {
        nodes.iter_fitting(requested).min_by_key(|(_, slot)| free_share_after(slot, requested)).map(|(slot, _)| slot)
    }
}
