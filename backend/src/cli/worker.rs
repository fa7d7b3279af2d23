//! `worker`: a process that works on what others ask for.

use std::time::Duration as StdDuration;

use shared::units::Duration;

use super::queue_options::{NamedQueue, QueueOptions};
use super::serve::{LogFormat, log_filter, start_log};
use super::{CliError, Global};
use crate::queue::{WorkerConfig, work};
use crate::{ensemble, output};

/// How long nothing may be heard of a piece where nothing is said.
const ACK_WAIT: Duration = Duration::from_seconds(30);

/// What may be said.
const ACK_WAITS: std::ops::RangeInclusive<Duration> = Duration::from_seconds(1)..=Duration::HOUR;

/// Run shadows that others ask for
///
/// Takes pieces of work out of a queue, which `shadow --nats` and `serve --nats` put in, and answers them. It needs no
/// database and keeps nothing; as many as you like may run, and each may be killed: its pieces go to others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane worker --nats nats://mq.example:4222
  shadowplane worker --nats nats://ada@a.example,b.example,c.example --nats-password-file /run/secrets/nats --nats-replicas 3
  shadowplane shadow --scenario scenario.json --nats nats://mq.example:4222

The log goes to standard error. Told to stop (SIGTERM), it gives back what it has not done. docs/scaling.md says more.")]
pub(super) struct Args {
    #[command(flatten)]
    queue: QueueOptions,
    /// How many pieces to work on at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// A piece of which its worker says nothing for so long goes to another; it holds for all workers, as the last that began
    /// has it [default: 30s]
    #[arg(long, env = "SHADOWPLANE_ACK_WAIT", value_name = "DURATION")]
    ack_wait: Option<Duration>,
    /// How the log is written, on standard error [default: text]
    #[arg(long, env = "SHADOWPLANE_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What of the log is written: error, warn, info, debug or trace, or directives such as warn,backend=info [default: info]
    #[arg(long, env = "SHADOWPLANE_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an option is wrong, or the queue cannot be reached at the start.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let Some(NamedQueue { address, replicas }) = self.queue.named()? else {
            return Err(CliError::Usage("a worker needs --nats, where its work is; name it".to_owned()));
        };
        let ack_wait = self.ack_wait.unwrap_or(ACK_WAIT);
        if !ACK_WAITS.contains(&ack_wait) {
            let (least, most) = (ACK_WAITS.start(), ACK_WAITS.end());
            return Err(CliError::Usage(format!("--ack-wait is {ack_wait}; expected {least} to {most}")));
        }
        let ack_wait = StdDuration::from_micros(u64::try_from(ack_wait.micros()).unwrap_or_default());
        let threads = self.threads.map_or_else(ensemble::available_threads, usize::from);
        start_log(self.log_format.unwrap_or_default(), log_filter(self.log_level.as_deref())?, None);
        let config = WorkerConfig { address, replicas, threads, ack_wait };
        let place = config.address.to_string();
        work(&config, || {
            let text = if global.json {
                format!("{}\n", serde_json::json!({ "working": place, "threads": threads }))
            } else {
                format!("working for {place}, on {}\n", output::counted(threads as u64, "thread"))
            };
            // Nobody may be reading; the worker works all the same.
            let _ = output::print(&text);
        })?;
        Ok(())
    }
}
