//! The database on a server, held by this service alone.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::config::DatabaseConfig;
use crate::store::{PostgresStore, Stores};

/// A database that is held.
pub(super) struct Database {
    pub(super) stores: Stores,
    /// Heard when another service has taken it over.
    pub(super) lost: Option<oneshot::Receiver<()>>,
    store: Arc<PostgresStore>,
}

impl Database {
    /// Opens it, as soon as no other service has it where this one is to wait.
    pub(super) fn hold(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let DatabaseConfig { address, wait } = config;
        let opened = runtime()?.block_on(PostgresStore::hold(address, *wait));
        let mut store = opened.with_context(|| format!("cannot open {address}"))?;
        let lost = store.lost();
        let store = Arc::new(store);
        Ok(Self { stores: Arc::clone(&store).into(), lost, store })
    }

    /// Lets the next service have it.
    pub(super) fn let_go(&self) -> anyhow::Result<()> {
        match runtime()?.block_on(self.store.give_up()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(anyhow!("another service has taken the database over, and this one has ended")),
            Err(error) => {
                tracing::warn!(%error, "the database could not be given up; the next service waits until that is over");
                Ok(())
            }
        }
    }
}

/// Waits until another service has the database; for ever where there is none to be lost.
pub(super) async fn taken_over(lost: Option<oneshot::Receiver<()>>) {
    if let Some(lost) = lost
        && lost.await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}
