//! What is given up with time, and what is left of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use shared::features::{PastBin, PastBins};
use shared::units::{Duration, Instant};

use super::{Document, LogKey, StoreError};

/// Requests that are given up, a few at a time.
#[derive(Clone, Debug)]
pub struct Trim {
    /// Those before this instant,
    pub before: Instant,
    /// but for these ids: of those who live.
    pub kept: Arc<BTreeSet<String>>,
    /// Where it goes on.
    pub after: LogKey,
    /// So many are looked at in one transaction.
    pub limit: usize,
}

/// What one step of giving up has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Requests that are gone.
    pub requests: u64,
    /// Observations of them.
    pub observations: u64,
    /// Where the next step goes on; none where there is none.
    pub next: Option<LogKey>,
}

/// How the log goes on where its beginning is given up: committed together.
#[derive(Clone, Debug)]
pub struct Carry {
    /// The collection's document that it goes on from.
    pub document: Document,
    /// Since when requests are kept.
    pub from: Instant,
    /// What the job that gives the others up is given.
    pub input: String,
    /// When it is queued.
    pub now: Instant,
}

/// The part of the storage that thins out.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Writes bins; one that is there already is replaced. `tenants` are the names of their tenants by number.
    async fn put_bins(&self, bins: Vec<PastBin>, tenants: Vec<String>) -> Result<(), StoreError>;

    /// All bins up to where requests begin that are kept, of this length.
    async fn bins(&self, bin: Duration) -> Result<PastBins, StoreError>;

    /// Says how the log goes on, and queues the job that gives up what is before: both or neither.
    async fn carry_on(&self, carry: Carry) -> Result<(), StoreError>;

    /// Gives up the next requests, and what was observed of them, in one transaction.
    async fn trim(&self, trim: Trim) -> Result<Trimmed, StoreError>;

    /// Adds up to `limit` readings from before an instant to their bins; how many that were.
    async fn bin_readings(&self, before: Instant, bin: Duration, limit: usize) -> Result<u64, StoreError>;

    /// Gives up bins before an instant, `limit` at most; how many that were.
    async fn forget_bins(&self, before: Instant, limit: usize) -> Result<u64, StoreError>;

    /// Gives up jobs that ended before an instant, but for the newest; how many that were.
    async fn forget_jobs(&self, before: Instant, limit: usize) -> Result<u64, StoreError>;

    /// Bytes of the file that new records take before it grows.
    async fn free_bytes(&self) -> Result<u64, StoreError>;
}
