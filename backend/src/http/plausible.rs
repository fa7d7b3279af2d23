//! When a record may have been made that comes in now.

use shared::api::LineCode;
use shared::input::InputError;
use shared::units::{Duration, Instant};

use super::App;

/// When a request may have been made that comes in now.
pub(super) struct Plausible {
    /// By the clock, or by what it has shown before where it was set back.
    latest: Instant,
    /// By how much it was set back.
    behind: Option<Duration>,
    /// By --late-window.
    earliest: Instant,
    /// Since when requests are kept whole, where others were given up.
    kept_from: Option<Instant>,
}

/// A record that is refused, and why for programs.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: LineCode,
    pub(super) error: InputError,
}

impl From<InputError> for Refused {
    fn from(error: InputError) -> Self {
        Self { code: LineCode::Wrong, error }
    }
}

impl Plausible {
    /// By the clock as it is now.
    pub(super) fn now(app: &App) -> Self {
        let (now, clock) = (app.clock.now(), app.board.snapshot().clock);
        Self {
            latest: clock.map_or(now, |clock| clock.latest.max(now)) + AHEAD_MAX,
            behind: clock.and_then(|clock| clock.behind(now)),
            earliest: now - app.late_window,
            kept_from: app.board.config(&app.config).kept_from(),
        }
    }

    /// The same of a reading, which may be of any time whose readings are not added up yet.
    pub(super) fn check_reading(&self, line: u64, at: Instant) -> Result<(), Refused> {
        Self { earliest: Instant::from_micros(i64::MIN), ..*self }.check(line, at)
    }

    /// Whether a record of an instant may come in.
    pub(super) fn check(&self, line: u64, at: Instant) -> Result<(), Refused> {
        let refused = |code, message| Err(Refused { code, error: InputError::field(line, "at", message) });
        let Self { latest, behind, earliest, kept_from } = self;
        if at > *latest {
            let behind = behind.map_or(String::new(), |behind| {
                format!("; that clock was set back, and is {behind} behind what it has shown")
            });
            let message =
                format!("{at} is more than a day after the service's clock; expected {latest} at the latest{behind}");
            return refused(LineCode::TooEarly, message);
        }
        if let Some(kept_from) = kept_from.filter(|kept_from| at < *kept_from && kept_from >= earliest) {
            let message = format!(
                "{at} is too late: requests are kept from {kept_from} on (--keep-requests), and what was before is \
                 counted; expected {kept_from} at the earliest"
            );
            return refused(LineCode::TooLate, message);
        }
        if at < *earliest {
            let message = format!(
                "{at} is too late: it is longer ago than --late-window lets it be; expected {earliest} at the earliest"
            );
            return refused(LineCode::TooLate, message);
        }
        Ok(())
    }
}

/// Nothing is dated later than this after the service's clock: a mistaken year would otherwise wait there for ever.
const AHEAD_MAX: Duration = Duration::DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_late_or_too_early_says_which_and_why() {
        let at = |hours: i64| Instant::from_micros(0) + Duration::HOUR * hours;
        let known = Plausible { latest: at(24), behind: None, earliest: at(-240), kept_from: None };
        let check = |known: &Plausible, hours: i64| {
            known.check(7, at(hours)).map_err(|refused| (refused.code, refused.error.message)).err()
        };
        assert_eq!((check(&known, 24), check(&known, -240)), (None, None));
        let (code, message) = check(&known, 25).unwrap();
        assert!(code == LineCode::TooEarly && !message.contains("set back"), "{message}");
        let (code, message) = check(&known, -241).unwrap();
        assert!(code == LineCode::TooLate && message.contains("--late-window"), "{message}");
        // What is given up is counted: nothing is added to it, however long the window of late requests is.
        let kept = Plausible { kept_from: Some(at(-100)), behind: Some(Duration::HOUR), ..known };
        let (code, message) = check(&kept, -101).unwrap();
        assert!(code == LineCode::TooLate && message.contains("--keep-requests"), "{message}");
        assert!(kept.check_reading(7, at(-101)).is_err() && kept.check_reading(7, at(-100)).is_ok());
        let (_, message) = check(&kept, 25).unwrap();
        assert!(message.ends_with("that clock was set back, and is 1h behind what it has shown"), "{message}");
    }
}
