//! Making and forgetting webhooks, over HTTP and from the settings' file.

use shared::api::{NewWebhook, Notification, Told, WebhookOrder, WebhookView, paths};
use shared::units::Instant;

use super::signature::draw_secret;
use super::{FileWebhook, Outbox, checked_url};
use crate::access::draw_id;
use crate::store::{NewNotification, NotificationStore, StoreError, StoredWebhook};

/// How many webhooks there may be: every notification waits for each of them.
const WEBHOOKS_MAX: usize = 100;

/// The longest name, in bytes.
const NAME_MAX: usize = 200;

/// The longest address, in bytes.
const URL_MAX: usize = 2_000;

/// Why a webhook was not made or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    /// The order is wrong.
    #[error("{field}: {message}")]
    Wrong {
        /// Which of its fields.
        field: &'static str,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// There are enough.
    #[error("there are {WEBHOOKS_MAX} webhooks, which are all that there may be; delete one")]
    TooMany,
    /// There is no such webhook.
    #[error("there is no webhook `{0}`; GET {url} lists them", url = paths::WEBHOOKS)]
    Unknown(String),
    /// The settings' file has it.
    #[error("the webhook `{0}` is in the file of the service's settings; take it out there")]
    OfFile(String),
    /// The operating system gives no entropy.
    #[error("the system gives no random bytes: {0}")]
    Entropy(#[from] getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a webhook.
///
/// # Errors
/// When the order is wrong, there are too many, or the store fails.
pub(crate) async fn create(
    store: &dyn NotificationStore,
    order: WebhookOrder,
    now: Instant,
) -> Result<NewWebhook, WebhookError> {
    check(&order)?;
    if store.webhooks().await?.len() >= WEBHOOKS_MAX {
        return Err(WebhookError::TooMany);
    }
    let secret = draw_secret()?;
    let view = view(draw_id()?, order, now, false);
    store.insert_webhook(StoredWebhook { view: view.clone(), secret: secret.clone() }).await?;
    Ok(NewWebhook { secret, view })
}

/// Forgets a webhook, with all that waits for it.
///
/// # Errors
/// When there is none, the file has it, or the store fails.
pub(crate) async fn remove(store: &dyn NotificationStore, id: &str) -> Result<WebhookView, WebhookError> {
    let view = find(store, id).await?;
    if view.from_file {
        return Err(WebhookError::OfFile(id.to_owned()));
    }
    store.remove_webhook(id.to_owned()).await?;
    Ok(view)
}

/// Sends a notification that tells nothing.
///
/// # Errors
/// When there is no such webhook, or the store fails.
pub(crate) async fn test(outbox: &Outbox, id: &str, now: Instant) -> Result<Notification, WebhookError> {
    let view = find(&*outbox.store, id).await?;
    let new = NewNotification {
        key: format!("test/{}", draw_id()?),
        at: now,
        tenant: None,
        message: "somebody tries whether the webhook works; nothing has happened".to_owned(),
        path: paths::WEBHOOKS.to_owned(),
        told: Told::Test { webhook: view.id },
    };
    let noted = outbox.note(vec![new], now).await?;
    noted.into_iter().next().ok_or_else(|| WebhookError::Unknown(id.to_owned()))
}

/// The webhook with an id.
///
/// # Errors
/// When there is none, or the store fails.
pub(crate) async fn find(store: &dyn NotificationStore, id: &str) -> Result<WebhookView, WebhookError> {
    let found = store.webhooks().await?.into_iter().find(|view| view.id == id);
    found.ok_or_else(|| WebhookError::Unknown(id.to_owned()))
}

/// Has those of the settings' file, whose ids are `file-` and their names, and no others that were in it before.
///
/// # Errors
/// When the store fails.
pub(crate) async fn set_webhooks_of_file(
    store: &dyn NotificationStore,
    webhooks: &[FileWebhook],
    now: Instant,
) -> Result<(), StoreError> {
    let stored = |webhook: &FileWebhook| {
        let FileWebhook { name, url, secret, types, tenants } = webhook.clone();
        let order = WebhookOrder { url, name: Some(name.clone()), types, tenants };
        StoredWebhook { view: view(format!("file-{name}"), order, now, true), secret }
    };
    store.set_webhooks_of_file(webhooks.iter().map(stored).collect()).await
}

fn view(id: String, order: WebhookOrder, created_at: Instant, from_file: bool) -> WebhookView {
    let WebhookOrder { url, name, types, tenants } = order;
    WebhookView { id, name, url, types, tenants, created_at, from_file, waiting: 0, failed: 0 }
}

fn check(order: &WebhookOrder) -> Result<(), WebhookError> {
    let wrong = |field, message: String| Err(WebhookError::Wrong { field, message });
    if let Err(message) = checked_url(&order.url) {
        return wrong("url", message);
    }
    if order.url.len() > URL_MAX {
        return wrong("url", format!("has {} bytes; expected {URL_MAX} at most", order.url.len()));
    }
    if order.types.as_ref().is_some_and(Vec::is_empty) {
        return wrong("types", "names none; name one at least, or leave it out".to_owned());
    }
    match &order.tenants {
        Some(tenants) if tenants.is_empty() => {
            return wrong("tenants", "names none; name one at least, or leave it out".to_owned());
        }
        Some(tenants) if tenants.iter().any(String::is_empty) => {
            return wrong("tenants", "has an empty name; expected names of tenants".to_owned());
        }
        _ => {}
    }
    if let Some(name) = order.name.as_ref().filter(|name| name.is_empty() || name.len() > NAME_MAX) {
        return wrong("name", format!("has {} bytes; expected 1 to {NAME_MAX}", name.len()));
    }
    Ok(())
}
