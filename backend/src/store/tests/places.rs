//! Where stores are that a test is tried on.

use std::path::PathBuf;
use std::sync::Arc;

use crate::store::{SqliteKeys, SqliteNotifications, SqliteStore, Store, Stores};

/// Where a store is; opened again, it is as a service finds it that begins anew.
pub(super) enum Place {
    Folder(PathBuf),
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
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Folder(folder) = self;
        // What cannot be removed is the temporary folder's business.
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Tries a test on each kind of store.
pub(super) fn on_each(name: &str, test: impl AsyncFn(&Place)) {
    let folder = std::env::temp_dir().join(format!("shadowplane-store-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    block_on(test(&Place::Folder(folder)));
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}
