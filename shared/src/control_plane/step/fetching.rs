//! Reading what requests are going to be about a little before they come.
//!
//! In a large cloud hardly anything of a resource is in a cache when its delete comes: its position, its record, its node
//! and the node's place in the index are each waited for, one after the other, as each says where the next is. Read for
//! one request after the other, each for a different one, they are waited for together. Nothing but time depends on it.

use core::hint::black_box;

use super::ControlPlane;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::Slot;
use crate::control_plane::state::Node;
use crate::request::{IndexedRequest, Operation};

/// How many requests lie between the reading of one thing and that of the next, and the request itself.
const STEP: usize = 4;

impl ControlPlane<'_> {
    /// Reads some of what is needed for the first of `coming` requests and those behind it.
    #[inline]
    pub(crate) fn fetch(&self, coming: &[IndexedRequest]) {
        let later = |steps: usize| coming.get(steps * STEP).filter(|request| request.operation != Operation::Create);
        let position = |steps: usize| self.lives.find(later(steps)?.resource);
        let slot = |steps: usize| self.lives.get(position(steps)?).slot;
        black_box(position(4));
        if let Some(position) = position(3) {
            let &Live { created, held, state, .. } = self.lives.get(position);
            black_box((created, held, state));
        }
        if let Some(slot) = slot(2) {
            let &Slot { node: Node { ready, .. }, free, life, .. } = self.nodes.slot(slot);
            black_box((ready, free, life));
        }
        if let Some(slot) = slot(1) {
            self.nodes.fetch(slot);
        }
    }
}
