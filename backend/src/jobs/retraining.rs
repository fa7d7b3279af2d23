//! Training a challenger.

use std::sync::Arc;

use shared::feedback::{Decision, Verdict};
use shared::forecast::{Continue, ForecastError, Progress, TrainError};
use shared::units::{Duration, Instant};

use super::{Runner, Stopped, wall_clock};
use crate::shadowing::{
    Champion, SideInputs, Trained, champion_document, check_end, earlier_document, next_version, train,
    version_document,
};
use crate::store::{Collection, JobEnd, StoredJob, write_document};

impl Runner {
    pub(super) async fn retrain(&self, stored: &StoredJob) -> Result<(), Stopped> {
        let snapshot = self.board.snapshot();
        let origin = snapshot.now.floor(Duration::HOUR);
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| origin - keep);
        let log = self.log_until(origin).await?;
        check_end(&log, origin).map_err(|reason| Stopped::Failed(reason.message))?;
        let side_inputs =
            SideInputs::read(&*self.store, &self.config, start, origin, self.config.horizons.longest()).await?;
        let mut watcher = |progress: Progress| {
            let (done, total) = match progress {
                Progress::Training { step, max_steps, .. } => (u64::from(step), u64::from(max_steps)),
                Progress::Backtest { origin, origins, .. } => (origin as u64, origins as u64),
            };
            if self.go_on(&stored.job, done, total) { Continue::Yes } else { Continue::Cancel }
        };
        let trained = train(&self.config, snapshot.champion.as_deref(), &log, &side_inputs, origin, &mut watcher);
        let Trained { challenger, decision } = trained.map_err(|error| match error {
            TrainError::Forecast(ForecastError::Cancelled) => Stopped::Cancelled,
            error => Stopped::Failed(error.to_string()),
        })?;
        let against = snapshot.champion.map(|champion| champion.version);
        self.conclude(stored, challenger, against, decision).await
    }

    /// Ends the training and makes its challenger champion where the decision says so, all at once or not at all: a
    /// training that was cancelled in the meantime changes nothing, and one that is repeated after a kill is decided about
    /// once. One that was compared with a champion that serves no longer promotes nobody.
    pub(crate) async fn conclude(
        &self,
        stored: &StoredJob,
        challenger: Champion,
        against: Option<u32>,
        decision: Decision,
    ) -> Result<(), Stopped> {
        let _changing = self.board.change_champion().await;
        let present = self.board.snapshot().champion;
        let serves = present.as_ref().map(|present| present.version);
        let decision = if serves == against { decision } else { overtaken(decision, serves, against) };
        let key = format!("{}/{}", decision.at, stored.job.id);
        let mut documents = vec![(Collection::Decisions, write_document(key, decision.at, &decision)?)];
        let promoted = decision.verdict == Verdict::Promote;
        let champion = match &present {
            Some(present) if promoted => {
                documents.push((Collection::Models, earlier_document(present)?));
                let version = next_version(&*self.store, present.version).await?;
                Some(Champion { version, ..challenger })
            }
            None if promoted => Some(challenger),
            // The champion stays, with the scores of what it was compared with.
            Some(present) if serves == against => {
                Some(Champion { report: challenger.report, ..Champion::clone(present) })
            }
            Some(present) => Some(Champion::clone(present)),
            None => None,
        };
        if let Some(champion) = &champion {
            documents.push((Collection::Models, champion_document(champion)?));
            documents.push((Collection::Models, version_document(champion)?));
        }
        let id = stored.job.id.clone();
        let output = serde_json::to_string(&decision).map_err(|error| Stopped::Failed(error.to_string()))?;
        let progress = self.board.progress(&id).unwrap_or_default();
        let end = JobEnd::Succeeded(output);
        if self.store.finish_with(id, end, progress, wall_clock(), documents).await? {
            self.board.update(|snapshot| {
                snapshot.champion = champion.map(Arc::new);
                if promoted {
                    snapshot.fallback = None;
                }
            });
        }
        Ok(())
    }
}

/// What is decided where the champion was changed while its challenger was trained.
fn overtaken(decision: Decision, serves: Option<u32>, against: Option<u32>) -> Decision {
    let version =
        |version: Option<u32>| version.map_or("no champion".to_owned(), |version| format!("version {version}"));
    let reason = format!(
        "{} serves now, and the challenger was compared with {}: {}",
        version(serves),
        version(against),
        decision.reason
    );
    Decision { verdict: Verdict::KeepChampion, reason, ..decision }
}
