//! `shadowplane import azure-vm`.

use serde::Serialize;
use shared::trace::azure_vm::{Config, Trace, read_flavors, read_lifetime_bins};
use shared::units::Instant;

use super::super::{CliError, Global};
use super::report;
use crate::{input, output};

/// Import the Azure VM trace (t_s,batch,flavor[,lifetime_bin,censored]) as requests
///
/// A batch gets an instant within its 300 s, a lifetime one within its bin, both drawn by seed. A life that is censored
/// or reaches past the end of the data has no delete. The trace has no tenants: they are synthetic, a hash of what a
/// batch creates. Without --lifetimes there are creates only, which serve as --history.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane import azure-vm train.csv.gz --flavors flavors.csv --tenants 40 \\
      --epoch 2026-01-01T00:00:00Z -o train.ndjson
  shadowplane import azure-vm dev.csv.gz --flavors flavors.csv --lifetimes lifetime_bins.csv \\
      --tenants 40 --epoch 2026-01-01T00:00:00Z -o dev.ndjson")]
pub(super) struct Args {
    /// The trace; `-` is stdin
    file: String,
    /// The flavors: flavor,vcpu,mem_gib
    #[arg(long, value_name = "FILE")]
    flavors: String,
    /// The lifetime bins: bin,min_s,max_s
    #[arg(long, value_name = "FILE")]
    lifetimes: Option<String>,
    /// How many synthetic tenants to make
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tenants: u32,
    /// The instant at which t_s is 0
    #[arg(long, default_value = "2026-01-01T00:00:00Z")]
    epoch: Instant,
    /// Seeds everything that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write the requests; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// What was imported.
#[derive(Serialize)]
struct Summary {
    creates: usize,
    deletes: usize,
    synthetic_tenants: u32,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let flavors = read_flavors(&input::read_text(&self.flavors)?).map_err(CliError::in_file(&self.flavors))?;
        let lifetimes = match &self.lifetimes {
            Some(file) => Some(read_lifetime_bins(&input::read_text(file)?).map_err(CliError::in_file(file))?),
            None => None,
        };
        let config = Config { epoch: self.epoch, tenants: self.tenants, seed: self.seed };
        let text = input::read_text(&self.file)?;
        let trace = Trace::read(&text, &flavors, lifetimes.as_ref(), config)
            .map_err(CliError::in_file(input::name(&self.file)))?;
        drop(text);
        output::write_records(self.output.as_deref(), trace.requests())?;
        let summary = Summary { creates: trace.creates(), deletes: trace.deletes(), synthetic_tenants: self.tenants };
        let sentence = format!(
            "{} and {} of {}{}",
            output::counted(summary.creates as u64, "create"),
            output::counted(summary.deletes as u64, "delete"),
            output::counted(u64::from(self.tenants), "synthetic tenant"),
            if lifetimes.is_none() { "; without lifetimes they serve as --history only" } else { "" },
        );
        report(global, self.output.as_deref(), &summary, &sentence)
    }
}
