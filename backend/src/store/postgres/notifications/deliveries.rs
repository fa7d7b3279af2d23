//! What webhooks have not taken yet.

use shared::api::{FailedDelivery, Notification};
use shared::units::Instant;
use tokio_postgres::Row;

use super::read;
use crate::store::postgres::session::Session;
use crate::store::{Attempted, Delivery, StoreError};

pub(super) async fn insert(
    session: &Session,
    webhook: &str,
    notification: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO deliveries (webhook, notification, due_at) VALUES ($1, $2, $3)";
    session.execute(sql, &[&webhook, &notification, &now.micros()]).await?;
    Ok(())
}

pub(super) async fn due(session: &Session, now: Instant) -> Result<Vec<Delivery>, StoreError> {
    let sql = "SELECT d.webhook, d.notification, d.attempts, w.url, w.secret, n.body
               FROM (SELECT webhook, min(notification) AS notification FROM deliveries WHERE due_at <= $1
                     GROUP BY webhook) AS firsts
               JOIN deliveries d ON d.webhook = firsts.webhook AND d.notification = firsts.notification
               JOIN webhooks w ON w.id = d.webhook JOIN notifications n ON n.id = d.notification";
    session.query(sql, &[&now.micros()]).await?.iter().map(delivery).collect()
}

pub(super) async fn attempted(
    session: &Session,
    webhook: &str,
    notification: &str,
    became: &Attempted,
) -> Result<(), StoreError> {
    let of = "WHERE webhook = $1 AND notification = $2";
    match became {
        Attempted::Taken => {
            session.execute(&format!("DELETE FROM deliveries {of}"), &[&webhook, &notification]).await?
        }
        Attempted::Again(at, error) => {
            let sql = format!("UPDATE deliveries SET attempts = attempts + 1, due_at = $3, error = $4 {of}");
            session.execute(&sql, &[&webhook, &notification, &at.micros(), &holdable(error)]).await?
        }
        Attempted::GivenUp(at, error) => {
            let set = "attempts = attempts + 1, due_at = NULL, failed_at = $3, error = $4";
            let sql = format!("UPDATE deliveries SET {set} {of}");
            session.execute(&sql, &[&webhook, &notification, &at.micros(), &holdable(error)]).await?
        }
    };
    Ok(())
}

/// What somebody else answered, without the character that the server cannot hold.
fn holdable(error: &str) -> String {
    error.replace('\0', "\u{fffd}")
}

pub(super) async fn failures(
    session: &Session,
    webhook: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<FailedDelivery>, StoreError> {
    let sql = "SELECT n.body, d.attempts, d.failed_at, d.error FROM deliveries d
               JOIN notifications n ON n.id = d.notification
               WHERE d.webhook = $1 AND d.due_at IS NULL AND d.notification > $2 ORDER BY d.notification LIMIT $3";
    session.query(sql, &[&webhook, &after, &(limit as i64)]).await?.iter().map(failure).collect()
}

pub(super) async fn send_again(
    session: &Session,
    webhook: &str,
    notification: &str,
    now: Instant,
) -> Result<Option<Notification>, StoreError> {
    let sql = "UPDATE deliveries SET attempts = 0, due_at = $3, failed_at = NULL, error = NULL
               WHERE webhook = $1 AND notification = $2 AND due_at IS NULL";
    if session.execute(sql, &[&webhook, &notification, &now.micros()]).await? == 0 {
        return Ok(None);
    }
    let found = session.find("SELECT body FROM notifications WHERE id = $1", &[&notification]).await?;
    found.map(|row| read(row.try_get(0)?)).transpose()
}

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        webhook: row.try_get(0)?,
        notification: row.try_get(1)?,
        attempts: row.try_get::<_, i64>(2)? as u32,
        url: row.try_get(3)?,
        secret: row.try_get(4)?,
        body: row.try_get(5)?,
    })
}

fn failure(row: &Row) -> Result<FailedDelivery, StoreError> {
    Ok(FailedDelivery {
        notification: read(row.try_get(0)?)?,
        attempts: row.try_get::<_, i64>(1)? as u32,
        failed_at: Instant::from_micros(row.try_get(2)?),
        error: row.try_get(3)?,
    })
}
