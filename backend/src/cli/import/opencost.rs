//! `shadowplane import opencost`.

use shared::trace::charge::BillSummary;
use shared::trace::opencost::{OpenCostConfig, read_opencost};
use shared::units::{Currency, Instant};

use super::super::{CliError, Global};
use super::bill::sentences;
use super::{mapping, report};
use crate::jobs::wall_clock;
use crate::{input, output};

/// Import what OpenCost says that workloads of a Kubernetes cluster cost: the answer of its /allocation API
///
/// Each allocation becomes a charge for each part of its cost. They are metered, not billed: OpenCost multiplies what was
/// used by prices. Its answer names no currency; say it if its prices are not in dollars. Idle, unmounted and unallocated
/// cost stays apart from that of tenants.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  curl -s 'localhost:9003/allocation?window=7d&step=1d' | shadowplane import opencost - -o costs.ndjson
  shadowplane import opencost allocation.json --currency EUR --mapping mapping.toml > costs.ndjson")]
pub(super) struct Args {
    /// The answer; `-` is stdin
    file: String,
    /// When OpenCost was asked; now unless given
    #[arg(long, value_name = "INSTANT")]
    stated: Option<Instant>,
    /// The currency of OpenCost's prices
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// Rules from clusters, namespaces and labels to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let stated = self.stated.unwrap_or_else(wall_clock);
        let config = OpenCostConfig { stated, currency: self.currency, mapping: mapping.as_ref() };
        let text = input::read_text(&self.file)?;
        let bill = read_opencost(&text, &config).map_err(CliError::in_file(input::name(&self.file)))?;
        drop(text);
        output::write_lines(self.output.as_deref(), |out| {
            bill.lines.iter().try_for_each(|line| out.write_all(line.as_bytes()))
        })?;
        let summary = BillSummary::new("OpenCost".to_owned(), stated, &bill, mapping.is_some());
        report(global, self.output.as_deref(), &summary, &sentences(&summary, None))
    }
}
