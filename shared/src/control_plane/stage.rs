//! One module as a queue: first come, first served, by equal workers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use serde::{Deserialize, Serialize};

use super::service::Service;
use super::settings::ModuleSettings;
use crate::units::{Duration, Instant};

/// The workers of one module that are or were busy, and the requests that wait for them.
///
/// Requests enter in order of time, so the start of each follows from when the earliest worker becomes free: the
/// Lindley recursion for one worker, Kiefer and Wolfowitz's for several.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) service: Service,
    workers: usize,
    queue_limit: usize,
    busy_until: BinaryHeap<Reverse<Instant>>,
    queue: Queue,
}

/// Who waits, and how long the queue was.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Queue {
    /// When service of each begins, in order: nobody overtakes.
    starts: VecDeque<Instant>,
    /// Up to when `area` counts.
    until: Instant,
    /// Waiting requests × microseconds.
    area: u64,
    longest: u32,
}

/// How long the queue of a module was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Waiting requests × microseconds.
    pub area_micros: u64,
    /// The most that waited at once.
    pub longest: u32,
}

/// What is saved of a stage; the rest are its settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedStage {
    busy_until: Vec<Instant>,
    queue: Queue,
}

impl Stage {
    /// A stage at `now` whose workers are busy for so long, and whose waiting requests begin then.
    pub(super) fn new(settings: &ModuleSettings, busy_until: &[Instant], waiting: &[Instant], now: Instant) -> Self {
        let mut latest = busy_until.to_vec();
        latest.sort_unstable_by_key(|&until| Reverse(until));
        latest.truncate(settings.workers as usize);
        let mut starts: VecDeque<Instant> = waiting.iter().copied().filter(|&start| start > now).collect();
        starts.make_contiguous().sort_unstable();
        let longest = starts.len() as u32;
        Self {
            service: Service::new(settings),
            workers: settings.workers as usize,
            queue_limit: settings.queue_limit.map_or(usize::MAX, |limit| limit as usize),
            busy_until: latest.into_iter().map(Reverse).collect(),
            queue: Queue { starts, until: now, area: 0, longest },
        }
    }

    /// Whether one that enters at `now` would have to wait where no more may.
    #[inline]
    pub(super) fn is_full(&mut self, now: Instant) -> bool {
        if self.queue_limit == usize::MAX || self.busy_until.len() < self.workers {
            return false;
        }
        self.queue.advance(now);
        let all_busy = self.busy_until.peek().is_some_and(|&Reverse(earliest)| earliest > now);
        all_busy && self.queue.starts.len() >= self.queue_limit
    }

    /// Takes a request that enters at `now` and works on it for `service`; returns the start.
    #[inline]
    pub(super) fn serve(&mut self, now: Instant, service: Duration) -> Instant {
        if self.busy_until.len() < self.workers {
            self.busy_until.push(Reverse(now + service));
            return now;
        }
        let mut earliest = self.busy_until.peek_mut().expect("a module has at least one worker");
        let start = earliest.0.max(now);
        *earliest = Reverse(start + service);
        drop(earliest);
        if start > now {
            self.queue.wait(now, start);
        }
        start
    }

    /// How long the queue was up to `now`.
    pub(super) fn depth(&self, now: Instant) -> QueueDepth {
        let mut queue = self.queue.clone();
        queue.advance(now);
        QueueDepth { area_micros: queue.area, longest: queue.longest }
    }

    /// When workers that are busy at `now` become free, in order.
    pub(super) fn busy_after(&self, now: Instant) -> Vec<Instant> {
        let mut until: Vec<Instant> =
            self.busy_until.iter().map(|&Reverse(until)| until).filter(|&until| until > now).collect();
        until.sort_unstable();
        until
    }

    /// When those who wait at `now` begin to be served, in order.
    pub(super) fn waiting_after(&self, now: Instant) -> Vec<Instant> {
        self.queue.starts.iter().copied().filter(|&start| start > now).collect()
    }

    pub(super) fn save(&self) -> SavedStage {
        let mut busy_until: Vec<Instant> = self.busy_until.iter().map(|&Reverse(until)| until).collect();
        busy_until.sort_unstable();
        SavedStage { busy_until, queue: self.queue.clone() }
    }

    pub(super) fn restore(settings: &ModuleSettings, saved: SavedStage) -> Self {
        let stage = Self::new(settings, &saved.busy_until, &[], saved.queue.until);
        Self { queue: saved.queue, ..stage }
    }
}

impl Queue {
    #[inline]
    fn wait(&mut self, now: Instant, start: Instant) {
        self.advance(now);
        self.starts.push_back(start);
        self.longest = self.longest.max(self.starts.len() as u32);
    }

    /// Lets those begin whose start has come, and counts how many waited for how long.
    #[inline]
    fn advance(&mut self, now: Instant) {
        while let Some(&start) = self.starts.front().filter(|&&start| start <= now) {
            self.count(start);
            self.starts.pop_front();
        }
        self.count(now);
    }

    #[inline]
    fn count(&mut self, now: Instant) {
        self.area += self.starts.len() as u64 * (now - self.until).micros() as u64;
        self.until = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::settings::ServiceTime;
    use crate::units::Rate;

    fn stage(workers: u32, queue_limit: Option<u32>) -> Stage {
        let service = ServiceTime::Constant(Duration::ZERO);
        let settings = ModuleSettings { queue_limit, ..ModuleSettings::new(workers, service, Rate::ZERO) };
        Stage::new(&settings, &[], &[], at(0))
    }

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn starts<const N: usize>(stage: &mut Stage, arrivals: [(i64, i64); N]) -> [i64; N] {
        arrivals.map(|(now, service)| stage.serve(at(now), Duration::from_micros(service)).micros())
    }

    /// Lindley: W(n+1) = max(0, W(n) + S(n) − A(n)), with arrivals 1, 2, 3, 10 and services 3, 1, 4, 1.
    #[test]
    fn one_worker_follows_lindley() {
        assert_eq!(starts(&mut stage(1, None), [(1, 3), (2, 1), (3, 4), (10, 1)]), [1, 4, 5, 10]);
    }

    #[test]
    fn two_workers_take_whoever_is_free_first() {
        // Busy until 10 and 2; the third starts at 2 (until 7), the fourth at 7.
        assert_eq!(starts(&mut stage(2, None), [(0, 10), (0, 2), (1, 5), (3, 1)]), [0, 0, 2, 7]);
    }

    /// Arrivals at 0, 1 and 2 with 10 of service each: the second waits from 1 to 10, the third from 2 to 20. One waits
    /// for 1, two for 8 and one for 10: 27, which is the sum of the waits, 9 + 18.
    #[test]
    fn the_queue_is_counted_while_it_waits() {
        let mut stage = stage(1, None);
        starts(&mut stage, [(0, 10), (1, 10), (2, 10)]);
        assert_eq!(stage.depth(at(10)), QueueDepth { area_micros: 1 + 16, longest: 2 });
        assert_eq!(stage.depth(at(100)), QueueDepth { area_micros: 27, longest: 2 });
        assert_eq!(stage.waiting_after(at(10)), [at(20)]);
    }

    #[test]
    fn no_more_wait_than_the_limit_says() {
        let mut stage = stage(1, Some(1));
        assert!(!stage.is_full(at(0)));
        starts(&mut stage, [(0, 10)]);
        assert!(!stage.is_full(at(1)), "one may wait");
        starts(&mut stage, [(1, 10)]);
        assert!(stage.is_full(at(2)));
        assert!(!stage.is_full(at(10)), "the one that waited is served");
        let mut none_waits = super::tests::stage(1, Some(0));
        starts(&mut none_waits, [(0, 10)]);
        assert!(none_waits.is_full(at(9)) && !none_waits.is_full(at(10)));
    }

    proptest::proptest! {
        #[test]
        fn waits_equal_the_lindley_recursion(steps in proptest::collection::vec((0_i64..50, 0_i64..60), 1..200)) {
            let mut stage = stage(1, None);
            let (mut now, mut wait, mut service) = (0, 0, 0);
            for (gap, next_service) in steps {
                now += gap;
                wait = (wait + service - gap).max(0);
                service = next_service;
                let start = stage.serve(at(now), Duration::from_micros(service));
                proptest::prop_assert_eq!(start.micros() - now, wait);
            }
        }
    }
}
