//! What is older than it is kept, given up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant as Since;

use serde::{Deserialize, Serialize};
use shared::units::{Duration, Instant};

use super::{Runner, Stopped, wall_clock};
use crate::store::{LogKey, StoredJob, Trim, Trimmed};

/// So many records are given up in one transaction: others write in between.
const STEP: usize = 2_000;

/// So many bins: each is of many tenants.
const STEP_OF_BINS: usize = 288;

/// A step waits so many times as long as the one before took, so that the log has the disk most of the time.
const REST: u32 = 3;

/// Jobs that ended so long ago are given up.
const JOBS: Duration = Duration::from_seconds(90 * 86_400);

/// Since when requests are kept: stored as the job's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrimInput {
    /// Those before are given up, but for those of resources that live.
    pub(crate) before: Instant,
}

/// What was given up: stored as the job's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// Requests.
    pub(crate) requests: u64,
    /// Observations of them.
    pub(crate) observations: u64,
    /// Readings that are in bins now.
    pub(crate) readings: u64,
    /// Bins.
    pub(crate) bins: u64,
    /// Jobs.
    pub(crate) jobs: u64,
    /// Entries of the audit.
    pub(crate) audit: u64,
    /// Bytes of the file that new records take before it grows.
    pub(crate) free_bytes: u64,
}

impl Runner {
    pub(crate) async fn trim(&self, stored: &StoredJob) -> Result<String, Stopped> {
        let failed = |error: serde_json::Error| Stopped::Failed(error.to_string());
        let TrimInput { before } = serde_json::from_str(&stored.input).map_err(failed)?;
        let mut given = Given::default();
        self.trim_requests(stored, before, &mut given).await?;
        let (store, bin, now) = (&self.store, self.config.bin, self.board.snapshot().now);
        given.readings = self.in_steps(stored, STEP, || store.bin_readings(before, bin, STEP)).await?;
        if let Some(kept) = self.config.retention.bins {
            let before = (now - kept).floor(Duration::DAY);
            given.bins = self.in_steps(stored, STEP_OF_BINS, || store.forget_bins(before, STEP_OF_BINS)).await?;
        }
        let old = wall_clock() - JOBS;
        given.jobs = self.in_steps(stored, STEP, || store.forget_jobs(old, STEP)).await?;
        if let Some((kept, keys)) = self.config.retention.audit.zip(self.keys.as_ref()) {
            let old = wall_clock() - kept;
            given.audit = self.in_steps(stored, STEP, || keys.forget_audit(old, STEP)).await?;
        }
        given.free_bytes = self.store.free_bytes().await?;
        // What is shown of the job when it is over.
        self.go_on(&stored.job, given.requests, given.requests);
        let Given { requests, observations, readings, bins, jobs, audit, free_bytes } = given;
        tracing::info!(%before, requests, observations, readings, bins, jobs, audit, free_bytes, "gave up what is old");
        serde_json::to_string(&given).map_err(failed)
    }

    /// Requests before an instant, but for those of who lives, and what was observed of them.
    async fn trim_requests(&self, stored: &StoredJob, before: Instant, given: &mut Given) -> Result<(), Stopped> {
        let start = self.config.start.as_ref().filter(|start| start.carried.is_some() && start.at >= before);
        let start = start.ok_or_else(|| Stopped::Failed("it is not known what the log goes on from".to_owned()))?;
        let kept: BTreeSet<String> = start.creates.iter().map(|create| create.id.clone()).collect();
        let first = LogKey::from(Instant::from_micros(i64::MIN + 1));
        let mut step = Trim { before, kept: Arc::new(kept), after: first, limit: STEP };
        loop {
            let begun = Since::now();
            let Trimmed { requests, observations, next } = self.store.trim(step.clone()).await?;
            given.requests += requests;
            given.observations += observations;
            self.rest(stored, given.requests, begun).await?;
            match next {
                Some(next) => step.after = next,
                None => return Ok(()),
            }
        }
    }

    /// Does something until it has less than `step` to do.
    async fn in_steps<F>(&self, stored: &StoredJob, step: usize, give_up: impl Fn() -> F) -> Result<u64, Stopped>
    where
        F: Future<Output = Result<u64, crate::store::StoreError>>,
    {
        let mut all = 0;
        loop {
            let begun = Since::now();
            let count = give_up().await?;
            all += count;
            if count < step as u64 {
                return Ok(all);
            }
            self.rest(stored, all, begun).await?;
        }
    }

    /// Leaves the disk to others after a step.
    async fn rest(&self, stored: &StoredJob, done: u64, begun: Since) -> Result<(), Stopped> {
        if !self.go_on(&stored.job, done, 0) {
            return Err(Stopped::Cancelled);
        }
        tokio::time::sleep(begun.elapsed() * REST).await;
        Ok(())
    }
}
