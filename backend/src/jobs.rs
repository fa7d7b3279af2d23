//! Work that takes longer than an answer: one job at a time, on a thread of its own, or in turn with the loop of a replay.

mod bisection;
mod caught;
mod explanation;
mod recommendation;
mod retraining;
mod running;
mod saving_check;
mod shadow_run;
#[cfg(test)]
mod tests;
mod trimming;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as StdDuration;

use shared::api::{Job, JobKind, Progress};
use shared::request::RequestLog;
use shared::units::{Duration, Instant, Window};
use tracing::Instrument;

use self::caught::caught;
pub(crate) use self::caught::said;
pub(crate) use recommendation::SearchInput;
pub(crate) use saving_check::CheckInput;
pub(crate) use shadow_run::saved_hash;
pub use shadow_run::{RunInput, RunOutput};
pub(crate) use trimming::TrimInput;

use crate::config::ShadowingConfig;
use crate::queue::Queue;
use crate::shadowing::{Board, Clock, SystemClock, known_log};
use crate::store::{JobEnd, KeyStore, Store, StoreError, StoredJob, requests_in};
use crate::traces::{self, Worked};

/// A job that is disturbed is begun so often at most.
const ATTEMPTS_MAX: u32 = 5;

/// It waits so long the first time.
const BACK_OFF: Duration = Duration::from_seconds(10);

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
    /// Where the audit is, which thins out with the rest; none of a replay.
    pub keys: Option<Arc<dyn KeyStore>>,
    /// Where workers take ensembles from; without it, threads of this process run them.
    pub queue: Option<Arc<Queue>>,
    /// Set when the service ends: the running job stops and is queued again at the next start.
    pub stop: Arc<AtomicBool>,
}

/// How a job did not succeed.
pub(crate) enum Stopped {
    /// Its data do not allow it.
    Failed(String),
    /// Something that may be otherwise the next time.
    Disturbed(String),
    /// It was cancelled, or the service ends.
    Cancelled,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(_) | StoreError::DiskFull | StoreError::Unavailable(_) => {
                Self::Disturbed(error.to_string())
            }
            error => Self::Failed(error.to_string()),
        }
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
                self.claim_again(&error).await;
            }
            tokio::time::sleep(IDLE).await;
        }
    }

    /// A claim whose answer did not come may have been made all the same: nobody else works here, so that what is running
    /// then is not.
    async fn claim_again(&self, error: &StoreError) {
        if matches!(error, StoreError::Unavailable(_))
            && let Err(error) = self.until_reached(|| self.store.requeue_running(None)).await
        {
            tracing::error!(%error, "running jobs could not be queued again");
        }
    }

    /// Writes something, again and again while the database cannot be reached and the service does not end.
    pub(crate) async fn until_reached<T, F>(&self, write: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        loop {
            match write().await {
                Err(StoreError::Unavailable(_)) if !self.stop.load(Ordering::Relaxed) => tokio::time::sleep(IDLE).await,
                written => return written,
            }
        }
    }

    /// Works on jobs until none waits, or the service ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn work_off(&self) -> Result<(), StoreError> {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(job) = self.store.claim(wall_clock()).await? else { break };
            let span = traces::working(&job.job.id, job.job.kind, job.job.attempts);
            self.work(job).instrument(span).await;
        }
        Ok(())
    }

    async fn work(&self, stored: StoredJob) {
        let id = stored.job.id.clone();
        // Jobs come one by one, and so none reads a log that another one gives up.
        let now = Self { config: self.board.config(&self.config), ..self.clone() };
        let work = async {
            match stored.job.kind {
                JobKind::ShadowRun => now.shadow_run(&stored).await.map(Some),
                JobKind::Retraining => now.retrain(&stored).await.map(|()| None),
                JobKind::Explanation => now.explanation(&stored).await.map(Some),
                JobKind::Bisection => now.bisection(&stored).await.map(Some),
                JobKind::Recommendation => now.recommend(&stored).await.map(|()| None),
                JobKind::SavingCheck => now.check_savings(&stored).await.map(Some),
                JobKind::Trimming => now.trim(&stored).await.map(Some),
            }
        };
        // A panic ends this job, not the thread on which all of them run.
        let done = caught(work).await.unwrap_or_else(|panic| Err(Stopped::Disturbed(panic)));
        let end = match done {
            Ok(Some(output)) => JobEnd::Succeeded(output),
            // It has ended together with what came of it.
            Ok(None) => {
                traces::worked(Worked::Succeeded);
                return self.board.forget(&id);
            }
            Err(Stopped::Failed(reason)) => JobEnd::Failed(reason),
            Err(Stopped::Disturbed(reason)) => match back_off(stored.job.attempts) {
                None => JobEnd::Failed(format!("{reason} (begun {} times)", stored.job.attempts)),
                Some(wait) => {
                    traces::worked(Worked::Disturbed);
                    return self.retry(&id, reason, wait).await;
                }
            },
            Err(Stopped::Cancelled) if self.board.is_cancelled(&id) => JobEnd::Cancelled,
            Err(Stopped::Cancelled) if self.is_overdue(&stored.job) => {
                let limit = self.config.timeouts.of(stored.job.kind).unwrap_or(Duration::ZERO);
                JobEnd::Failed(format!("took longer than {limit}, which is how long it may take"))
            }
            // The service ends, which is not the job's doing.
            Err(Stopped::Cancelled) => {
                traces::worked(Worked::Released);
                return self.release(&id).await;
            }
        };
        traces::worked(match &end {
            JobEnd::Succeeded(_) => Worked::Succeeded,
            JobEnd::Failed(_) => Worked::Failed,
            JobEnd::Cancelled => Worked::Cancelled,
        });
        let progress = self.board.progress(&id).unwrap_or_default();
        let finish = || self.store.finish(id.clone(), end.clone(), progress, wall_clock());
        if let Err(error) = self.until_reached(finish).await {
            tracing::error!(%error, job = id, "a job's end could not be stored");
        }
        self.board.forget(&id);
    }

    /// Has a job begun again after a while, which a replay does not wait for.
    async fn retry(&self, id: &str, reason: String, wait: Duration) {
        tracing::warn!(job = id, reason, "a job is tried again");
        let wait = if self.config.replay.is_some() { Duration::ZERO } else { wait };
        let retry = || self.store.retry(id.to_owned(), reason.clone(), wall_clock() + wait);
        if let Err(error) = self.until_reached(retry).await {
            tracing::error!(%error, job = id, "a job could not be queued again");
        }
        self.board.forget(id);
    }

    async fn release(&self, id: &str) {
        if let Err(error) = self.store.release(id.to_owned()).await {
            tracing::error!(%error, job = id, "a job is queued again at the next start");
        }
        self.board.forget(id);
    }

    /// What is kept of the log before an instant, as the loop reads it.
    async fn log_until(&self, end: Instant) -> Result<RequestLog, Stopped> {
        let start = self.config.keep.map_or(Instant::from_micros(0), |keep| end - keep);
        let requests = requests_in(&*self.store, Window { start: start.max(self.config.log_from()), end }).await?;
        let read = known_log(&requests, &self.config.catalogue, self.config.start.as_ref());
        read.map(|(log, _)| log).map_err(|error| Stopped::Failed(error.to_string()))
    }

    /// Notes how far a job has come; whether it shall go on.
    fn go_on(&self, job: &Job, done: u64, total: u64) -> bool {
        let wanted = self.board.report(&job.id, Progress { done, total });
        wanted && !self.stop.load(Ordering::Relaxed) && !self.is_overdue(job)
    }

    fn is_overdue(&self, job: &Job) -> bool {
        let took = job.started_at.map(|started| wall_clock() - started);
        self.config.timeouts.of(job.kind).zip(took).is_some_and(|(limit, took)| took > limit)
    }
}

/// How long a job waits that was begun so often: twice as long each time; none where it has been enough.
fn back_off(attempts: u32) -> Option<Duration> {
    (attempts < ATTEMPTS_MAX).then(|| BACK_OFF * (1 << attempts.saturating_sub(1)))
}

/// The time of people: when jobs are queued, begin and end, in a demo too.
pub fn wall_clock() -> Instant {
    SystemClock.now()
}
