//! What time it is: the system's, or a faster one that waits for whatever is due.

use std::sync::{Mutex, PoisonError};

use shared::units::{Duration, Instant};

/// A clock of requests.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Seconds of this clock per second; at most where it waits.
    fn speed(&self) -> f64;

    /// Goes on from an instant that was reached before: of the clocks that we set.
    fn go_on_from(&self, _at: Instant) {}

    /// All that was due before `until` is done. The system's clock has not waited for that.
    fn run_until(&self, _until: Instant) {}
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that begins at an instant of our choice and runs at a speed of our choice, and never past what is due: what
/// it waited is not caught up.
#[derive(Debug)]
pub struct VirtualClock {
    speed: f64,
    running: Mutex<Running>,
}

/// It was `at` when the system's clock said `since`, and stands still from `until` on.
#[derive(Clone, Copy, Debug)]
struct Running {
    at: Instant,
    since: std::time::Instant,
    until: Instant,
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn speed(&self) -> f64 {
        1.0
    }
}

impl VirtualClock {
    /// Stands at `start` until it is let run.
    pub fn new(start: Instant, speed: f64) -> Self {
        Self { speed, running: Mutex::new(Running { at: start, since: std::time::Instant::now(), until: start }) }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).now(self.speed)
    }

    fn speed(&self) -> f64 {
        self.speed
    }

    fn go_on_from(&self, at: Instant) {
        let since = std::time::Instant::now();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Running { at, since, until: at };
    }

    fn run_until(&self, until: Instant) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if until > running.until {
            *running = Running { at: running.now(self.speed), since: std::time::Instant::now(), until };
        }
    }
}

impl Running {
    fn now(self, speed: f64) -> Instant {
        let elapsed = Duration::from_micros((self.since.elapsed().as_secs_f64() * speed * 1e6) as i64);
        self.at + elapsed.min(self.until - self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_waits_for_what_is_due() {
        let start = Instant::from_micros(0);
        // A virtual year takes 32 microseconds: whatever is waited for here has long been reached.
        let clock = VirtualClock::new(start, 1e12);
        let pause = || std::thread::sleep(std::time::Duration::from_millis(2));
        pause();
        assert_eq!(clock.now(), start, "nobody has let it run");
        clock.run_until(start + Duration::HOUR);
        pause();
        assert_eq!(clock.now(), start + Duration::HOUR);
        clock.run_until(start);
        assert_eq!(clock.now(), start + Duration::HOUR, "it never goes back");
        clock.go_on_from(start + Duration::DAY);
        pause();
        assert_eq!(clock.now(), start + Duration::DAY, "as after a kill");
        // A second of this one takes two of ours.
        let slow = VirtualClock::new(start, 0.5);
        slow.run_until(start + Duration::HOUR);
        pause();
        assert!(slow.now() < start + Duration::from_seconds(1) && slow.now() > start);
    }
}
