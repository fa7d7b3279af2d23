use super::SqliteStore;
use crate::store::StoreError;

#[test]
fn a_newer_file_is_refused() {
    let folder = std::env::temp_dir().join(format!("shadowplane-newer-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("store.sqlite");
    drop(SqliteStore::open(&file).unwrap());
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&file).unwrap_err();
    assert_eq!(error, StoreError::TooNew { found: 99, known: 11 });
    // What cannot be removed is the temporary folder's business.
    let _ = std::fs::remove_dir_all(&folder);
}
