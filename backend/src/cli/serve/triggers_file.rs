//! `[triggers]` of the service's file: when models are trained.

use serde::Deserialize;
use shared::feedback::TriggerSettings;
use shared::units::Duration;

use crate::cli::CliError;
use crate::config::ShadowingConfig;
use crate::shadowing::Schedule;

/// What the file may say; what it does not say is the default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TriggersFile {
    /// A cron expression, at local times of the scenario.
    schedule: Option<String>,
    every: Option<Duration>,
    cool_down: Option<Duration>,
    wape_limit: Option<f64>,
    drift_limit: Option<f64>,
    creates_drift_limit: Option<f64>,
    new_data: Option<f64>,
}

impl TriggersFile {
    /// The same service with these triggers. With a schedule, and no `every`, only the schedule says when.
    ///
    /// # Errors
    /// When a value cannot be.
    pub(super) fn applied(&self, config: ShadowingConfig) -> Result<ShadowingConfig, CliError> {
        let Self { schedule, every, cool_down, wape_limit, drift_limit, creates_drift_limit, new_data } = self.clone();
        let limits = [
            ("wape-limit", wape_limit),
            ("drift-limit", drift_limit),
            ("creates-drift-limit", creates_drift_limit),
            ("new-data", new_data),
        ];
        let too_low = |(_, value): &(&str, Option<f64>)| value.is_some_and(|value| !(value.is_finite() && value > 0.0));
        if let Some((name, Some(value))) = limits.into_iter().find(too_low) {
            return Err(CliError::Data(format!("triggers.{name} is {value}; expected a number above zero")));
        }
        let spans = [("every", every), ("cool-down", cool_down)];
        if let Some((name, Some(span))) =
            spans.into_iter().find(|(_, span)| span.is_some_and(|span| span < Duration::HOUR))
        {
            return Err(CliError::Data(format!("triggers.{name} is {span}; expected an hour at least, as \"7d\"")));
        }
        let scheduled = schedule.as_deref().map(|text| Schedule::new(text, &config.assumed.time_zone)).transpose();
        let scheduled = scheduled.map_err(|error| CliError::Data(format!("triggers.schedule: {error}")))?;
        let default = config.triggers;
        let triggers = TriggerSettings {
            every: every.or(if scheduled.is_some() { None } else { default.every }),
            cool_down: cool_down.unwrap_or(default.cool_down),
            wape_limit: wape_limit.unwrap_or(default.wape_limit),
            drift_limit: drift_limit.unwrap_or(default.drift_limit),
            creates_drift_limit: creates_drift_limit.unwrap_or(default.creates_drift_limit),
            new_data: new_data.unwrap_or(default.new_data),
            ..default
        };
        Ok(ShadowingConfig { triggers, schedule: scheduled, ..config })
    }
}
