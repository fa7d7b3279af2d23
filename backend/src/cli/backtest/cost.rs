//! `backtest --cost`: how good predicted costs would have been, with and without a correction learnt from earlier ones.

mod table;

use serde::Serialize;
use shared::allocation::{Basis, RowKind};
use shared::feedback::ledger::{ActualRecord, ForecastRecord, Record, actual_series, forecast_series};
use shared::feedback::{
    CorrectionScores, CorrectionSettings, RESAMPLES, ScoredSeries, SeriesCorrection, corrections, score_correction,
};
use shared::forecast::horizon_bins;
use shared::scenario::Problems;
use shared::simulation::Digest;
use shared::units::{Currency, Duration, Instant, Money, Window};

use super::{Args, Model};
use crate::cli::assumptions::AssumptionArgs;
use crate::cli::demand::{DemandArgs, QuestionArgs};
use crate::cli::ledger::series_name;
use crate::cli::shadow::{Foreseen, Inputs, notices, reaches};
use crate::cli::start::StartArgs;
use crate::cli::{CliError, Global};
use crate::hindsight::{Foretold, foretold, happened};
use crate::{ensemble, input, output};

/// From how many origins at most, where nobody says.
const ORIGINS_MAX: i64 = 20;

/// The only way in which an actual cost is known here.
const BASIS: Basis = Basis::Simulated;

/// What is needed to score predicted costs.
#[derive(Debug, clap::Args)]
pub(super) struct CostArgs {
    /// Score the predicted cost, with and without a correction learnt from earlier windows
    #[arg(long, conflicts_with_all = ["series", "stream"])]
    cost: bool,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// How many threads to use; the outcome does not depend on it
    #[arg(long, value_name = "N", requires = "cost", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

impl CostArgs {
    /// Whether costs are to be scored.
    pub(super) fn is_asked_for(&self) -> bool {
        self.cost
    }

    /// Seeds every draw, and every training.
    pub(super) fn seed(&self) -> u64 {
        self.assumptions.seed()
    }

    /// An option that was given and only means something to costs.
    pub(super) fn without_use(&self) -> Option<&'static str> {
        // The seed, which everything has a use for, is named only where it is alone.
        self.assumptions.given().filter(|&option| !self.cost && option != "--seed")
    }
}

/// What `backtest --cost --json` prints.
#[derive(Serialize)]
struct CostAnswer {
    horizon: Duration,
    runs: u32,
    seed: u64,
    currency: Currency,
    /// How actual costs are known.
    basis: Basis,
    /// How corrections are learnt.
    settings: CorrectionSettings,
    /// How many resamples an interval is of.
    resamples: u32,
    notices: Vec<String>,
    /// The total of each window, in order of time.
    windows: Vec<WindowView>,
    results: Vec<ScoredSeries>,
    /// What the windows say of the next prediction.
    next: Vec<NextView>,
}

/// The total of one window.
#[derive(Serialize)]
struct WindowView {
    origin: Instant,
    model: String,
    /// Of the ensemble that the prediction is of.
    digest: Digest,
    predicted: Money,
    /// With the corrections that were in use.
    corrected: Money,
    actual: Money,
}

/// A correction, and its verdict in words.
#[derive(Serialize)]
struct NextView {
    #[serde(flatten)]
    correction: SeriesCorrection,
    said: String,
}

/// Predicts from each origin, runs what really happened, and scores both.
///
/// # Errors
/// When an input is wrong, or there is too little of it.
pub(super) fn run(args: &Args, global: &Global) -> Result<(), CliError> {
    let question = QuestionArgs { origin: None, model: Some(model(args)?) };
    let demand_args = DemandArgs::new(args.path().to_owned(), args.context.clone(), question);
    let inputs = Inputs::read(&demand_args, &args.cost.assumptions, &StartArgs::default())?;
    let horizon = horizon(args, inputs.base.bin)?;
    let origins = origins(args, &inputs, horizon)?;
    let mut said = notices(&inputs.demand, &inputs.base);
    let mut records = Vec::new();
    for (number, &origin) in origins.iter().enumerate() {
        let place = format!("origin {} of {}", number + 1, origins.len());
        let window = Window { start: origin, end: origin + horizon };
        let (judged, warning) =
            judge((args, &place), (&demand_args, &inputs), window).map_err(|error| match error {
                CliError::Data(message) => CliError::Data(format!("from {origin}: {message}")),
                other => other,
            })?;
        records.extend(judged);
        said.extend(warning);
    }
    output::progress_done();
    let settings = CorrectionSettings::default();
    let scores = score_correction(&records, BASIS, &settings, args.seed());
    let end = origins.last().map_or(Instant::default(), |&last| last + horizon);
    let next = corrections(&records, BASIS, (Window { start: end, end: end + horizon }, end), &settings);
    said.extend(few(origins.len(), &settings));
    said.extend(skipped(&next));
    let answer = CostAnswer {
        horizon,
        runs: inputs.base.runs,
        seed: args.seed(),
        currency: inputs.base.price_book.currency,
        basis: BASIS,
        settings,
        resamples: RESAMPLES,
        notices: said,
        windows: windows(&records, &scores),
        results: scores.series,
        next: next.into_iter().map(|correction| NextView { said: correction.sentence(), correction }).collect(),
    };
    if global.json { output::print_json(&answer) } else { output::print(&table::text(&answer)) }
}

fn model(args: &Args) -> Result<Model, CliError> {
    match args.models[..] {
        [] => Ok(Model::Auto),
        [one] => Ok(one),
        _ => Err(CliError::Usage("--cost has one model: streams are sampled from its forecast; name one".to_owned())),
    }
}

fn horizon(args: &Args, bin: Duration) -> Result<Duration, CliError> {
    let horizon = match args.horizon[..] {
        [] => Duration::DAY,
        [one] => one,
        _ => return Err(CliError::Usage("--cost has one --horizon, the length of its windows; name one".to_owned())),
    };
    horizon_bins(horizon, bin).map_err(|wrong| CliError::Usage(format!("--horizon: {wrong}")))?;
    Ok(horizon)
}

/// From where to predict: the last window ends with the log, and a day of it is before the first.
fn origins(args: &Args, inputs: &Inputs, horizon: Duration) -> Result<Vec<Instant>, CliError> {
    let (log, bin) = (&inputs.demand.log, inputs.base.bin);
    let Some((begins, last)) = log.first().zip(log.last()) else {
        return Err(CliError::Data(format!("{}: holds no request", input::name(args.path()))));
    };
    let until = Window { start: begins.floor(bin), end: end(&inputs.demand.log, last, bin, horizon) };
    let step = args.step.map_or(horizon, |bins| Duration::from_micros(bin.micros().saturating_mul(bins as i64)));
    // What is left for the first origins, a day after the log begins at the earliest, to the last one.
    let spare = until.length().micros().saturating_sub(Duration::DAY.micros()).saturating_sub(horizon.micros());
    let fit = if spare < 0 { 0 } else { spare / step.micros() + 1 };
    let origins = args.origins.map_or(fit.clamp(1, ORIGINS_MAX), |origins| origins as i64);
    if origins > fit {
        return Err(CliError::Data(format!(
            "{}: it goes from {} to {}, which is room for {}: each window is {horizon} long, they begin {step} apart, and \
             the first has a day of the log before it; ask for fewer --origins, a smaller --step or a shorter --horizon, or \
             bring more days",
            input::name(args.path()),
            until.start,
            until.end,
            output::counted(fit as u64, "origin"),
        )));
    }
    let last = until.end - horizon;
    Ok((0..origins).rev().map(|back| last - step * back).collect())
}

/// Where the last window ends: at a whole horizon, or a day where it is longer, that the log reaches.
fn end(log: &shared::request::RequestLog, last: Instant, bin: Duration, horizon: Duration) -> Instant {
    let divides = |whole: Duration, part: Duration| whole.micros() % part.micros() == 0;
    let grid = if divides(Duration::DAY, horizon) {
        horizon
    } else if divides(horizon, Duration::DAY) {
        Duration::DAY
    } else {
        bin
    };
    let end = last.floor(grid) + grid;
    if reaches(log, end, bin) { end } else { last.floor(grid) }
}

/// What a window was predicted to cost and cost, and what to know about the log before its origin.
fn judge(
    (args, place): (&Args, &str),
    (demand_args, inputs): (&DemandArgs, &Inputs),
    window: Window,
) -> Result<([Record; 2], Option<String>), CliError> {
    let (base, horizon) = (&inputs.base, window.length());
    let known = inputs.demand.known(window.start);
    let Foreseen { prediction, fork, warning, .. } = Foreseen::new(demand_args, inputs, &known, horizon)?;
    let model = prediction.forecast.model.name.as_str().to_owned();
    let watch = |done, total| {
        output::progress(&format!("{place}: shadow run {done} of {total}"));
        true
    };
    let threads = args.cost.threads.map_or_else(ensemble::available_threads, usize::from);
    let data = |problems: Problems| CliError::Data(problems.to_string());
    let foretold = foretold(&known, base, &fork, (prediction.stream, horizon), threads, &watch).map_err(data)?;
    let Foretold { named, outcome } = foretold.expect("nobody cancels it");
    // Whoever appears in the window has a name by the time that it is judged.
    let (names, currency) = ((&named.tenants[..], &named.flavors[..]), base.price_book.currency);
    output::progress(&format!("{place}: running what really happened"));
    let happened = happened(&known, base, &fork, horizon).map_err(data)?.run;
    let runs: Vec<_> = outcome.runs.iter().map(|run| &run.cost).collect();
    let forecast = Record::Forecast(ForecastRecord {
        window,
        origin: window.start,
        horizon,
        recorded: window.start,
        model,
        digest: outcome.digest,
        runs: base.runs,
        series: forecast_series(&runs, names, currency),
    });
    let series = actual_series(&happened.cost, names, currency);
    let actual = Record::Actual(ActualRecord { window, recorded: window.end, basis: BASIS, series });
    Ok(([forecast, actual], warning))
}

/// The total of each window.
fn windows(records: &[Record], scores: &CorrectionScores) -> Vec<WindowView> {
    let pairs = records.chunks_exact(2).zip(&scores.corrected);
    let view = |(pair, corrected): (&[Record], &ForecastRecord)| {
        let [Record::Forecast(forecast), Record::Actual(actual)] = pair else { return None };
        let total = |of: &ForecastRecord| of.series.iter().find(|of| of.kind == RowKind::Total).map(|of| of.mean);
        Some(WindowView {
            origin: forecast.origin,
            model: forecast.model.clone(),
            digest: forecast.digest,
            predicted: total(forecast)?,
            corrected: total(corrected)?,
            actual: actual.series.iter().find(|of| of.kind == RowKind::Total)?.amount,
        })
    };
    pairs.filter_map(view).collect()
}

/// That no correction can be in use with so few windows.
fn few(origins: usize, settings: &CorrectionSettings) -> Option<String> {
    // The first window has none before it to learn from, and the last trial has to be over.
    let needed = settings.trials_min as usize + 2;
    (origins < needed).then(|| {
        format!(
            "a correction is tried on {} predictions before it is used: with fewer than {needed} windows none ever is",
            settings.trials_min
        )
    })
}

/// Of what nothing can be learnt, as no ratio can be taken of nothing.
fn skipped(next: &[SeriesCorrection]) -> Option<String> {
    let skipped = next.iter().filter(|of| of.skipped > 0);
    let names: Vec<String> = skipped
        .map(|of| {
            let name = series_name(of.kind, Some(&of.name));
            format!("{} ({} of {})", name.trim_start(), of.skipped, of.skipped + of.windows)
        })
        .collect();
    (!names.is_empty()).then(|| {
        let names = output::some(names.iter().map(String::as_str));
        format!("skipped by the correction, windows in which nothing was predicted or nothing came: {names}")
    })
}
