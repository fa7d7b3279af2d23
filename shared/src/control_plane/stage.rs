//! One module as a queue: first come, first served, by equal workers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::settings::{ModuleSettings, ServiceTime};
use crate::random::Draws;
use crate::units::{Duration, Instant};

/// The workers of one module that are or were busy.
///
/// Requests enter in order of time, so the start of each follows from when the earliest worker becomes free: the
/// Lindley recursion for one worker, Kiefer and Wolfowitz's for several.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    settings: ModuleSettings,
    busy_until: BinaryHeap<Reverse<Instant>>,
}

impl Stage {
    pub(super) fn new(settings: ModuleSettings, busy_until: &[Instant]) -> Self {
        let mut latest = busy_until.to_vec();
        latest.sort_unstable_by_key(|&until| Reverse(until));
        latest.truncate(settings.workers as usize);
        Self { settings, busy_until: latest.into_iter().map(Reverse).collect() }
    }

    /// Takes a request that enters at `now` and works on it for `service`; returns the start.
    pub(super) fn serve(&mut self, now: Instant, service: Duration) -> Instant {
        let start = if self.busy_until.len() < self.settings.workers as usize {
            now
        } else {
            let Reverse(earliest) = self.busy_until.pop().expect("a module has at least one worker");
            earliest.max(now)
        };
        self.busy_until.push(Reverse(start + service));
        start
    }

    /// A service time from the module's distribution: draw `n` of `draws`, rounded to whole microseconds.
    pub(super) fn service_time(&self, draws: &Draws, n: u64) -> Duration {
        match self.settings.service {
            ServiceTime::Constant(time) => time,
            ServiceTime::Exponential(mean) => scaled(mean, draws.exponential(n)),
            ServiceTime::Lognormal { median, sigma_milli } => {
                scaled(median, libm::exp(f64::from(sigma_milli) / 1e3 * draws.normal(n)))
            }
        }
    }

    /// When workers that are busy at `now` become free, in order.
    pub(super) fn busy_after(&self, now: Instant) -> Vec<Instant> {
        let mut until: Vec<Instant> =
            self.busy_until.iter().map(|&Reverse(until)| until).filter(|&until| until > now).collect();
        until.sort_unstable();
        until
    }
}

fn scaled(time: Duration, factor: f64) -> Duration {
    Duration::from_micros((time.micros() as f64 * factor).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;

    fn stage(workers: u32) -> Stage {
        let service = ServiceTime::Constant(Duration::ZERO);
        Stage::new(ModuleSettings { workers, service, rate: Rate::ZERO }, &[])
    }

    /// Lindley: W(n+1) = max(0, W(n) + S(n) − A(n)), with arrivals 1, 2, 3, 10 and services 3, 1, 4, 1.
    #[test]
    fn one_worker_follows_lindley() {
        let mut stage = stage(1);
        let starts: Vec<i64> = [(1, 3), (2, 1), (3, 4), (10, 1)]
            .map(|(at, service)| stage.serve(Instant::from_micros(at), Duration::from_micros(service)).micros())
            .to_vec();
        assert_eq!(starts, [1, 4, 5, 10]);
    }

    #[test]
    fn two_workers_take_whoever_is_free_first() {
        let mut stage = stage(2);
        let starts: Vec<i64> = [(0, 10), (0, 2), (1, 5), (3, 1)]
            .map(|(at, service)| stage.serve(Instant::from_micros(at), Duration::from_micros(service)).micros())
            .to_vec();
        // Busy until 10 and 2; the third starts at 2 (until 7), the fourth at 7.
        assert_eq!(starts, [0, 0, 2, 7]);
    }

    proptest::proptest! {
        #[test]
        fn waits_equal_the_lindley_recursion(steps in proptest::collection::vec((0_i64..50, 0_i64..60), 1..200)) {
            let mut stage = stage(1);
            let (mut now, mut wait, mut service) = (0, 0, 0);
            for (gap, next_service) in steps {
                now += gap;
                wait = (wait + service - gap).max(0);
                service = next_service;
                let start = stage.serve(Instant::from_micros(now), Duration::from_micros(service));
                proptest::prop_assert_eq!(start.micros() - now, wait);
            }
        }
    }
}
