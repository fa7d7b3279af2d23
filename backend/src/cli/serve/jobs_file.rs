//! `[jobs]` of the service's file: how long they may take.

use serde::Deserialize;
use shared::units::Duration;

use crate::cli::CliError;
use crate::config::{JobTimeouts, ShadowingConfig};

/// What the file may say; what it does not say is the default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct JobsFile {
    shadow_run_timeout: Option<Duration>,
    retraining_timeout: Option<Duration>,
    recommendation_timeout: Option<Duration>,
}

impl JobsFile {
    /// The same service with these limits.
    ///
    /// # Errors
    /// When one is none.
    pub(super) fn applied(&self, config: ShadowingConfig) -> Result<ShadowingConfig, CliError> {
        let given = [
            ("shadow-run-timeout", self.shadow_run_timeout),
            ("retraining-timeout", self.retraining_timeout),
            ("recommendation-timeout", self.recommendation_timeout),
        ];
        let none = |(_, span): &(&str, Option<Duration>)| span.is_some_and(|span| span <= Duration::ZERO);
        if let Some((name, Some(span))) = given.into_iter().find(none) {
            return Err(CliError::Data(format!("jobs.{name} is {span}; expected more than nothing, as \"30m\"")));
        }
        let default = config.timeouts;
        let timeouts = JobTimeouts {
            shadow_run: self.shadow_run_timeout.or(default.shadow_run),
            retraining: self.retraining_timeout.or(default.retraining),
            recommendation: self.recommendation_timeout.or(default.recommendation),
        };
        Ok(ShadowingConfig { timeouts, ..config })
    }
}
