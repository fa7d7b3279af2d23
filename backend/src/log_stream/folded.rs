//! How far the log is folded, and what came of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::api::{RefusedRecord, StreamView};
use shared::units::Instant;

use super::connection::Waiting;

/// So many of the records that could not be added are told one by one.
const REFUSALS_MAX: usize = 20;

/// What is told of the stream, by whoever publishes and by the projector; it begins anew with the process.
#[derive(Debug, Default)]
pub struct Folded {
    published: AtomicU64,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    refused: AtomicU64,
    backlog: Mutex<Backlog>,
    refusals: Mutex<VecDeque<RefusedRecord>>,
}

#[derive(Debug, Default)]
struct Backlog {
    /// How many messages there were, and since when the oldest of them was there; none where nobody answers.
    waiting: Option<(u64, Option<Instant>)>,
    /// What was published before is folded.
    until: Option<Instant>,
}

impl Folded {
    /// What is not folded, as it was answered after `asked`.
    pub(super) fn saw(&self, waiting: Option<&Waiting>, asked: Instant) {
        let mut backlog = locked(&self.backlog);
        let Some(waiting) = waiting else {
            backlog.waiting = None;
            return;
        };
        if waiting.messages == 0 {
            (backlog.waiting, backlog.until) = (Some((0, None)), Some(asked));
            return;
        }
        if let Some(oldest) = waiting.oldest_ns.and_then(|oldest| i64::try_from(oldest / 1_000).ok()) {
            backlog.until = Some(Instant::from_micros(oldest).min(asked));
        }
        // One that was folded before it was found is followed by others, which wait since then at most.
        backlog.waiting = Some((waiting.messages, backlog.until));
    }

    /// Counts what was published.
    pub(super) fn published(&self, records: u64) {
        self.published.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts what was folded.
    pub(super) fn folded(&self, accepted: u64, duplicates: u64) {
        self.accepted.fetch_add(accepted, Ordering::Relaxed);
        self.duplicates.fetch_add(duplicates, Ordering::Relaxed);
    }

    /// Notes a record that cannot be added.
    pub(super) fn refused(&self, record: RefusedRecord) {
        tracing::warn!(
            id = record.id,
            message = record.message,
            "a record that was acknowledged cannot be added to the log"
        );
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut refusals = locked(&self.refusals);
        refusals.push_front(record);
        refusals.truncate(REFUSALS_MAX);
    }

    /// Whether all that was acknowledged before an instant is in the store.
    pub fn is_folded_until(&self, at: Instant) -> bool {
        locked(&self.backlog).until.is_some_and(|until| until >= at)
    }

    /// Whether the stream answers.
    pub fn is_reached(&self) -> bool {
        locked(&self.backlog).waiting.is_some()
    }

    /// Records that were published by this process.
    pub fn count_published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// All of it, at an instant.
    pub fn view(&self, now: Instant) -> StreamView {
        let waiting = locked(&self.backlog).waiting;
        let [accepted, duplicates, refused] =
            [&self.accepted, &self.duplicates, &self.refused].map(|count| count.load(Ordering::Relaxed));
        StreamView {
            messages: waiting.map(|(messages, _)| messages),
            lag_s: waiting.map(|(_, oldest)| oldest.map_or(0.0, |oldest| (now - oldest).seconds().max(0.0))),
            folded: accepted + duplicates + refused,
            duplicates,
            refused,
            refusals: locked(&self.refusals).iter().cloned().collect(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use shared::api::LineCode;

    use super::*;

    #[test]
    fn what_is_folded_reaches_to_the_oldest_message_that_waits() {
        let (folded, at) = (Folded::default(), |seconds: i64| Instant::from_micros(seconds * 1_000_000));
        assert!(!folded.is_folded_until(at(0)) && !folded.is_reached());
        folded.saw(Some(&Waiting { messages: 2, oldest_ns: Some(7_000_000_000) }), at(10));
        assert!(folded.is_folded_until(at(7)) && !folded.is_folded_until(at(8)));
        assert_eq!((folded.view(at(12)).messages, folded.view(at(12)).lag_s), (Some(2), Some(5.0)));
        // Where the oldest is not found, it is known how far it was before.
        folded.saw(Some(&Waiting { messages: 1, oldest_ns: None }), at(14));
        assert_eq!((folded.is_folded_until(at(8)), folded.view(at(14)).lag_s), (false, Some(7.0)));
        // Nothing waits: what was published before it was asked is folded.
        folded.saw(Some(&Waiting { messages: 0, oldest_ns: None }), at(20));
        assert!(folded.is_folded_until(at(20)) && !folded.is_folded_until(at(21)));
        // Of one that does not answer it is known how far it was, and nothing more.
        folded.saw(None, at(30));
        assert!(folded.is_folded_until(at(20)) && !folded.is_folded_until(at(21)) && !folded.is_reached());
        assert_eq!(folded.view(at(30)).lag_s, None);
    }

    #[test]
    fn the_newest_refusals_are_told_and_all_are_counted() {
        let folded = Folded::default();
        for number in 0..30 {
            let (id, message) = (number.to_string(), "is another one".to_owned());
            folded.refused(RefusedRecord { id, code: LineCode::Conflict, message });
        }
        folded.folded(5, 2);
        let view = folded.view(Instant::from_micros(0));
        assert_eq!((view.folded, view.duplicates, view.refused, view.refusals.len()), (37, 2, 30, 20));
        assert_eq!(view.refusals[0].id, "29");
    }
}
