//! How long what comes in is kept.

use core::str::FromStr;

use serde::{Deserialize, Deserializer};
use shared::units::Duration;

use super::settings::Settings;
use crate::cli::CliError;
use crate::config::{Retention, ShadowingConfig};

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing is given up.
    Forever,
    /// What is older is given up.
    For(Duration),
}

/// Where nothing is said.
const REQUESTS: Duration = Duration::from_seconds(30 * 86_400);
const BINS: Duration = Duration::from_seconds(730 * 86_400);
const AUDIT: Duration = Duration::from_seconds(730 * 86_400);

/// A loop that was down closes the hours of a week, and the day before them has to be there; what a forecast is judged by has
/// to be there from its origin on.
const BEFORE_HORIZON: Duration = Duration::from_seconds(8 * 86_400);

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let duration = text.parse().map_err(|error| format!("{error}, or forever"))?;
        Ok(Self::For(duration))
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Keep {
    fn length(self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::For(length) => Some(length),
        }
    }
}

impl Settings {
    /// How long what comes in is kept; `config` has the horizons already.
    pub(super) fn retention(&self, config: &ShadowingConfig) -> Result<Retention, CliError> {
        let given = [("--keep-requests", self.keep_requests), ("--keep-bins", self.keep_bins)];
        if config.replay.is_some() {
            return match given.into_iter().find(|(_, keep)| keep.is_some()) {
                None => Ok(Retention::default()),
                Some((option, _)) => Err(CliError::Usage(format!(
                    "{option} has no effect on a replay, whose requests are in a file; leave it out"
                ))),
            };
        }
        let least = BEFORE_HORIZON + config.horizons.longest();
        let requests = match self.keep_requests {
            None => Some(REQUESTS.max(least)),
            Some(keep) => keep.length(),
        };
        if let Some(requests) = requests {
            self.long_enough(config, requests, least)?;
        }
        let bins = self.keep_bins.unwrap_or(Keep::For(BINS)).length();
        match (requests, bins) {
            (Some(requests), Some(bins)) if bins < requests => Err(CliError::Usage(format!(
                "--keep-bins is {bins}, and requests are kept for {requests}; expected as long at least, or forever"
            ))),
            _ => {
                let audit = self.keep_audit.unwrap_or(Keep::For(AUDIT)).length();
                Ok(Retention { requests, bins, audit })
            }
        }
    }

    /// Refuses to give up what something still reads.
    fn long_enough(&self, config: &ShadowingConfig, requests: Duration, least: Duration) -> Result<(), CliError> {
        let wrong = |message: String| Err(CliError::Usage(format!("--keep-requests is {requests}; {message}")));
        if requests != Duration::DAY * requests.divide(Duration::DAY) {
            return wrong("expected whole days, as 30d, or forever".to_owned());
        }
        if requests < least {
            let longest = config.horizons.longest();
            return wrong(format!(
                "expected {least} at least, or forever: a service that was down for a week closes its hours, and a \
                 forecast over {longest} is judged by what came since"
            ));
        }
        match self.late_window.filter(|late| *late > requests) {
            None => Ok(()),
            Some(late) => wrong(format!(
                "expected {late} at least, as --late-window lets requests of so long ago in, or a shorter --late-window"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_or_for_ever() {
        assert_eq!("forever".parse(), Ok(Keep::Forever));
        assert_eq!("30d".parse(), Ok(Keep::For(REQUESTS)));
        assert!("a month".parse::<Keep>().unwrap_err().ends_with(", or forever"));
    }
}
