//! `forecast`: counts per bin, with quantiles.

use std::fmt::Write;

use serde::Serialize;
use shared::features::Past;
use shared::forecast::{Answer, Forecast, ModelFile, SelectionReport};
use shared::input::InputError;
use shared::pricing::builtin;
use shared::units::Duration;

use super::demand::{DemandArgs, series_name};
use super::{CliError, Global, selection_table};
use crate::{input, output};

/// Forecast creates per bin, with quantiles and the level that each claims
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    demand: DemandArgs,
    /// How far to forecast: a multiple of the bin
    #[arg(long, allow_hyphen_values = true, default_value = "1h")]
    horizon: Duration,
    /// Seeds the training
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep what was fitted as a file, which gives the same forecast anywhere, browsers included
    #[arg(long, value_name = "FILE")]
    save_model: Option<String>,
    /// Forecast by the models of such a file, without fitting any
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "seed", "save_model"])]
    model_file: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane forecast --requests requests.ndjson --horizon 1h
  shadowplane forecast --requests requests.ndjson --origin 2026-01-24T00:00:00Z --horizon 1d --model lstm --json
  shadowplane forecast --requests requests.ndjson --horizon 1d --save-model demand.shadowmodel
  shadowplane forecast --requests requests.ndjson --horizon 1d --model-file demand.shadowmodel
  shadowplane forecast --requests requests.ndjson --events launches.csv --sensors sensors.csv --horizon 1d";

/// What `forecast --json` prints.
#[derive(Serialize)]
struct ForecastAnswer {
    selection: SelectionReport,
    /// Names by the tenant index that series keys have.
    tenants: Vec<String>,
    /// What to know before it is believed.
    notices: Vec<String>,
    /// Of every bit of the forecast.
    digest: String,
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
        let tenants: Vec<String> = known.tenant_names().iter().map(str::to_owned).collect();
        let past = features.all();
        let file = self.models(&past, &tenants)?;
        let forecast = file.forecast(&past, &tenants, self.horizon);
        let forecast = forecast.map_err(|error| CliError::Data(error.to_string()))?;
        if let Some(path) = &self.save_model {
            output::write_lines(Some(path), |to| to.write_all(&file.to_bytes()))?;
        }
        let answer = ForecastAnswer {
            selection: file.report,
            tenants,
            notices: demand.warnings.iter().cloned().chain(warning).collect(),
            digest: forecast.digest(),
            forecast,
        };
        if global.json { output::print_json(&answer) } else { output::print(&text(&answer)) }
    }

    /// Those of a file, or fitted now.
    fn models(&self, past: &Past<'_>, tenants: &[String]) -> Result<ModelFile, CliError> {
        if let Some(path) = &self.model_file {
            let file = ModelFile::from_bytes(&input::read_bytes(path)?);
            return file.map_err(|error| CliError::in_file(input::name(path))(InputError::whole(error.to_string())));
        }
        let config = self.demand.selection(vec![self.horizon], self.seed);
        let fitted = self.demand.fit(past, &config)?;
        Ok(ModelFile::new(past, tenants.to_vec(), &config, fitted))
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
    writeln!(out, "\ndigest {}", answer.digest)
}
