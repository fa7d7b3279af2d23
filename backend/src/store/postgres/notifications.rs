//! Notifications and webhooks.

mod deliveries;
mod webhooks;

use async_trait::async_trait;
use shared::api::{FailedDelivery, Notification, Told, WebhookView};
use shared::units::{Duration, Instant};

use super::session::Session;
use super::{PostgresStore, fits};
use crate::store::{Attempted, Delivery, NewNotification, NotificationStore, StoreError, StoredWebhook, write_json};

/// How long what was noticed is kept.
const KEPT: Duration = Duration::from_seconds(30 * 86_400);

#[async_trait]
impl NotificationStore for PostgresStore {
    async fn note(&self, noticed: Vec<NewNotification>, now: Instant) -> Result<Vec<Notification>, StoreError> {
        let writing = self.connections.write().await?;
        let noted = note(writing.session()?, noticed, now).await?;
        writing.commit().await?;
        Ok(noted)
    }

    async fn notifications(
        &self,
        after: String,
        tenants: Option<Vec<String>>,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError> {
        let sql = "SELECT body FROM notifications WHERE id > $1
                   AND ($2::text[] IS NULL OR tenant = ANY($2)) ORDER BY id LIMIT $3";
        let reader = self.connections.reader().await?;
        let rows = reader.session()?.query(sql, &[&after, &tenants, &(limit as i64)]).await?;
        rows.iter().map(|row| read(row.try_get(0)?)).collect()
    }

    async fn newest(&self) -> Result<String, StoreError> {
        newest(self.connections.reader().await?.session()?).await
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        writing.session()?.batch("DELETE FROM deliveries; DELETE FROM notifications").await?;
        writing.commit().await
    }

    async fn insert_webhook(&self, webhook: StoredWebhook) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        webhooks::insert(writing.session()?, &webhook).await?;
        writing.commit().await
    }

    async fn webhooks(&self) -> Result<Vec<WebhookView>, StoreError> {
        webhooks::list(self.connections.reader().await?.session()?).await
    }

    async fn remove_webhook(&self, id: String) -> Result<bool, StoreError> {
        let writing = self.connections.write().await?;
        let removed = webhooks::remove(writing.session()?, &id).await?;
        writing.commit().await?;
        Ok(removed)
    }

    async fn set_webhooks_of_file(&self, webhooks: Vec<StoredWebhook>) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        webhooks::set_of_file(writing.session()?, &webhooks).await?;
        writing.commit().await
    }

    async fn due(&self, now: Instant) -> Result<Vec<Delivery>, StoreError> {
        deliveries::due(self.connections.reader().await?.session()?, now).await
    }

    async fn attempted(&self, webhook: String, notification: String, became: Attempted) -> Result<(), StoreError> {
        let writing = self.connections.write().await?;
        deliveries::attempted(writing.session()?, &webhook, &notification, &became).await?;
        writing.commit().await
    }

    async fn failures(&self, webhook: String, after: String, limit: usize) -> Result<Vec<FailedDelivery>, StoreError> {
        deliveries::failures(self.connections.reader().await?.session()?, &webhook, &after, limit).await
    }

    async fn send_again(
        &self,
        webhook: String,
        notification: String,
        now: Instant,
    ) -> Result<Option<Notification>, StoreError> {
        let writing = self.connections.write().await?;
        let again = deliveries::send_again(writing.session()?, &webhook, &notification, now).await?;
        writing.commit().await?;
        Ok(again)
    }
}

async fn note(session: &Session, noticed: Vec<NewNotification>, now: Instant) -> Result<Vec<Notification>, StoreError> {
    let mut noted = Vec::new();
    let hooks = webhooks::list(session).await?;
    // All of one time have the same, so that from ids nobody learns how many there were for others.
    let at = later_than(&newest(session).await?, now);
    for new in noticed {
        if let Some(notification) = insert(session, new, at, now).await? {
            for hook in hooks.iter().filter(|hook| hears(hook, &notification)) {
                deliveries::insert(session, &hook.id, &notification.id, now).await?;
            }
            noted.push(notification);
        }
    }
    if !noted.is_empty() {
        forget_before(session, &format!("n{:014x}", (now - KEPT).micros())).await?;
    }
    Ok(noted)
}

/// Keeps one, unless it was noticed before.
async fn insert(
    session: &Session,
    new: NewNotification,
    at: i64,
    now: Instant,
) -> Result<Option<Notification>, StoreError> {
    let NewNotification { key, at: about, tenant, message, path, told } = new;
    fits("key", &[&key])?;
    if session.exists("SELECT 1 FROM notifications WHERE key = $1", &[&key]).await? {
        return Ok(None);
    }
    let random = getrandom::u64().map_err(|error| StoreError::Database(error.to_string()))? & 0xffff_ffff_ffff;
    let id = format!("n{at:014x}{random:012x}");
    let notification = Notification { id, timestamp: now, at: about, tenant, message, path, told };
    let sql = "INSERT INTO notifications (id, key, type, tenant, body) VALUES ($1, $2, $3, $4, $5)";
    let Notification { id, tenant, told, .. } = &notification;
    session.execute(sql, &[id, &key, &told.kind().as_str(), tenant, &write_json(&notification)?]).await?;
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
async fn forget_before(session: &Session, id: &str) -> Result<(), StoreError> {
    let waits = "EXISTS (SELECT 1 FROM deliveries WHERE notification = id AND due_at IS NOT NULL)";
    session.execute(&format!("DELETE FROM notifications WHERE id < $1 AND NOT {waits}"), &[&id]).await?;
    let gone = "notification < $1 AND notification NOT IN (SELECT id FROM notifications)";
    session.execute(&format!("DELETE FROM deliveries WHERE {gone}"), &[&id]).await?;
    Ok(())
}

async fn newest(session: &Session) -> Result<String, StoreError> {
    let row = session.find("SELECT max(id) FROM notifications", &[]).await?;
    Ok(row.map(|row| row.try_get::<_, Option<String>>(0)).transpose()?.flatten().unwrap_or_default())
}

/// A notification as it was kept.
fn read(body: &str) -> Result<Notification, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Unreadable(format!("a notification: {error}")))
}
