//! `shadowplane report bill`.

mod table;

use shared::bill::{BillConfig, BillKey, BillReport, report};
use shared::input::write_table;
use shared::units::Currency;

use super::super::bill_file::{read_bill, read_rates};
use super::super::{CliError, Global};
use crate::cli::import::mapping;
use crate::output;

/// Say what a bill comes to, by tenant, day, service or anything else, down to what no tenant pays
///
/// Takes charges of ours, which `import focus` and `import opencost` make. Of several statements of a billing period the
/// latest stands; both are listed. Corrections of earlier invoices count beside what they correct. Without --mapping,
/// and without a mapping at the import, accounts and namespaces are the tenants. What no tenant pays is listed by reason:
/// every column adds up to the bill. Each currency is reported by itself, unless --currency and --exchange-rates convert
/// all of it, by the rate of the day that a charge begins on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane report bill --bill bill.ndjson --mapping mapping.toml
  shadowplane report bill --bill bill.ndjson --by day,tenant --format csv -o days.csv
  shadowplane report bill --bill march.ndjson --bill april.ndjson --by label:team,service --json
  shadowplane report bill --bill bill.ndjson --currency EUR --exchange-rates rates.csv")]
pub(super) struct Args {
    /// Charges of ours; may be given more than once
    #[arg(long, value_name = "FILE", required = true)]
    bill: Vec<String>,
    /// Rules from accounts, namespaces and tags to tenants
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// What the rows go by: tenant, day, service, category, class, account, resource, region, label:NAME
    #[arg(long, value_name = "KEYS", value_delimiter = ',', default_value = "tenant")]
    by: Vec<BillKey>,
    /// The currency of the report
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
    /// Exchange rates: date,from,to,rate
    #[arg(long, value_name = "FILE", requires = "currency")]
    exchange_rates: Option<String>,
    /// How the answer is written; --json is short for json
    #[arg(long, value_name = "FORMAT", default_value = "table", conflicts_with = "json")]
    format: Format,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// All that is known
    Json,
    /// The rows
    Csv,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let bill = read_bill(&self.bill)?;
        let mapping = mapping(self.mapping.as_deref())?;
        let rates = read_rates(self.exchange_rates.as_deref())?;
        let config = BillConfig { mapping: mapping.as_ref(), by: &self.by, currency: self.currency, rates: &rates };
        let report = report(&bill, &config).map_err(|error| CliError::Data(error.to_string()))?;
        let text = match self.format {
            Format::Json => json(&report)?,
            Format::Table if global.json => json(&report)?,
            Format::Table => table::text(&report),
            Format::Csv => csv(&report),
        };
        output::write(self.output.as_deref(), &text)
    }
}

fn json(report: &BillReport) -> Result<String, CliError> {
    Ok(serde_json::to_string_pretty(report).map_err(anyhow::Error::from)? + "\n")
}

/// The rows, which add up to the bill.
fn csv(report: &BillReport) -> String {
    let text = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let header = [report.by.clone(), text(&["charges", "billed", "effective", "currency"])].concat();
    let rows = report.bills.iter().flat_map(|bill| &bill.rows).map(|row| {
        let amounts = [row.charges.to_string(), row.billed.amount.to_string(), row.effective.amount.to_string()];
        [row.keys.clone(), amounts.to_vec(), vec![row.billed.currency.to_string()]].concat()
    });
    write_table(std::iter::once(header).chain(rows))
}
