//! What was noticed, and whom it is still to be sent to.

use async_trait::async_trait;
use shared::api::{FailedDelivery, Notification, Told, WebhookView};
use shared::units::Instant;

use super::StoreError;

/// Something that may have been noticed before.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotification {
    /// What is noticed again has the same key, and is told once.
    pub key: String,
    /// What instant it is about.
    pub at: Instant,
    /// Whose it is; of all together where none.
    pub tenant: Option<String>,
    /// All of it in a sentence.
    pub message: String,
    /// The path that has the whole of it.
    pub path: String,
    /// What was noticed.
    pub told: Told,
}

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWebhook {
    /// All that may be told of it.
    pub view: WebhookView,
    /// What is sent to it is signed with this.
    pub secret: String,
}

/// A notification that is due to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the webhook.
    pub webhook: String,
    /// The id of the notification.
    pub notification: String,
    /// How often it was tried before.
    pub attempts: u32,
    /// Where to.
    pub url: String,
    /// What it is signed with.
    pub secret: String,
    /// What is sent.
    pub body: String,
}

/// What became of an attempt to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// It was taken.
    Taken,
    /// It was not, and is tried again at this instant.
    Again(Instant, String),
    /// It was not, at this instant, and is not tried again.
    GivenUp(Instant, String),
}

/// Storage of notifications and webhooks; what it has answered is committed.
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Keeps what was not noticed before, for every webhook that is to hear of it; these notifications. A test is only for
    /// its own webhook. What was noticed long ago, and waits for nobody, is dropped.
    async fn note(&self, noticed: Vec<NewNotification>, now: Instant) -> Result<Vec<Notification>, StoreError>;

    /// The next notifications after an id, of all or of some tenants, `limit` at most, in order.
    async fn notifications(
        &self,
        after: String,
        tenants: Option<Vec<String>>,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError>;

    /// The id of the newest notification; empty where there is none.
    async fn newest(&self) -> Result<String, StoreError>;

    /// Drops all notifications: a replay begins afresh. Webhooks stay.
    async fn forget(&self) -> Result<(), StoreError>;

    /// Adds a webhook.
    async fn insert_webhook(&self, webhook: StoredWebhook) -> Result<(), StoreError>;

    /// Every webhook, in the order in which they were made.
    async fn webhooks(&self) -> Result<Vec<WebhookView>, StoreError>;

    /// Drops a webhook with all that waits for it; whether there was one.
    async fn remove_webhook(&self, id: String) -> Result<bool, StoreError>;

    /// Has exactly these webhooks from the service's file.
    async fn set_webhooks_of_file(&self, webhooks: Vec<StoredWebhook>) -> Result<(), StoreError>;

    /// The first that is due for each webhook.
    async fn due(&self, now: Instant) -> Result<Vec<Delivery>, StoreError>;

    /// Notes what became of an attempt.
    async fn attempted(&self, webhook: String, notification: String, became: Attempted) -> Result<(), StoreError>;

    /// What a webhook did not take and is not tried again, after the id of a notification, `limit` at most, in order.
    async fn failures(&self, webhook: String, after: String, limit: usize) -> Result<Vec<FailedDelivery>, StoreError>;

    /// Makes what was given up due again; the notification, where it was given up.
    async fn send_again(
        &self,
        webhook: String,
        notification: String,
        now: Instant,
    ) -> Result<Option<Notification>, StoreError>;
}
