//! `shadowplane serve`: the service.

use std::io::IsTerminal;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::{CliError, Global};
use crate::config::{Config, ShadowingConfig};
use crate::service;

/// Runs the service: takes requests in, forecasts, runs shadows, reports costs and their variance, and retrains.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane serve --demo                          the example workload on an accelerated clock
  shadowplane serve --demo --speed 600              ten virtual minutes a second
  shadowplane serve --data /var/lib/shadowplane     your requests: POST them to /v1/requests as NDJSON

  curl --data-binary @requests.ndjson http://127.0.0.1:8080/v1/requests
  curl http://127.0.0.1:8080/v1/forecasts?horizon=1d

The log level is that of RUST_LOG, such as RUST_LOG=debug.")]
pub(super) struct Args {
    /// Where to listen
    #[arg(long, env = "SHADOWPLANE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder of the database
    #[arg(long, env = "SHADOWPLANE_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Folder of the dashboard's files, as trunk builds them
    #[arg(long, env = "SHADOWPLANE_DASHBOARD", value_name = "DIR")]
    dashboard: Option<PathBuf>,
    /// Replay the example workload on a virtual clock, in a database of its own that begins afresh at every start
    #[arg(long)]
    demo: bool,
    /// Seconds of the demo's clock per second
    #[arg(long, requires = "demo", default_value_t = 2_400.0, value_name = "N")]
    speed: f64,
    /// The most bytes that a body may hold, after decompression
    #[arg(long, env = "SHADOWPLANE_BODY_BYTES", default_value_t = 32 << 20, value_name = "N")]
    body_bytes: usize,
}

impl Args {
    pub(super) fn run(&self, _: &Global) -> Result<(), CliError> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(CliError::Usage(format!("--speed is {}; expected a number above zero", self.speed)));
        }
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
        let config = Config {
            listen: self.listen,
            data: self.data.clone(),
            dashboard: self.dashboard.clone(),
            body_bytes_max: self.body_bytes,
            shadowing: if self.demo { ShadowingConfig::demo(self.speed) } else { ShadowingConfig::system() },
        };
        let demo = self.demo;
        service::run(config, |address| {
            // Nobody may be reading; the service runs all the same.
            let _ = writeln!(std::io::stdout(), "listening on http://{address}");
            if demo {
                let _ = writeln!(std::io::stdout(), "the demo begins afresh in its own file, demo.sqlite");
            }
        })?;
        Ok(())
    }
}
