//! What time it is: the system's, or a faster one that the demo runs on.

use shared::units::{Duration, Instant};

/// A clock of requests.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Seconds of this clock per second.
    fn speed(&self) -> f64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that began at an instant of our choice and runs at a speed of our choice.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    start: Instant,
    begun: std::time::Instant,
    speed: f64,
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
    /// Begins now, at `start`.
    pub fn new(start: Instant, speed: f64) -> Self {
        Self { start, begun: std::time::Instant::now(), speed }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        let elapsed = self.begun.elapsed().as_secs_f64() * self.speed;
        self.start + Duration::from_micros((elapsed * 1e6) as i64)
    }

    fn speed(&self) -> f64 {
        self.speed
    }
}
