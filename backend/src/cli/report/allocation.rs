//! `report allocation`: what a window cost, by tenant, flavor, label and the like.

mod html;
mod notices;
mod parquet;
mod text;

use shared::allocation::{
    FocusSettings, GroupBy, IdlePolicy, Metering, Metric, Resolution, SharedPolicy, Statement, StatementSettings,
    StatementView, focus_groupings, focus_rows, read_metering, read_metric, read_weights, suits_focus, unit_costs,
};
use shared::input::write_table;
use shared::units::{Instant, Window};

use crate::cli::shadow::{Metered, Prepared, RunArgs, metered, stands_for};
use crate::cli::{CliError, Global};
use crate::{ensemble, input, output};

/// Say what a window cost, by any two of tenant, flavor, class, module, node group, zone and label
///
/// Workload, idle, shared (the control plane's modules) and overhead (booting and draining nodes) stand apart and add up to
/// all that was paid, exactly. The window is cut to the microsecond. Of a prediction, the run is taken whose cost is at
/// --quantile of all runs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// What was metered, CSV, instead of something to run: `shadow --metering` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "scenario"])]
    metering: Option<String>,
    /// By what cost is split, at most two of: tenant, module, flavor, class, node_group, zone, cluster, label:KEY [default:
    /// tenant]
    #[arg(long, value_name = "A[,B]", value_delimiter = ',')]
    by: Vec<GroupBy>,
    /// First instant [default: where the metering begins]
    #[arg(long, value_name = "INSTANT")]
    from: Option<Instant>,
    /// First instant after [default: where the metering ends]
    #[arg(long, value_name = "INSTANT")]
    to: Option<Instant>,
    /// Into what pieces the window is cut, on the local clock: whole, hour, day, week or month [default: whole, for FOCUS day]
    #[arg(long)]
    resolution: Option<Resolution>,
    /// What becomes of idle: keep, proportional (to the workload on the node group, hour by hour) or peak (by who used the
    /// node group when most of it was asked for in the hour)
    #[arg(long, value_name = "POLICY", default_value = "keep")]
    idle: IdlePolicy,
    /// What becomes of the modules' cost: keep, uniform (over the tenants of the hour), proportional (to their workload in
    /// it) or weighted (by --weights)
    #[arg(long, value_name = "POLICY", value_parser = ["keep", "uniform", "proportional", "weighted"], default_value = "keep")]
    shared: String,
    /// Weights of tenants, CSV tenant,weight; who is not in it pays nothing
    #[arg(long, value_name = "FILE")]
    weights: Option<String>,
    /// Metrics of the business, CSV at,metric,value: what an order, a user cost
    #[arg(long, value_name = "FILE")]
    metric: Option<String>,
    /// Of the runs of a prediction, the one whose cost is at this level [default: 0.5]
    #[arg(long, value_name = "LEVEL")]
    quantile: Option<f64>,
    /// Who provides and invoices it all, in FOCUS
    #[arg(long, value_name = "NAME", default_value = "Shadowplane")]
    provider: String,
    /// How it is written; --json is the same as json
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write it there, whole or not at all [default: stdout; Parquet has to be given a file]
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Table,
    /// One document
    Json,
    /// One line a row
    Csv,
    /// The same as a Parquet file: money as decimals, instants in UTC
    Parquet,
    /// Charges of FOCUS 1.2, CSV
    Focus,
    /// Charges of FOCUS 1.2, as a Parquet file
    FocusParquet,
    /// A page to print
    Html,
    /// A table for a pull request
    Markdown,
}

impl Format {
    fn is_focus(self) -> bool {
        matches!(self, Self::Focus | Self::FocusParquet)
    }

    fn is_parquet(self) -> bool {
        matches!(self, Self::Parquet | Self::FocusParquet)
    }
}

/// The level of the run that is taken where none is said.
const MEDIAN: f64 = 0.5;

const USAGE: &str = "\
shadowplane report allocation --metering <FILE> [OPTIONS]
       shadowplane report allocation --requests <FILE> [--origin <INSTANT>] [OPTIONS]
       shadowplane report allocation --scenario <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane shadow --requests requests.ndjson --metering metering.csv
  shadowplane report allocation --metering metering.csv
  shadowplane report allocation --metering metering.csv --by tenant,flavor --resolution day --format csv -o days.csv
  shadowplane report allocation --metering metering.csv --resolution hour --format parquet -o hours.parquet
  shadowplane report allocation --metering metering.csv --by label:team --idle proportional --shared uniform
  shadowplane report allocation --requests requests.ndjson --inventory nodes.csv --prices prices.csv --metric orders.csv
  shadowplane report allocation --scenario scenario.json --format focus --provider 'Our cloud' -o focus.csv";

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be said.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let format = if global.json { Format::Json } else { self.format };
        self.check(format)?;
        let (metering, mut notices) = self.metering()?;
        if metering.source.contains_key("commitments") {
            // Files of earlier versions.
            notices.push("commitment discounts were left out of this file; write it again to have them".to_owned());
        }
        let metrics = match &self.metric {
            None => Vec::new(),
            Some(path) => read_metric(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?,
        };
        output::progress_done();
        let settings = StatementSettings {
            window: Window {
                start: self.from.unwrap_or(metering.window.start),
                end: self.to.unwrap_or(metering.window.end),
            },
            resolution: self.resolution(format),
            by: self.groupings(format),
            idle: self.idle,
            shared: self.shared(&metering)?,
        };
        let statement = Statement::new(&metering, settings).map_err(|error| CliError::Data(error.to_string()))?;
        notices.extend(notices::of(&statement, &metering, &metrics));
        self.write(format, &metering, &statement, &metrics, &notices)
    }

    /// Refuses what contradicts itself.
    fn check(&self, format: Format) -> Result<(), CliError> {
        let usage = |message: String| Err(CliError::Usage(message));
        if self.by.len() > 2 {
            return usage(format!("--by names {} groupings; expected one or two", self.by.len()));
        }
        if self.by.len() == 2 && self.by[0] == self.by[1] {
            return usage(format!("--by names {} twice; expected each grouping once", self.by[0]));
        }
        if let Some(quantile) = self.quantile.filter(|quantile| !(0.0..=1.0).contains(quantile)) {
            return usage(format!("--quantile is {quantile}; expected a level from 0 to 1"));
        }
        if let Some(option) = self.without_use(format) {
            return usage(option);
        }
        if format.is_parquet() && self.output.is_none() {
            return usage("Parquet is no text; expected a file for it with --output, or `-` for stdout".to_owned());
        }
        if format.is_focus() && !suits_focus(self.resolution(format)) {
            let message = "a charge of FOCUS lies in one billing period, which is a month; expected --resolution hour, day or \
                           month";
            return usage(message.to_owned());
        }
        match (self.shared.as_str(), &self.weights) {
            ("weighted", None) => usage("--shared weighted needs --weights".to_owned()),
            ("weighted", _) | (_, None) => Ok(()),
            (other, Some(_)) => usage(format!("--weights has no effect with --shared {other}; say --shared weighted")),
        }
    }

    /// What is wrong with an option that would have no effect.
    fn without_use(&self, format: Format) -> Option<String> {
        if self.metering.is_some()
            && let Some(option) = self.run.given().or(self.quantile.map(|_| "--quantile"))
        {
            return Some(format!("{option} has no effect with --metering, which says what was run already"));
        }
        if format.is_focus() && !self.by.is_empty() {
            return Some("--by has no effect on charges of FOCUS, which have columns of their own".to_owned());
        }
        let unit_costs = matches!(format, Format::Table | Format::Json | Format::Html);
        (self.metric.is_some() && !unit_costs).then(|| {
            "--metric has no effect on this format, which has no room for unit costs; expected --format table, json or html"
                .to_owned()
        })
    }

    fn groupings(&self, format: Format) -> Vec<GroupBy> {
        match &self.by[..] {
            _ if format.is_focus() => focus_groupings(),
            [] => vec![GroupBy::Tenant],
            by => by.to_vec(),
        }
    }

    fn resolution(&self, format: Format) -> Resolution {
        self.resolution.unwrap_or(if format.is_focus() { Resolution::Day } else { Resolution::Whole })
    }

    /// What was metered, read or run, and what to know about it.
    fn metering(&self) -> Result<(Metering, Vec<String>), CliError> {
        if let Some(path) = &self.metering {
            output::progress("reading what was metered");
            let metering = read_metering(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?;
            return Ok((metering, Vec::new()));
        }
        if !self.run.is_given() {
            return Err(CliError::Usage("report allocation needs --metering, --requests or --scenario".to_owned()));
        }
        let Prepared { valid, mut notices, names, .. } = self.run.prepare("report allocation", |base| base)?;
        let watch = |done, total| {
            output::progress(&format!("shadow run {done} of {total}"));
            true
        };
        let outcome = ensemble::run(&valid, self.run.threads(), false, &watch)
            .ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
        let run = stands_for(&outcome, self.quantile.unwrap_or(MEDIAN));
        let Metered { metering, notice, .. } =
            metered(&valid, run, &names, (outcome.runs.len() > 1).then_some(self.quantile.unwrap_or(MEDIAN)));
        notices.extend(notice);
        Ok((metering, notices))
    }

    fn shared(&self, metering: &Metering) -> Result<SharedPolicy, CliError> {
        Ok(match (self.shared.as_str(), &self.weights) {
            ("weighted", Some(path)) => {
                let weights = read_weights(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?;
                let mut by_tenant = vec![0; metering.tenants.len()];
                for (name, weight) in weights {
                    let place = metering.tenants.iter().position(|tenant| tenant.name == name).ok_or_else(|| {
                        let known = output::some(metering.tenants.iter().map(|tenant| tenant.name.as_str()));
                        let name = output::in_line(&name);
                        let file = input::name(path);
                        CliError::Data(format!("{file}: nobody is called `{name}`; the tenants are {known}"))
                    })?;
                    by_tenant[place] = weight;
                }
                SharedPolicy::Weighted(by_tenant)
            }
            (policy, _) => policy.parse().map_err(CliError::Usage)?,
        })
    }

    fn write(
        &self,
        format: Format,
        metering: &Metering,
        statement: &Statement,
        metrics: &[Metric],
        notices: &[String],
    ) -> Result<(), CliError> {
        // Tables and pages have room for what there is to know; other files would be believed without it.
        if !matches!(format, Format::Table | Format::Html) {
            notices.iter().for_each(|notice| output::warn(notice));
        }
        let view = || StatementView::new(statement, unit_costs(statement, metrics));
        let charges = || {
            let settings = FocusSettings { provider: self.provider.clone() };
            focus_rows(statement, metering, &settings).map_err(|error| CliError::Data(error.to_string()))
        };
        let content = match format {
            Format::Table => text::table(&view(), notices),
            Format::Markdown => text::markdown(&view()),
            Format::Csv => write_table(view().table()),
            Format::Json => serde_json::to_string_pretty(&view()).map_err(anyhow::Error::from)? + "\n",
            Format::Html => html::page(&view(), notices),
            Format::Focus => write_table(charges()?.into_iter()),
            Format::Parquet => {
                let view = view();
                return self.write_parquet(&view.table().collect::<Vec<_>>(), &parquet::of_statement(&view));
            }
            Format::FocusParquet => {
                let rows = charges()?;
                return self.write_parquet(&rows, &parquet::of_focus(&rows[0]));
            }
        };
        output::write(self.output.as_deref(), &content)
    }

    fn write_parquet(&self, rows: &[Vec<String>], types: &[parquet::ColumnType]) -> Result<(), CliError> {
        let bytes = parquet::file(rows, types)?;
        output::write_lines(self.output.as_deref(), |out| out.write_all(&bytes))
    }
}
