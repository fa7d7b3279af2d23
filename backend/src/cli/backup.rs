//! `backup` and `restore`: the database of a service as one file, and back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use super::database::database_in;
use super::{CliError, Global};
use crate::output;
use crate::service::{DATABASE, claim_folder};
use crate::store::{StoreError, back_up, check_copy, redacted};

/// Copy the database of a service into one file, while the service runs
///
/// The copy is of one instant: the log, the forecast ledger, models, jobs, and where the loop was. It is looked through before it has
/// its name. Keys are not in it; keep a copy of keys.sqlite where nobody reads it, or make new ones.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane backup --data /var/lib/shadowplane --to backup-2026-11-30.sqlite
  shadowplane backup --data data/replay.sqlite --to replay-backup.sqlite     of the one that is named

  systemctl stop shadowplane
  shadowplane restore --from backup-2026-11-30.sqlite --data /var/lib/shadowplane --replace
  systemctl start shadowplane     goes on from where the copy was")]
pub(super) struct BackupArgs {
    /// Folder of the service's database, or the file itself where there are several
    #[arg(long, env = "SHADOWPLANE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    elsewhere: Elsewhere,
    /// The file to write; there must be none yet
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Put a backup in the place of the database of a service that does not run
///
/// The backup is looked through first. The service then goes on from where it was when the backup was made; what came in
/// later has to be sent again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane restore --from backup.sqlite --data data
  shadowplane restore --from backup.sqlite --data data --replace     where there is a database already, which is lost
  shadowplane restore --from replay-backup.sqlite --data data/replay.sqlite")]
pub(super) struct RestoreArgs {
    /// What `backup` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Folder of the service, or the database in it that is to be replaced
    #[arg(long, env = "SHADOWPLANE_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    elsewhere: Elsewhere,
    /// Replace the database that is there
    #[arg(long)]
    replace: bool,
}

/// A database that is no file.
#[derive(Debug, clap::Args)]
struct Elsewhere {
    /// The service's database on a server: its own pg_dump and pg_restore copy it
    #[arg(long, env = "SHADOWPLANE_STORE", value_name = "URL", hide_env_values = true)]
    store: Option<String>,
}

impl Elsewhere {
    /// Says how a database on a server is copied.
    fn refuse(&self) -> Result<(), CliError> {
        let Some(url) = self.store.as_deref().map(redacted) else { return Ok(()) };
        Err(CliError::Usage(format!(
            "the state is in {url}, which its own programs copy: pg_dump --format=custom --file=shadowplane.dump {url}, while the \
             service runs, and pg_restore --clean --if-exists --dbname={url} shadowplane.dump, while it does not"
        )))
    }
}

/// What both print as JSON.
#[derive(Serialize)]
struct Copied {
    from: PathBuf,
    to: PathBuf,
    bytes: u64,
}

/// What SQLite keeps beside a database while it is open; after a kill it stays.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

impl BackupArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        self.elsewhere.refuse()?;
        let from = database_in(&self.data)?;
        free(&self.to, "choose another name with --to, or move it")?;
        let part = with_end(&self.to, ".part");
        // What an earlier one left that was killed.
        remove(&part)?;
        let copied =
            back_up(&from, &part).map_err(|error| failed(&from, &error)).and_then(|()| settle(&part, &self.to));
        if copied.is_err() {
            // That it could not be made is what counts.
            let _ = fs::remove_file(&part);
        }
        copied?;
        say(global, "backed up", from, self.to.clone())
    }
}

impl RestoreArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        self.elsewhere.refuse()?;
        check_copy(&self.from).map_err(|error| failed(&self.from, &error))?;
        let is_file = self.data.extension().is_some_and(|extension| extension == "sqlite");
        let to = if is_file { self.data.clone() } else { self.data.join(DATABASE) };
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let _in_use = claim_folder(folder)?;
        if !self.replace {
            free(&to, "--replace gives it up")?;
        }
        let part = with_end(&to, ".part");
        fs::copy(&self.from, &part).with_context(|| format!("cannot write {}", part.display()))?;
        // They are of the database before, and would be taken for this one's.
        for end in BESIDE {
            remove(&with_end(&to, end))?;
        }
        settle(&part, &to)?;
        say(global, "restored", self.from.clone(), to)
    }
}

/// Nothing may be in the way.
fn free(path: &Path, remedy: &str) -> Result<(), CliError> {
    match path.exists() {
        true => Err(CliError::Data(format!("{}: there is a file already; {remedy}", path.display()))),
        false => Ok(()),
    }
}

/// Gives a whole file its name, once the disk has it.
fn settle(part: &Path, to: &Path) -> Result<(), CliError> {
    let synced = fs::File::open(part).and_then(|file| file.sync_all());
    synced.with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(part, to).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(())
}

fn remove(path: &Path) -> Result<(), CliError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(anyhow::Error::from(error).context(format!("cannot remove {}", path.display())).into())
        }
        _ => Ok(()),
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn failed(file: &Path, error: &StoreError) -> CliError {
    CliError::Data(format!("{}: {error}", file.display()))
}

fn say(global: &Global, what: &str, from: PathBuf, to: PathBuf) -> Result<(), CliError> {
    let bytes = fs::metadata(&to).with_context(|| format!("cannot read {}", to.display()))?.len();
    if global.json {
        return output::print_json(&Copied { from, to, bytes });
    }
    output::print(&format!("{what} {} as {}, {bytes} bytes\n", from.display(), to.display()))
}
