//! How far the loop forecasts, and when.

use shared::forecast::{ForecastError, horizon_bins};
use shared::units::{Duration, Instant};

/// The horizons of the loop, the shortest first. [`REPORTED`] is always among them.
///
/// The windows of each tile the days, so that consecutive forecasts judge all of the time and no instant twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Horizons(Vec<Duration>);

/// What costs are reported by, and models compared: each window of it is explained cause by cause.
pub const REPORTED: Duration = Duration::DAY;

/// As far as the loop forecasts at most: a month.
const LONGEST: Duration = Duration::from_seconds(31 * 86_400);

/// Why there are no such horizons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HorizonsError {
    /// One is no whole number of bins.
    #[error(transparent)]
    Bins(#[from] ForecastError),
    /// Days do not begin where its windows do.
    #[error("{0} does not tile days: choose a part of an hour, as 5m, of a day, as 1h or 6h, or whole days")]
    Untiled(Duration),
    /// It is longer than the loop forecasts.
    #[error("{0} is too far: choose {LONGEST} at most")]
    TooFar(Duration),
    /// It would be over before it is made.
    #[error("{horizon} is over when its forecast is made: late requests are waited for {late}")]
    Over {
        /// Which.
        horizon: Duration,
        /// How long is waited.
        late: Duration,
    },
}

impl Horizons {
    /// These and [`REPORTED`]; each is a multiple of `bin`, and longer than requests may be `late`.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn new(given: &[Duration], bin: Duration, late: Duration) -> Result<Self, HorizonsError> {
        let mut all: Vec<Duration> = given.iter().copied().chain([REPORTED]).collect();
        all.sort_unstable();
        all.dedup();
        for &horizon in &all {
            horizon_bins(horizon, bin)?;
            if !tiles_days(horizon) {
                return Err(HorizonsError::Untiled(horizon));
            }
            if horizon > LONGEST {
                return Err(HorizonsError::TooFar(horizon));
            }
            if horizon <= late {
                return Err(HorizonsError::Over { horizon, late });
            }
        }
        Ok(Self(all))
    }

    /// All of them.
    pub fn all(&self) -> &[Duration] {
        &self.0
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.0[self.0.len() - 1]
    }

    /// Those that reach as far as `horizon`, the shortest first.
    pub fn reaching(&self, horizon: Duration) -> impl Iterator<Item = Duration> {
        self.0.iter().copied().filter(move |&reaching| reaching >= horizon)
    }

    /// How often the loop closes: hourly, or as often as windows of less than an hour end.
    pub fn step(&self) -> Duration {
        self.0.iter().copied().fold(Duration::HOUR, greatest_common_part)
    }

    /// Those whose forecasts are due at an instant: each when its window ends, and long ones every `refresh` besides.
    pub fn due(&self, at: Instant, refresh: Duration) -> impl Iterator<Item = Duration> {
        self.0.iter().copied().filter(move |&horizon| at == at.floor(horizon.min(refresh)))
    }
}

impl Default for Horizons {
    /// An hour and a day.
    fn default() -> Self {
        Self(vec![Duration::HOUR, REPORTED])
    }
}

fn tiles_days(horizon: Duration) -> bool {
    let divides = |whole: Duration, part: Duration| whole.micros() % part.micros() == 0;
    divides(Duration::HOUR, horizon)
        || divides(Duration::DAY, horizon) && divides(horizon, Duration::HOUR)
        || divides(horizon, Duration::DAY)
}

/// By Euclid's algorithm.
fn greatest_common_part(a: Duration, b: Duration) -> Duration {
    if b == Duration::ZERO { a } else { greatest_common_part(b, Duration::from_micros(a.micros() % b.micros())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIN: Duration = Duration::from_minutes(5);

    fn horizons(given: &[&str]) -> Result<Horizons, String> {
        let given: Vec<Duration> = given.iter().map(|text| text.parse().unwrap()).collect();
        Horizons::new(&given, BIN, Duration::from_minutes(10)).map_err(|error| error.to_string())
    }

    #[test]
    fn steps_are_the_greatest_common_part_and_a_day_is_always_there() {
        let check = |given: &[&str], all: &[&str], step: &str| {
            let horizons = horizons(given).unwrap();
            let texts: Vec<String> = horizons.all().iter().map(Duration::to_string).collect();
            assert_eq!(
                (texts, horizons.step().to_string()),
                (all.iter().map(|text| (*text).to_owned()).collect(), step.to_owned())
            );
        };
        check(&[], &["1d"], "1h");
        check(&["7d", "1h"], &["1h", "1d", "7d"], "1h");
        check(&["6h"], &["6h", "1d"], "1h");
        check(&["15m", "20m", "15m"], &["15m", "20m", "1d"], "5m");
    }

    #[test]
    fn each_is_due_when_its_window_ends_and_long_ones_when_they_are_refreshed() {
        let horizons = horizons(&["15m", "1h", "7d"]).unwrap();
        let due = |at: &str| {
            let due = horizons.due(at.parse().unwrap(), Duration::HOUR * 6);
            due.map(|horizon| horizon.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(due("2026-06-01T10:15:00Z"), "15m");
        assert_eq!(due("2026-06-01T10:00:00Z"), "15m 1h");
        assert_eq!(due("2026-06-01T12:00:00Z"), "15m 1h 1d 7d");
        assert_eq!(due("2026-06-01T10:05:00Z"), "");
    }

    #[test]
    fn what_cannot_be_a_horizon_is_refused() {
        let error = |text| horizons(&[text]).unwrap_err();
        assert!(error("7m").contains("multiple"), "{}", error("7m"));
        assert!(error("25m").starts_with("25m does not tile days"));
        assert!(error("90m").starts_with("1h30m does not tile days") || error("90m").starts_with("90m does not"));
        assert!(error("5h").contains("as 1h or 6h"));
        assert!(error("32d").contains("choose 31d at most"));
        assert!(error("10m").starts_with("10m is over when its forecast is made"));
    }
}
