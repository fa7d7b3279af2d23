//! Documents: one table, in which each has its collection.

use shared::units::{Instant, Window};
use tokio_postgres::Row;

use super::fits;
use super::session::Session;
use crate::store::{Collection, Document, StoreError};

pub(super) async fn put(session: &Session, collection: Collection, documents: &[Document]) -> Result<(), StoreError> {
    let sql = "INSERT INTO documents (collection, key, at, body) VALUES ($1, $2, $3, $4)
               ON CONFLICT (collection, key) DO UPDATE SET at = excluded.at, body = excluded.body";
    for Document { key, at, body } in documents {
        fits("key", &[key])?;
        session.execute(sql, &[&collection.name(), key, &at.micros(), body]).await?;
    }
    Ok(())
}

/// Documents of several collections.
pub(super) async fn put_together(session: &Session, documents: &[(Collection, Document)]) -> Result<(), StoreError> {
    for (collection, document) in documents {
        put(session, *collection, core::slice::from_ref(document)).await?;
    }
    Ok(())
}

/// The same in the place of an earlier one, where that is still as it was; whether it was.
pub(super) async fn replace(
    session: &Session,
    collection: Collection,
    old: &Document,
    new: &Document,
) -> Result<bool, StoreError> {
    let sql = "UPDATE documents SET at = $4, body = $5 WHERE collection = $1 AND key = $2 AND body = $3";
    let values: super::session::Values<'_> = &[&collection.name(), &old.key, &old.body, &new.at.micros(), &new.body];
    Ok(session.execute(sql, values).await? == 1)
}

pub(super) async fn get(session: &Session, collection: Collection, key: &str) -> Result<Option<Document>, StoreError> {
    let sql = "SELECT key, at, body FROM documents WHERE collection = $1 AND key = $2";
    session.find(sql, &[&collection.name(), &key]).await?.as_ref().map(document).transpose()
}

pub(super) async fn remove(session: &Session, collection: Collection, key: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM documents WHERE collection = $1 AND key = $2";
    Ok(session.execute(sql, &[&collection.name(), &key]).await? == 1)
}

pub(super) async fn list(
    session: &Session,
    collection: Collection,
    window: Window,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let sql = "SELECT key, at, body FROM documents WHERE collection = $1 AND at >= $2 AND at < $3
               ORDER BY at DESC, key DESC LIMIT $4";
    let limit = limit.min(i64::MAX as usize) as i64;
    let (start, end) = (window.start.micros(), window.end.micros());
    let newest_first = session.query(sql, &[&collection.name(), &start, &end, &limit]).await?;
    newest_first.iter().rev().map(document).collect()
}

/// The next ones after one, the newest first, of those whose field has a value where one is asked for. The fields are read
/// here: a server refuses JSON with characters in it that it cannot hold as text.
pub(super) async fn list_after(
    session: &Session,
    collection: Collection,
    after: Option<String>,
    wanted: Option<(&'static str, String)>,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let sql = "SELECT key, at, body FROM documents
               WHERE collection = $1 AND ($2::text IS NULL
                   OR (at, key) < (SELECT at, key FROM documents WHERE collection = $1 AND key = $2))
               ORDER BY at DESC, key DESC LIMIT $3";
    let (mut found, mut after) = (Vec::new(), after);
    while found.len() < limit {
        let page = session.query(sql, &[&collection.name(), &after, &(limit as i64)]).await?;
        for row in &page {
            let document = document(row)?;
            after = Some(document.key.clone());
            if has(&document, wanted.as_ref())? && found.len() < limit {
                found.push(document);
            }
        }
        if page.len() < limit {
            break;
        }
    }
    Ok(found)
}

fn has(document: &Document, wanted: Option<&(&'static str, String)>) -> Result<bool, StoreError> {
    let Some((field, value)) = wanted else { return Ok(true) };
    let body: serde_json::Value = document.read()?;
    Ok(body.get(field).and_then(serde_json::Value::as_str) == Some(value))
}

pub(super) async fn forget_before(session: &Session, end: Instant) -> Result<(), StoreError> {
    // The champion stays, however long ago it was fitted, what recurs, however long ago it began, what was accepted, and
    // bills, which are made long after what they are of.
    let stays =
        [Collection::Models, Collection::Events, Collection::Acceptances, Collection::Bills, Collection::BillScopes];
    let goes: Vec<&str> =
        Collection::ALL.into_iter().filter(|one| !stays.contains(one)).map(Collection::name).collect();
    session.execute("DELETE FROM documents WHERE collection = ANY($1) AND at < $2", &[&goes, &end.micros()]).await?;
    Ok(())
}

fn document(row: &Row) -> Result<Document, StoreError> {
    Ok(Document { key: row.try_get(0)?, at: Instant::from_micros(row.try_get(1)?), body: row.try_get(2)? })
}
