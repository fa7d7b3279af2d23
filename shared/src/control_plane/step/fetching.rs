//! Reading what requests are going to be about a little before they come.
//!
//! In a large cloud hardly anything of a resource is in a cache when its delete comes: its position, its record, its node
//! and the node's place in the index are each waited for, one after the other, as each says where the next is. Read for
//! one request after the other, each for a different one, they are waited for together. Nothing but time depends on it.

use core::hint::black_box;

use super::ControlPlane;
use crate::request::{IndexedRequest, Operation};

/// How many requests lie between the reading of one thing and that of the next, and the request itself.
const STEP: usize = 4;

/// Whether some fields are read in place of a record with all the cache lines that it is in: in a browser a copy of that
/// length is a call, which takes longer than what it saves.
const IN_PARTS: bool = cfg!(target_family = "wasm");

impl ControlPlane<'_> {
    /// Reads some of what is needed for the first of `coming` requests and those behind it.
    #[inline]
    pub(crate) fn fetch(&self, coming: &[IndexedRequest]) {
        let later = |steps: usize| coming.get(steps * STEP).filter(|request| request.operation != Operation::Create);
        let position = |steps: usize| self.lives.find(later(steps)?.resource);
        let slot = |steps: usize| self.lives.get(position(steps)?).slot;
        black_box(position(4));
        if let Some(position) = position(3) {
            let live = self.lives.get(position);
            if IN_PARTS {
                black_box((live.ready, live.created, live.held, live.state));
            } else {
                black_box(*live);
            }
        }
        if let Some(slot) = slot(2) {
            let slot = self.nodes.slot(slot);
            if IN_PARTS {
                black_box((slot.node.ready, slot.free, slot.life));
            } else {
                black_box(*slot);
            }
        }
        if let Some(slot) = slot(1) {
            self.nodes.fetch(slot);
        }
    }
}
