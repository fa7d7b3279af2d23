//! What changes would have brought on the last day that is over.

use shared::recommendation::PastDay;
use shared::request::RequestLog;
use shared::scenario::{Edit, Problems, Scenario};
use shared::shadow::Known;
use shared::simulation::Outcome;
use shared::units::{Duration, Instant, Window};

use super::day_under;
use crate::config::ShadowingConfig;
use crate::shadowing::name_anew;

/// The last whole day before an instant, and what it came to with the settings in force.
pub(crate) struct Past<'a> {
    config: &'a ShadowingConfig,
    known: Known<'a>,
    day: Window,
    /// Whom edits mean, by index.
    tenants: Vec<String>,
    before: Outcome,
}

impl<'a> Past<'a> {
    /// Of a search for what is predicted from `origin` on in a scenario of these tenants; none where the log does not know
    /// all of that day and of who lived when it began.
    ///
    /// # Errors
    /// When what the service assumes cannot run it.
    pub(crate) fn new(
        config: &'a ShadowingConfig,
        log: &'a RequestLog,
        origin: Instant,
        tenants: Vec<String>,
    ) -> Result<Option<Self>, Problems> {
        let end = origin.floor(Duration::DAY);
        let day = Window { start: end - Duration::DAY, end };
        let is_known = log.first().is_some_and(|first| first < day.start)
            && config.known_from().is_none_or(|from| from <= day.start);
        if !is_known {
            return Ok(None);
        }
        let known = Known::new(log, None, day.start);
        let before = under(config, &known, day, &[])?;
        Ok(Some(Self { config, known, day, tenants, before }))
    }

    /// The day with edits; none where it cannot be run with them, as where one is about somebody who came later.
    pub(crate) fn with(&self, edits: &[Edit]) -> Option<PastDay> {
        let mut edits = edits.to_vec();
        name_anew(&mut edits, &self.tenants, self.known.tenant_names()).ok()?;
        edits.iter_mut().for_each(super::without_forecast);
        let after = under(self.config, &self.known, self.day, &edits).ok()?;
        Some(PastDay { window: self.day, before: self.before.clone(), after })
    }
}

fn under(config: &ShadowingConfig, known: &Known<'_>, day: Window, edits: &[Edit]) -> Result<Outcome, Problems> {
    let assumed: Scenario = known.settings(&config.assumed, edits)?;
    day_under(config, assumed, known, day)
}
