//! Work that takes longer than an answer: one job at a time, on a thread of its own, or in turn with the loop of a replay.

mod explanation;
mod retraining;
mod shadow_run;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as StdDuration;

use shared::api::{JobKind, Progress};
use shared::units::Instant;

pub(crate) use shadow_run::saved_hash;
pub use shadow_run::{RunInput, RunOutput};

use crate::config::ShadowingConfig;
use crate::shadowing::{Board, Clock, SystemClock};
use crate::store::{JobEnd, Store, StoreError, StoredJob};

/// How long an idle runner sleeps.
const IDLE: StdDuration = StdDuration::from_millis(200);

/// What a job has at hand.
#[derive(Clone)]
pub struct Runner {
    /// Where jobs wait, and where their inputs are.
    pub store: Arc<dyn Store>,
    /// What is true now.
    pub board: Arc<Board>,
    /// What is shadowed.
    pub config: Arc<ShadowingConfig>,
    /// Set when the service ends: the running job stops and is queued again at the next start.
    pub stop: Arc<AtomicBool>,
}

/// How a job did not succeed.
enum Stopped {
    /// Its data do not allow it.
    Failed(String),
    /// It was cancelled, or the service ends.
    Cancelled,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Runner {
    /// Works on jobs until the service ends.
    pub async fn run(self) {
        while !self.stop.load(Ordering::Relaxed) {
            // Jobs look at the log up to what the loop has worked through: none before it has said how far that is.
            if self.board.snapshot().now == Instant::default() {
                tokio::time::sleep(IDLE).await;
                continue;
            }
            if let Err(error) = self.work_off().await {
                tracing::error!(%error, "no job could be claimed");
            }
            tokio::time::sleep(IDLE).await;
        }
    }

    /// Works on jobs until none waits, or the service ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn work_off(&self) -> Result<(), StoreError> {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(job) = self.store.claim(wall_clock()).await? else { break };
            self.work(job).await;
        }
        Ok(())
    }

    async fn work(&self, stored: StoredJob) {
        let id = stored.job.id.clone();
        let done = match stored.job.kind {
            JobKind::ShadowRun => self.shadow_run(&stored).await.map(Some),
            JobKind::Retraining => self.retrain(&stored).await.map(|()| None),
            JobKind::Explanation => self.explanation(&stored).await.map(Some),
        };
        let end = match done {
            Ok(Some(output)) => JobEnd::Succeeded(output),
            // It has ended together with what came of it.
            Ok(None) => return self.board.forget(&id),
            Err(Stopped::Failed(reason)) => JobEnd::Failed(reason),
            Err(Stopped::Cancelled) if self.board.is_cancelled(&id) => JobEnd::Cancelled,
            // The service ends: the job stays as it is and is queued again at the next start.
            Err(Stopped::Cancelled) => return,
        };
        let progress = self.board.progress(&id).unwrap_or_default();
        if let Err(error) = self.store.finish(id.clone(), end, progress, wall_clock()).await {
            tracing::error!(%error, job = id, "a job's end could not be stored");
        }
        self.board.forget(&id);
    }

    /// Notes how far a job has come; whether it shall go on.
    fn go_on(&self, id: &str, done: u64, total: u64) -> bool {
        self.board.report(id, Progress { done, total }) && !self.stop.load(Ordering::Relaxed)
    }
}

/// The time of people: when jobs are queued, begin and end, in a demo too.
pub fn wall_clock() -> Instant {
    SystemClock.now()
}
