//! Creates that wait for a node.

use core::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::units::{FlavorIndex, ResourceIndex, TenantIndex, TermsIndex};

/// Who waits, by what is asked for: where one of a kind fits nowhere, the others of its kind do not either.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    queues: BTreeMap<Kind, VecDeque<Ticket>>,
    next: u64,
    /// How many wait; those that were given up in the meantime are in the queues, and do not count.
    count: u32,
}

/// What decides where somebody fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Kind {
    /// The most urgent first.
    pub(super) priority: Reverse<i32>,
    pub(super) flavor: FlavorIndex,
    pub(super) terms: Option<TermsIndex>,
    /// Whose group the terms are about, where they are about one.
    pub(super) tenant: Option<TenantIndex>,
    /// Whoever waits for a node of its own is a kind of its own.
    pub(super) resource: Option<ResourceIndex>,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) number: u64,
    /// Position of the create among the requests on their way.
    pub(super) call: u32,
}

/// What is saved of it.
pub(super) type Saved = (Vec<(Kind, Vec<Ticket>)>, u64, u32);

impl Waiting {
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Puts a create behind all others of its kind.
    pub(super) fn push(&mut self, kind: Kind, call: u32) {
        let ticket = Ticket { number: self.next, call };
        self.queues.entry(kind).or_default().push_back(ticket);
        self.next += 1;
        self.count += 1;
    }

    /// Notes that somebody who waited does not any more, though its place in the queue is still there.
    pub(super) fn give_up(&mut self) {
        self.count -= 1;
    }

    /// The first of every kind.
    pub(super) fn heads(&self) -> impl Iterator<Item = (Ticket, Kind)> {
        self.queues.iter().filter_map(|(&kind, queue)| Some((*queue.front()?, kind)))
    }

    /// Notes that one of those who wait asks for something else now; it keeps its number.
    pub(super) fn become_kind(&mut self, old: Kind, new: Kind, is_it: impl Fn(&Ticket) -> bool) {
        let Some(queue) = self.queues.get_mut(&old) else { return };
        let Some(place) = queue.iter().position(is_it) else { return };
        let ticket = queue.remove(place).expect("it was found");
        if queue.is_empty() {
            self.queues.remove(&old);
        }
        let queue = self.queues.entry(new).or_default();
        queue.insert(queue.partition_point(|other| *other < ticket), ticket);
    }

    /// The first of a kind.
    pub(super) fn head(&self, kind: &Kind) -> Option<Ticket> {
        self.queues.get(kind)?.front().copied()
    }

    /// Removes the first of a kind; gives the next one.
    pub(super) fn pop(&mut self, kind: &Kind) -> Option<Ticket> {
        let queue = self.queues.get_mut(kind).expect("its first was seen");
        queue.pop_front();
        let next = queue.front().copied();
        if next.is_none() {
            self.queues.remove(kind);
        }
        next
    }

    /// Everybody's places in the queue, longest waiting first.
    pub(super) fn in_order(&self) -> Vec<Ticket> {
        let mut tickets: Vec<Ticket> = self.queues.values().flatten().copied().collect();
        tickets.sort_unstable();
        tickets
    }

    pub(super) fn save(&self) -> Saved {
        let queues = self.queues.iter().map(|(&kind, queue)| (kind, queue.iter().copied().collect()));
        (queues.collect(), self.next, self.count)
    }

    pub(super) fn saved((queues, next, count): Saved) -> Self {
        Self { queues: queues.into_iter().map(|(kind, queue)| (kind, queue.into())).collect(), next, count }
    }
}
