//! What a process does of the service, and which way the log goes.

use serde::Deserialize;

use super::settings::Settings;
use crate::cli::CliError;
use crate::config::{QueueConfig, ServiceRole};

/// Where what comes in goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LogThrough {
    /// Into the store
    Store,
    /// Into a stream of --nats, and from there into the store
    Nats,
}

impl Settings {
    /// The role, and the stream that the log goes through, where it does.
    pub(super) fn role(&self, replays: bool) -> Result<(ServiceRole, Option<QueueConfig>), CliError> {
        let role = self.role.unwrap_or_default();
        let asked = match (role, self.log) {
            (ServiceRole::Ingest, Some(LogThrough::Store)) => {
                let message = "--role ingest has its requests in the stream of --nats; leave --log store out";
                return Err(CliError::Usage(message.to_owned()));
            }
            (ServiceRole::Ingest, _) => "--role ingest",
            (ServiceRole::All, Some(LogThrough::Nats)) => "--log nats",
            (ServiceRole::All, _) => return Ok((role, None)),
        };
        if replays {
            return Err(CliError::Usage(format!(
                "{asked} has no effect on a replay or the demo, which nothing comes in to"
            )));
        }
        if role == ServiceRole::Ingest && self.store.is_none() {
            let message = "--role ingest needs --store, the database of the service that it takes requests in for: its keys are there";
            return Err(CliError::Usage(message.to_owned()));
        }
        match self.queue()? {
            Some(stream) => Ok((role, Some(stream))),
            None => Err(CliError::Usage(format!("{asked} needs --nats, where the stream is; name it"))),
        }
    }
}
