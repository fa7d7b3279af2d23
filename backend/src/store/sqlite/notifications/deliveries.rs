//! What webhooks have not taken yet.

use rusqlite::{Connection, OptionalExtension, Row, params};
use shared::api::{FailedDelivery, Notification};
use shared::units::Instant;

use super::read;
use crate::store::{Attempted, Delivery, StoreError};

pub(super) fn insert(
    connection: &Connection,
    webhook: &str,
    notification: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO deliveries (webhook, notification, due_at) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![webhook, notification, now.micros()])?;
    Ok(())
}

pub(super) fn due(connection: &Connection, now: Instant) -> Result<Vec<Delivery>, StoreError> {
    let sql = "SELECT d.webhook, d.notification, d.attempts, w.url, w.secret, n.body
               FROM (SELECT webhook, min(notification) AS notification FROM deliveries WHERE due_at <= ?1 GROUP BY webhook)
               JOIN deliveries d USING (webhook, notification)
               JOIN webhooks w ON w.id = d.webhook JOIN notifications n ON n.id = d.notification";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([now.micros()], delivery)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn attempted(
    connection: &Connection,
    webhook: &str,
    notification: &str,
    became: &Attempted,
) -> Result<(), StoreError> {
    let of = "WHERE webhook = ?1 AND notification = ?2";
    match became {
        Attempted::Taken => connection.execute(&format!("DELETE FROM deliveries {of}"), [webhook, notification])?,
        Attempted::Again(at, error) => connection.execute(
            &format!("UPDATE deliveries SET attempts = attempts + 1, due_at = ?3, error = ?4 {of}"),
            params![webhook, notification, at.micros(), error],
        )?,
        Attempted::GivenUp(at, error) => connection.execute(
            &format!("UPDATE deliveries SET attempts = attempts + 1, due_at = NULL, failed_at = ?3, error = ?4 {of}"),
            params![webhook, notification, at.micros(), error],
        )?,
    };
    Ok(())
}

pub(super) fn failures(
    connection: &Connection,
    webhook: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<FailedDelivery>, StoreError> {
    let sql = "SELECT n.body, d.attempts, d.failed_at, d.error FROM deliveries d
               JOIN notifications n ON n.id = d.notification
               WHERE d.webhook = ?1 AND d.due_at IS NULL AND d.notification > ?2 ORDER BY d.notification LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![webhook, after, limit as i64], |row| Ok(failure(row)))?;
    rows.map(|row| row?).collect()
}

pub(super) fn send_again(
    connection: &Connection,
    webhook: &str,
    notification: &str,
    now: Instant,
) -> Result<Option<Notification>, StoreError> {
    let sql = "UPDATE deliveries SET attempts = 0, due_at = ?3, failed_at = NULL, error = NULL
               WHERE webhook = ?1 AND notification = ?2 AND due_at IS NULL";
    if connection.execute(sql, params![webhook, notification, now.micros()])? == 0 {
        return Ok(None);
    }
    let sql = "SELECT body FROM notifications WHERE id = ?1";
    let body: Option<String> = connection.query_row(sql, [notification], |row| row.get(0)).optional()?;
    body.as_deref().map(read).transpose()
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        webhook: row.get(0)?,
        notification: row.get(1)?,
        attempts: row.get(2)?,
        url: row.get(3)?,
        secret: row.get(4)?,
        body: row.get(5)?,
    })
}

fn failure(row: &Row<'_>) -> Result<FailedDelivery, StoreError> {
    Ok(FailedDelivery {
        notification: read(&row.get::<_, String>(0)?)?,
        attempts: row.get(1)?,
        failed_at: Instant::from_micros(row.get(2)?),
        error: row.get(3)?,
    })
}
