//! Requests on their way through the modules.

use serde::{Deserialize, Serialize};

use crate::request::Operation;
use crate::units::{FlavorIndex, Instant};

/// A request on its way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Call {
    /// Position of the resource that it is about.
    pub(super) live: u32,
    pub(super) flavor: FlavorIndex,
    pub(super) arrived: Instant,
    /// How often the module that it is in has failed.
    pub(super) attempt: u32,
    /// How often the resource had been evicted when this was made; a create that is older than an eviction is void.
    pub(super) evictions: u32,
    pub(super) operation: Operation,
}

/// Calls by position; positions of finished ones are used again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls {
    calls: Vec<Call>,
    free: Vec<u32>,
}

impl Calls {
    #[inline]
    pub(super) fn begin(&mut self, call: Call) -> u32 {
        if let Some(position) = self.free.pop() {
            self.calls[position as usize] = call;
            return position;
        }
        self.calls.push(call);
        (self.calls.len() - 1) as u32
    }

    #[inline]
    pub(super) fn get(&self, position: u32) -> Call {
        self.calls[position as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: u32) -> &mut Call {
        &mut self.calls[position as usize]
    }

    #[inline]
    pub(super) fn finish(&mut self, position: u32) {
        self.free.push(position);
    }
}
