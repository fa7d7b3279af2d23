//! `backtest --stream`: how good a predicted stream would have been.

use std::fmt::Write as _;

use serde::Serialize;
use shared::features::{Past, SeriesKey};
use shared::forecast::{NotReady, SelectionConfig, TrainError};
use shared::pricing::builtin;
use shared::shadow::Known;
use shared::stream::{
    ArrivalScores, FlavorScores, LifetimeScores, StreamSettings, poisson, score_arrivals, score_flavors,
    score_lifetimes,
};
use shared::units::{Duration, Instant};

use super::{Args, Model, fit};
use crate::cli::{CliError, Global};
use crate::{input, output};

/// What is needed to score a predicted stream.
#[derive(Debug, clap::Args)]
pub(super) struct StreamArgs {
    /// Score the predicted stream, not series of counts
    #[arg(long, requires_all = ["train", "test"], conflicts_with_all = ["requests", "series"])]
    stream: bool,
    /// Requests to learn from, NDJSON
    #[arg(long, value_name = "FILE", requires = "stream")]
    train: Option<String>,
    /// The requests that followed them, NDJSON
    #[arg(long, value_name = "FILE", requires = "stream")]
    test: Option<String>,
}

impl StreamArgs {
    /// What to learn from and what to score on, where a stream is to be scored.
    pub(super) fn files(&self) -> Option<(&str, &str)> {
        self.train.as_deref().zip(self.test.as_deref()).filter(|_| self.stream)
    }
}

/// What `backtest --stream --json` prints.
#[derive(Serialize)]
struct StreamAnswer {
    /// The end of what was learnt from.
    origin: Instant,
    /// The end of the test.
    end: Instant,
    /// Counts of batches per bin, one a model.
    arrivals: Vec<ScoredArrivals>,
    /// Flavors and ends of batches.
    flavors: FlavorScores,
    /// Lifetimes; none where what was learnt from has no deletes.
    lifetimes: Option<LifetimeScores>,
}

/// One model of arrivals.
#[derive(Serialize)]
struct ScoredArrivals {
    model: &'static str,
    #[serde(flatten)]
    scores: Option<ArrivalScores>,
    not_ready: Option<NotReady>,
}

/// Learns from one file, and scores on the one that followed.
///
/// # Errors
/// When a file is wrong, they overlap, or there is too little of them.
pub(super) fn run(args: &Args, train: &str, test: &str, global: &Global) -> Result<(), CliError> {
    let context = args.context.with_history(train)?;
    let demand = context.read(test, &builtin().catalogue())?;
    let bin = context.bin();
    // Training ends with a whole bin; where the files meet within one, it is the test's.
    let origin = demand.older_end(bin).min(demand.start(bin));
    let end = demand.end(bin) + bin;
    let (before, after) = (demand.known(origin), demand.known(end));
    let features = context.features(&demand, &before);
    let past = features.all();
    let bins = (end - origin).divide(bin) as usize;
    let arrivals = arrivals(args, &past, &counted(&after, bin, bins), bin * bins as i64)?;
    output::progress("scoring flavors and lifetimes");
    let settings = StreamSettings::default();
    let (sources, tested) = (before.sources(), after.sources());
    let tested = tested.last().expect("the test is a source");
    // Flavors that are new in the test have a number, and no chance but that of the unseen.
    let flavors = after.flavors();
    let answer = StreamAnswer {
        origin,
        end,
        arrivals,
        flavors: score_flavors(&sources, tested, origin, (bin, bins), flavors, &settings),
        lifetimes: score_lifetimes(&sources, tested, origin, flavors, &settings),
    };
    output::progress_done();
    if global.json { output::print_json(&answer) } else { output::print(&text(&answer)) }
}

/// The number of batches in each of the last `bins` bins.
fn counted(known: &Known<'_>, bin: Duration, bins: usize) -> Vec<f64> {
    let set = known.series(bin, 0);
    let arrivals = set.series.into_iter().find(|series| series.key == SeriesKey::Arrivals);
    let counts = arrivals.map_or(Vec::new(), |series| series.counts);
    counts[counts.len().saturating_sub(bins)..].to_vec()
}

fn arrivals(args: &Args, past: &Past<'_>, actual: &[f64], horizon: Duration) -> Result<Vec<ScoredArrivals>, CliError> {
    let series = (0..past.series()).find(|&series| past.key(series) == SeriesKey::Arrivals);
    let series = series.expect("series of a log count its arrivals");
    let mut config = SelectionConfig::new(vec![horizon]);
    config.lstm.seed = args.seed();
    let independent = poisson(past.counts(series), past.bin(), actual.len());
    let mut scored =
        vec![ScoredArrivals { model: "poisson", scores: score_arrivals(&independent, actual), not_ready: None }];
    let score = |model: Model| {
        let forecast = fit(model, past, &config)?.and_then(|fitted| fitted.predict_series(past, series, actual.len()));
        Ok(match forecast {
            Ok(bins) => {
                ScoredArrivals { model: model.as_str(), scores: score_arrivals(&bins, actual), not_ready: None }
            }
            Err(reason) => ScoredArrivals { model: model.as_str(), scores: None, not_ready: Some(reason) },
        })
    };
    for &model in args.models() {
        let failed = |error: TrainError| {
            let file = args.stream.train.as_deref().unwrap_or_default();
            CliError::Data(format!("{}: {error}", input::name(file)))
        };
        scored.push(score(model).map_err(failed)?);
    }
    Ok(scored)
}

fn text(answer: &StreamAnswer) -> String {
    let mut out = String::new();
    write_text(&mut out, answer).expect("text can be written to memory");
    out
}

fn write_text(out: &mut String, answer: &StreamAnswer) -> std::fmt::Result {
    writeln!(out, "learnt from what was before {}, scored until {}\n", answer.origin, answer.end)?;
    writeln!(
        out,
        "{:<16}{:>10}{:>10}{:>10}{:>16}{:>9}  batches a bin",
        "arrivals", "in 90 %", "below", "above", "interval score", "bias"
    )?;
    for row in &answer.arrivals {
        match (&row.scores, row.not_ready) {
            (Some(scores), _) => writeln!(
                out,
                "{:<16}{:>10.1}{:>10.1}{:>10.1}{:>16.2}{:>9}",
                row.model,
                scores.coverage * 100.0,
                scores.below * 100.0,
                scores.above * 100.0,
                scores.interval_score,
                scores.bias.map_or("-".to_owned(), |bias| format!("{bias:.3}")),
            )?,
            (None, reason) => {
                let reason = reason.map_or("there is no bin to compare".to_owned(), |reason| reason.to_string());
                writeln!(out, "{:<16}  not ready: {reason}", row.model)?;
            }
        }
    }
    let flavors = &answer.flavors;
    writeln!(
        out,
        "\n{:<16}{:>10}{:>14}  {} tokens of {} classes",
        "flavors", "NLL", "top-1 error %", flavors.tokens, flavors.classes
    )?;
    for row in &flavors.results {
        writeln!(out, "{:<16}{:>10.4}{:>14.2}", name(row.model), row.nll, row.top1_error * 100.0)?;
    }
    writeln!(
        out,
        "half-life {} and {} times as much on the same weekday, the likeliest of the last days",
        flavors.half_life,
        flavors.same_weekday + 1
    )?;
    let Some(lifetimes) = &answer.lifetimes else {
        return writeln!(out, "\nno lifetimes: what was learnt from has no deletes");
    };
    let (points, lives, ended) = (lifetimes.points, lifetimes.lives, lifetimes.ended);
    writeln!(
        out,
        "\n{:<16}{:>10}{:>14}  {points} points of {lives} lives, {ended} of them ended",
        "lifetimes", "BCE", "top-1 error %"
    )?;
    lifetimes
        .results
        .iter()
        .try_for_each(|row| writeln!(out, "{:<16}{:>10.4}{:>14.2}", name(row.model), row.bce, row.top1_error * 100.0))
}

/// The name of a model as it travels.
fn name(model: impl Serialize) -> String {
    serde_json::to_value(model).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
