//! The forecast ledger: links that are only ever added, and never forgotten.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use shared::feedback::ledger::{Entry, ZERO};
use shared::simulation::Digest;

use super::documents;
use crate::store::{Collection, Document, LedgerRecord, StoreError};

pub(super) fn put_and_link(
    connection: &mut Connection,
    collection: Collection,
    documents: &[Document],
    record: &LedgerRecord,
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    documents::put_in(&transaction, collection, documents)?;
    link(&transaction, record)?;
    Ok(transaction.commit()?)
}

fn link(transaction: &Transaction<'_>, record: &LedgerRecord) -> Result<(), StoreError> {
    let LedgerRecord { key, follows, record } = record;
    let mut known = transaction.prepare_cached("SELECT 1 FROM forecast_ledger WHERE key = ?1")?;
    if known.exists(params![key])? {
        return Ok(());
    }
    if let Some(follows) = follows
        && !known.exists(params![follows])?
    {
        return Ok(());
    }
    let last = "SELECT sequence, previous, hash, record FROM forecast_ledger ORDER BY sequence DESC LIMIT 1";
    let last = transaction.prepare_cached(last)?.query_row([], entry).optional()?;
    let Entry { sequence, previous, hash, record } =
        Entry::after(last.map_or(ZERO, |last| last.head()), record.clone());
    transaction
        .prepare_cached(
            "INSERT INTO forecast_ledger (sequence, key, previous, hash, record) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![sequence as i64, key, previous.to_string(), hash.to_string(), record])?;
    Ok(())
}

pub(super) fn scan(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, previous, hash, record FROM forecast_ledger WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![signed(after), signed(limit as u64)], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let digest = |column: usize| -> rusqlite::Result<Digest> {
        let text: String = row.get(column)?;
        text.parse()
            .map_err(|error: String| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
    };
    let sequence: i64 = row.get(0)?;
    Ok(Entry { sequence: sequence as u64, previous: digest(1)?, hash: digest(2)?, record: row.get(3)? })
}
