//! How many records there are, changed with them in one transaction: whoever asks, of whatever process, is told the same.

use super::session::Session;
use crate::store::{Appended, StoreError};

pub(super) const REQUESTS: &str = "requests";
pub(super) const OBSERVATIONS: &str = "observations";
pub(super) const READINGS: &str = "readings";

/// Takes note of what became of a batch. It comes last in a transaction, since others wait for its row.
pub(super) async fn add(session: &Session, name: &str, appended: &[Appended]) -> Result<(), StoreError> {
    let accepted = appended.iter().filter(|appended| **appended == Appended::Accepted).count();
    change(session, name, accepted as i64).await
}

/// Takes note of so many that are gone.
pub(super) async fn subtract(session: &Session, name: &str, gone: u64) -> Result<(), StoreError> {
    change(session, name, -(gone as i64)).await
}

async fn change(session: &Session, name: &str, by: i64) -> Result<(), StoreError> {
    if by != 0 {
        session.execute("UPDATE counts SET value = value + $2 WHERE name = $1", &[&name, &by]).await?;
    }
    Ok(())
}
