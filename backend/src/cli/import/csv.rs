//! `shadowplane import csv`.

use serde::Serialize;
use shared::input::{InputError, InputProblems};
use shared::trace::csv::{Config, Kind, Source, Times, import};
use shared::trace::{inventory, pools, quotas, usage};
use shared::units::Instant;
use shared::{features, pricing};

use super::super::{CliError, Global};
use super::report;
use crate::{input, output};

/// Import any CSV by mapping its columns
///
/// A column of ours is filled from a column of the file (`--column at=creation_time`), from a product or a quotient
/// (`memory_gib=memory_mib/1024`), or from a constant in single quotes (`currency="'USD'"`). A column that has our name
/// already needs no mapping. Products are exact; quotients are rounded to our unit (0.001 vCPU, 1 MiB). Amounts may bring
/// their unit (`250m` of vCPU, `256Mi`, `8G`), and so may lengths of time (`1:30:00`, `2-12:00:00`, `90m`, `PT1H30M`).
///
/// Instants are RFC 3339, `YYYY-MM-DD HH:MM:SS` in --zone or with ` UTC` behind it, `20260101T000000Z`, or seconds since
/// 1970, or since --epoch; anything else is read as --time-format says.
#[derive(Debug, clap::Args)]
#[command(after_help = "Columns:
  requests      at, tenant [, id, op, class, resource, flavor, vcpu, memory_gib, gpu, storage_gib,
                network_mbps, local_disk_gib, iops, addresses, zone, batch, end, lifetime_s, label.NAME]
                A row is a create of class compute unless it says otherwise; `end` or `lifetime_s`
                adds its delete. Without an id it is `r-` and the number of the row; a resource
                without a name is named like the id.
  inventory     node, vcpu, memory_gib, instance_type [, gpu, local_disk_gib, network_mbps, zone, cluster]
  quotas        tenant [, vcpu, memory_gib, gpu, storage_gib, network_mbps, local_disk_gib, iops, addresses]
                What is empty or has no column is not limited; 0 allows nothing.
  prices        instance_type, currency, price_per_hour [, vcpu, memory_gib, gpu, storage_gib,
                network_mbps, local_disk_gib, iops, addresses, from], or, for owned hardware,
                purchase_price, term_months [, power_kw, price_per_kwh, overhead_percent] in place of price_per_hour
  sensors       at, sensor, value [, scope]
  usage         at, resource [, vcpu, memory_gib]
  observations  request [, admitted, reason, node, ready_at, released_at, gateway_ms, authentication_ms,
                admission_ms, quota_ms, scheduler_ms, provisioner_ms, metering_ms]

Examples:
  shadowplane import csv servers.csv --as requests --column at=created_at --column end=deleted_at \\
      --column tenant=project_name --column vcpu=vcpus --column memory_gib=memory_mib/1024 -o requests.ndjson
  shadowplane import csv trace.csv.gz --as requests --epoch 2026-01-01T00:00:00Z --column at=submit_s \\
      --column lifetime_s=duration_s --column vcpu=cpu_milli*0.001 --column tenant=user -o requests.ndjson
  shadowplane import csv list.csv --as prices --column instance_type=name --column price_per_hour=usd \\
      --column currency=\"'USD'\" -o prices.csv
  shadowplane import csv vms.csv --as requests --time-format \"%d/%m/%Y %H:%M\" --zone Europe/Berlin \\
      --column at=Start --column end=Stop --column tenant=Team -o requests.ndjson
  shadowplane import csv preise.csv --as prices --decimal-comma --column instance_type=Typ \\
      --column price_per_hour=Preis --column currency=\"'EUR'\" -o prices.csv")]
pub(super) struct Args {
    /// The file; `-` is stdin
    file: String,
    /// What it is to become: requests, inventory, quotas, prices, sensors, usage or observations
    #[arg(long = "as", value_name = "KIND")]
    kind: Kind,
    /// A column of ours and where it comes from: column, column*k, column/k, or a constant in single quotes
    #[arg(long = "column", value_name = "NAME=SOURCE", value_parser = column)]
    columns: Vec<(String, Source)>,
    /// What separates the values; found in the header unless given
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The instant from which seconds are counted; 1970 unless given
    #[arg(long)]
    epoch: Option<Instant>,
    /// The IANA time zone of instants without an offset
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// How instants are written, as strftime says it: "%d/%m/%Y %H:%M"; RFC 3339, ISO 8601 and seconds unless given
    #[arg(long, value_name = "PATTERN", conflicts_with = "epoch")]
    time_format: Option<String>,
    /// A comma is the decimal point of its numbers, as in 0,5
    #[arg(long)]
    decimal_comma: bool,
    /// A text that stands for no value, such as NA or Unknown; may be given again. Numbers and instants are also
    /// missing where the file has nothing, None, null, NULL, \\N or -
    #[arg(long = "empty", value_name = "TEXT")]
    empty: Vec<String>,
    /// Where to write; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// What was imported.
#[derive(Serialize)]
struct Summary {
    kind: &'static str,
    rows: u64,
    duplicates: u64,
    ambiguous_times: u64,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = self.config()?;
        let text = input::read_text(&self.file)?;
        let imported = import(&text, &config, |ours| read_back(self.kind, ours));
        let imported = imported.map_err(CliError::in_file(input::name(&self.file)))?;
        output::write_lines(self.output.as_deref(), |out| {
            imported.lines.iter().try_for_each(|line| out.write_all(line.as_bytes()))
        })?;
        let summary = Summary {
            kind: self.kind.as_str(),
            rows: imported.rows,
            duplicates: imported.duplicates,
            ambiguous_times: imported.ambiguous,
        };
        if imported.ambiguous > 0 {
            let times = output::counted(imported.ambiguous, "local time");
            output::warn(&format!(
                "{times} lie in an hour that the clocks of {} pass twice, and are taken the first time; export in UTC to \
                 tell",
                self.zone
            ));
        }
        let rows = output::counted(summary.rows, "row");
        let sentence = format!("{rows} imported as {}, {} of them duplicates", summary.kind, summary.duplicates);
        report(global, self.output.as_deref(), &summary, &sentence)
    }

    fn config(&self) -> Result<Config, CliError> {
        for (i, (name, _)) in self.columns.iter().enumerate() {
            if !self.kind.takes(name) {
                let columns = [self.kind.required(), self.kind.optional()].concat().join(", ");
                let kind = self.kind.as_str();
                return Err(CliError::Usage(format!("--column {name}: {kind} have no such column, but {columns}")));
            }
            if self.columns[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(CliError::Usage(format!("--column {name} is given twice; expected once")));
            }
        }
        let times = Times::new(&self.zone, self.epoch, self.time_format.as_deref());
        let times = times.map_err(|error| CliError::Usage(error.to_string()))?;
        Ok(Config {
            kind: self.kind,
            columns: self.columns.clone(),
            delimiter: self.delimiter,
            times,
            decimal_comma: self.decimal_comma,
            empty: self.empty.clone(),
        })
    }
}

/// Lets the reader of that kind see what came out, so that what is written can be read.
fn read_back(kind: Kind, text: &str) -> Result<(), InputError> {
    match kind {
        Kind::Inventory => inventory::read_inventory(text).map(drop).map_err(InputProblems::first),
        Kind::Quotas => quotas::read_quotas(text).map(drop).map_err(InputProblems::first),
        Kind::Pools => pools::read_pools(text).map(drop).map_err(InputProblems::first),
        Kind::Prices => pricing::read_prices(text).map(drop),
        Kind::Sensors => features::read_sensors(text).map(drop),
        Kind::Usage => usage::read_usage(text).map(drop),
        Kind::Requests | Kind::Observations => Ok(()),
    }
}

fn column(text: &str) -> Result<(String, Source), String> {
    let (name, source) = text.split_once('=').ok_or("expected NAME=SOURCE, such as at=creation_time")?;
    Ok((name.trim().to_owned(), source.parse::<Source>().map_err(|error| error.to_string())?))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && *byte != b'"' => Ok(*byte),
        _ => Err("expected one ASCII character, or \\t for a tab".to_owned()),
    }
}
