//! `forecast`: counts per bin, with quantiles.

use std::fmt::Write;

use serde::Serialize;
use shared::features::{Past, read_series};
use shared::forecast::{Answer, Forecast, ModelFile, SelectionReport};
use shared::input::InputError;
use shared::pricing::builtin;
use shared::units::{Duration, Instant};

use super::demand::{ContextArgs, DemandArgs, LONGER_LOG, QuestionArgs, fit, selection, series_name};
use super::{CliError, Global, selection_table};
use crate::{input, output};

/// Forecast creates per bin, with quantiles and the level that each claims
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    /// The primary's requests, NDJSON
    #[arg(long, value_name = "FILE", required_unless_present = "series")]
    requests: Option<String>,
    /// A plain series instead of requests, CSV `timestamp,value`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "history", "bin", "tenants_max"])]
    series: Option<String>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    question: QuestionArgs,
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

const USAGE: &str = "\
shadowplane forecast --requests <FILE> [OPTIONS]
       shadowplane forecast --series <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane forecast --requests requests.ndjson --horizon 1h
  shadowplane forecast --series elb_request_count.csv --horizon 1d
  shadowplane forecast --requests requests.ndjson --origin 2026-01-24T00:00:00Z --horizon 1d --model lstm --json
  shadowplane forecast --requests requests.ndjson --horizon 1d --save-model demand.shadowmodel
  shadowplane forecast --requests requests.ndjson --horizon 1d --model-file demand.shadowmodel
  shadowplane forecast --requests requests.ndjson --events launches.csv --sensors sensors.csv --horizon 1d";

const LONGER_SERIES: &str = "bring a longer series, or choose a later origin";

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
        match (&self.series, &self.requests) {
            (Some(series), _) => self.of_series(series, global),
            (None, requests) => self.of_requests(requests.clone().unwrap_or_default(), global),
        }
    }

    fn of_requests(&self, requests: String, global: &Global) -> Result<(), CliError> {
        let args = DemandArgs::new(requests, self.context.clone(), self.question);
        let demand = args.read(&builtin().catalogue())?;
        let origin = args.origin_or_end(&demand);
        let warning = args.check_origin(&demand, origin)?;
        warning.iter().for_each(|warning| output::warn(warning));
        let known = demand.known(origin);
        let features = args.features(&demand, &known);
        let tenants = known.tenant_names().iter().map(str::to_owned).collect();
        let notices = demand.warnings.iter().cloned().chain(warning).collect();
        self.answer(&features.all(), tenants, notices, (args.requests_name(), LONGER_LOG), global)
    }

    fn of_series(&self, path: &str, global: &Global) -> Result<(), CliError> {
        let read = read_series(&input::read_text(path)?, None).map_err(CliError::in_file(input::name(path)))?;
        let gaps = read.gaps;
        let features = self.context.around(read.series)?;
        let past = features.all();
        let past = match self.question.origin {
            None => past,
            Some(origin) => known_at(&past, origin).ok_or_else(|| {
                let (start, end, bin) = (past.start(), past.origin(), past.bin());
                CliError::Data(format!(
                    "{}: its bins of {bin} go from {start} to {end}; choose an origin after the first and not after the last",
                    input::name(path)
                ))
            })?,
        };
        let filled = || format!("filled with the value before: {} of the file", output::counted(gaps as u64, "bin"));
        let gaps = (gaps > 0).then(filled);
        gaps.iter().for_each(|gaps| output::warn(gaps));
        self.answer(&past, Vec::new(), gaps.into_iter().collect(), (input::name(path), LONGER_SERIES), global)
    }

    /// Fits or reads models, and prints what they say; `from` is the name of the input, and how to bring more of it.
    fn answer(
        &self,
        past: &Past<'_>,
        tenants: Vec<String>,
        notices: Vec<String>,
        from: (&str, &str),
        global: &Global,
    ) -> Result<(), CliError> {
        let file = self.models(past, &tenants, from)?;
        let forecast = file.forecast(past, &tenants, self.horizon);
        let forecast = forecast.map_err(|error| CliError::Data(error.to_string()))?;
        if let Some(path) = &self.save_model {
            output::write_lines(Some(path), |to| to.write_all(&file.to_bytes()))?;
        }
        let digest = forecast.digest();
        let answer = ForecastAnswer { selection: file.report, tenants, notices, digest, forecast };
        if global.json { output::print_json(&answer) } else { output::print(&text(&answer)) }
    }

    /// Those of a file, or fitted now.
    fn models(&self, past: &Past<'_>, tenants: &[String], from: (&str, &str)) -> Result<ModelFile, CliError> {
        if let Some(path) = &self.model_file {
            let file = ModelFile::from_bytes(&input::read_bytes(path)?);
            return file.map_err(|error| CliError::in_file(input::name(path))(InputError::whole(error.to_string())));
        }
        let config = selection(vec![self.horizon], self.seed);
        let fitted = fit(self.question.model, past, &config, from)?;
        Ok(ModelFile::new(past, tenants.to_vec(), &config, fitted))
    }
}

/// What was known at an origin within the bins of a series: those that had ended. None before the first has ended, or after
/// the last.
fn known_at<'a>(past: &Past<'a>, origin: Instant) -> Option<Past<'a>> {
    let bins = usize::try_from((origin - past.start()).divide(past.bin())).ok()?;
    (bins > 0 && origin <= past.origin()).then(|| past.first(bins))
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
