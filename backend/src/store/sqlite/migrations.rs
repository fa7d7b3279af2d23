//! Numbered changes of the tables, embedded in the program.

use rusqlite::Connection;

use crate::store::StoreError;

/// Number n of the list brings a file from version n to n + 1. Entries are only ever added.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_log_jobs_documents.sql"),
    include_str!("../migrations/0002_readings_events.sql"),
    include_str!("../migrations/0003_forecast_ledger.sql"),
    include_str!("../migrations/0004_anomalies_budgets.sql"),
];

/// Applies what the file does not have yet, each migration whole or not at all.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version as u32 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
