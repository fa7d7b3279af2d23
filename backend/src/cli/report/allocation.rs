//! `report allocation`: what a window cost, by tenant, flavor, label and the like.

mod comparison;
mod costs;
mod html;
mod notices;
mod parquet;
mod text;
mod weights;

use shared::allocation::{
    FocusSettings, GroupBy, IdlePolicy, Metering, Metric, Resolution, Statement, StatementSettings, StatementView,
    VarianceStatement, focus_groupings, focus_rows, read_metric, suits_focus, unit_costs,
};
use shared::input::write_table;
use shared::units::{Instant, Window};

use self::comparison::Document;
use self::costs::Costs;
use self::weights::Sharing;
use super::compared::data;
use crate::cli::shadow::RunArgs;
use crate::cli::{CliError, Global};
use crate::{input, output};

/// Say what a window cost, by any two of tenant, flavor, class, module, node group, zone and label
///
/// Workload, idle, shared (the control plane's modules) and overhead (booting and draining nodes) stand apart and add up to
/// all that was paid, exactly. The window is cut to the microsecond. Of a prediction, the run is taken whose cost is at
/// --quantile of all runs. Where it is known what came of it, tables, pages and JSON have the variance, the prediction
/// accuracy and where it differs most as well.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// What was metered, CSV, instead of something to run: `shadow --metering` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "scenario"])]
    metering: Option<String>,
    /// What was predicted for the time of --metering, in the same form, to hold against it; once a run
    #[arg(long, value_name = "FILE", requires = "metering")]
    predicted: Vec<String>,
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

    /// Whether it has room for how well it was predicted.
    fn has_variance(self) -> bool {
        matches!(self, Self::Table | Self::Json | Self::Html)
    }

    fn is_parquet(self) -> bool {
        matches!(self, Self::Parquet | Self::FocusParquet)
    }
}

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
  shadowplane report allocation --metering actual.csv --predicted predicted.csv --by tenant,flavor --json
  shadowplane report allocation --requests requests.ndjson --origin 2026-03-11T00:00:00Z --resolution day
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
        let sharing = Sharing::read(&self.shared, self.weights.as_deref())?;
        let Costs { metering, mut notices, found } = self.costs(format, &sharing)?;
        if metering.source.contains_key("commitments") {
            // Files of earlier versions.
            notices.push("commitment discounts were left out of this file; write it again to have them".to_owned());
        }
        let metrics = match &self.metric {
            None => Vec::new(),
            Some(path) => read_metric(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?,
        };
        output::progress_done();
        sharing.check(&metering)?;
        let statement = self.statement(format, &sharing, (&metering, metering.window))?;
        notices.extend(notices::of(&statement, &metering, &metrics));
        self.write(format, &metering, &statement, (&metrics, found.as_ref()), &notices)
    }

    /// What was metered, stated as it is asked for; `window` is what is asked for where nothing is said.
    fn statement(
        &self,
        format: Format,
        sharing: &Sharing<'_>,
        (metering, window): (&Metering, Window),
    ) -> Result<Statement, CliError> {
        let settings = StatementSettings {
            window: Window { start: self.from.unwrap_or(window.start), end: self.to.unwrap_or(window.end) },
            resolution: self.resolution(format),
            by: self.groupings(format),
            idle: self.idle,
            shared: sharing.of(metering)?,
        };
        Statement::new(metering, settings).map_err(data)
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
        let of = [
            (self.metric.is_some(), "--metric", "unit costs"),
            (!self.predicted.is_empty(), "--predicted", "a variance"),
        ];
        of.into_iter().find(|(given, ..)| *given && !format.has_variance()).map(|(_, option, what)| {
            format!("{option} has no effect on this format, which has no room for {what}; expected --format table, json or html")
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

    fn write(
        &self,
        format: Format,
        metering: &Metering,
        statement: &Statement,
        (metrics, found): (&[Metric], Option<&VarianceStatement>),
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
            Format::Table => text::table(&view(), found, notices),
            Format::Markdown => text::markdown(&view()),
            Format::Csv => write_table(view().table()),
            Format::Json => {
                let view = view();
                serde_json::to_string_pretty(&Document::new(&view, found)).map_err(anyhow::Error::from)? + "\n"
            }
            Format::Html => html::page(&view(), found, notices),
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
