//! `shadowplane import`: foreign data made ours.

mod azure_vm;
mod bill;
mod cloudtrail;
mod csv;
mod focus;
mod foreign_events;
mod kubernetes_audit;
mod kubernetes_state;
mod ndjson;
mod opencost;

use serde::Serialize;
use shared::trace::mapping::{Mapping, read_mapping};

use super::{CliError, Global};
use crate::{input, output};

/// Turn foreign data into Shadowplane's own formats
///
/// All of the input is checked before the first byte of output, and a file given with `-o` is written whole or not at
/// all. What was imported is said on stderr, or on stdout with --json and -o.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Format {
    Csv(csv::Args),
    AzureVm(azure_vm::Args),
    KubernetesState(kubernetes_state::Args),
    KubernetesAudit(kubernetes_audit::Args),
    #[command(name = "cloudtrail")]
    CloudTrail(cloudtrail::Args),
    Ndjson(ndjson::Args),
    Focus(focus::Args),
    #[command(name = "opencost")]
    OpenCost(opencost::Args),
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        match &self.format {
            Format::Csv(args) => args.run(global),
            Format::AzureVm(args) => args.run(global),
            Format::KubernetesState(args) => args.run(global),
            Format::KubernetesAudit(args) => args.run(global),
            Format::CloudTrail(args) => args.run(global),
            Format::Ndjson(args) => args.run(global),
            Format::Focus(args) => args.run(global),
            Format::OpenCost(args) => args.run(global),
        }
    }
}

/// Reads the file of a mapping, where one is given.
pub(super) fn mapping(file: Option<&str>) -> Result<Option<Mapping>, CliError> {
    let read = |file: &str| read_mapping(&input::read_text(file)?).map_err(CliError::in_file(input::name(file)));
    file.map(read).transpose()
}

/// Says what was imported: as JSON on stdout where that is free, otherwise as a sentence on stderr.
fn report(global: &Global, to: Option<&str>, summary: &impl Serialize, sentence: &str) -> Result<(), CliError> {
    let stdout_is_free = to.is_some_and(|to| to != "-");
    if global.json && stdout_is_free {
        return output::print_json(summary);
    }
    eprintln!("{sentence}");
    Ok(())
}
