//! `ledger`: whether what was forecast has been left as it was, and how good it was.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use shared::allocation::RowKind;
use shared::feedback::ledger::{Entry, Head, Record, ScoreRow, Scorecard, scorecard, verify};
use shared::feedback::{ComparedSeries, CorrectionSettings, PairedDifference, compare_ledgers};
use shared::input::InputError;
use shared::simulation::Digest;

use super::database::database_in;
use super::store_files::StoreFiles;
use super::{CliError, Global};
use crate::store::{PostgresAddress, PostgresStore, SqliteStore, StoreError, redacted, whole_ledger};
use crate::{input, output};

/// Check the forecast ledger, and score the forecasts in it
///
/// `serve` writes down what each window is predicted to cost before it begins to be known, and what it cost once it is over,
/// each entry with the hash of the one before: BLAKE3 of the 64 hexadecimal digits of `previous`, followed by the text of
/// `record`. Nobody can change an entry, or leave one out, without changing the hash of all that follow.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  shadowplane ledger verify --data data
  shadowplane ledger export --data data -o ledger.ndjson
  shadowplane ledger verify --store postgres://shadowplane@db.example/shadowplane
  shadowplane ledger verify --file ledger.ndjson --head 5f1c…
  shadowplane ledger scorecard --file ledger.ndjson --json
  shadowplane ledger compare --file frozen.ndjson --with loop.ndjson")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    files: StoreFiles,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Walk the chain, and name the first entry that is wrong
    Verify {
        #[command(flatten)]
        from: Source,
        /// A hash that the chain has to hold, as it was kept elsewhere: only that shows whether its end was cut off
        #[arg(long, value_name = "HASH")]
        head: Option<Digest>,
    },
    /// Set what was claimed against what came
    Scorecard {
        #[command(flatten)]
        from: Source,
    },
    /// Set the forecasts of one ledger against those of another about the same windows: whose cost WAPE is lower, and how
    /// sure that is
    Compare {
        #[command(flatten)]
        from: Source,
        /// What `ledger export` printed of the other one, which is to be better
        #[arg(long, value_name = "FILE")]
        with: String,
        /// Draws the resamples of the intervals
        #[arg(long, default_value_t = 1, value_name = "N")]
        seed: u64,
    },
    /// Print every entry, NDJSON: sequence, previous, hash, record
    Export {
        #[command(flatten)]
        from: Source,
        /// Write to a file instead of stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<String>,
    },
}

/// Where a ledger is.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The service's folder of the database, or the file itself where there are several; it may be running
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The service's database on a server, postgres://user@host:port/database; it may be running
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// What `ledger export` printed
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
}

/// What `verify --json` prints.
#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    head: Head,
    forecasts: usize,
    actuals: usize,
}

impl Args {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        match &self.what {
            What::Verify { from, head } => check(from, &self.files, *head, global),
            What::Scorecard { from } => {
                let (_, _, records) = from.verified(&self.files)?;
                let card = scorecard(&records);
                if global.json { output::print_json(&card) } else { output::print(&text(&card)) }
            }
            What::Compare { from, with, seed } => {
                let (_, _, first) = from.verified(&self.files)?;
                let (_, _, second) =
                    Source { data: None, store: None, file: Some(with.clone()) }.verified(&self.files)?;
                let compared = compare_ledgers(&first, &second, &CorrectionSettings::default(), *seed);
                if global.json { output::print_json(&compared) } else { output::print(&compared_text(&compared)) }
            }
            What::Export { from, output } => {
                let (entries, ..) = from.verified(&self.files)?;
                output::write_records(output.as_deref(), entries.into_iter())
            }
        }
    }
}

fn check(from: &Source, files: &StoreFiles, kept: Option<Digest>, global: &Global) -> Result<(), CliError> {
    let (entries, head, records) = from.verified(files)?;
    if let Some(kept) = kept.filter(|kept| !entries.iter().any(|entry| entry.hash == *kept)) {
        let message = format!(
            "{}: no entry has the hash {kept}; the chain was cut off before it, or is another one",
            from.name()
        );
        return Err(CliError::Data(message));
    }
    let forecasts = records.iter().filter(|record| matches!(record, Record::Forecast(_))).count();
    let verified = Verified { head, forecasts, actuals: records.len() - forecasts };
    if global.json {
        return output::print_json(&verified);
    }
    let Verified { forecasts, actuals, .. } = verified;
    let counts = format!(
        "{} and {} in an unbroken chain",
        output::counted(forecasts as u64, "forecast"),
        output::counted(actuals as u64, "actual cost")
    );
    output::print(&format!("{counts}\nhead {} {}\n", head.entries, head.hash))
}

impl Source {
    fn name(&self) -> String {
        match (&self.file, &self.store, &self.data) {
            (Some(file), ..) => input::name(file).to_owned(),
            (None, Some(url), _) => redacted(url),
            (None, None, data) => data.as_deref().unwrap_or(Path::new("data")).display().to_string(),
        }
    }

    /// The entries, where they end, and their records.
    fn verified(&self, files: &StoreFiles) -> Result<(Vec<Entry>, Head, Vec<Record>), CliError> {
        let entries = match (&self.file, &self.store, &self.data) {
            (Some(file), ..) => read_file(file)?,
            (None, Some(url), _) => read_database(&files.address(url)?)?,
            (None, None, data) => read_data(data.as_deref().unwrap_or(Path::new("data")))?,
        };
        let (head, records) =
            verify(&entries).map_err(|broken| CliError::Data(format!("{}: {broken}", self.name())))?;
        Ok((entries, head, records))
    }
}

fn read_file(file: &str) -> Result<Vec<Entry>, CliError> {
    let text = input::read_text(file)?;
    let lines = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let read = lines.map(|(number, line)| {
        let entry: Result<Entry, _> = serde_json::from_str(line);
        entry.map_err(|error| InputError::line(number, format!("{error}; expected an entry of `ledger export`")))
    });
    read.collect::<Result<_, _>>().map_err(CliError::in_file(input::name(file)))
}

fn read_database(address: &PostgresAddress) -> Result<Vec<Entry>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(anyhow::Error::from)?;
    let read = async { whole_ledger(&PostgresStore::open_to_read(address).await?).await };
    runtime.block_on(read).map_err(|error: StoreError| CliError::Data(format!("{address}: {error}")))
}

fn read_data(folder: &Path) -> Result<Vec<Entry>, CliError> {
    let path = database_in(folder)?;
    let failed = |error: StoreError| CliError::Data(format!("{}: {error}", path.display()));
    let store = SqliteStore::open_to_read(&path).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(anyhow::Error::from)?;
    runtime.block_on(whole_ledger(&store)).map_err(failed)
}

fn text(card: &Scorecard) -> String {
    let mut out = String::new();
    write_card(&mut out, card).expect("writing to a String cannot fail");
    out
}

fn write_card(out: &mut String, card: &Scorecard) -> std::fmt::Result {
    let windows = output::counted(u64::from(card.forecast), "window");
    writeln!(out, "{windows} forecast, {} judged, {} written down too late to be", card.judged, card.late)?;
    if card.other_currency > 0 {
        let windows = output::counted(u64::from(card.other_currency), "window");
        writeln!(out, "{windows} not judged: forecast in one currency, and paid in another")?;
    }
    if card.rows.is_empty() {
        return Ok(());
    }
    write!(out, "\n{:<38}", "cost")?;
    let heads = ["basis", "currency", "horizon", "windows", "wape", "bias", "pinball", "in 50 %", "in 80 %", "in 90 %"];
    heads.iter().try_for_each(|head| write!(out, "{head:>11}"))?;
    writeln!(out)?;
    card.rows.iter().try_for_each(|row| write_row(out, row))
}

fn write_row(out: &mut String, row: &ScoreRow) -> std::fmt::Result {
    let name = series_name(row.kind, row.name.as_deref());
    let share = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    let horizon = row.horizon.to_string();
    write!(out, "{name:<38}{:>11}{:>11}{horizon:>11}{:>11}", row.basis.as_str(), row.currency.as_str(), row.windows)?;
    [row.wape, row.bias, row.pinball].into_iter().try_for_each(|value| write!(out, "{:>11}", share(value)))?;
    let achieved = |score: Option<f64>| score.map_or("-".to_owned(), |percent| format!("{percent:.0} %"));
    row.intervals.iter().try_for_each(|score| write!(out, "{:>11}", achieved(score.achieved_percent)))?;
    writeln!(out)
}

fn compared_text(compared: &[ComparedSeries]) -> String {
    let mut out = String::new();
    write_compared(&mut out, compared).expect("writing to a String cannot fail");
    out
}

fn write_compared(out: &mut String, compared: &[ComparedSeries]) -> std::fmt::Result {
    if compared.is_empty() {
        return writeln!(out, "no window is judged in both ledgers by the same cost");
    }
    writeln!(
        out,
        "WAPE of cost; below zero the other ledger's forecasts are better, in brackets with 95 % confidence\n"
    )?;
    write!(out, "{:<30}{:>10}{:>9}{:>9}{:>9}{:>9}", "cost", "basis", "horizon", "windows", "this", "other")?;
    writeln!(out, "  {:<26}{:>9}  {:<26}", "difference", "corrected", "difference")?;
    for of in compared {
        let name = series_name(of.kind, of.name.as_deref());
        let wape = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let (first, second, corrected) = (wape(of.first), wape(of.second), wape(of.corrected));
        let (basis, horizon) = (of.basis.as_str(), of.horizon.to_string());
        write!(out, "{name:<30}{basis:>10}{horizon:>9}{:>9}{first:>9}{second:>9}", of.windows)?;
        let (difference, of_corrected) = (paired(of.difference), paired(of.corrected_difference));
        writeln!(out, "  {difference:<26}{corrected:>9}  {}", of_corrected)?;
    }
    Ok(())
}

fn paired(difference: Option<PairedDifference>) -> String {
    difference.map_or("-".to_owned(), |PairedDifference { difference, low, high }| {
        format!("{difference:+.4} [{low:+.4}, {high:+.4}]")
    })
}

/// What people call a row of scores.
pub(super) fn series_name(kind: RowKind, name: Option<&str>) -> String {
    match (kind, name) {
        (RowKind::Tenant | RowKind::Class | RowKind::Module, None) => format!("every {}", kind.as_str()),
        (kind, None | Some("")) => kind.as_str().replace('_', " "),
        (kind, Some(name)) => format!("  {} {}", kind.as_str(), output::in_line(name)),
    }
}
