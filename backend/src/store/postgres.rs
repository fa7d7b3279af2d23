//! The store in a PostgreSQL database: one connection writes, a few read.
//!
//! What it has answered is on the server's disk. While the server is gone it answers that, and connects again by itself.

mod address;
mod background;
mod connections;
mod counts;
mod documents;
mod errors;
mod jobs;
mod keys;
mod lease;
mod ledger;
mod log;
mod migrations;
mod notifications;
mod partitions;
mod readings;
mod remote_writes;
mod retention;
mod session;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use shared::api::{Job, JobKind, Progress};
use shared::features::SensorReading;
use shared::feedback::ledger::Entry;
use shared::request::{Observation, Received, Request};
use shared::units::{Duration, Instant, Window};
use tokio::sync::oneshot;

use super::{
    Appended, Collection, CreatesOf, Document, JobEnd, JobsAsked, LedgerRecord, LogKey, LogSummary, ObservationKey,
    Store, StoreError, StoredJob,
};
pub use address::{PostgresAddress, redacted};
use connections::Connections;
use lease::Lease;
pub(crate) use log::{check_observation, check_request};
use partitions::Partitions;

use crate::background::Background;

/// The longest text, in bytes, that an index of the server takes.
const INDEXED_MAX: usize = 2_000;

/// A database on a server that speaks PostgreSQL's protocol. A commit waits for the server's disk, and an answer waits for the
/// commit.
pub struct PostgresStore {
    connections: Connections,
    /// Of keys, which others than the holder of the database may change too.
    keys: Connections,
    partitions: Partitions,
    lease: Option<Lease>,
    /// On which all of them live, and so the last to go.
    background: Background,
}

impl PostgresStore {
    /// Brings the database to the newest version, and opens it without holding it: for keys, and for tests.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or a newer program was there.
    pub async fn open(address: &PostgresAddress) -> Result<Self, StoreError> {
        let store = Self::connect(address)?;
        migrations::apply(store.keys.writer().await?.session()?).await?;
        Ok(store)
    }

    /// The same for a service, which holds the database alone; where another one does, waits for it or says who that is.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when another process holds it.
    pub async fn hold(address: &PostgresAddress, wait: bool) -> Result<Self, StoreError> {
        let mut store = Self::connect(address)?;
        let lease = Lease::take(address, store.background.handle(), wait).await?;
        store.connections.write_as(&lease.holder);
        store.lease = Some(lease);
        Ok(store)
    }

    /// Opens the database for its forecast ledger and leaves it as it is, in its version.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, there is no ledger yet, or a newer program was there.
    pub async fn open_to_read(address: &PostgresAddress) -> Result<Self, StoreError> {
        let store = Self::connect(address)?;
        migrations::check(store.connections.reader().await?.session()?).await?;
        Ok(store)
    }

    fn connect(address: &PostgresAddress) -> Result<Self, StoreError> {
        let background =
            Background::start("store-postgres").map_err(|error| StoreError::Database(error.to_string()))?;
        let connections = || Connections::new(address, background.handle());
        Ok(Self {
            connections: connections(),
            keys: connections(),
            partitions: Partitions::default(),
            lease: None,
            background,
        })
    }

    /// What hears, once, that another process has taken the database over; none where it is not held.
    pub fn lost(&mut self) -> Option<oneshot::Receiver<()>> {
        self.lease.as_mut().and_then(|lease| lease.lost.take())
    }

    /// Gives the database up, so that the next service need not wait until this one is taken for dead; whether it was held
    /// until now.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn give_up(&self) -> Result<bool, StoreError> {
        match &self.lease {
            Some(lease) => lease.give_up().await,
            None => Ok(false),
        }
    }
}

/// Whether texts go into an index together; `what` says which they are.
fn fits(what: &str, texts: &[&str]) -> Result<(), StoreError> {
    texts.iter().try_for_each(|text| holds(what, text))?;
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    if bytes <= INDEXED_MAX {
        return Ok(());
    }
    let begins: String = texts.concat().chars().take(40).collect();
    Err(StoreError::Unfit(format!("the {what} `{begins}…` has {bytes} bytes; expected {INDEXED_MAX} at most")))
}

/// Whether a text has no character that PostgreSQL does not know in texts.
fn holds(what: &str, text: &str) -> Result<(), StoreError> {
    if !text.contains('\0') {
        return Ok(());
    }
    let shown: String = text.chars().take(40).collect();
    Err(StoreError::Unfit(format!("the {what} {shown:?} has a NUL character; expected none")))
}

#[async_trait]
impl Store for PostgresStore {
    async fn append_requests(&self, batch: Vec<Request>) -> Result<Vec<Appended>, StoreError> {
        self.partitions.make(&self.connections, &batch).await?;
        let writing = self.connections.write().await?;
        let appended = log::append_requests(writing.session()?, &batch).await;
        // A partition that is not there any more is made again the next time.
        let appended = appended.inspect_err(|_| self.partitions.forget())?;
        writing.commit().await?;
        Ok(appended)
    }

    async fn append_observations(&self, batch: Vec<Observation>, now: Instant) -> Result<Vec<Appended>, StoreError> {
        let writing = self.connections.write().await?;
        let appended = log::append_observations(writing.session()?, &batch, now).await?;
        writing.commit().await?;
        Ok(appended)
    }

    async fn scan_requests(&self, after: LogKey, end: Instant, limit: usize) -> Result<Vec<Request>, StoreError> {
        log::scan_requests(self.connections.reader().await?.session()?, &after, end, limit).await
    }

    async fn request(&self, id: String) -> Result<Option<Request>, StoreError> {
        log::request(self.connections.reader().await?.session()?, &id).await
    }

    async fn others_have_ids_of(&self, tenant: String) -> Result<bool, StoreError> {
        log::others_have_ids_of(self.connections.reader().await?.session()?, &tenant).await
    }

    async fn requests_beginning(&self, with: Vec<String>) -> Result<Vec<Vec<Request>>, StoreError> {
        log::requests_beginning(self.connections.reader().await?.session()?, &with).await
    }

    async fn observations_of(&self, requests: Vec<String>) -> Result<Vec<Vec<Observation>>, StoreError> {
        log::observations_of(self.connections.reader().await?.session()?, &requests).await
    }

    async fn scan_observations(
        &self,
        after: ObservationKey,
        window: Window,
        limit: usize,
    ) -> Result<Vec<(ObservationKey, Received)>, StoreError> {
        log::scan_observations(self.connections.reader().await?.session()?, after, window, limit).await
    }

    async fn append_readings(&self, batch: Vec<SensorReading>) -> Result<Vec<Appended>, StoreError> {
        let writing = self.connections.write().await?;
        let appended = readings::append(writing.session()?, &batch).await?;
        writing.commit().await?;
        Ok(appended)
    }

    async fn mean_readings(&self, window: Window, bin: Duration) -> Result<Vec<SensorReading>, StoreError> {
        readings::means(self.connections.reader().await?.session()?, window, bin).await
    }

    async fn summary(&self) -> Result<LogSummary, StoreError> {
        log::summary(self.connections.reader().await?.session()?).await
    }

    async fn count_creates(
        &self,
        window: Window,
        bin: Duration,
        of: CreatesOf,
    ) -> Result<Vec<(Instant, u64)>, StoreError> {
        log::count_creates(self.connections.reader().await?.session()?, window, bin, &of).await
    }

    async fn submit(&self, kind: JobKind, input: String, now: Instant) -> Result<Job, StoreError> {
        let writing = self.connections.write().await?;
        let job = jobs::submit(writing.session()?, kind, &input, now).await?;
        writing.commit().await?;
        Ok(job)
    }

    async fn claim(&self, now: Instant) -> Result<Option<StoredJob>, StoreError> {
        let writing = self.connections.write().await?;
        let claimed = jobs::claim(writing.session()?, now).await?;
        writing.commit().await?;
        Ok(claimed)
    }

    async fn finish_with(
        &self,
        id: String,
        end: JobEnd,
        progress: Progress,
        now: Instant,
        documents: Vec<(Collection, Document)>,
    ) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let ended = jobs::finish(writing.session()?, &id, &end, progress, now).await?;
        if ended {
            documents::put_together(writing.session()?, &documents).await?;
        }
        writing.commit().await?;
        Ok(ended)
    }

    async fn put_and_submit(
        &self,
        documents: Vec<(Collection, Document)>,
        kind: JobKind,
        input: String,
        now: Instant,
    ) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        documents::put_together(writing.session()?, &documents).await?;
        if !jobs::was_submitted(writing.session()?, kind, &input).await? {
            jobs::submit(writing.session()?, kind, &input, now).await?;
        }
        writing.commit().await
    }

    async fn retry(&self, id: String, failure: String, at: Instant) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let again = jobs::retry(writing.session()?, &id, &failure, at).await?;
        writing.commit().await?;
        Ok(again)
    }

    async fn release(&self, id: String) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let again = jobs::release(writing.session()?, &id).await?;
        writing.commit().await?;
        Ok(again)
    }

    async fn requeue_running(&self, now: Option<Instant>) -> Result<u64, StoreError> {
        let writing = self.connections.write().await?;
        let again = jobs::requeue_running(writing.session()?, now).await?;
        writing.commit().await?;
        Ok(again)
    }

    async fn job(&self, id: String) -> Result<Option<StoredJob>, StoreError> {
        jobs::get(self.connections.reader().await?.session()?, &id).await
    }

    async fn job_page(&self, asked: JobsAsked) -> Result<Vec<StoredJob>, StoreError> {
        jobs::list(self.connections.reader().await?.session()?, &asked).await
    }

    async fn put(&self, collection: Collection, documents: Vec<Document>) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        documents::put(writing.session()?, collection, &documents).await?;
        writing.commit().await
    }

    async fn replace(&self, collection: Collection, old: Document, new: Document) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let replaced = documents::replace(writing.session()?, collection, &old, &new).await?;
        writing.commit().await?;
        Ok(replaced)
    }

    async fn put_together(&self, documents: Vec<(Collection, Document)>) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        documents::put_together(writing.session()?, &documents).await?;
        writing.commit().await
    }

    async fn put_and_link(
        &self,
        collection: Collection,
        documents: Vec<Document>,
        record: LedgerRecord,
    ) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        documents::put(writing.session()?, collection, &documents).await?;
        ledger::link(writing.session()?, &record).await?;
        writing.commit().await
    }

    async fn ledger(&self, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        ledger::scan(self.connections.reader().await?.session()?, after, limit).await
    }

    async fn get(&self, collection: Collection, key: String) -> Result<Option<Document>, StoreError> {
        documents::get(self.connections.reader().await?.session()?, collection, &key).await
    }

    async fn remove(&self, collection: Collection, key: String) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let removed = documents::remove(writing.session()?, collection, &key).await?;
        writing.commit().await?;
        Ok(removed)
    }

    async fn list(&self, collection: Collection, window: Window, limit: usize) -> Result<Vec<Document>, StoreError> {
        documents::list(self.connections.reader().await?.session()?, collection, window, limit).await
    }

    async fn list_after(
        &self,
        collection: Collection,
        after: Option<String>,
        wanted: Option<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        documents::list_after(self.connections.reader().await?.session()?, collection, after, wanted, limit).await
    }

    async fn forget_before(&self, end: Instant) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        log::forget_before(writing.session()?, end).await?;
        readings::forget_before(writing.session()?, end).await?;
        documents::forget_before(writing.session()?, end).await?;
        writing.commit().await
    }
}
