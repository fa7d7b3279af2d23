//! What is too large for a message, under the hash of its content: whoever reads it knows that it is what was meant.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::AsyncReadExt;

use super::QueueError;
use super::bytes::unpack;
use super::connection::{Connection, KEPT, PATIENCE, patiently};

/// The name of an object with this content: BLAKE3.
pub(super) fn name_of(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

/// Stores what was packed, unless it is there for a good while yet.
///
/// # Errors
/// When the queue does not take it.
pub(super) async fn keep(connection: &Connection, name: &str, packed: &[u8]) -> Result<(), QueueError> {
    patiently(|| async {
        if is_there(connection, name).await {
            return Ok(());
        }
        let mut rest = packed;
        let stored = connection.objects.put(name, &mut rest).await;
        stored.map(drop).map_err(|error| connection.failed(error))
    })
    .await
}

/// Whether it is there for half of the time that it would be if it were stored now.
pub(super) async fn is_there(connection: &Connection, name: &str) -> bool {
    let Ok(info) = connection.objects.info(name).await else { return false };
    let stored = info.modified.and_then(|at| u64::try_from(at.unix_timestamp()).ok()).map(Duration::from_secs);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    !info.deleted && stored.is_some_and(|stored| now < stored + KEPT / 2)
}

/// The content of an object.
///
/// # Errors
/// When the queue does not give it, or something else than was stored.
pub(super) async fn fetch(connection: &Connection, name: &str, what: &'static str) -> Result<Vec<u8>, QueueError> {
    let content = unpack(&patiently(|| packed(connection, name)).await?, what)?;
    if name_of(&content) == name { Ok(content) } else { Err(QueueError::Damaged { what }) }
}

async fn packed(connection: &Connection, name: &str) -> Result<Vec<u8>, QueueError> {
    let reading = async {
        let mut object = connection.objects.get(name).await.map_err(|error| connection.failed(error))?;
        let mut packed = Vec::new();
        object.read_to_end(&mut packed).await.map_err(|error| connection.failed(error))?;
        Ok(packed)
    };
    // Where the leader goes away in the middle of it, nothing more comes.
    tokio::time::timeout(PATIENCE / 2, reading).await.unwrap_or_else(|late| Err(connection.failed(late)))
}
