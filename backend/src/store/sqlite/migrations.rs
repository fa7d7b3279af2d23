//! Numbered changes of the tables, embedded in the program.

use rusqlite::Connection;

use crate::store::StoreError;

/// Number n of a list brings a file from version n to n + 1. Entries are only ever added.
pub(super) const MIGRATIONS: [&str; 11] = [
    include_str!("../migrations/0001_log_jobs_documents.sql"),
    include_str!("../migrations/0002_readings_events.sql"),
    include_str!("../migrations/0003_forecast_ledger.sql"),
    include_str!("../migrations/0004_anomalies_budgets.sql"),
    include_str!("../migrations/0005_attempts.sql"),
    include_str!("../migrations/0006_recommendations.sql"),
    include_str!("../migrations/0007_bills.sql"),
    include_str!("../migrations/0008_remote_writes.sql"),
    include_str!("../migrations/0009_variances_bill_scopes.sql"),
    include_str!("../migrations/0010_retention.sql"),
    include_str!("../migrations/0011_dismissals.sql"),
];

/// Those of the file of keys.
pub(super) const OF_KEYS: [&str; 1] = [include_str!("../migrations/keys/0001_keys_audit.sql")];

/// Those of the file of notifications.
pub(super) const OF_NOTIFICATIONS: [&str; 1] =
    [include_str!("../migrations/notifications/0001_notifications_webhooks.sql")];

/// The first version with a forecast ledger.
const LEDGER: u32 = 3;

/// Whether a file has a forecast ledger that this program can read.
pub(super) fn check_for_ledger(connection: &Connection) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as u32;
    match found {
        _ if found > known => Err(StoreError::TooNew { found, known }),
        _ if found < LEDGER => Err(StoreError::NoLedger { found }),
        _ => Ok(()),
    }
}

/// Applies what the file does not have yet, each migration whole or not at all.
pub(super) fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = migrations.len() as u32;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (version, sql) in migrations.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version as u32 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
