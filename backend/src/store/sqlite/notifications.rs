//! Notifications and webhooks, in a file of their own: whoever gets a copy of the log does not get the secrets that
//! notifications are signed with.

mod deliveries;
mod webhooks;

use std::path::Path;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use shared::api::{FailedDelivery, Notification, Told, WebhookView};
use shared::units::{Duration, Instant};

use super::thread::DatabaseThread;
use super::{connect, migrations};
use crate::store::{Attempted, Delivery, NewNotification, NotificationStore, StoreError, StoredWebhook, write_json};

/// How long what was noticed is kept.
const KEPT: Duration = Duration::from_seconds(30 * 86_400);

/// One SQLite file in WAL mode, that only its owner may read.
#[derive(Debug)]
pub struct SqliteNotifications {
    writer: DatabaseThread,
    reader: DatabaseThread,
}

impl SqliteNotifications {
    /// Opens the file, makes it where it is missing, and brings it to the newest version.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path).map_err(|error| StoreError::Database(error.to_string()))?;
        let mut connection = connect(path)?;
        migrations::apply(&mut connection, &migrations::OF_NOTIFICATIONS)?;
        Ok(Self {
            writer: DatabaseThread::start("notes-writer", connection)?,
            reader: DatabaseThread::start("notes-reader", connect(path)?)?,
        })
    }
}

/// Makes the file such that only its owner may read it; SQLite makes those beside it alike.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[async_trait]
impl NotificationStore for SqliteNotifications {
    async fn note(&self, noticed: Vec<NewNotification>, now: Instant) -> Result<Vec<Notification>, StoreError> {
        self.writer.call(move |connection| note(connection, noticed, now)).await
    }

    async fn notifications(
        &self,
        after: String,
        tenants: Option<Vec<String>>,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError> {
        self.reader.call(move |connection| scan(connection, &after, tenants.as_deref(), limit)).await
    }

    async fn newest(&self) -> Result<String, StoreError> {
        self.reader.call(|connection| newest(connection)).await
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM deliveries; DELETE FROM notifications;";
        self.writer.call(|connection| Ok(connection.execute_batch(sql)?)).await
    }

    async fn insert_webhook(&self, webhook: StoredWebhook) -> Result<(), StoreError> {
        self.writer.call(move |connection| webhooks::insert(connection, &webhook)).await
    }

    async fn webhooks(&self) -> Result<Vec<WebhookView>, StoreError> {
        self.reader.call(|connection| webhooks::list(connection)).await
    }

    async fn remove_webhook(&self, id: String) -> Result<bool, StoreError> {
        self.writer.call(move |connection| webhooks::remove(connection, &id)).await
    }

    async fn set_webhooks_of_file(&self, webhooks: Vec<StoredWebhook>) -> Result<(), StoreError> {
        self.writer.call(move |connection| webhooks::set_of_file(connection, &webhooks)).await
    }

    async fn due(&self, now: Instant) -> Result<Vec<Delivery>, StoreError> {
        self.reader.call(move |connection| deliveries::due(connection, now)).await
    }

    async fn attempted(&self, webhook: String, notification: String, became: Attempted) -> Result<(), StoreError> {
        self.writer.call(move |connection| deliveries::attempted(connection, &webhook, &notification, &became)).await
    }

    async fn failures(&self, webhook: String, after: String, limit: usize) -> Result<Vec<FailedDelivery>, StoreError> {
        self.reader.call(move |connection| deliveries::failures(connection, &webhook, &after, limit)).await
    }

    async fn send_again(
        &self,
        webhook: String,
        notification: String,
        now: Instant,
    ) -> Result<Option<Notification>, StoreError> {
        self.writer.call(move |connection| deliveries::send_again(connection, &webhook, &notification, now)).await
    }
}

fn note(
    connection: &mut Connection,
    noticed: Vec<NewNotification>,
    now: Instant,
) -> Result<Vec<Notification>, StoreError> {
    let transaction = connection.transaction()?;
    let mut noted = Vec::new();
    let hooks = webhooks::list(&transaction)?;
    // All of one time have the same, so that from ids nobody learns how many there were for others.
    let at = later_than(&newest(&transaction)?, now);
    for new in noticed {
        if let Some(notification) = insert(&transaction, new, at, now)? {
            for hook in hooks.iter().filter(|hook| hears(hook, &notification)) {
                deliveries::insert(&transaction, &hook.id, &notification.id, now)?;
            }
            noted.push(notification);
        }
    }
    if !noted.is_empty() {
        forget_before(&transaction, &format!("n{:014x}", (now - KEPT).micros()))?;
    }
    transaction.commit()?;
    Ok(noted)
}

/// Keeps one, unless it was noticed before.
fn insert(
    transaction: &Transaction<'_>,
    new: NewNotification,
    at: i64,
    now: Instant,
) -> Result<Option<Notification>, StoreError> {
    let known = transaction.prepare_cached("SELECT 1 FROM notifications WHERE key = ?1")?.exists([&new.key])?;
    if known {
        return Ok(None);
    }
    let random: String = transaction.query_row("SELECT lower(hex(randomblob(6)))", [], |row| row.get(0))?;
    let id = format!("n{at:014x}{random}");
    let NewNotification { key, at, tenant, message, path, told } = new;
    let notification = Notification { id, timestamp: now, at, tenant, message, path, told };
    let sql = "INSERT INTO notifications (id, key, type, tenant, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let Notification { id, tenant, told, .. } = &notification;
    transaction.execute(sql, params![id, key, told.kind().as_str(), tenant, write_json(&notification)?])?;
    Ok(Some(notification))
}

/// Microseconds for new ids: those of a clock, or later where that was set back.
fn later_than(newest: &str, now: Instant) -> i64 {
    let last = newest.get(1..15).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    now.micros().max(last.map_or(0, |last| last + 1))
}

/// Whether a webhook is to be sent a notification.
fn hears(hook: &WebhookView, notification: &Notification) -> bool {
    if let Told::Test { webhook } = &notification.told {
        return *webhook == hook.id;
    }
    let of_tenant = |tenants: &Vec<String>| notification.tenant.as_ref().is_some_and(|tenant| tenants.contains(tenant));
    hook.types.as_ref().is_none_or(|types| types.contains(&notification.told.kind()))
        && hook.tenants.as_ref().is_none_or(of_tenant)
}

/// Drops what has an earlier id, and waits for nobody.
fn forget_before(transaction: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    let waits = "EXISTS (SELECT 1 FROM deliveries WHERE notification = id AND due_at IS NOT NULL)";
    transaction.execute(&format!("DELETE FROM notifications WHERE id < ?1 AND NOT {waits}"), [id])?;
    let gone = "notification < ?1 AND notification NOT IN (SELECT id FROM notifications)";
    transaction.execute(&format!("DELETE FROM deliveries WHERE {gone}"), [id])?;
    Ok(())
}

fn newest(connection: &Connection) -> Result<String, StoreError> {
    let id = connection.query_row("SELECT max(id) FROM notifications", [], |row| row.get::<_, Option<String>>(0));
    Ok(id.optional()?.flatten().unwrap_or_default())
}

fn scan(
    connection: &Connection,
    after: &str,
    tenants: Option<&[String]>,
    limit: usize,
) -> Result<Vec<Notification>, StoreError> {
    let sql = "SELECT body FROM notifications WHERE id > ?1
               AND (?2 IS NULL OR tenant IN (SELECT value FROM json_each(?2))) ORDER BY id LIMIT ?3";
    let tenants = tenants.map(|tenants| write_json(&tenants)).transpose()?;
    let mut statement = connection.prepare_cached(sql)?;
    let bodies = statement.query_map(params![after, tenants, limit as i64], |row| row.get::<_, String>(0))?;
    bodies.map(|body| read(&body?)).collect()
}

/// A notification as it was kept.
fn read(body: &str) -> Result<Notification, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Unreadable(format!("a notification: {error}")))
}
