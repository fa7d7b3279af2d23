//! A search for what is worth changing: the loop's, of what is predicted for a day, or one that somebody ordered.

use serde::{Deserialize, Serialize};
use shared::api::{AdviceView, ShadowRunOrder};
use shared::recommendation::{Attempt, PastDemand, Sources, TRIED_TOGETHER, Thresholds, recommend};
use shared::request::RequestLog;
use shared::scenario::ValidScenario;
use shared::shadow::Known;
use shared::units::{Duration, Instant};

use super::{RunInput, Runner, Stopped, wall_clock};
use crate::shadowing::{Found, Past, REPORTED, predicted_day};
use crate::store::{Collection, JobEnd, StoredJob, write_json};

/// What is searched: stored as the job's input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SearchInput {
    /// What was predicted for this day; what is predicted from now on where none is named.
    pub(crate) day: Option<Instant>,
}

impl Runner {
    pub(super) async fn recommend(&self, stored: &StoredJob) -> Result<(), Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let SearchInput { day } = serde_json::from_str(&stored.input).map_err(failed)?;
        let scenario = match day {
            Some(day) => self.predicted_for(day).await?,
            None => {
                let (runs, seed) = (self.config.assumed.runs, self.config.assumed.seed);
                let order = ShadowRunOrder { horizon: REPORTED, runs, seed, edits: Vec::new() };
                self.predicted_now(RunInput { order, tenants: Vec::new() }).await?.1
            }
        };
        let run = |scenario: &ValidScenario, done: u32, total: u32| {
            let go_on = |_, _| self.go_on(&stored.job, done.into(), total.into());
            self.outcome(scenario, &go_on)
        };
        let outcome = run(&scenario, 0, 0)?;
        let of = scenario.scenario();
        let log = self.log_until(of.window.start.floor(Duration::DAY)).await?;
        let tenants: Vec<String> = of.tenants.iter().map(|tenant| tenant.name.clone()).collect();
        let past = Past::new(&self.config, &log, of.window.start, tenants.clone())
            .map_err(|problems| Stopped::Failed(problems.to_string()))?;
        let before = self.past_demand(&log, of.window.start)?;
        let sources =
            Sources { offers: &self.config.offers, used: &[], owned: &self.config.owned, past: before.as_ref() };
        let advice = recommend(
            &scenario,
            &outcome,
            &sources,
            &Thresholds::default(),
            |attempt: Attempt<'_>| run(attempt.scenario, attempt.tried, attempt.of + TRIED_TOGETHER),
            |edits| Ok(past.as_ref().and_then(|past| past.with(edits))),
        )?;
        let found = Found { window: of.window, tenants, advice: AdviceView::new(&advice, of) };
        let (id, progress) = (stored.job.id.clone(), self.board.progress(&stored.job.id).unwrap_or_default());
        let (end, document) = (JobEnd::Succeeded(write_json(&found.window)?), found.document(day.is_some())?);
        let documents = vec![(Collection::Recommendations, document)];
        self.store.finish_with(id, end, progress, wall_clock(), documents).await?;
        Ok(())
    }

    /// What was asked for before an instant, where commitments are offered and the log begins with nobody living.
    fn past_demand(&self, log: &RequestLog, origin: Instant) -> Result<Option<PastDemand>, Stopped> {
        if self.config.offers.is_empty() || self.config.start.is_some() {
            return Ok(None);
        }
        let past = Known::new(log, None, origin).past(&self.config.assumed);
        let (scenario, requests) = past.map_err(|problems| Stopped::Failed(problems.to_string()))?;
        Ok(Some(PastDemand { scenario, requests }))
    }

    /// What was predicted for a day that is still open.
    async fn predicted_for(&self, day: Instant) -> Result<ValidScenario, Stopped> {
        let is_over = self.board.snapshot().now >= day + REPORTED + self.config.late;
        let predicted = predicted_day(&*self.store, day).await?.filter(|_| !is_over);
        let predicted = predicted.ok_or_else(|| Stopped::Failed(format!("the day that began at {day} is over")))?;
        ValidScenario::of_accepted(predicted.scenario).map_err(|problems| Stopped::Failed(problems.to_string()))
    }
}
