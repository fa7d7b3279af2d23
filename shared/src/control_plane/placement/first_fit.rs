//! The node with the lowest index.

use super::Policy;
use crate::control_plane::nodes::Nodes;
use crate::units::Resources;

/// Fills the oldest nodes, so that the youngest become empty and are given back.
pub(super) struct FirstFit;

impl Policy for FirstFit {
    fn choose(&self, nodes: &Nodes, requested: Resources) -> Option<u32> {
        nodes.first_fitting(requested)
    }
}
