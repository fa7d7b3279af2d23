//! Keys and the audit log.

use async_trait::async_trait;
use shared::api::{AuditEntry, KeyView};
use shared::units::Instant;
use tokio_postgres::Row;

use super::PostgresStore;
use super::session::Session;
use crate::access::{SecretHash, StoredKey};
use crate::store::{KeyStore, StoreError, write_json};

/// The service and the command line may change keys at once: neither needs to hold the database for that.
#[async_trait]
impl KeyStore for PostgresStore {
    async fn insert_key(&self, key: StoredKey) -> Result<(), StoreError> {
        let writing = self.keys.write().await?;
        insert(writing.session()?, &key).await?;
        writing.commit().await
    }

    async fn key(&self, id: String) -> Result<Option<StoredKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM keys WHERE id = $1");
        let reader = self.connections.reader().await?;
        reader.session()?.find(&sql, &[&id]).await?.as_ref().map(key).transpose()
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM keys ORDER BY created_at, id");
        let reader = self.connections.reader().await?;
        reader.session()?.query(&sql, &[]).await?.iter().map(key).collect()
    }

    async fn revoke_key(&self, id: String, now: Instant) -> Result<(), StoreError> {
        let sql = "UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        let writing = self.keys.write().await?;
        writing.session()?.execute(sql, &[&id, &now.micros()]).await?;
        writing.commit().await
    }

    async fn rotate_key(&self, id: String, hash: SecretHash, former_until: Instant) -> Result<(), StoreError> {
        let sql = "UPDATE keys SET former = hash, former_until = $3, hash = $2 WHERE id = $1";
        let writing = self.keys.write().await?;
        writing.session()?.execute(sql, &[&id, &hash.to_text(), &former_until.micros()]).await?;
        writing.commit().await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (at, body) VALUES ($1, $2)";
        let writing = self.keys.write().await?;
        writing.session()?.execute(sql, &[&entry.at.micros(), &write_json(&entry)?]).await?;
        writing.commit().await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let sql = "SELECT number, body FROM audit WHERE number > $1 ORDER BY number LIMIT $2";
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let reader = self.connections.reader().await?;
        reader.session()?.query(sql, &[&after, &(limit as i64)]).await?.iter().map(entry).collect()
    }

    async fn forget_audit(&self, before: Instant, limit: usize) -> Result<u64, StoreError> {
        let sql = "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < $1 ORDER BY number LIMIT $2)";
        let writing = self.keys.write().await?;
        let gone = writing.session()?.execute(sql, &[&before.micros(), &(limit as i64)]).await?;
        writing.commit().await?;
        Ok(gone)
    }
}

const COLUMNS: &str = "id, name, role, tenants, created_at, expires_at, revoked_at, hash, former, former_until";

async fn insert(session: &Session, key: &StoredKey) -> Result<(), StoreError> {
    let StoredKey { view, hash, former } = key;
    let tenants = view.tenants.as_ref().map(write_json).transpose()?;
    let micros = |at: Option<Instant>| at.map(Instant::micros);
    let sql = format!("INSERT INTO keys ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    session
        .execute(
            &sql,
            &[
                &view.id,
                &view.name,
                &view.role.as_str(),
                &tenants,
                &view.created_at.micros(),
                &micros(view.expires_at),
                &micros(view.revoked_at),
                &hash.to_text(),
                &former.map(SecretHash::to_text),
                &micros(view.former_until),
            ],
        )
        .await?;
    Ok(())
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let entry: AuditEntry = serde_json::from_str(row.try_get(1)?).map_err(unreadable)?;
    Ok(AuditEntry { number: row.try_get::<_, i64>(0)? as u64, ..entry })
}

fn key(row: &Row) -> Result<StoredKey, StoreError> {
    let instant = |at: Option<i64>| at.map(Instant::from_micros);
    let hash = |text: String| SecretHash::parse(&text).ok_or_else(|| unreadable("a hash of a key"));
    let (role, tenants): (String, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
    let tenants = tenants.map(|text| serde_json::from_str(&text).map_err(unreadable)).transpose()?;
    let view = KeyView {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        role: role.parse().map_err(unreadable)?,
        tenants,
        created_at: Instant::from_micros(row.try_get(4)?),
        expires_at: instant(row.try_get(5)?),
        revoked_at: instant(row.try_get(6)?),
        former_until: instant(row.try_get(9)?),
    };
    let former: Option<String> = row.try_get(8)?;
    Ok(StoredKey { view, hash: hash(row.try_get(7)?)?, former: former.map(hash).transpose()? })
}

fn unreadable(error: impl ToString) -> StoreError {
    StoreError::Unreadable(error.to_string())
}
