//! Where stores are that a test is tried on.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crate::store::{PostgresAddress, PostgresStore, SqliteKeys, SqliteNotifications, SqliteStore, Store, Stores};

/// The server that the tests of the whole program have, too.
#[path = "../../../../tests/postgres.rs"]
#[expect(unreachable_pub, reason = "it is public where the tests of the whole program have it")]
mod server;

pub(in crate::store) use self::server::Postgres;

/// Where a store is; opened again, it is as a service finds it that begins anew.
pub(super) enum Place {
    Folder(PathBuf),
    Database { url: String, _server: Arc<Postgres> },
}

impl Place {
    pub(super) async fn store(&self) -> Arc<dyn Store> {
        self.stores().await.store
    }

    pub(super) async fn stores(&self) -> Stores {
        match self {
            Self::Folder(folder) => {
                let store = Arc::new(SqliteStore::open(&folder.join("store.sqlite")).unwrap());
                Stores {
                    store: Arc::clone(&store) as _,
                    remote_writes: store,
                    keys: Arc::new(SqliteKeys::open(&folder.join("keys.sqlite")).unwrap()),
                    notifications: Arc::new(SqliteNotifications::open(&folder.join("notes.sqlite")).unwrap()),
                }
            }
            Self::Database { url, .. } => Arc::new(open(url).await).into(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Folder(folder) = self {
            // What cannot be removed is the temporary folder's business.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

pub(in crate::store) async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(&address(url)).await.unwrap()
}

pub(in crate::store) fn address(url: &str) -> PostgresAddress {
    PostgresAddress::new(url, None, None).unwrap()
}

/// Tries a test on each kind of store; where there is no server to be had, says so.
pub(super) fn on_each(name: &str, test: impl AsyncFn(&Place)) {
    let folder = std::env::temp_dir().join(format!("shadowplane-store-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    block_on(test(&Place::Folder(folder)));
    if let Some(server) = server() {
        block_on(test(&Place::Database { url: server.database(), _server: server }));
    }
}

/// The server, where there is one to be had.
pub(in crate::store) fn server() -> Option<Arc<Postgres>> {
    Postgres::shared().map_err(|why| skipped(&why)).ok()
}

/// Says that a part of a test did not run, and why: past the harness's capture, so that it is counted.
pub(in crate::store) fn skipped(why: &str) {
    let thread = std::thread::current();
    let line = format!("[skipped] {}: {why}\n", thread.name().unwrap_or("a test"));
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

pub(in crate::store) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}
