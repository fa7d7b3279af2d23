//! What the service says of itself while it runs, on standard error.

use std::io::IsTerminal;

use opentelemetry_sdk::trace::SdkTracer;
use serde::Deserialize;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::cli::CliError;
use crate::traces::TARGET;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum LogFormat {
    /// A line for people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

/// What of the log is written.
///
/// # Errors
/// When a level is none.
pub(in crate::cli) fn filter(level: Option<&str>) -> Result<EnvFilter, CliError> {
    let Some(level) = level else {
        return Ok(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")));
    };
    // A word alone is a level: as a directive, one that is misspelt would be a part of the program, and hide all others.
    let is_known = level.contains(['=', ',']) || (!level.is_empty() && level.parse::<LevelFilter>().is_ok());
    let filter = EnvFilter::builder().parse(level).ok().filter(|_| is_known);
    filter.ok_or_else(|| {
        CliError::Usage(format!(
            "--log-level is `{level}`; expected error, warn, info, debug or trace, or directives such as warn,audit=info"
        ))
    })
}

/// Writes the log from now on, and makes spans of what is traced where there is a tracer.
pub(in crate::cli) fn start(format: LogFormat, filter: EnvFilter, tracer: Option<SdkTracer>) {
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    let traces = tracer.map(|tracer| {
        let spans = tracing_opentelemetry::layer().with_tracer(tracer);
        let spans = spans.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
        spans.with_filter(filter_fn(|metadata| metadata.target() == TARGET))
    });
    // Lines of the log are the same whether there are traces or not.
    let log = log.with_filter(filter).with_filter(filter_fn(|metadata| metadata.target() != TARGET));
    tracing_subscriber::registry().with(traces).with(log).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_told_from_misspelt_ones() {
        for level in ["error", "INFO", "trace", "off", "warn,audit=info", "backend=debug"] {
            assert!(filter(Some(level)).is_ok(), "{level}");
        }
        for level in ["infoo", "", "verbose", "backend=loud"] {
            let error = filter(Some(level)).unwrap_err().to_string();
            assert!(error.contains("warn,audit=info"), "{level}: {error}");
        }
    }
}
