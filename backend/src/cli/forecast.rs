//! `forecast`: counts per bin, with quantiles.

use std::fmt::Write;

use serde::Serialize;
use shared::forecast::{Answer, Forecast, Predict, SelectionReport};
use shared::pricing::builtin;
use shared::units::Duration;

use super::demand::{DemandArgs, series_name};
use super::{CliError, Global, selection_table};
use crate::output;

/// Forecast creates per bin, with quantiles and the level that each claims
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    demand: DemandArgs,
    /// How far to forecast: a multiple of the bin
    #[arg(long, default_value = "1h")]
    horizon: Duration,
    /// Seeds the training
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane forecast --requests requests.ndjson --horizon 1h
  shadowplane forecast --requests requests.ndjson --origin 2026-01-24T00:00:00Z --horizon 1d --model lstm --json
  shadowplane forecast --requests requests.ndjson --events launches.csv --sensors sensors.csv --horizon 1d";

/// What `forecast --json` prints.
#[derive(Serialize)]
struct ForecastAnswer {
    selection: SelectionReport,
    /// Names by the tenant index that series keys have.
    tenants: Vec<String>,
    /// What to know before it is believed.
    notices: Vec<String>,
    forecast: Forecast,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or there is nothing to forecast from.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let demand = self.demand.read(&builtin().catalogue())?;
        let origin = self.demand.origin_or_end(&demand);
        let warning = self.demand.check_origin(&demand, origin)?;
        warning.iter().for_each(|warning| output::warn(warning));
        let known = demand.known(origin);
        let features = self.demand.features(&demand, &known);
        let config = self.demand.selection(vec![self.horizon], self.seed);
        let (model, selection) = self.demand.fit(&features.all(), &config)?;
        let forecast = model.predict(&features.all(), self.horizon);
        let forecast = forecast.map_err(|error| CliError::Data(error.to_string()))?;
        let tenants = known.tenant_names().iter().map(str::to_owned).collect();
        let answer = ForecastAnswer {
            selection,
            tenants,
            notices: demand.warnings.iter().cloned().chain(warning).collect(),
            forecast,
        };
        if global.json { output::print_json(&answer) } else { output::print(&text(&answer)) }
    }
}

fn text(answer: &ForecastAnswer) -> String {
    let mut out = selection_table::text(&answer.selection);
    write_bins(&mut out, answer).expect("writing to a String cannot fail");
    out
}

fn write_bins(out: &mut String, answer: &ForecastAnswer) -> std::fmt::Result {
    let forecast = &answer.forecast;
    for series in &forecast.series {
        writeln!(out, "\n{}", series_name(series.key, &answer.tenants))?;
        let bins = match &series.answer {
            Answer::Bins(bins) => bins,
            Answer::NotReady(reason) => {
                writeln!(out, "  no forecast: {reason}")?;
                continue;
            }
        };
        write!(out, "  {:<22}{:>9}", "bin", "mean")?;
        forecast.levels.iter().try_for_each(|level| write!(out, "{:>9}", format!("p{:02.0}", 100.0 * level)))?;
        writeln!(out)?;
        for (position, bin) in bins.iter().enumerate() {
            let at = forecast.origin + forecast.bin * position as i64;
            write!(out, "  {:<22}{:>9.2}", at.to_string(), bin.mean())?;
            bin.quantiles().iter().try_for_each(|quantile| write!(out, "{quantile:>9.2}"))?;
            writeln!(out)?;
        }
    }
    Ok(())
}
