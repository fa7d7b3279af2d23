//! `backtest`: how good forecasts would have been, from rolling origins.

mod cost;
mod stream;
mod table;
mod timed;

use std::time::Instant as Stopwatch;

use serde::Serialize;
use shared::features::{Features, Past, SeriesKey, read_series};
use shared::forecast::{
    BacktestError, BacktestPlan, Continue, NotReady, Predict, Progress, Scored, Scores, SelectionConfig, TrainError,
    backtest, fit_best, fit_model,
};
use shared::pricing::builtin;
use shared::units::{Duration, Instant};

use self::cost::CostArgs;
use self::stream::StreamArgs;
use self::timed::Timed;
use super::demand::{ContextArgs, Model, not_ready};
use super::{CliError, Global, progress_line};
use crate::{input, output};

/// Score forecasts from rolling origins, every model on the same bins
///
/// Models are fitted on what lies before the first origin only, and see at each origin what had happened by then; the
/// last origin's longest horizon ends with the data. `auto` is what the product would use: it chooses among the others
/// by a backtest of its own before the first origin.
///
/// With `--stream` what is scored is the predicted stream: arrivals of batches over all of the test, forecast from the
/// end of the training data, and flavors and lifetimes one by one, each given those before it.
///
/// With `--cost` what is scored is the predicted cost of each window: at each origin models are fitted on what was before
/// it, the predicted streams are run in the shadow, and the actual requests after it. Beside the prediction stands the
/// corrected one: times a factor per series of cost, which is learnt from the windows before the origin and is used where
/// it would have made those better. It assumes what `shadow` would, with the same options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct Args {
    /// The primary's requests, NDJSON
    #[arg(long, value_name = "FILE", required_unless_present_any = ["series", "stream"])]
    requests: Option<String>,
    /// A plain series instead of requests, CSV `timestamp,value`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "history", "bin", "tenants_max"])]
    series: Option<String>,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    cost: CostArgs,
    #[command(flatten)]
    context: ContextArgs,
    /// How far to forecast: multiples of the bin [default: 5m,1h,1d; with --cost 1d]
    #[arg(long, allow_hyphen_values = true, value_delimiter = ',')]
    horizon: Vec<Duration>,
    /// From how many origins [default: 20; with --cost as many as there is room for, up to 20]
    #[arg(long, value_name = "N", value_parser = from_one)]
    origins: Option<usize>,
    /// Bins between two origins [default: a quarter of a day; with --cost the horizon]
    #[arg(long, value_name = "BINS", value_parser = from_one)]
    step: Option<usize>,
    /// Which models to score [default: seasonal-naive,one-day-median,lstm,auto; with --cost auto]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    models: Vec<Model>,
}

/// What is scored where nobody says.
const HORIZONS: [Duration; 3] = [Duration::from_minutes(5), Duration::HOUR, Duration::DAY];
const ORIGINS: usize = 20;
const MODELS: [Model; 4] = [Model::SeasonalNaive, Model::OneDayMedian, Model::Lstm, Model::Auto];

const USAGE: &str = "\
shadowplane backtest --requests <FILE> [OPTIONS]
       shadowplane backtest --series <FILE> [OPTIONS]
       shadowplane backtest --stream --train <FILE> --test <FILE> [OPTIONS]
       shadowplane backtest --cost --requests <FILE> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  shadowplane backtest --requests requests.ndjson --horizon 5m,1h,1d
  shadowplane backtest --series elb_request_count.csv --origins 20 --models seasonal-naive,auto --json
  shadowplane backtest --stream --train train.ndjson --test dev.ndjson --models one-day-median,auto
  shadowplane backtest --cost --requests requests.ndjson --inventory nodes.csv --prices prices.csv --origins 7
  shadowplane backtest --cost --requests dev.ndjson --history train.ndjson --horizon 1d --runs 20 --json";

fn from_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&count| count > 0).ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// What `backtest --json` prints.
#[derive(Serialize)]
struct BacktestAnswer {
    /// From where forecasts were made.
    origins: Vec<Instant>,
    /// The end of the data that models were fitted on.
    fitted_until: Instant,
    /// Bins of a series file without a value, which carry the one before.
    gaps: usize,
    /// Names by the tenant index that series keys have.
    tenants: Vec<String>,
    /// One a model, series and horizon.
    results: Vec<ScoredModel>,
}

/// One model on one series over one horizon.
#[derive(Serialize)]
struct ScoredModel {
    model: &'static str,
    series: SeriesKey,
    horizon: Duration,
    #[serde(flatten)]
    scores: Option<Scores>,
    not_ready: Option<NotReady>,
    /// Seconds that fitting took, all series together.
    fit_s: f64,
    /// Milliseconds that a forecast of this series over the longest horizon took, on average.
    predict_ms: Option<f64>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When an input is wrong, or there is too little of it.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        if let Some(option) = self.cost.without_use() {
            return Err(CliError::Usage(format!(
                "{option} has no effect without --cost: nothing is run, forecasts are scored; leave it out"
            )));
        }
        if self.cost.is_asked_for() {
            return cost::run(self, global);
        }
        if let Some((train, test)) = self.stream.files() {
            return stream::run(self, train, test, global);
        }
        let (features, tenants, gaps) = self.features()?;
        let past = features.all();
        let step = self.step.unwrap_or_else(|| (shared::forecast::season_bins(past.bin()) / 4).max(1));
        let (horizons, origins) = (self.horizons(), self.origins.unwrap_or(ORIGINS));
        let plan = BacktestPlan::new(&past, horizons, origins, step).map_err(|error| match error {
            BacktestError::Forecast(wrong) => {
                CliError::Usage(format!("--horizon: {wrong}; the bin is that of {}", input::name(self.path())))
            }
            BacktestError::NotReady(_) => CliError::Data(format!(
                "{}: it has {} of {}; {error}",
                input::name(self.path()),
                output::counted(past.bins() as u64, "bin"),
                past.bin()
            )),
        })?;
        let mut results = Vec::new();
        for &model in self.models() {
            results.extend(self.score(model, &past, &plan)?);
        }
        output::progress_done();
        if !results.is_empty() && results.iter().all(|row| row.scores.is_none()) {
            return Err(self.nothing_scored(&results, &past, &plan));
        }
        let fitted_until = plan.training(&past).origin();
        let answer = BacktestAnswer { origins: plan.instants(&past), fitted_until, gaps, tenants, results };
        if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer)) }
    }

    fn horizons(&self) -> &[Duration] {
        if self.horizon.is_empty() { &HORIZONS } else { &self.horizon }
    }

    fn models(&self) -> &[Model] {
        if self.models.is_empty() { &MODELS } else { &self.models }
    }

    fn seed(&self) -> u64 {
        self.cost.seed()
    }

    fn path(&self) -> &str {
        self.series.as_deref().or(self.requests.as_deref()).unwrap_or_default()
    }

    /// The series with what goes with them, names of tenants, and gaps that were filled.
    fn features(&self) -> Result<(Features, Vec<String>, usize), CliError> {
        let Some(series) = &self.series else {
            let demand = self.context.read(self.path(), &builtin().catalogue())?;
            let known = demand.known(demand.end(self.context.bin()));
            let tenants = known.tenant_names().iter().map(str::to_owned).collect();
            return Ok((self.context.features(&demand, &known), tenants, 0));
        };
        let read = read_series(&input::read_text(series)?, None).map_err(CliError::in_file(input::name(series)))?;
        let features = self.context.around(read.series)?;
        Ok((features, Vec::new(), read.gaps))
    }

    /// Why no model has a score, and which models would have one.
    fn nothing_scored(&self, results: &[ScoredModel], past: &Past<'_>, plan: &BacktestPlan) -> CliError {
        let reason = |&model: &Model| {
            let row = results.iter().find(|row| row.model == model.as_str())?;
            Some((model, row.not_ready?))
        };
        let reasons: Vec<(Model, NotReady)> = self.models().iter().filter_map(reason).collect();
        let longest = plan.horizons[plan.horizons.len() - 1].divide(past.bin()) as usize;
        CliError::Data(format!(
            "{}: {}; ask for fewer origins, a smaller step or a shorter horizon, or give more history",
            input::name(self.path()),
            not_ready("--models", &reasons, &plan.training(past), longest),
        ))
    }

    /// Fits one model on what is before the first origin, and scores it.
    fn score(&self, model: Model, past: &Past<'_>, plan: &BacktestPlan) -> Result<Vec<ScoredModel>, CliError> {
        let mut config = SelectionConfig::new(plan.horizons.clone());
        config.lstm.seed = self.seed();
        let training = plan.training(past);
        let begun = Stopwatch::now();
        let fitted = fit(model, &training, &config);
        let failed = |error: TrainError| CliError::Data(format!("{}: {error}", input::name(self.path())));
        let fit_s = begun.elapsed().as_secs_f64();
        let row = |key, horizon| ScoredModel {
            model: model.as_str(),
            series: key,
            horizon,
            scores: None,
            not_ready: None,
            fit_s,
            predict_ms: None,
        };
        match fitted.map_err(failed)? {
            Ok(fitted) => {
                let timed = Timed::new(fitted, past.series());
                let scored = backtest(&timed, past, plan, &mut watch).map_err(|error| failed(error.into()))?;
                let predict_ms = timed.mean_ms();
                let rows = scored.into_iter().enumerate().map(|(i, scored)| {
                    let mut row = row(scored.key, scored.horizon);
                    row.predict_ms = predict_ms[i / plan.horizons.len()];
                    match scored.outcome {
                        Scored::Scores(scores) => row.scores = Some(scores),
                        Scored::NotReady(reason) => row.not_ready = Some(reason),
                    }
                    row
                });
                Ok(rows.collect())
            }
            Err(reason) => {
                let of_series = |series| plan.horizons.iter().map(move |&horizon| (series, horizon));
                let rows = (0..past.series())
                    .flat_map(of_series)
                    .map(|(series, horizon)| ScoredModel { not_ready: Some(reason), ..row(past.key(series), horizon) });
                Ok(rows.collect())
            }
        }
    }
}

/// Fits one model, or all together, to forecast over the horizons of `config`.
fn fit(
    model: Model,
    past: &Past<'_>,
    config: &SelectionConfig,
) -> Result<Result<Box<dyn Predict>, NotReady>, TrainError> {
    let Some(name) = model.name() else {
        let (selected, _) = fit_best(past, config, &mut watch)?;
        return Ok(Ok(Box::new(selected)));
    };
    let longest = config.horizons.iter().map(|horizon| horizon.divide(past.bin())).max().unwrap_or(0) as usize;
    let fitted = fit_model(name, past, &config.lstm, longest, &mut watch)?;
    Ok(fitted.map(|model| Box::new(model) as Box<dyn Predict>))
}

fn watch(progress: Progress) -> Continue {
    output::progress(&progress_line(progress));
    Continue::Yes
}
