//! Connections to the server: one that writes and a few that read, each made again when it is gone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};

use super::address::PostgresAddress;
use super::background;
use super::lease;
use super::session::Session;
use crate::store::StoreError;

/// So many questions are answered at once.
const READERS: usize = 3;

/// For how long whoever asks is told what the last attempt to connect came to, before there is another one.
const PAUSE: Duration = Duration::from_millis(500);

/// What a connection that writes begins with. A process that is stopped in the middle of a transaction must not keep the
/// others from going on for ever.
const TO_WRITE: &str = concat!(
    "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '10s'; ",
    include_str!("staging.sql")
);

/// What a connection that reads begins with.
const TO_READ: &str = "SET default_transaction_read_only = on";

/// The connections of a store.
pub(super) struct Connections {
    writer: Slot,
    readers: [Slot; READERS],
    turn: AtomicUsize,
    /// The name under which this process holds the database, where it does: nothing is written without.
    holder: OnceLock<Arc<str>>,
}

/// A place for one connection.
pub(super) struct Slot {
    address: PostgresAddress,
    background: Handle,
    begin: &'static str,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    session: Option<Session>,
    failed: Option<(Instant, StoreError)>,
}

/// A connection that somebody uses, alone.
pub(super) struct Used<'a>(MutexGuard<'a, Held>);

/// A transaction that writes. Where it is not committed its connection is given up, and the server takes back what was done.
pub(super) struct Writing<'a> {
    used: Used<'a>,
    open: bool,
}

impl Connections {
    /// Connects nowhere yet.
    pub(super) fn new(address: &PostgresAddress, background: &Handle) -> Self {
        let slot = |begin| Slot::new(address, background, begin);
        Self {
            writer: slot(TO_WRITE),
            readers: std::array::from_fn(|_| slot(TO_READ)),
            turn: AtomicUsize::new(0),
            holder: OnceLock::new(),
        }
    }

    /// Writes from now on only while the database is held under this name.
    pub(super) fn write_as(&self, holder: &Arc<str>) {
        self.holder.get_or_init(|| Arc::clone(holder));
    }

    /// A connection that reads: one that is free, or else the next one in turn.
    pub(super) async fn reader(&self) -> Result<Used<'_>, StoreError> {
        let free = self.readers.iter().find(|slot| slot.held.try_lock().is_ok());
        let next = || &self.readers[self.turn.fetch_add(1, Ordering::Relaxed) % READERS];
        free.unwrap_or_else(next).used().await
    }

    /// The connection that writes, outside of a transaction.
    pub(super) async fn writer(&self) -> Result<Used<'_>, StoreError> {
        self.writer.used().await
    }

    /// A transaction on the connection that writes. Whoever would take the database over waits for its end.
    pub(super) async fn write(&self) -> Result<Writing<'_>, StoreError> {
        let writing = Writing { used: self.writer.used().await?, open: true };
        writing.session()?.batch("BEGIN").await?;
        if let Some(holder) = self.holder.get() {
            lease::check(writing.session()?, holder).await?;
        }
        Ok(writing)
    }
}

impl Slot {
    pub(super) fn new(address: &PostgresAddress, background: &Handle, begin: &'static str) -> Self {
        Self { address: address.clone(), background: background.clone(), begin, held: Mutex::default() }
    }

    /// The connection, which is made where there is none.
    pub(super) async fn used(&self) -> Result<Used<'_>, StoreError> {
        let mut held = self.held.lock().await;
        if held.session.as_ref().is_none_or(Session::is_closed) {
            held.session = None;
            if let Some((at, error)) = &held.failed
                && at.elapsed() < PAUSE
            {
                return Err(error.clone());
            }
            match background::connect(&self.background, &self.address, self.begin).await {
                Ok(session) => (held.session, held.failed) = (Some(session), None),
                Err(error) => {
                    held.failed = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            }
        }
        Ok(Used(held))
    }
}

impl Used<'_> {
    /// The connection.
    pub(super) fn session(&self) -> Result<&Session, StoreError> {
        self.0.session.as_ref().ok_or(StoreError::Closed)
    }
}

impl Writing<'_> {
    /// The connection.
    pub(super) fn session(&self) -> Result<&Session, StoreError> {
        self.used.session()
    }

    /// Ends it; what was written is on the server's disk then. An error that says that the server cannot be reached leaves it
    /// open whether it was done.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.session()?.batch("COMMIT").await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.open {
            self.used.0.session = None;
        }
    }
}
