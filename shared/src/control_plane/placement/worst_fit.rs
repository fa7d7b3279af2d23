//! The node that is left with the most.

use std::cmp::Reverse;

use super::{Policy, free_share_after};
use crate::control_plane::nodes::Nodes;
use crate::units::Resources;

/// Spreads: the largest sum of free shares afterwards.
pub(super) struct WorstFit;

impl Policy for WorstFit {
    fn choose(&self, nodes: &Nodes, requested: Resources) -> Option<u32> {
        nodes
            .iter_fitting(requested)
            .min_by_key(|(_, slot)| Reverse(free_share_after(slot, requested)))
            .map(|(slot, _)| slot)
    }
}
