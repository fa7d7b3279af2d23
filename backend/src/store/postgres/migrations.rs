//! Numbered changes of the tables, embedded in the program.

use super::session::Session;
use crate::store::StoreError;

/// Number n of the list brings a database from version n to n + 1. Entries are only ever added.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/postgres/0001_all.sql")];

/// What the version is kept in. Two that make it at once fail one of them, which then finds it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY, version BIGINT NOT NULL);
     INSERT INTO schema_version (name, version) VALUES ('shadowplane', 0) ON CONFLICT DO NOTHING;";

const VERSION: &str = "SELECT version FROM schema_version WHERE name = 'shadowplane'";

/// Applies what the database does not have yet: all of it or nothing, one process at a time.
pub(super) async fn apply(session: &Session) -> Result<(), StoreError> {
    let encoding: String = match session.find("SHOW server_encoding", &[]).await? {
        Some(row) => row.try_get(0)?,
        None => String::new(),
    };
    if encoding != "UTF8" {
        return Err(StoreError::Database(format!("the database is in {encoding}; make one with ENCODING 'UTF8'")));
    }
    if session.batch(TABLE).await.is_err() {
        session.batch(TABLE).await?;
    }
    session.batch("BEGIN").await?;
    let changed = change(session).await;
    session.batch(if changed.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    changed
}

/// Whether a database can be read as it is.
pub(super) async fn check(session: &Session) -> Result<(), StoreError> {
    let there = "SELECT 1 FROM information_schema.tables
                 WHERE table_name = 'schema_version' AND table_schema = current_schema()";
    let found = if session.exists(there, &[]).await? { version(session, VERSION).await? } else { 0 };
    match found {
        0 => Err(StoreError::NoLedger { found }),
        _ => Ok(()),
    }
}

/// The lock on the row keeps others waiting until the end of the transaction.
async fn change(session: &Session) -> Result<(), StoreError> {
    let found = version(session, &format!("{VERSION} FOR UPDATE")).await?;
    for sql in MIGRATIONS.iter().skip(found as usize) {
        session.batch(sql).await?;
    }
    let known = MIGRATIONS.len() as i64;
    session.execute("UPDATE schema_version SET version = $1 WHERE name = 'shadowplane'", &[&known]).await?;
    Ok(())
}

async fn version(session: &Session, sql: &str) -> Result<u32, StoreError> {
    let row = session.find(sql, &[]).await?;
    let found = row.map(|row| row.try_get::<_, i64>(0)).transpose()?.unwrap_or(0) as u32;
    let known = MIGRATIONS.len() as u32;
    if found > known { Err(StoreError::TooNew { found, known }) } else { Ok(found) }
}
