//! `shadowplane import focus`.

use shared::trace::charge::{BillSummary, WhenEqual};
use shared::trace::focus::{FocusConfig, read_focus};
use shared::units::Instant;

use super::super::{CliError, Global};
use super::bill::sentences;
use super::{mapping, report};
use crate::jobs::wall_clock;
use crate::{input, output};

/// Import a bill in FOCUS's form (FinOps Open Cost and Usage Specification 1.0, 1.1, 1.2), as CSV
///
/// AWS Data Exports, Azure Cost Management, Google Cloud and Oracle write it. Each line becomes a charge, one JSON object a
/// line; docs/bills.md describes them. Appending what is imported to what was imported before keeps both: of the statements
/// of a billing period the latest stands, by --stated.
///
/// FOCUS has no id of lines, and two equal ones can both be owed, so that lines that equal each other in every column
/// count and are said with their numbers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane import focus focus-2026-03.csv.gz --stated 2026-04-03T00:00:00Z -o bill.ndjson
  shadowplane import focus part1.csv --stated 2026-04-03T00:00:00Z > bill.ndjson
  shadowplane import focus part2.csv --stated 2026-04-03T00:00:00Z >> bill.ndjson     parts of one bill")]
pub(super) struct Args {
    /// The bill; `-` is stdin
    file: String,
    /// When the bill was made; now unless given. Files that are parts of one bill need the same
    #[arg(long, value_name = "INSTANT")]
    stated: Option<Instant>,
    /// Rules from accounts and tags to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// What becomes of a line that equals an earlier one in every column
    #[arg(long, value_name = "WHAT", default_value = "count")]
    equal_lines: EqualLines,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum EqualLines {
    /// It counts, as on the invoice
    Count,
    /// It is left out
    Drop,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let mapping = mapping(self.mapping.as_deref())?;
        let stated = self.stated.unwrap_or_else(wall_clock);
        let when_equal = match self.equal_lines {
            EqualLines::Count => WhenEqual::Count,
            EqualLines::Drop => WhenEqual::LeaveOut,
        };
        let config = FocusConfig { stated, mapping: mapping.as_ref(), when_equal };
        let text = input::read_text(&self.file)?;
        let (bill, version) = read_focus(&text, &config).map_err(CliError::in_file(input::name(&self.file)))?;
        drop(text);
        output::write_lines(self.output.as_deref(), |out| {
            bill.lines.iter().try_for_each(|line| out.write_all(line.as_bytes()))
        })?;
        let summary = BillSummary::new(format!("FOCUS {version}"), stated, &bill, mapping.is_some());
        report(global, self.output.as_deref(), &summary, &sentences(&summary, Some("--equal-lines drop")))
    }
}
