//! Keys and the audit log, in a file of their own: they are the same for a service, a replay and the demo, and whoever gets a
//! copy of the log does not get them.

use std::path::Path;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shared::api::{AuditEntry, KeyView};
use shared::units::Instant;

use super::thread::DatabaseThread;
use super::{connect, migrations};
use crate::access::{SecretHash, StoredKey};
use crate::store::{KeyStore, StoreError, write_json};

/// One SQLite file in WAL mode, which a service and the command line may have open at once.
#[derive(Debug)]
pub struct SqliteKeys {
    writer: DatabaseThread,
    reader: DatabaseThread,
}

impl SqliteKeys {
    /// Opens the file, makes it where it is missing, and brings it to the newest version.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        migrations::apply(&mut connection, &migrations::OF_KEYS)?;
        Ok(Self {
            writer: DatabaseThread::start("keys-writer", connection)?,
            reader: DatabaseThread::start("keys-reader", connect(path)?)?,
        })
    }
}

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn insert_key(&self, key: StoredKey) -> Result<(), StoreError> {
        self.writer.call(move |connection| insert(connection, &key)).await
    }

    async fn key(&self, id: String) -> Result<Option<StoredKey>, StoreError> {
        self.reader.call(move |connection| get(connection, &id)).await
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.reader.call(|connection| list(connection)).await
    }

    async fn revoke_key(&self, id: String, now: Instant) -> Result<(), StoreError> {
        self.writer.call(move |connection| revoke(connection, &id, now)).await
    }

    async fn rotate_key(&self, id: String, hash: SecretHash, former_until: Instant) -> Result<(), StoreError> {
        self.writer.call(move |connection| rotate(connection, &id, hash, former_until)).await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.writer.call(move |connection| note(connection, &entry)).await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.reader.call(move |connection| audit(connection, after, limit)).await
    }

    async fn forget_audit(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        self.writer.call(move |connection| forget_audit(connection, before, limit)).await
    }
}

const COLUMNS: &str = "id, name, role, tenants, created_at, expires_at, revoked_at, hash, former, former_until";

fn insert(connection: &Connection, key: &StoredKey) -> Result<(), StoreError> {
    let StoredKey { view, hash, former } = key;
    let tenants = view.tenants.as_ref().map(write_json).transpose()?;
    let micros = |at: Option<Instant>| at.map(Instant::micros);
    let sql = format!("INSERT INTO keys ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    connection.execute(
        &sql,
        params![
            view.id,
            view.name,
            view.role.as_str(),
            tenants,
            view.created_at.micros(),
            micros(view.expires_at),
            micros(view.revoked_at),
            hash.to_text(),
            former.map(SecretHash::to_text),
            micros(view.former_until),
        ],
    )?;
    Ok(())
}

fn get(connection: &Connection, id: &str) -> Result<Option<StoredKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM keys WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row(params![id], |row| Ok(key(row))).optional()?.transpose()
}

fn list(connection: &Connection) -> Result<Vec<StoredKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM keys ORDER BY created_at, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok(key(row)))?;
    rows.map(|row| row?).collect()
}

fn revoke(connection: &Connection, id: &str, now: Instant) -> Result<(), StoreError> {
    let sql = "UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    connection.execute(sql, params![id, now.micros()])?;
    Ok(())
}

fn rotate(connection: &Connection, id: &str, hash: SecretHash, former_until: Instant) -> Result<(), StoreError> {
    let sql = "UPDATE keys SET former = hash, former_until = ?3, hash = ?2 WHERE id = ?1";
    connection.execute(sql, params![id, hash.to_text(), former_until.micros()])?;
    Ok(())
}

fn note(connection: &Connection, entry: &AuditEntry) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit (at, body) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![entry.at.micros(), write_json(entry)?])?;
    Ok(())
}

fn forget_audit(connection: &Connection, before: Instant, limit: usize) -> Result<u64, StoreError> {
    let sql = "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < ?1 ORDER BY number LIMIT ?2)";
    Ok(connection.execute(sql, params![before.micros(), limit as i64])? as u64)
}

fn audit(connection: &Connection, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
    let sql = "SELECT number, body FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let bounds = params![i64::try_from(after).unwrap_or(i64::MAX), limit as i64];
    let rows = statement.query_map(bounds, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let entry = |row: rusqlite::Result<(i64, String)>| {
        let (number, body) = row?;
        let entry: AuditEntry = serde_json::from_str(&body).map_err(unreadable)?;
        Ok(AuditEntry { number: number as u64, ..entry })
    };
    rows.map(entry).collect()
}

fn key(row: &Row<'_>) -> Result<StoredKey, StoreError> {
    let instant = |at: Option<i64>| at.map(Instant::from_micros);
    let hash = |text: String| SecretHash::parse(&text).ok_or_else(|| unreadable("a hash of a key"));
    let (role, tenants): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    let tenants = tenants.map(|text| serde_json::from_str(&text).map_err(unreadable)).transpose()?;
    let view = KeyView {
        id: row.get(0)?,
        name: row.get(1)?,
        role: role.parse().map_err(unreadable)?,
        tenants,
        created_at: Instant::from_micros(row.get(4)?),
        expires_at: instant(row.get(5)?),
        revoked_at: instant(row.get(6)?),
        former_until: instant(row.get(9)?),
    };
    let former: Option<String> = row.get(8)?;
    Ok(StoredKey { view, hash: hash(row.get(7)?)?, former: former.map(hash).transpose()? })
}

fn unreadable(error: impl ToString) -> StoreError {
    StoreError::Unreadable(error.to_string())
}
