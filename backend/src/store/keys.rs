//! Keys, and what was done with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use shared::api::AuditEntry;
use shared::units::Instant;

use super::StoreError;
use crate::access::{SecretHash, StoredKey};

/// Storage of keys; what it has answered is committed.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Adds a key.
    async fn insert_key(&self, key: StoredKey) -> Result<(), StoreError>;

    /// The key with an id.
    async fn key(&self, id: String) -> Result<Option<StoredKey>, StoreError>;

    /// Every key, those that have ended too, in the order in which they were made.
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// The tenants that a key is limited to, or was.
    async fn tenants_with_keys(&self) -> Result<Arc<BTreeSet<String>>, StoreError> {
        let keys = self.keys().await?;
        Ok(Arc::new(keys.into_iter().filter_map(|key| key.view.tenants).flatten().collect()))
    }

    /// Ends a key that was not revoked before.
    async fn revoke_key(&self, id: String, now: Instant) -> Result<(), StoreError>;

    /// Gives a key another secret; the present one goes on until an instant.
    async fn rotate_key(&self, id: String, hash: SecretHash, former_until: Instant) -> Result<(), StoreError>;

    /// Notes that something was done; the entry's number is the next one, whatever it says.
    async fn note(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// The next entries after a number, `limit` at most, in order.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// Gives up entries from before an instant, `limit` at most; how many that were.
    async fn forget_audit(&self, before: Instant, limit: usize) -> Result<u64, StoreError>;
}
