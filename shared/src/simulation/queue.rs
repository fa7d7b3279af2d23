//! Simulation events in order of time, phase and sequence.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::control_plane::{Phase, Scheduled};
use crate::units::Instant;

/// A queue whose order never depends on anything but what was put in, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    scheduled: Scheduled,
    sequence: u64,
}

impl Entry {
    fn key(&self) -> (Instant, Phase, u64) {
        (self.scheduled.at, self.scheduled.phase, self.sequence)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl EventQueue {
    pub(super) fn push(&mut self, scheduled: Scheduled) {
        self.heap.push(Reverse(Entry { scheduled, sequence: self.sequence }));
        self.sequence += 1;
    }

    /// The time and phase of the next event.
    pub(super) fn peek(&self) -> Option<(Instant, Phase)> {
        self.heap.peek().map(|Reverse(entry)| (entry.scheduled.at, entry.scheduled.phase))
    }

    pub(super) fn pop(&mut self) -> Option<Scheduled> {
        self.heap.pop().map(|Reverse(entry)| entry.scheduled)
    }

    /// Everything that is left, in order.
    pub(super) fn into_ordered(self) -> Vec<Scheduled> {
        let mut entries: Vec<Entry> = self.heap.into_iter().map(|Reverse(entry)| entry).collect();
        entries.sort_unstable();
        entries.into_iter().map(|entry| entry.scheduled).collect()
    }
}
