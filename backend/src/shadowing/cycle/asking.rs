//! When the loop asks for a training.

use serde::{Deserialize, Serialize};
use shared::api::{JobKind, JobState};
use shared::feedback::{Circumstances, Decision, Verdict};
use shared::units::{Instant, Window};

use super::{Cycle, CycleError};
use crate::jobs::wall_clock;
use crate::shadowing::rollback::decision_document;
use crate::store::{Collection, StoreError, StoredJob};

/// So many of the newest trainings are looked at: for one that has ended well, and for any that has not ended.
const JOBS_SEEN: usize = 20;

impl Cycle {
    /// Tells the triggers of the newest training that has ended well; one that failed or was cancelled leaves them be.
    pub(super) async fn note_training(&mut self) -> Result<(), CycleError> {
        let jobs = self.store.jobs(Some(JobKind::Retraining), JOBS_SEEN).await?;
        let Some(ended) = jobs.into_iter().find(|stored| stored.job.state == JobState::Succeeded) else {
            return Ok(());
        };
        let output = self.store.job(ended.job.id).await?.and_then(|stored| stored.output);
        if let Some(decision) = output.and_then(|output| serde_json::from_str::<Decision>(&output).ok()) {
            self.triggers.trained(decision.at, self.taken_in);
        }
        Ok(())
    }

    /// Whether the schedule has an instant in an hour that is over, its end included.
    pub(super) fn is_scheduled_in(&self, hour: Window) -> bool {
        let latest = self.config.schedule.as_ref().and_then(|schedule| schedule.latest(hour.end));
        latest.is_some_and(|at| at > hour.start)
    }

    pub(super) async fn decide(&self, now: Instant) -> Result<Decision, CycleError> {
        let newest = self.store.jobs(Some(JobKind::Retraining), JOBS_SEEN).await?;
        // What this very hour asked for before a kill is not under way yet.
        let asked_now = |stored: &StoredJob| asked_at(&stored.input) == Some(now);
        let circumstances = Circumstances {
            under_way: newest.iter().any(|stored| !stored.job.state.is_final() && !asked_now(stored)),
            scheduled: self.config.schedule.as_ref().and_then(|schedule| schedule.latest(now)),
            requests: self.taken_in,
            silent_since: self.outages.last().filter(|outage| outage.end >= now).map(|outage| outage.start),
        };
        Ok(self.triggers.decide(now, circumstances))
    }

    /// Records a decision, and queues what it asks for.
    pub(super) async fn carry_out(&mut self, decision: Decision) -> Result<(), CycleError> {
        let document = (Collection::Decisions, decision_document(&decision)?);
        if decision.verdict != Verdict::Retrain {
            self.store.put_together(vec![document]).await?;
        } else {
            // An hour that is closed again after a kill comes to the same decision, and asks for nothing twice.
            let input = serde_json::to_string(&Asked { asked: decision.at }).map_err(unreadable)?;
            self.store.put_and_submit(vec![document], JobKind::Retraining, input, wall_clock()).await?;
            self.triggers.asked(decision.at, self.taken_in);
        }
        Ok(())
    }

    /// The first forecast serves while a model is being trained.
    pub(super) async fn first_training(&mut self, origin: Instant) -> Result<(), CycleError> {
        let decision = Decision {
            at: origin,
            verdict: Verdict::Retrain,
            reason: "no model has been trained yet; the baseline serves until then".to_owned(),
            signals: Vec::new(),
        };
        self.carry_out(decision).await
    }
}

/// What the loop gives a training that it asks for; what people ask for has nothing of it.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    /// The hour that asked.
    asked: Instant,
}

/// The hour that asked for a training, where it was the loop.
pub(super) fn asked_at(input: &str) -> Option<Instant> {
    serde_json::from_str(input).ok().map(|Asked { asked }| asked)
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unreadable(error.to_string())
}
