//! Where a queue of work is, on the command line.

use std::path::PathBuf;

use super::CliError;
use crate::queue::{MAX_REPLICAS, NatsAddress, Queue, QueueError};

/// Options that say where it is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct QueueOptions {
    /// The work queue, in NATS JetStream: nats://user@host:port, several with commas between; tls:// for TLS
    #[arg(long = "nats", env = "SHADOWPLANE_NATS", value_name = "URL", hide_env_values = true)]
    pub(super) url: Option<String>,
    /// The file that holds the password for --nats, where the URL has none
    #[arg(long = "nats-password-file", env = "SHADOWPLANE_NATS_PASSWORD_FILE", value_name = "FILE")]
    pub(super) password: Option<PathBuf>,
    /// Certificates, PEM, that the servers of --nats may hang from [default: the machine's list]
    #[arg(long = "nats-ca", env = "SHADOWPLANE_NATS_CA", value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// How many servers of the cluster keep what is in the queue; it counts where its streams are made first [default: 1]
    #[arg(long = "nats-replicas", env = "SHADOWPLANE_NATS_REPLICAS", value_name = "N")]
    pub(super) replicas: Option<u8>,
}

/// A queue that an option names.
#[derive(Clone, Debug)]
pub(super) struct NamedQueue {
    /// Where it is.
    pub(super) address: NatsAddress,
    /// How many copies streams have that are made.
    pub(super) replicas: u8,
}

impl QueueOptions {
    /// The queue, where one is named.
    pub(super) fn named(&self) -> Result<Option<NamedQueue>, CliError> {
        let Some(url) = &self.url else {
            let given = [
                (self.password.is_some(), "--nats-password-file"),
                (self.ca.is_some(), "--nats-ca"),
                (self.replicas.is_some(), "--nats-replicas"),
            ];
            return match given.into_iter().find(|(is_given, _)| *is_given) {
                Some((_, option)) => Err(CliError::Usage(format!("{option} has no effect without --nats"))),
                None => Ok(None),
            };
        };
        let replicas = self.replicas.unwrap_or(1);
        if !(1..=MAX_REPLICAS).contains(&replicas) {
            let message = format!("--nats-replicas is {replicas}; expected 1 to {MAX_REPLICAS}");
            return Err(CliError::Usage(message));
        }
        let address = NatsAddress::new(url, self.password.as_deref(), self.ca.as_deref());
        let address = address.map_err(|error| CliError::Usage(format!("--nats: {error:#}")))?;
        Ok(Some(NamedQueue { address, replicas }))
    }

    /// The queue, connected, where one is named; `say` hears what somebody should know who waits.
    pub(super) fn open(&self, say: fn(&str)) -> Result<Option<Queue>, CliError> {
        let Some(NamedQueue { address, replicas }) = self.named()? else { return Ok(None) };
        let queue = Queue::new(address, replicas, say)?;
        queue.reach()?;
        Ok(Some(queue))
    }
}

impl From<QueueError> for CliError {
    fn from(error: QueueError) -> Self {
        Self::Data(error.to_string())
    }
}
