//! What the server, or the way to it, says when something fails.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

use crate::store::StoreError;

/// The server ends, begins, is a copy that only reads, has no place for more, or another transaction was in the way: the same
/// again may do.
const COME_AGAIN: [SqlState; 9] = [
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::READ_ONLY_SQL_TRANSACTION,
    SqlState::TOO_MANY_CONNECTIONS,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    SqlState::LOCK_NOT_AVAILABLE,
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
];

/// The class of exceptions of connections.
const CONNECTION: &str = "08";

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = words(&error);
        match error.code() {
            Some(code) if COME_AGAIN.contains(code) || code.code().starts_with(CONNECTION) => Self::Unavailable(said),
            Some(code) if *code == SqlState::DISK_FULL => Self::DiskFull,
            Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => Self::Damaged(said),
            Some(code) if [SqlState::CHARACTER_NOT_IN_REPERTOIRE, SqlState::PROGRAM_LIMIT_EXCEEDED].contains(code) => {
                Self::Unfit(said)
            }
            Some(_) => Self::Database(said),
            None if is_of_the_way(&error) => Self::Unavailable(said),
            None => Self::Unreadable(said),
        }
    }
}

/// What keeps a connection from being made; nothing of it is about what is stored.
pub(super) fn of_connecting(error: tokio_postgres::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Unreadable(why) => StoreError::Database(why),
        other => other,
    }
}

/// Whether the server did not say it, but the way to it.
fn is_of_the_way(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || error.source().is_none_or(|cause| cause.is::<std::io::Error>())
}

/// An error with its causes.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => {
            let detail = said.detail().map_or(String::new(), |detail| format!(" ({detail})"));
            format!("{}{detail}", said.message())
        }
        None => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
