//! How often each key may ask.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// How many times as many requests as in a second may come at once.
const BURST: u32 = 4;

/// So many keys are remembered before those are looked for that have not asked for a while.
const KEYS: usize = 1_024;

/// A bucket a key, which fills steadily and is emptied by requests, as the generic cell rate algorithm (ITU-T I.371, annex A)
/// has it. A key whose bucket is full is forgotten some time.
#[derive(Debug)]
pub struct RateLimit<C: Clock = MonotonicClock> {
    limiter: RateLimiter<String, HashMapStateStore<String>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    /// How many keys there have to be until some are forgotten.
    forget_at: AtomicUsize,
}

impl RateLimit {
    /// So many requests a second, and four times as many at once.
    pub fn new(per_second: NonZeroU32) -> Self {
        Self::on(MonotonicClock, per_second)
    }
}

impl<C: Clock + Clone> RateLimit<C> {
    fn on(clock: C, per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(const { NonZeroU32::new(BURST).unwrap() });
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::hashmap_with_clock(quota, clock.clone());
        Self { limiter, clock, forget_at: AtomicUsize::new(KEYS) }
    }

    /// Takes one request of a key out of its bucket, or says how long it is until there is one to be taken.
    ///
    /// # Errors
    /// When the bucket is empty.
    pub fn take(&self, key: &str) -> Result<(), Duration> {
        let taken = self.limiter.check_key(&key.to_owned());
        if self.limiter.len() >= self.forget_at.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            self.forget_at.store((self.limiter.len() * 2).max(KEYS), Ordering::Relaxed);
        }
        taken.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(per_second: u32) -> (FakeRelativeClock, RateLimit<FakeRelativeClock>) {
        let clock = FakeRelativeClock::default();
        (clock.clone(), RateLimit::on(clock, NonZeroU32::new(per_second).unwrap()))
    }

    #[test]
    fn a_bucket_empties_and_fills_by_itself() {
        let (clock, limit) = limit(5);
        // Four seconds' worth at once.
        assert!((0..20).all(|_| limit.take("a").is_ok()));
        assert_eq!(limit.take("a"), Err(Duration::from_millis(200)));
        assert!(limit.take("b").is_ok(), "every key has its own");
        clock.advance(Duration::from_millis(150));
        assert_eq!(limit.take("a"), Err(Duration::from_millis(50)));
        clock.advance(Duration::from_millis(50));
        assert!(limit.take("a").is_ok(), "what was refused took nothing");
        assert!(limit.take("a").is_err());
        clock.advance(Duration::from_secs(100));
        assert_eq!((0..50).filter(|_| limit.take("a").is_ok()).count(), 20, "no more than a full bucket");
    }

    #[test]
    fn keys_that_ask_no_more_are_forgotten() {
        let (clock, limit) = limit(1);
        for number in 0..100_000 {
            limit.take(&number.to_string()).unwrap();
            clock.advance(Duration::from_millis(1));
        }
        // A key is kept for as long as an empty bucket takes to be full, four seconds, in which four thousand others ask; and
        // it is looked for those that are not when there are twice as many.
        assert!(limit.limiter.len() <= 2 * 4_000, "{}", limit.limiter.len());
    }
}
