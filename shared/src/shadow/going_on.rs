//! A primary that did not begin with its log.

use super::Known;
use crate::control_plane::ObservedFleet;
use crate::scenario::{Problems, Scenario, ValidScenario};
use crate::simulation::{Fork, RunOptions, simulate_to_fork};
use crate::units::{Instant, Window};

impl Known<'_> {
    /// The same logs, numbered alike, known up to another instant.
    #[must_use]
    pub fn at(&self, origin: Instant) -> Self {
        Self { origin, ..self.clone() }
    }

    /// The primary at `end`, gone on from a fork at the origin with the requests since then, on the machines that were
    /// observed where there are any: by the resources of that run.
    ///
    /// # Errors
    /// When what `base` assumes cannot run.
    pub fn gone_on(
        &self,
        base: &Scenario,
        from: &Fork,
        end: Instant,
        observed: Option<&ObservedFleet>,
    ) -> Result<Fork, Problems> {
        let window = Window { start: self.origin, end };
        let valid = ValidScenario::new(self.actual(base, from, window.length()))?;
        let options = RunOptions { observed, ..RunOptions::default() };
        let fork = simulate_to_fork(&valid, &valid.requests(0), options).fork;
        let of_log = self.lives_in(window, &from.lives);
        let lives = fork.lives.iter().map(|life| of_log[life.usize()]).collect();
        Ok(Fork { lives, ..fork })
    }
}
