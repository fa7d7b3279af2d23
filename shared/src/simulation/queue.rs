//! Simulation events in order of time, phase and sequence.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use crate::control_plane::{Phase, Scheduled, Transition};
use crate::units::Instant;

/// A queue whose order never depends on anything but what was put in, and when.
///
/// Most events bring about one other, a little later. So the one that was taken out keeps its place at the top of the heap
/// until the next comes in and takes it over, which moves far less than closing the gap and opening another.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    heap: BinaryHeap<Entry>,
    /// Whether the first of the heap was taken out.
    first_is_out: bool,
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
    /// Time, then order, as one number, which is compared without a branch.
    fn key(&self) -> i128 {
        i128::from(self.at.micros()) << u64::BITS | i128::from(self.order)
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
    #[inline]
    pub(super) fn push(&mut self, scheduled: Scheduled) {
        let Scheduled { at, phase, transition } = scheduled;
        let order = (phase as u64) << PHASE_SHIFT | self.sequence;
        let entry = Entry { at, order, transition };
        self.sequence += 1;
        if core::mem::take(&mut self.first_is_out)
            && let Some(mut first) = self.heap.peek_mut()
        {
            *first = entry;
        } else {
            self.heap.push(entry);
        }
    }

    /// The time and phase of the next event.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<(Instant, Phase)> {
        self.close_gap();
        self.heap.peek().map(|entry| (entry.at, entry.phase()))
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Scheduled> {
        self.close_gap();
        let first = self.heap.peek().map(Entry::scheduled);
        self.first_is_out = first.is_some();
        first
    }

    #[inline]
    fn close_gap(&mut self) {
        if self.first_is_out {
            self.remove_first();
        }
    }

    /// A function of its own, as hardly any event needs it.
    #[inline(never)]
    fn remove_first(&mut self) {
        self.first_is_out = false;
        self.heap.pop();
    }

    /// Everything that is left, in order.
    pub(super) fn ordered(&self) -> Vec<Scheduled> {
        let mut entries: Vec<Entry> = self.heap.iter().copied().collect();
        entries.sort_unstable_by_key(Entry::key);
        entries.iter().skip(usize::from(self.first_is_out)).map(Entry::scheduled).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduled(micros: i64, slot: u32) -> Scheduled {
        let phase = if slot.is_multiple_of(3) { Phase::Release } else { Phase::Arrival };
        Scheduled { at: Instant::from_micros(micros), phase, transition: Transition::NodeReady { slot } }
    }

    proptest::proptest! {
        /// Whatever comes in between, what comes out is the first by time, phase and sequence of a plain list.
        #[test]
        fn events_come_out_in_order(steps in proptest::collection::vec((0_u8..4, -20_i64..20), 1..200)) {
            let (mut queue, mut plain) = (EventQueue::default(), Vec::<(Scheduled, u32)>::new());
            for (number, (step, micros)) in (0..).zip(steps) {
                match step {
                    0 => {
                        let first = plain.iter().copied().min_by_key(|&(event, number)| {
                            (event.at, event.phase, number)
                        });
                        plain.retain(|event| Some(*event) != first);
                        proptest::prop_assert_eq!(queue.pop(), first.map(|(event, _)| event));
                    }
                    1 => {
                        let first = plain.iter().map(|(event, _)| (event.at, event.phase)).min();
                        proptest::prop_assert_eq!(queue.peek(), first);
                    }
                    _ => {
                        plain.push((scheduled(micros, number), number));
                        queue.push(scheduled(micros, number));
                    }
                }
                let mut left = plain.clone();
                left.sort_by_key(|(event, number)| (event.at, event.phase, *number));
                proptest::prop_assert!(queue.ordered().into_iter().eq(left.into_iter().map(|(event, _)| event)));
            }
        }
    }
}
