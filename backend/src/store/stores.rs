//! All that a service keeps, wherever that is.

use std::sync::Arc;

use super::{KeyStore, NotificationStore, RemoteWrites, Store};

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
