//! Requests on their way through the modules.

use crate::request::Operation;
use crate::units::{FlavorIndex, Instant, ResourceIndex};

/// A request on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) resource: ResourceIndex,
    pub(super) operation: Operation,
    pub(super) flavor: FlavorIndex,
    pub(super) arrived: Instant,
}

/// Calls by position; positions of finished ones are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    free: Vec<u32>,
}

impl Calls {
    pub(super) fn begin(&mut self, call: Call) -> u32 {
        if let Some(position) = self.free.pop() {
            self.calls[position as usize] = call;
            return position;
        }
        self.calls.push(call);
        (self.calls.len() - 1) as u32
    }

    pub(super) fn get(&self, position: u32) -> Call {
        self.calls[position as usize]
    }

    pub(super) fn finish(&mut self, position: u32) {
        self.free.push(position);
    }
}
