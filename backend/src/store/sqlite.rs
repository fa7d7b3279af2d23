//! The store in one SQLite file: one thread writes, one reads, both by themselves.

mod backup;
mod counts;
mod documents;
mod jobs;
mod keys;
mod ledger;
mod log;
mod migrations;
mod notifications;
mod readings;
mod remote_writes;
mod retention;
#[cfg(test)]
mod tests;
mod thread;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use shared::api::{Job, JobKind, Progress};
use shared::features::SensorReading;
use shared::feedback::ledger::Entry;
use shared::request::{Observation, Received, Request};
use shared::units::{Duration, Instant, Window};

use super::{
    Appended, Collection, CreatesOf, Document, JobEnd, JobsAsked, LedgerRecord, LogKey, LogSummary, ObservationKey,
    Store, StoreError, StoredJob,
};
pub use backup::{back_up, check_copy};
use counts::{Count, Counts};
pub use keys::SqliteKeys;
pub use notifications::SqliteNotifications;
use thread::DatabaseThread;

/// One SQLite file in WAL mode. A commit waits for the disk, and an answer waits for the commit.
#[derive(Debug)]
pub struct SqliteStore {
    writer: DatabaseThread,
    reader: DatabaseThread,
    counts: Arc<Counts>,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings it to the newest version.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        migrations::apply(&mut connection, &migrations::MIGRATIONS)?;
        Ok(Self {
            counts: Arc::new(Counts::of(&connection)?),
            writer: DatabaseThread::start("store-writer", connection)?,
            reader: DatabaseThread::start("store-reader", connect(path)?)?,
        })
    }

    /// Opens the file for its forecast ledger and leaves it as it is, in its version: a service may have it open. Writing
    /// fails.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, has no ledger yet, or was written by a newer program.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let connection = connect_to_read(path)?;
        migrations::check_for_ledger(&connection)?;
        Ok(Self {
            counts: Arc::new(Counts::of(&connection)?),
            writer: DatabaseThread::start("store-writer", connection)?,
            reader: DatabaseThread::start("store-reader", connect_to_read(path)?)?,
        })
    }
}

impl SqliteStore {
    /// Writes a batch, and counts what of it is new.
    async fn append(
        &self,
        count: fn(&Counts) -> &Count,
        write: impl FnOnce(&mut Connection) -> Result<Vec<Appended>, StoreError> + Send + 'static,
    ) -> Result<Vec<Appended>, StoreError> {
        let counts = Arc::clone(&self.counts);
        self.writer
            .call(move |connection| {
                let appended = write(connection)?;
                count(&counts).add(&appended);
                Ok(appended)
            })
            .await
    }
}

fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append_requests(&self, batch: Vec<Request>) -> Result<Vec<Appended>, StoreError> {
        self.append(|counts| &counts.requests, move |connection| log::append_requests(connection, &batch)).await
    }

    async fn append_observations(&self, batch: Vec<Observation>, now: Instant) -> Result<Vec<Appended>, StoreError> {
        self.append(|counts| &counts.observations, move |connection| log::append_observations(connection, &batch, now))
            .await
    }

    async fn scan_requests(&self, after: LogKey, end: Instant, limit: usize) -> Result<Vec<Request>, StoreError> {
        self.reader.call(move |connection| log::scan_requests(connection, &after, end, limit)).await
    }

    async fn request(&self, id: String) -> Result<Option<Request>, StoreError> {
        self.reader.call(move |connection| log::request(connection, &id)).await
    }

    async fn others_have_ids_of(&self, tenant: String) -> Result<bool, StoreError> {
        self.reader.call(move |connection| log::others_have_ids_of(connection, &tenant)).await
    }

    async fn requests_beginning(&self, with: Vec<String>) -> Result<Vec<Vec<Request>>, StoreError> {
        self.reader.call(move |connection| log::requests_beginning(connection, &with)).await
    }

    async fn observations_of(&self, requests: Vec<String>) -> Result<Vec<Vec<Observation>>, StoreError> {
        self.reader.call(move |connection| log::observations_of(connection, &requests)).await
    }

    async fn scan_observations(
        &self,
        after: ObservationKey,
        window: Window,
        limit: usize,
    ) -> Result<Vec<(ObservationKey, Received)>, StoreError> {
        self.reader.call(move |connection| log::scan_observations(connection, after, window, limit)).await
    }

    async fn append_readings(&self, batch: Vec<SensorReading>) -> Result<Vec<Appended>, StoreError> {
        self.append(|counts| &counts.readings, move |connection| readings::append(connection, &batch)).await
    }

    async fn mean_readings(&self, window: Window, bin: Duration) -> Result<Vec<SensorReading>, StoreError> {
        self.reader.call(move |connection| readings::means(connection, window, bin)).await
    }

    async fn summary(&self) -> Result<LogSummary, StoreError> {
        let counts = Arc::clone(&self.counts);
        self.reader.call(move |connection| log::summary(connection, &counts)).await
    }

    async fn count_creates(
        &self,
        window: Window,
        bin: Duration,
        of: CreatesOf,
    ) -> Result<Vec<(Instant, u64)>, StoreError> {
        self.reader.call(move |connection| log::count_creates(connection, window, bin, &of)).await
    }

    async fn submit(&self, kind: JobKind, input: String, now: Instant) -> Result<Job, StoreError> {
        self.writer.call(move |connection| jobs::submit(connection, kind, &input, now)).await
    }

    async fn claim(&self, now: Instant) -> Result<Option<StoredJob>, StoreError> {
        self.writer.call(move |connection| jobs::claim(connection, now)).await
    }

    async fn finish_with(
        &self,
        id: String,
        end: JobEnd,
        progress: Progress,
        now: Instant,
        documents: Vec<(Collection, Document)>,
    ) -> Result<bool, StoreError> {
        self.writer
            .call(move |connection| {
                let transaction = connection.transaction()?;
                let ended = jobs::finish(&transaction, &id, &end, progress, now)?;
                if ended {
                    documents::put_together(&transaction, &documents)?;
                }
                transaction.commit()?;
                Ok(ended)
            })
            .await
    }

    async fn put_and_submit(
        &self,
        documents: Vec<(Collection, Document)>,
        kind: JobKind,
        input: String,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.writer
            .call(move |connection| {
                let transaction = connection.transaction()?;
                documents::put_together(&transaction, &documents)?;
                if !jobs::was_submitted(&transaction, kind, &input)? {
                    jobs::submit(&transaction, kind, &input, now)?;
                }
                Ok(transaction.commit()?)
            })
            .await
    }

    async fn retry(&self, id: String, failure: String, at: Instant) -> Result<bool, StoreError> {
        self.writer.call(move |connection| jobs::retry(connection, &id, &failure, at)).await
    }

    async fn release(&self, id: String) -> Result<bool, StoreError> {
        self.writer.call(move |connection| jobs::release(connection, &id)).await
    }

    async fn requeue_running(&self, now: Option<Instant>) -> Result<u64, StoreError> {
        self.writer.call(move |connection| jobs::requeue_running(connection, now)).await
    }

    async fn job(&self, id: String) -> Result<Option<StoredJob>, StoreError> {
        self.reader.call(move |connection| jobs::get(connection, &id)).await
    }

    async fn job_page(&self, asked: JobsAsked) -> Result<Vec<StoredJob>, StoreError> {
        self.reader.call(move |connection| jobs::list(connection, &asked)).await
    }

    async fn put(&self, collection: Collection, documents: Vec<Document>) -> Result<(), StoreError> {
        self.writer.call(move |connection| documents::put(connection, collection, &documents)).await
    }

    async fn replace(&self, collection: Collection, old: Document, new: Document) -> Result<bool, StoreError> {
        self.writer.call(move |connection| documents::replace(connection, collection, &old, &new)).await
    }

    async fn put_together(&self, documents: Vec<(Collection, Document)>) -> Result<(), StoreError> {
        self.writer
            .call(move |connection| {
                let transaction = connection.transaction()?;
                documents::put_together(&transaction, &documents)?;
                Ok(transaction.commit()?)
            })
            .await
    }

    async fn put_and_link(
        &self,
        collection: Collection,
        documents: Vec<Document>,
        record: LedgerRecord,
    ) -> Result<(), StoreError> {
        self.writer.call(move |connection| ledger::put_and_link(connection, collection, &documents, &record)).await
    }

    async fn ledger(&self, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.reader.call(move |connection| ledger::scan(connection, after, limit)).await
    }

    async fn get(&self, collection: Collection, key: String) -> Result<Option<Document>, StoreError> {
        self.reader.call(move |connection| documents::get(connection, collection, &key)).await
    }

    async fn remove(&self, collection: Collection, key: String) -> Result<bool, StoreError> {
        self.writer.call(move |connection| documents::remove(connection, collection, &key)).await
    }

    async fn list(&self, collection: Collection, window: Window, limit: usize) -> Result<Vec<Document>, StoreError> {
        self.reader.call(move |connection| documents::list(connection, collection, window, limit)).await
    }

    async fn list_after(
        &self,
        collection: Collection,
        after: Option<String>,
        wanted: Option<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.reader.call(move |connection| documents::list_after(connection, collection, after, wanted, limit)).await
    }

    async fn forget_before(&self, end: Instant) -> Result<(), StoreError> {
        let counts = Arc::clone(&self.counts);
        self.writer
            .call(move |connection| {
                log::forget_before(connection, end, &counts)?;
                counts.readings.subtract(readings::forget_before(connection, end)?);
                documents::forget_before(connection, end)
            })
            .await
    }
}
