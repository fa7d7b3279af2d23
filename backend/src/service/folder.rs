//! The files in the folder of the data: which there are, and whose.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};

use crate::config::Config;
use crate::jobs::wall_clock;
use crate::notify::{Outbox, set_webhooks_of_file};
use crate::store::{NotificationStore, SqliteKeys, SqliteNotifications, SqliteStore, Stores};

/// The store's file in the folder of the data, that of the demo, and that of another replay.
pub(crate) const DATABASE: &str = "shadowplane.sqlite";
pub(crate) const DEMO_DATABASE: &str = "demo.sqlite";
pub(crate) const REPLAY_DATABASE: &str = "replay.sqlite";

/// The file of keys, beside any of them.
pub(crate) const KEYS: &str = "keys.sqlite";

/// Holds the folder for as long as the file is open: two loops would write two truths, and run each other's jobs.
pub(crate) fn claim_folder(data: &Path) -> anyhow::Result<File> {
    let path = data.join("in-use.lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "{} is in use by another shadowplane; stop it, or choose another folder with --data",
            data.display()
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// What is kept in the folder. A replay has a file of its own and begins afresh unless it goes on with the last one.
pub(super) fn open_folder(config: &Config) -> anyhow::Result<Stores> {
    let (name, notes) = files(config);
    let file = config.data.join(name);
    if begins_afresh(config) {
        for end in ["", "-wal", "-shm"] {
            let old = config.data.join(format!("{name}{end}"));
            match std::fs::remove_file(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(anyhow!("cannot remove the last replay's {}: {error}", old.display()));
                }
                _ => {}
            }
        }
    }
    let cannot_open = |file: &Path| format!("cannot open {}", file.display());
    let store = Arc::new(SqliteStore::open(&file).with_context(|| cannot_open(&file))?);
    let (keys, notes) = (config.data.join(KEYS), config.data.join(notes));
    Ok(Stores {
        store: Arc::clone(&store) as _,
        remote_writes: store,
        keys: Arc::new(SqliteKeys::open(&keys).with_context(|| cannot_open(&keys))?),
        notifications: Arc::new(SqliteNotifications::open(&notes).with_context(|| cannot_open(&notes))?),
    })
}

/// The store's file, and that of notifications.
fn files(config: &Config) -> (&'static str, &'static str) {
    match &config.shadowing.replay {
        Some(_) if config.shadowing.is_demo() => (DEMO_DATABASE, "demo-notifications.sqlite"),
        Some(_) => (REPLAY_DATABASE, "replay-notifications.sqlite"),
        None => (DATABASE, "notifications.sqlite"),
    }
}

fn begins_afresh(config: &Config) -> bool {
    config.shadowing.replay.as_ref().is_some_and(|replay| !replay.resume)
}

/// What a replay that begins afresh has noticed before is no news; its webhooks stay.
pub(super) fn open_outbox(config: &Config, store: Arc<dyn NotificationStore>) -> anyhow::Result<Arc<Outbox>> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
        if begins_afresh(config) {
            store.forget().await?;
        }
        set_webhooks_of_file(&*store, &config.notify.webhooks, wall_clock()).await
    })?;
    Ok(Arc::new(Outbox::new(store)))
}
