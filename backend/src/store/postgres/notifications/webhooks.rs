//! Where notifications are sent to.

use serde::de::DeserializeOwned;
use shared::api::WebhookView;
use shared::units::Instant;
use tokio_postgres::Row;

use crate::store::postgres::session::Session;
use crate::store::{StoreError, StoredWebhook, write_json};

const COLUMNS: &str = "id, name, url, types, tenants, created_at, from_file";

pub(super) async fn insert(session: &Session, webhook: &StoredWebhook) -> Result<(), StoreError> {
    let StoredWebhook { view, secret } = webhook;
    let (types, tenants) =
        (view.types.as_ref().map(write_json).transpose()?, view.tenants.as_ref().map(write_json).transpose()?);
    // One that the file had before keeps what waits for it.
    let sql = format!(
        "INSERT INTO webhooks ({COLUMNS}, secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET \
         name = excluded.name, url = excluded.url, types = excluded.types, tenants = excluded.tenants, \
         secret = excluded.secret"
    );
    let WebhookView { id, name, url, created_at, from_file, .. } = view;
    session.execute(&sql, &[id, name, url, &types, &tenants, &created_at.micros(), from_file, secret]).await?;
    Ok(())
}

pub(super) async fn list(session: &Session) -> Result<Vec<WebhookView>, StoreError> {
    let count = |due: &str| format!("(SELECT count(*) FROM deliveries WHERE webhook = id AND due_at {due})");
    let (waiting, failed) = (count("IS NOT NULL"), count("IS NULL"));
    let sql = format!("SELECT {COLUMNS}, {waiting}, {failed} FROM webhooks ORDER BY created_at, id");
    session.query(&sql, &[]).await?.iter().map(view).collect()
}

/// With all that waits for it.
pub(super) async fn remove(session: &Session, id: &str) -> Result<bool, StoreError> {
    session.execute("DELETE FROM deliveries WHERE webhook = $1", &[&id]).await?;
    Ok(session.execute("DELETE FROM webhooks WHERE id = $1", &[&id]).await? == 1)
}

pub(super) async fn set_of_file(session: &Session, webhooks: &[StoredWebhook]) -> Result<(), StoreError> {
    let kept: Vec<&str> = webhooks.iter().map(|webhook| webhook.view.id.as_str()).collect();
    session.execute("DELETE FROM webhooks WHERE from_file AND NOT id = ANY($1)", &[&kept]).await?;
    session.execute("DELETE FROM deliveries WHERE webhook NOT IN (SELECT id FROM webhooks)", &[]).await?;
    for webhook in webhooks {
        insert(session, webhook).await?;
    }
    Ok(())
}

fn view(row: &Row) -> Result<WebhookView, StoreError> {
    Ok(WebhookView {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        url: row.try_get(2)?,
        types: list_in(row.try_get(3)?)?,
        tenants: list_in(row.try_get(4)?)?,
        created_at: Instant::from_micros(row.try_get(5)?),
        from_file: row.try_get(6)?,
        waiting: row.try_get::<_, i64>(7)? as u64,
        failed: row.try_get::<_, i64>(8)? as u64,
    })
}

fn list_in<T: DeserializeOwned>(text: Option<String>) -> Result<Option<Vec<T>>, StoreError> {
    let read = |text: String| serde_json::from_str(&text).map_err(|error| StoreError::Unreadable(error.to_string()));
    text.map(read).transpose()
}
