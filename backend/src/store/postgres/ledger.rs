//! The forecast ledger: links that are only ever added, and never forgotten.

use shared::feedback::ledger::{Entry, ZERO};
use shared::simulation::Digest;
use tokio_postgres::Row;

use super::fits;
use super::session::Session;
use crate::store::{LedgerRecord, StoreError};

/// Adds a link, unless it is there or what it follows is not. One at a time: another one waits for the row until the end of
/// this transaction, and then finds this link.
pub(super) async fn link(session: &Session, record: &LedgerRecord) -> Result<(), StoreError> {
    let LedgerRecord { key, follows, record } = record;
    fits("key", &[key])?;
    session.execute("SELECT value FROM counts WHERE name = 'links' FOR UPDATE", &[]).await?;
    let known = "SELECT 1 FROM forecast_ledger WHERE key = $1";
    if session.exists(known, &[key]).await? {
        return Ok(());
    }
    if let Some(follows) = follows
        && !session.exists(known, &[follows]).await?
    {
        return Ok(());
    }
    let last = "SELECT sequence, previous, hash, record FROM forecast_ledger ORDER BY sequence DESC LIMIT 1";
    let last = session.find(last, &[]).await?.as_ref().map(entry).transpose()?;
    let Entry { sequence, previous, hash, record } =
        Entry::after(last.map_or(ZERO, |last| last.head()), record.clone());
    let sql = "INSERT INTO forecast_ledger (sequence, key, previous, hash, record) VALUES ($1, $2, $3, $4, $5)";
    let (previous, hash) = (previous.to_string(), hash.to_string());
    session.execute(sql, &[&(sequence as i64), key, &previous, &hash, &record]).await?;
    Ok(())
}

pub(super) async fn scan(session: &Session, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let sql =
        "SELECT sequence, previous, hash, record FROM forecast_ledger WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    session.query(sql, &[&signed(after), &signed(limit as u64)]).await?.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let digest = |column: usize| -> Result<Digest, StoreError> {
        let text: &str = row.try_get(column)?;
        text.parse().map_err(StoreError::Unreadable)
    };
    let sequence: i64 = row.try_get(0)?;
    Ok(Entry { sequence: sequence as u64, previous: digest(1)?, hash: digest(2)?, record: row.try_get(3)? })
}
