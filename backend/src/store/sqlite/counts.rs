//! How many records there are: counting them takes as long as going through them, so that it is done once.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use crate::store::{Appended, StoreError};

/// Records by kind, as the last commit of this process left them.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) requests: Count,
    pub(super) observations: Count,
    pub(super) readings: Count,
}

/// How many records of a kind there are.
#[derive(Debug)]
pub(super) struct Count(AtomicU64);

impl Counts {
    /// Counts what is in a file.
    pub(super) fn of(connection: &Connection) -> Result<Self, StoreError> {
        let count = |table| {
            let sql = format!("SELECT count(*) FROM {table}");
            let count = connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
            Ok::<_, StoreError>(Count(AtomicU64::new(count as u64)))
        };
        Ok(Self { requests: count("requests")?, observations: count("observations")?, readings: count("readings")? })
    }
}

impl Count {
    /// How many there are.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Takes note of what became of a batch that was committed.
    pub(super) fn add(&self, appended: &[Appended]) {
        let accepted = appended.iter().filter(|appended| **appended == Appended::Accepted).count();
        self.0.fetch_add(accepted as u64, Ordering::AcqRel);
    }

    /// Takes note of so many that are gone.
    pub(super) fn subtract(&self, gone: usize) {
        self.0.fetch_sub(gone as u64, Ordering::AcqRel);
    }
}
