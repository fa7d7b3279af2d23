//! Copies of a file that a service may have open.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{connect_to_read, migrations};
use crate::store::StoreError;

/// How long to wait where another program holds the file.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES_MAX: u32 = 100;

/// Copies the file of a store as it is at one instant, whoever writes to it in the meantime, and looks through the copy.
///
/// # Errors
/// When there is no store, it cannot be read, or the copy cannot be written.
pub fn back_up(from: &Path, to: &Path) -> Result<(), StoreError> {
    let source = connect_to_read(from)?;
    migrations::check_for_ledger(&source)?;
    let mut copy = Connection::open(to)?;
    {
        let backup = Backup::new(&source, &mut copy)?;
        let mut pauses = 0;
        // All pages in one step are of one instant; in several, each write in between would have it begin anew.
        while !matches!(backup.step(-1)?, StepResult::Done) {
            pauses += 1;
            if pauses > PAUSES_MAX {
                return Err(StoreError::Database("another program holds the file".to_owned()));
            }
            std::thread::sleep(PAUSE);
        }
    }
    is_whole(&copy)
}

/// Looks through the file of a store that nobody has open.
///
/// # Errors
/// When it is no store that this program reads, or is damaged.
pub fn check_copy(path: &Path) -> Result<(), StoreError> {
    let connection = connect_to_read(path)?;
    migrations::check_for_ledger(&connection)?;
    is_whole(&connection)
}

fn is_whole(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
}
