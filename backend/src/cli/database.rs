//! Where the database of a service is.

use std::path::{Path, PathBuf};

use super::CliError;
use crate::service::{DATABASE, DEMO_DATABASE, REPLAY_DATABASE};

/// The database in the folder that a service has, or the file itself where there are several.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn database_in(data: &Path) -> Result<PathBuf, CliError> {
    if data.is_file() {
        return Ok(data.to_owned());
    }
    let files = [DATABASE, DEMO_DATABASE, REPLAY_DATABASE].map(|file| data.join(file));
    let there: Vec<&PathBuf> = files.iter().filter(|path| path.is_file()).collect();
    match there[..] {
        [path] => Ok(path.clone()),
        [] => {
            let file = files[0].display();
            let message = format!("{file}: there is no such file; name the folder that `serve --data` has");
            Err(CliError::Data(message))
        }
        _ => {
            let names: Vec<String> = there.iter().map(|path| path.display().to_string()).collect();
            let message = format!("there are several databases: name one of {} with --data", names.join(", "));
            Err(CliError::Data(message))
        }
    }
}
