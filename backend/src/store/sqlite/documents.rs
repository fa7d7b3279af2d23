//! Documents: one table a collection, all of the same shape.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use shared::units::{Instant, Window};

use crate::store::{Collection, Document, StoreError};

pub(super) fn put(
    connection: &mut Connection,
    collection: Collection,
    documents: &[Document],
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    put_in(&transaction, collection, documents)?;
    Ok(transaction.commit()?)
}

/// The same as a part of a larger transaction.
pub(super) fn put_in(
    transaction: &Transaction<'_>,
    collection: Collection,
    documents: &[Document],
) -> Result<(), StoreError> {
    let sql = format!("INSERT OR REPLACE INTO {} (key, at, body) VALUES (?1, ?2, ?3)", collection.name());
    let mut insert = transaction.prepare_cached(&sql)?;
    for document in documents {
        insert.execute(params![document.key, document.at.micros(), document.body])?;
    }
    Ok(())
}

/// The same in the place of an earlier one, where that is still as it was; whether it was.
pub(super) fn replace(
    connection: &Connection,
    collection: Collection,
    old: &Document,
    new: &Document,
) -> Result<bool, StoreError> {
    let sql = format!("UPDATE {} SET at = ?3, body = ?4 WHERE key = ?1 AND body = ?2", collection.name());
    let changed = connection.execute(&sql, params![old.key, old.body, new.at.micros(), new.body])?;
    Ok(changed == 1)
}

/// Documents of several collections as a part of a larger transaction.
pub(super) fn put_together(
    transaction: &Transaction<'_>,
    documents: &[(Collection, Document)],
) -> Result<(), StoreError> {
    documents
        .iter()
        .try_for_each(|(collection, document)| put_in(transaction, *collection, core::slice::from_ref(document)))
}

pub(super) fn get(connection: &Connection, collection: Collection, key: &str) -> Result<Option<Document>, StoreError> {
    let sql = format!("SELECT key, at, body FROM {} WHERE key = ?1", collection.name());
    Ok(connection.prepare_cached(&sql)?.query_row(params![key], document).optional()?)
}

pub(super) fn remove(connection: &Connection, collection: Collection, key: &str) -> Result<bool, StoreError> {
    let sql = format!("DELETE FROM {} WHERE key = ?1", collection.name());
    Ok(connection.prepare_cached(&sql)?.execute(params![key])? == 1)
}

pub(super) fn list(
    connection: &Connection,
    collection: Collection,
    window: Window,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let sql = format!(
        "SELECT key, at, body FROM {} WHERE at >= ?1 AND at < ?2 ORDER BY at DESC, key DESC LIMIT ?3",
        collection.name()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        params![window.start.micros(), window.end.micros(), limit.min(i64::MAX as usize) as i64],
        document,
    )?;
    let mut newest_first: Vec<Document> = rows.collect::<Result<_, _>>()?;
    newest_first.reverse();
    Ok(newest_first)
}

/// The next ones after one, the newest first, of those whose field has a value where one is asked for.
pub(super) fn list_after(
    connection: &Connection,
    collection: Collection,
    after: Option<String>,
    wanted: Option<(&'static str, String)>,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let table = collection.name();
    let sql = format!(
        "SELECT key, at, body FROM {table}
         WHERE (?1 IS NULL OR (at, key) < (SELECT at, key FROM {table} WHERE key = ?1))
             AND (?2 IS NULL OR json_extract(body, '$.' || ?2) = ?3)
         ORDER BY at DESC, key DESC LIMIT ?4"
    );
    let (field, value) = wanted.unzip();
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after, field, value, limit as i64], document)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn forget_before(connection: &mut Connection, end: Instant) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for collection in Collection::ALL {
        // The champion stays, however long ago it was fitted, what recurs, however long ago it began, what was accepted, and
        // bills, which are made long after what they are of.
        let stays = [
            Collection::Models,
            Collection::Events,
            Collection::Acceptances,
            Collection::Bills,
            Collection::BillScopes,
        ];
        if !stays.contains(&collection) {
            transaction.execute(&format!("DELETE FROM {} WHERE at < ?1", collection.name()), params![end.micros()])?;
        }
    }
    Ok(transaction.commit()?)
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document { key: row.get(0)?, at: Instant::from_micros(row.get(1)?), body: row.get(2)? })
}
