//! Keys as they were a moment ago, so that a process that only takes requests in asks for them rarely, and goes on while the
//! database is away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use shared::api::AuditEntry;
use shared::units::Instant as At;
use tokio::sync::Mutex;

use crate::access::{SecretHash, StoredKey};
use crate::store::{KeyStore, StoreError};

/// A key that is revoked, or new, is known to be after so long.
const FRESH: Duration = Duration::from_secs(2);

/// And for so long it goes on as it was where the database does not answer.
const WITHOUT: Duration = Duration::from_secs(60);

/// Keys of a database, read every few seconds.
pub(super) struct RememberedKeys {
    inner: Arc<dyn KeyStore>,
    known: Mutex<Option<Known>>,
}

struct Known {
    /// By their ids.
    keys: BTreeMap<String, StoredKey>,
    tenants: Arc<BTreeSet<String>>,
    /// When they were read.
    read: Instant,
    /// When it was tried last.
    tried: Instant,
}

impl RememberedKeys {
    pub(super) fn new(inner: Arc<dyn KeyStore>) -> Self {
        Self { inner, known: Mutex::default() }
    }

    /// What `of` takes of what is known.
    async fn known<T>(&self, of: impl FnOnce(&Known) -> T) -> Result<T, StoreError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.tried.elapsed() < FRESH) {
            return Ok(of(known));
        }
        let tried = Instant::now();
        match (self.inner.keys().await, known.as_mut()) {
            (Ok(keys), _) => Ok(of(known.insert(Known::new(keys, tried)))),
            (Err(StoreError::Unavailable(error)), Some(before)) if before.read.elapsed() < WITHOUT => {
                tracing::warn!(error, "keys are those that were known before");
                before.tried = Instant::now();
                Ok(of(before))
            }
            (Err(error), _) => Err(error),
        }
    }
}

impl Known {
    fn new(keys: Vec<StoredKey>, tried: Instant) -> Self {
        let tenants = keys.iter().filter_map(|key| key.view.tenants.as_ref()).flatten().cloned().collect();
        let keys = keys.into_iter().map(|key| (key.view.id.clone(), key)).collect();
        Self { keys, tenants: Arc::new(tenants), read: tried, tried }
    }
}

#[async_trait]
impl KeyStore for RememberedKeys {
    async fn key(&self, id: String) -> Result<Option<StoredKey>, StoreError> {
        self.known(|known| known.keys.get(&id).cloned()).await
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.inner.keys().await
    }

    async fn tenants_with_keys(&self) -> Result<Arc<BTreeSet<String>>, StoreError> {
        self.known(|known| Arc::clone(&known.tenants)).await
    }

    async fn insert_key(&self, key: StoredKey) -> Result<(), StoreError> {
        self.inner.insert_key(key).await
    }

    async fn revoke_key(&self, id: String, now: At) -> Result<(), StoreError> {
        self.inner.revoke_key(id, now).await
    }

    async fn rotate_key(&self, id: String, hash: SecretHash, former_until: At) -> Result<(), StoreError> {
        self.inner.rotate_key(id, hash, former_until).await
    }

    async fn note(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.inner.note(entry).await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.audit(after, limit).await
    }

    async fn forget_audit(&self, before: At, limit: usize) -> Result<u64, StoreError> {
        self.inner.forget_audit(before, limit).await
    }
}
