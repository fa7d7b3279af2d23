//! The partitions of requests, one a week of their instants; each is made when the first of its requests comes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use shared::request::Request;
use shared::units::{Duration, Instant};

use super::connections::Connections;
use super::session::Session;
use crate::store::StoreError;

const WEEK: Duration = Duration::from_seconds(7 * 86_400);

/// The starts of the partitions that this process knows of.
#[derive(Default)]
pub(super) struct Partitions(Mutex<BTreeSet<Instant>>);

impl Partitions {
    /// Makes those that a batch needs, in a transaction of their own: making one keeps everybody from the table, and a batch
    /// takes longer.
    pub(super) async fn make(&self, connections: &Connections, batch: &[Request]) -> Result<(), StoreError> {
        let mut missing: BTreeSet<Instant> = batch.iter().map(|request| request.at.floor(WEEK)).collect();
        missing.retain(|start| !self.lock().contains(start));
        if missing.is_empty() {
            return Ok(());
        }
        let writing = connections.write().await?;
        // Two that make the same one at once would fail one of them.
        writing.session()?.execute("SELECT value FROM counts WHERE name = 'partitions' FOR UPDATE", &[]).await?;
        for start in &missing {
            let (name, end) = (name(*start), *start + WEEK);
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {name} PARTITION OF requests FOR VALUES FROM ({}) TO ({})",
                start.micros(),
                end.micros()
            );
            writing.session()?.batch(&sql).await?;
        }
        writing.commit().await?;
        self.lock().extend(missing);
        Ok(())
    }

    /// Drops those that end before an instant and have nothing in them.
    pub(super) async fn drop_empty(&self, session: &Session, before: Instant) -> Result<(), StoreError> {
        let sql = "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                   WHERE i.inhparent = 'requests'::regclass AND c.relname < $1 ORDER BY 1";
        let rows = session.query(sql, &[&name(before.floor(WEEK))]).await?;
        for row in rows {
            let name: &str = row.try_get(0)?;
            // It comes from the catalogue, and is quoted all the same.
            let quoted = format!("\"{}\"", name.replace('"', "\"\""));
            if !session.exists(&format!("SELECT 1 FROM {quoted} LIMIT 1"), &[]).await? {
                session.batch(&format!("DROP TABLE {quoted}")).await?;
            }
        }
        self.forget();
        Ok(())
    }

    /// Looks again which there are: somebody else may have dropped one.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Such as `requests_2026_11_26`, so that the order of names is that of time.
fn name(start: Instant) -> String {
    let date: String = start.to_string().chars().take(10).collect();
    format!("requests_{}", date.replace('-', "_"))
}
