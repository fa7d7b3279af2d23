//! How often each key may ask.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many times as many requests as in a second may come at once.
const BURST: u32 = 4;

/// A bucket a key, which fills steadily and is emptied by requests, as the generic cell rate algorithm (ITU-T I.371, annex A)
/// has it: of each key it is only kept when its bucket will be full.
#[derive(Debug)]
pub struct RateLimit {
    /// How long it takes until one more request may come.
    step: Duration,
    /// How long an empty bucket takes to be full.
    capacity: Duration,
    full_at: Mutex<BTreeMap<String, Instant>>,
}

impl RateLimit {
    /// So many requests a second, and four times as many at once.
    pub fn new(per_second: NonZeroU32) -> Self {
        let step = Duration::from_secs(1) / per_second.get();
        Self { step, capacity: step * per_second.get() * BURST, full_at: Mutex::default() }
    }

    /// Takes one request of a key out of its bucket, or says how long it is until there is one to be taken.
    ///
    /// # Errors
    /// When the bucket is empty.
    pub fn take(&self, key: &str, now: Instant) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.get(key).copied().unwrap_or(now).max(now) + self.step;
        let missing = full - now;
        if missing > self.capacity {
            return Err(missing - self.capacity);
        }
        full_at.insert(key.to_owned(), full);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_by_itself() {
        let limit = RateLimit::new(NonZeroU32::new(5).unwrap());
        let now = Instant::now();
        // Four seconds' worth at once.
        assert!((0..20).all(|_| limit.take("a", now).is_ok()));
        assert_eq!(limit.take("a", now), Err(Duration::from_millis(200)));
        assert!(limit.take("b", now).is_ok(), "every key has its own");
        assert_eq!(limit.take("a", now + Duration::from_millis(150)), Err(Duration::from_millis(50)));
        assert!(limit.take("a", now + Duration::from_millis(200)).is_ok(), "what was refused took nothing");
        assert!(limit.take("a", now + Duration::from_millis(200)).is_err());
        let later = now + Duration::from_secs(100);
        assert_eq!((0..50).filter(|_| limit.take("a", later).is_ok()).count(), 20, "no more than a full bucket");
    }
}
