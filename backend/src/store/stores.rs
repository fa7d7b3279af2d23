//! All that a service keeps, wherever that is.

use std::sync::Arc;

use super::{KeyStore, NotificationStore, PostgresStore, RemoteWrites, Store};

/// All that a service keeps.
#[derive(Clone)]
pub struct Stores {
    /// The log, jobs, documents and the forecast ledger.
    pub store: Arc<dyn Store>,
    /// Bodies of remote write that are in no bin yet.
    pub remote_writes: Arc<dyn RemoteWrites>,
    /// Keys, and what was done with them.
    pub keys: Arc<dyn KeyStore>,
    /// What was noticed, and webhooks.
    pub notifications: Arc<dyn NotificationStore>,
}

impl From<Arc<PostgresStore>> for Stores {
    /// All of it is in one database.
    fn from(store: Arc<PostgresStore>) -> Self {
        Self {
            store: Arc::clone(&store) as _,
            remote_writes: Arc::clone(&store) as _,
            keys: Arc::clone(&store) as _,
            notifications: store,
        }
    }
}
