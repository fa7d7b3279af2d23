//! The durable log, and everything the service must still know after a restart.
//!
//! The trait is asynchronous and shaped in batches, and shows nothing of the database behind it. What it has answered
//! is committed: it survives a kill.

mod documents;
mod keys;
mod notifications;
mod postgres;
mod remote_writes;
mod retention;
mod sqlite;
mod stores;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use shared::api::{Job, JobKind, JobState, Progress};
use shared::features::SensorReading;
use shared::feedback::ledger::Entry;
use shared::request::{Observation, Received, Request, ResourceClass};
use shared::units::{Duration, Instant, Window};

pub(crate) use documents::write_json;
pub use documents::{Collection, Document, read_documents, read_documents_of, write_document};
pub use keys::KeyStore;
pub use notifications::{Attempted, Delivery, NewNotification, NotificationStore, StoredWebhook};
pub use postgres::{PostgresAddress, PostgresStore, redacted};
pub(crate) use postgres::{check_observation, check_request};
pub use remote_writes::{Folded, RemoteWrites, SensorSum, SeriesEnd, SpooledWrite};
pub use retention::{Carry, Retention, Trim, Trimmed};
pub use sqlite::{SqliteKeys, SqliteNotifications, SqliteStore, back_up, check_copy};
pub use stores::Stores;

/// Where a scan goes on: after this key, in order of (at, id).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogKey {
    /// When the request was made.
    pub at: Instant,
    /// Its id.
    pub id: String,
}

impl LogKey {
    /// Before every request at or after `at`.
    pub fn from(at: Instant) -> Self {
        Self { at: Instant::from_micros(at.micros().saturating_sub(1)), id: "\u{10ffff}".to_owned() }
    }
}

/// Where a scan of observations goes on: after this one, in the order in which they came in; 0 is before all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservationKey(pub i64);

/// What became of one record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// New, and committed.
    Accepted,
    /// Was there already, with the same content.
    Duplicate,
    /// Was there already with another content, which stays.
    Conflict,
}

/// The log in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSummary {
    /// The first request.
    pub first: Option<Instant>,
    /// The last request.
    pub last: Option<Instant>,
    /// How many requests.
    pub requests: u64,
    /// How many observations.
    pub observations: u64,
    /// How many sensor readings.
    pub readings: u64,
    /// How many requests there were that are given up.
    pub gone: u64,
    /// Since when requests are kept; none where none were given up.
    pub requests_from: Option<Instant>,
    /// Since when the bins of what is given up are kept; none where all of them are.
    pub bins_from: Option<Instant>,
}

impl LogSummary {
    /// How many requests have ever come in.
    pub fn ever(&self) -> u64 {
        self.requests + self.gone
    }
}

/// A job with what it was given and what it yielded, both as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredJob {
    /// State and progress.
    pub job: Job,
    /// What it shall do.
    pub input: String,
    /// What came of it.
    pub output: Option<String>,
}

/// Which jobs are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsAsked {
    /// Of one kind; of all where none is said.
    pub kind: Option<JobKind>,
    /// In one state; in any where none is said.
    pub state: Option<JobState>,
    /// Older than this one.
    pub after: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// A record for the forecast ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRecord {
    /// Unique in the ledger, so that an hour that is closed again after a kill is written down once.
    pub key: String,
    /// The key of an earlier record without which this one has no place.
    pub follows: Option<String>,
    /// The record, as JSON.
    pub record: String,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// With this output, as JSON.
    Succeeded(String),
    /// For this reason.
    Failed(String),
    /// Because nobody wanted it any more.
    Cancelled,
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the database answered: {0}")]
    Database(String),
    /// There is no room for more.
    #[error("the disk is full; make room, and it goes on by itself")]
    DiskFull,
    /// The file is not what was written.
    #[error(
        "the file is damaged, or something else ({0}); bring a backup back with `shadowplane restore`, or move it away"
    )]
    Damaged(String),
    /// What is stored is not what this version writes.
    #[error("a stored record cannot be read: {0}")]
    Unreadable(String),
    /// A newer version of the program wrote the file.
    #[error("the database has version {found}, this program knows {known}; use the newer program or another --data")]
    TooNew {
        /// Version of the file.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// The file is from before there was a forecast ledger.
    #[error("the database has version {found}, from before there was a forecast ledger; `serve` brings it up to date")]
    NoLedger {
        /// Version of the file.
        found: u32,
    },
    /// The store has been closed.
    #[error("the store has been closed")]
    Closed,
    /// The server is gone, or not there yet: the same again may do later. Whether the last thing was done is not known.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// It is of a form that the database has no place for.
    #[error("the database cannot hold this: {0}")]
    Unfit(String),
    /// Another process writes to the database.
    #[error(
        "the database is held by {holder}; only one service may write to it: stop that one, or wait for it with --store-wait"
    )]
    Held {
        /// Which one.
        holder: String,
    },
}

/// Which creates are counted: those of all that is named here; every one where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatesOf {
    /// Whose.
    pub tenant: Option<String>,
    /// Of which class.
    pub class: Option<ResourceClass>,
    /// Of which flavor, by the name that requests give.
    pub flavor: Option<String>,
}

/// Storage of the service.
#[async_trait]
pub trait Store: Retention {
    /// Adds requests to the log, each once by its id. The answers are in order and committed.
    async fn append_requests(&self, batch: Vec<Request>) -> Result<Vec<Appended>, StoreError>;

    /// Adds observations, each once by its content: there may be several about one request, as facts become known.
    async fn append_observations(&self, batch: Vec<Observation>, now: Instant) -> Result<Vec<Appended>, StoreError>;

    /// The next requests after a key and before an instant, in order of (at, id), `limit` at most.
    async fn scan_requests(&self, after: LogKey, end: Instant, limit: usize) -> Result<Vec<Request>, StoreError>;

    /// The request with an id.
    async fn request(&self, id: String) -> Result<Option<Request>, StoreError>;

    /// Whether requests of others have ids that begin with the name of a tenant and `/`.
    async fn others_have_ids_of(&self, tenant: String) -> Result<bool, StoreError>;

    /// The requests whose ids begin with each of these texts, in order of time.
    async fn requests_beginning(&self, with: Vec<String>) -> Result<Vec<Vec<Request>>, StoreError>;

    /// The observations of each of these requests, in the order in which they came in.
    async fn observations_of(&self, requests: Vec<String>) -> Result<Vec<Vec<Observation>>, StoreError>;

    /// The next observations after one, `limit` at most, of those that came in during a window; in the order in which
    /// they came in, each with where the scan goes on.
    async fn scan_observations(
        &self,
        after: ObservationKey,
        window: Window,
        limit: usize,
    ) -> Result<Vec<(ObservationKey, Received)>, StoreError>;

    /// Adds sensor readings, each once by its sensor, scope and instant.
    async fn append_readings(&self, batch: Vec<SensorReading>) -> Result<Vec<Appended>, StoreError>;

    /// The mean of each sensor over its readings and scopes, per bin that has any, dated at the start of the bin; in order
    /// of time, then of name.
    async fn mean_readings(&self, window: Window, bin: Duration) -> Result<Vec<SensorReading>, StoreError>;

    /// The log in figures.
    async fn summary(&self) -> Result<LogSummary, StoreError>;

    /// Creates per bin that has any, in order of time. What is left of requests that were given up has no flavors: where
    /// one is asked for, they are not counted.
    async fn count_creates(
        &self,
        window: Window,
        bin: Duration,
        of: CreatesOf,
    ) -> Result<Vec<(Instant, u64)>, StoreError>;

    /// Queues a job.
    async fn submit(&self, kind: JobKind, input: String, now: Instant) -> Result<Job, StoreError>;

    /// Takes the job that has waited longest, trainings, searches and checks last, and none before it is to be begun again; no
    /// two claims take the same.
    async fn claim(&self, now: Instant) -> Result<Option<StoredJob>, StoreError>;

    /// Ends a job that has not ended, with how far it came (all the way where it succeeded); whether it did.
    async fn finish(&self, id: String, end: JobEnd, progress: Progress, now: Instant) -> Result<bool, StoreError> {
        self.finish_with(id, end, progress, now, Vec::new()).await
    }

    /// The same, and writes what came of it: both, or neither where the job had ended.
    async fn finish_with(
        &self,
        id: String,
        end: JobEnd,
        progress: Progress,
        now: Instant,
        documents: Vec<(Collection, Document)>,
    ) -> Result<bool, StoreError>;

    /// Writes documents, and queues the job that they ask for: both, or the documents alone where a job of this kind with
    /// this input was queued before.
    async fn put_and_submit(
        &self,
        documents: Vec<(Collection, Document)>,
        kind: JobKind,
        input: String,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Queues a running job again, to be begun at an instant or later; whether it was running.
    async fn retry(&self, id: String, failure: String, at: Instant) -> Result<bool, StoreError>;

    /// Queues a running job again as if it had not been begun: the service ends in good order.
    async fn release(&self, id: String) -> Result<bool, StoreError>;

    /// Queues again what was running when the service was killed; how many those were. A job that has seen that more than
    /// once may be what kills it: from `now` on it waits 10 seconds, and twice as long each time up to 43 minutes, so that
    /// the service lives in between. Nothing waits where no `now` is given.
    async fn requeue_running(&self, now: Option<Instant>) -> Result<u64, StoreError>;

    /// One job.
    async fn job(&self, id: String) -> Result<Option<StoredJob>, StoreError>;

    /// The newest jobs that are asked for, without their outputs.
    async fn job_page(&self, asked: JobsAsked) -> Result<Vec<StoredJob>, StoreError>;

    /// The newest jobs, of one kind or of all, without their outputs.
    async fn jobs(&self, kind: Option<JobKind>, limit: usize) -> Result<Vec<StoredJob>, StoreError> {
        self.job_page(JobsAsked { kind, limit, ..JobsAsked::default() }).await
    }

    /// Writes documents; one with the key of an earlier one replaces it.
    async fn put(&self, collection: Collection, documents: Vec<Document>) -> Result<(), StoreError>;

    /// Writes a document in the place of an earlier one, where that is still as it was; whether it was.
    async fn replace(&self, collection: Collection, old: Document, new: Document) -> Result<bool, StoreError>;

    /// Writes documents of several collections, all or none.
    async fn put_together(&self, documents: Vec<(Collection, Document)>) -> Result<(), StoreError>;

    /// Writes documents, and links a record to the forecast ledger, both or neither. A record with the key of an earlier
    /// one is that one, which stays.
    async fn put_and_link(
        &self,
        collection: Collection,
        documents: Vec<Document>,
        record: LedgerRecord,
    ) -> Result<(), StoreError>;

    /// The next links of the forecast ledger after a number, `limit` at most, in order.
    async fn ledger(&self, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// The document with a key.
    async fn get(&self, collection: Collection, key: String) -> Result<Option<Document>, StoreError>;

    /// Drops the document with a key; whether there was one.
    async fn remove(&self, collection: Collection, key: String) -> Result<bool, StoreError>;

    /// Documents of a window in order of time, the newest `limit` of them.
    async fn list(&self, collection: Collection, window: Window, limit: usize) -> Result<Vec<Document>, StoreError>;

    /// The next documents after one, the newest first, of those whose field has a value where one is asked for.
    async fn list_after(
        &self,
        collection: Collection,
        after: Option<String>,
        wanted: Option<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError>;

    /// Drops everything dated before `end`, so that a demo that runs for ever does not grow for ever.
    async fn forget_before(&self, end: Instant) -> Result<(), StoreError>;
}

/// Records of a scan that somebody else goes on with.
pub(crate) const BATCH: usize = 10_000;

/// Every link of the forecast ledger, scanned in batches.
///
/// # Errors
/// When the store fails.
pub async fn whole_ledger(store: &dyn Store) -> Result<Vec<Entry>, StoreError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let batch = store.ledger(all.last().map_or(0, |entry| entry.sequence), BATCH).await?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}

/// Every observation that came in during a window, scanned in batches.
///
/// # Errors
/// When the store fails.
pub async fn observations_in(store: &dyn Store, window: Window) -> Result<Vec<Received>, StoreError> {
    let mut all = Vec::new();
    let mut after = ObservationKey::default();
    loop {
        let batch = store.scan_observations(after, window, BATCH).await?;
        let Some((last, _)) = batch.last() else { return Ok(all) };
        after = *last;
        all.extend(batch.into_iter().map(|(_, received)| received));
    }
}

/// Every request of a window, scanned in batches.
///
/// # Errors
/// When the store fails.
pub async fn requests_in(store: &dyn Store, window: Window) -> Result<Vec<Request>, StoreError> {
    let mut all = Vec::new();
    let mut after = LogKey::from(window.start);
    loop {
        let batch = store.scan_requests(after.clone(), window.end, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(all) };
        after = LogKey { at: last.at, id: last.id.clone() };
        all.extend(batch);
    }
}
