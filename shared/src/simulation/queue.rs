//! Simulation events in order of time, phase and sequence.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use crate::control_plane::{Phase, Scheduled, Transition};
use crate::units::Instant;

/// A queue whose order never depends on anything but what was put in, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

/// An event; the greatest is the one that comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    at: Instant,
    /// The phase in the upper two bits, the sequence in the others.
    order: u64,
    transition: Transition,
}

const PHASE_SHIFT: u32 = 62;

impl Entry {
    fn key(&self) -> (Instant, u64) {
        (self.at, self.order)
    }

    fn phase(&self) -> Phase {
        match self.order >> PHASE_SHIFT {
            0 => Phase::Release,
            1 => Phase::Node,
            _ => Phase::Arrival,
        }
    }

    fn scheduled(&self) -> Scheduled {
        Scheduled { at: self.at, phase: self.phase(), transition: self.transition }
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        other.key().cmp(&self.key())
    }
}

impl EventQueue {
    pub(super) fn push(&mut self, scheduled: Scheduled) {
        let Scheduled { at, phase, transition } = scheduled;
        let order = (phase as u64) << PHASE_SHIFT | self.sequence;
        self.heap.push(Entry { at, order, transition });
        self.sequence += 1;
    }

    /// The time and phase of the next event.
    pub(super) fn peek(&self) -> Option<(Instant, Phase)> {
        self.heap.peek().map(|entry| (entry.at, entry.phase()))
    }

    pub(super) fn pop(&mut self) -> Option<Scheduled> {
        self.heap.pop().map(|entry| entry.scheduled())
    }

    /// Everything that is left, in order.
    pub(super) fn ordered(&self) -> Vec<Scheduled> {
        let mut entries: Vec<Entry> = self.heap.iter().copied().collect();
        entries.sort_unstable_by_key(Entry::key);
        entries.iter().map(Entry::scheduled).collect()
    }
}

/// Everything that is left, in order: events that are put in again in that order come out in that order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedQueue(Vec<Scheduled>);

impl EventQueue {
    pub(super) fn save(&self) -> SavedQueue {
        SavedQueue(self.ordered())
    }

    pub(super) fn restore(saved: SavedQueue) -> Self {
        let mut queue = Self::default();
        saved.0.into_iter().for_each(|scheduled| queue.push(scheduled));
        queue
    }
}
