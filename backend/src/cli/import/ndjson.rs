//! `shadowplane import ndjson`.

use serde::Serialize;
use shared::trace::ndjson::normalise;

use super::super::{CliError, Global};
use super::{mapping, report};
use crate::{input, output};

/// Check requests that are in our format already, map their tenants, put them in order, leave out duplicates
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane import ndjson requests.ndjson.gz --mapping mapping.toml -o clean.ndjson
  cat *.ndjson | shadowplane import ndjson - > all.ndjson")]
pub(super) struct Args {
    /// The requests, one JSON object a line; `-` is stdin
    file: String,
    /// Rules from namespaces, accounts and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// What was imported.
#[derive(Serialize)]
struct Summary {
    requests: u64,
    duplicates: u64,
    orphans: u64,
    unmapped: u64,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let text = input::read_text(&self.file)?;
        let normalised = normalise(&text, mapping.as_ref()).map_err(CliError::all_in_file(input::name(&self.file)))?;
        drop(text);
        output::write_lines(self.output.as_deref(), |out| {
            normalised.lines.iter().try_for_each(|line| out.write_all(line.as_bytes()))
        })?;
        let summary = Summary {
            requests: normalised.requests,
            duplicates: normalised.duplicates,
            orphans: normalised.orphans,
            unmapped: normalised.unmapped,
        };
        let sentence = format!(
            "{}; {} left out, {} of resources that the log never created, {} without a rule",
            output::counted(summary.requests, "request"),
            output::counted(summary.duplicates, "duplicate"),
            summary.orphans,
            summary.unmapped,
        );
        report(global, self.output.as_deref(), &summary, &sentence)
    }
}
