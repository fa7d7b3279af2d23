//! Where notifications are sent to.

use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use shared::api::WebhookView;
use shared::units::Instant;

use crate::store::{StoreError, StoredWebhook, write_json};

const COLUMNS: &str = "id, name, url, types, tenants, created_at, from_file";

pub(super) fn insert(connection: &Connection, webhook: &StoredWebhook) -> Result<(), StoreError> {
    let StoredWebhook { view, secret } = webhook;
    let (types, tenants) =
        (view.types.as_ref().map(write_json).transpose()?, view.tenants.as_ref().map(write_json).transpose()?);
    // One that the file had before keeps what waits for it.
    let sql = format!(
        "INSERT INTO webhooks ({COLUMNS}, secret) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
         name = ?2, url = ?3, types = ?4, tenants = ?5, secret = ?8"
    );
    let WebhookView { id, name, url, created_at, from_file, .. } = view;
    connection.execute(&sql, params![id, name, url, types, tenants, created_at.micros(), from_file, secret])?;
    Ok(())
}

pub(super) fn list(connection: &Connection) -> Result<Vec<WebhookView>, StoreError> {
    let count = |due: &str| format!("(SELECT count(*) FROM deliveries WHERE webhook = id AND due_at {due})");
    let (waiting, failed) = (count("IS NOT NULL"), count("IS NULL"));
    let sql = format!("SELECT {COLUMNS}, {waiting}, {failed} FROM webhooks ORDER BY created_at, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok(view(row)))?;
    rows.map(|row| row?).collect()
}

/// With all that waits for it.
pub(super) fn remove(connection: &mut Connection, id: &str) -> Result<bool, StoreError> {
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM deliveries WHERE webhook = ?1", [id])?;
    let removed = transaction.execute("DELETE FROM webhooks WHERE id = ?1", [id])?;
    transaction.commit()?;
    Ok(removed == 1)
}

pub(super) fn set_of_file(connection: &mut Connection, webhooks: &[StoredWebhook]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let kept: Vec<&str> = webhooks.iter().map(|webhook| webhook.view.id.as_str()).collect();
    let gone = "id IN (SELECT value FROM json_each(?1))";
    transaction.execute(&format!("DELETE FROM webhooks WHERE from_file AND NOT {gone}"), [write_json(&kept)?])?;
    transaction.execute("DELETE FROM deliveries WHERE webhook NOT IN (SELECT id FROM webhooks)", [])?;
    webhooks.iter().try_for_each(|webhook| insert(&transaction, webhook))?;
    Ok(transaction.commit()?)
}

fn view(row: &Row<'_>) -> Result<WebhookView, StoreError> {
    Ok(WebhookView {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        types: list_in(row.get(3)?)?,
        tenants: list_in(row.get(4)?)?,
        created_at: Instant::from_micros(row.get(5)?),
        from_file: row.get(6)?,
        waiting: row.get::<_, i64>(7)? as u64,
        failed: row.get::<_, i64>(8)? as u64,
    })
}

fn list_in<T: DeserializeOwned>(text: Option<String>) -> Result<Option<Vec<T>>, StoreError> {
    let read = |text: String| serde_json::from_str(&text).map_err(|error| StoreError::Unreadable(error.to_string()));
    text.map(read).transpose()
}
