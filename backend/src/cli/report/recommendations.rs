//! `report recommendations`: what to change, and files for the tools that could change it.

mod markdown;

use std::collections::BTreeSet;
use std::fs;

use serde::Serialize;
use shared::api::AdviceView;
use shared::recommendation::Sources;
use shared::scenario::Scenario;
use shared::units::Window;

use crate::cli::shadow::{Before, Prepared, RunArgs, advise, offers, write_advice};
use crate::cli::{CliError, Global};
use crate::ensemble::{self, RunBy};
use crate::manifests::kubectl::Workloads;
use crate::manifests::{self, Exported, karpenter, kubectl};
use crate::output;

/// Say what to change: each candidate is replayed on the same streams, and only what is worth it is shown
///
/// It takes as long as the shadow itself, 20 to 30 times for one node group and at most 68 times. With --export, files
/// for another tool are written, one a recommendation: nothing is ever applied.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Commitments that could be bought, CSV, as for `shadow --recommend`
    #[arg(long, value_name = "FILE")]
    commitment_offers: Option<String>,
    /// How it is written; --json is the same as json
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write what this tool can carry out, one file a recommendation, into the folder of --output: NodePools of Karpenter,
    /// or commands of kubectl
    #[arg(long, value_enum, value_name = "TOOL", requires = "output")]
    export: Option<Tool>,
    /// Write it there, whole or not at all; with --export a folder, and the report goes to stdout [default: stdout]
    #[arg(short, long, value_name = "PATH")]
    output: Option<String>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Table,
    /// One document
    Json,
    /// A table for a pull request
    Markdown,
}

/// What would carry a recommendation out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Tool {
    /// NodePools (karpenter.sh/v1): instance types, spot nodes, when nodes are given back
    Karpenter,
    /// Commands for what workloads request
    Kubectl,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report<'a> {
    window: Window,
    notices: &'a [String],
    #[serde(flatten)]
    advice: &'a AdviceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<&'a Exported>,
}

const USAGE: &str = "\
shadowplane report recommendations --requests <FILE> [--origin <INSTANT>] [OPTIONS]
       shadowplane report recommendations --scenario <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane report recommendations --requests requests.ndjson --origin 2026-01-24T00:00:00Z
  shadowplane report recommendations --requests requests.ndjson --origin 2026-01-24T00:00:00Z --usage usage.csv \\
      --export kubectl -o commands/
  shadowplane report recommendations --scenario scenario.json --export karpenter -o nodepools/
  shadowplane report recommendations --scenario scenario.json --format markdown -o recommendations.md";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be run or written.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        if !self.run.is_given() {
            return Err(CliError::Usage("report recommendations needs --requests or --scenario".to_owned()));
        }
        if self.run.has_usage_alone() {
            let message =
                "--usage has no effect without --origin: what tenants used before it says what they need; name it";
            return Err(CliError::Usage(message.to_owned()));
        }
        let prepared = self.run.prepare("report recommendations", |base| base)?;
        let used = prepared.used();
        let Prepared { valid, notices, demand, predicted, start, owned, .. } = prepared;
        let scenario = valid.scenario();
        let offers = offers(self.commitment_offers.as_deref(), scenario)?;
        let threads = self.run.threads();
        let watch = |done, total| {
            output::progress(&format!("shadow run {done} of {total}"));
            true
        };
        let outcome =
            ensemble::run(&valid, threads, false, &watch).ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
        let before = Before::of((demand.as_ref(), predicted.as_ref()), start.as_ref(), self.run.edits());
        let sources = Sources { offers: &offers, used: &used, owned: &owned, past: None };
        let advice = advise(&valid, &outcome, &sources, before.as_ref(), RunBy::Threads(threads))?;
        output::progress_done();
        let view = AdviceView::new(&advice, scenario);
        let workloads = demand.as_ref().map(|demand| Workloads::of(&demand.log)).unwrap_or_default();
        let exported = self.export.map(|tool| export(tool, &view, scenario, &workloads));
        if let (Some(exported), Some(folder)) = (&exported, &self.output) {
            write_files(folder, exported)?;
        }
        let format = if global.json { Format::Json } else { self.format };
        let report = Report { window: scenario.window, notices: &notices, advice: &view, export: exported.as_ref() };
        let to = if self.export.is_some() { None } else { self.output.as_deref() };
        output::write(to, &text(&report, format)?)
    }
}

fn export(tool: Tool, advice: &AdviceView, scenario: &Scenario, workloads: &Workloads) -> Exported {
    let mut all = Exported::default();
    for recommendation in &advice.recommendations {
        match tool {
            Tool::Karpenter => karpenter::export(recommendation, scenario, &mut all),
            Tool::Kubectl => kubectl::export(recommendation, scenario, workloads, &mut all),
        }
    }
    all
}

/// Writes the files into a folder; those of an earlier export are replaced.
fn write_files(folder: &str, exported: &Exported) -> Result<(), CliError> {
    if folder == "-" {
        return Err(CliError::Usage("--output - cannot hold several files; name a folder".to_owned()));
    }
    let there = fs::read_dir(folder).into_iter().flatten().flatten();
    let earlier =
        there.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| manifests::is_ours(name));
    let names: BTreeSet<String> = exported.files.iter().map(|file| file.name.clone()).chain(earlier).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let files: Vec<(&str, &str)> =
        exported.files.iter().map(|file| (file.name.as_str(), file.content.as_str())).collect();
    output::write_folder(folder, &names, &files)
}

fn text(report: &Report<'_>, format: Format) -> Result<String, CliError> {
    match format {
        Format::Json => Ok(serde_json::to_string_pretty(report).map_err(anyhow::Error::from)? + "\n"),
        Format::Markdown => Ok(markdown::text(report)),
        Format::Table => {
            let mut out = String::new();
            write_table(&mut out, report).expect("writing to a String cannot fail");
            Ok(out)
        }
    }
}

fn write_table(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    use std::fmt::Write;
    writeln!(out, "{} … {}", report.window.start, report.window.end)?;
    for notice in report.notices {
        writeln!(out, "note: {notice}")?;
    }
    write_advice(out, report.advice)?;
    let Some(exported) = report.export else { return Ok(()) };
    writeln!(out, "\nwritten, and not applied")?;
    for file in &exported.files {
        writeln!(out, "  {:>2}  {}", file.rank, file.name)?;
    }
    for left_out in &exported.left_out {
        writeln!(out, "  {:>2}  left out: {}", left_out.rank, output::in_line(&left_out.reason))?;
    }
    Ok(())
}
