//! What goes with the address of a database on a server.

use std::path::PathBuf;

use super::CliError;
use crate::store::PostgresAddress;

/// Files that go with `--store`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct StoreFiles {
    /// The file that holds the password for --store, where the URL has none [default: that of PGPASSWORD]
    #[arg(long = "store-password-file", global = true, env = "SHADOWPLANE_STORE_PASSWORD_FILE", value_name = "FILE")]
    pub(super) password: Option<PathBuf>,
    /// Certificates, PEM, that the server of --store may hang from [default: Mozilla's list]
    #[arg(long = "store-ca", global = true, env = "SHADOWPLANE_STORE_CA", value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
}

impl StoreFiles {
    /// The database that a URL names.
    pub(super) fn address(&self, url: &str) -> Result<PostgresAddress, CliError> {
        PostgresAddress::new(url, self.password.as_deref(), self.ca.as_deref())
            .map_err(|error| CliError::Usage(format!("--store: {error:#}")))
    }

    /// Without a database there is nothing that they go with.
    pub(super) fn need_store(&self, waits: bool) -> Result<(), CliError> {
        let given = [
            (self.password.is_some(), "--store-password-file"),
            (self.ca.is_some(), "--store-ca"),
            (waits, "--store-wait"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, option)) => Err(CliError::Usage(format!("{option} has no effect without --store"))),
            None => Ok(()),
        }
    }
}
