//! Champion and challenger compared by cost: both predict the newest windows through the shadow, and what those cost is
//! known.

#[cfg(test)]
mod tests;

use shared::allocation::CostErrors;
use shared::features::Past;
use shared::forecast::{
    BacktestPlan, Continue, ForecastError, NotReady, Progress, Selected, SelectionConfig, TrainError, Watcher,
    fit_best, season_bins,
};
use shared::request::RequestLog;
use shared::scenario::{Problems, Scenario};
use shared::shadow::PredictionError;
use shared::simulation::Fork;
use shared::stream::StreamSettings;
use shared::units::{Instant, Window};

use super::super::primary::{folded, forked};
use super::super::{Champion, REPORTED, SideInputs};
use super::TENANTS_MAX;
use crate::config::ShadowingConfig;
use crate::hindsight::{foretold, happened};

/// At most so many windows: each one more takes a horizon from what the judged model is fitted on, and runs every shadow
/// once more.
const WINDOWS_MAX: i64 = 3;

/// The fewest windows: a single day may be an exception.
const WINDOWS_MIN: i64 = 2;

/// Runs of a shadow, at most. Their mean strays a third (1 ÷ √8) as far as one run, and as the seed is the same for both
/// models, what it strays is mostly the same too.
const RUNS_MAX: u32 = 8;

/// Origins of the backtest that the judged model is chosen by: half as many as otherwise, so that the second fit and the
/// shadows together take about as long as the first fit.
const ORIGINS: usize = 4;

/// Series of tenants that a window is forecast with: predicted streams are sampled from the arrivals of everyone alone.
const TENANTS: usize = 0;

/// What both models are judged on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) config: &'a ShadowingConfig,
    pub(super) log: &'a RequestLog,
    pub(super) side_inputs: &'a SideInputs,
    /// How the challenger is chosen.
    pub(super) selection: &'a SelectionConfig,
}

/// Cost-weighted WAPE of both, over the same windows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compared {
    pub(super) champion: f64,
    pub(super) challenger: f64,
    /// How many windows they were judged by.
    pub(super) windows: usize,
}

/// Why costs say nothing about the two.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unjudged {
    /// Too few windows, or too little before them.
    #[error(
        "fewer than {WINDOWS_MIN} whole horizons that the champion was not fitted on have enough history before them and \
         no outage in them"
    )]
    TooFewWindows,
    /// A model says nothing of a window.
    #[error("a window cannot be predicted: {0}")]
    Unpredicted(#[from] PredictionError),
    /// What is assumed cannot run.
    #[error("a window cannot be run: {0}")]
    Impossible(#[from] Problems),
    /// No actual cost can be compared with.
    #[error("nothing cost anything")]
    NoCost,
    /// The second fit failed, or the watcher cancelled.
    #[error(transparent)]
    Training(#[from] TrainError),
}

/// Has both models predict the newest windows through the shadow, and compares that with what the requests that came cost in
/// the same control plane, at the same prices: what is left is the error of their demand.
///
/// The challenger's stand-in is chosen and fitted as the challenger is, on nothing after the first window begins, and the
/// champion has not been fitted on any of them either, unless it is the baseline, which serves fitted anew at each origin
/// and is judged so. Every model is told the requests up to an origin before it predicts, as when it serves. Machines are
/// simulated on both sides, and none are ordered ahead, so that both models are held against one and the same cost.
///
/// # Errors
/// Why costs cannot tell.
pub(super) fn compare(
    case: &Case<'_>,
    champion: &Champion,
    past: &Past<'_>,
    watcher: &mut Watcher<'_>,
) -> Result<Compared, Unjudged> {
    let windows = windows(case, champion, past);
    let first = windows.first().ok_or(Unjudged::TooFewWindows)?;
    let stand_in = fitted_until(case, first.start, watcher)?;
    let models = [Judged::of(champion, past), Judged::Fitted(&stand_in)];
    let [champion, challenger] = errors(case, &windows, models, watcher)?.map(|errors| errors.wape());
    let (champion, challenger) = champion.zip(challenger).ok_or(Unjudged::NoCost)?;
    Ok(Compared { champion, challenger, windows: windows.len() })
}

/// The newest whole horizons that the champion has not been fitted on, in order of time and without those with an outage: as
/// many as leave enough before them to fit a challenger on. None where that is fewer than two.
fn windows(case: &Case<'_>, champion: &Champion, past: &Past<'_>) -> Vec<Window> {
    let (horizon, end) = (REPORTED, past.origin());
    let bins = horizon.divide(past.bin()) as usize;
    // What something cost is known from when it is known who lives.
    let known_from = case.config.known_from();
    let seen = (!champion.is_baseline(bins)).then_some(champion.fitted_until);
    let since = known_from.into_iter().chain(seen).max();
    let outages = case.config.known(case.log, end).outages();
    let whole = |window: &Window| !outages.iter().any(|outage| outage.start < window.end && window.start < outage.end);
    let newest = |count: i64| {
        let start = end - horizon * count;
        let before = past.bins().checked_sub(bins * count as usize).map(|bins| past.first(bins))?;
        let plan = BacktestPlan::new(&before, &[horizon], 2, season_bins(past.bin()) / 4);
        let fits = plan.is_ok() && since.is_none_or(|since| start >= since);
        let all =
            (0..count).map(|number| Window { start: start + horizon * number, end: start + horizon * (number + 1) });
        let whole: Vec<Window> = all.filter(whole).collect();
        (fits && whole.len() >= WINDOWS_MIN as usize).then_some(whole)
    };
    (WINDOWS_MIN..=WINDOWS_MAX).rev().find_map(newest).unwrap_or_default()
}

/// What would have been chosen at an instant as the challenger is, from what was known then.
fn fitted_until(case: &Case<'_>, start: Instant, watcher: &mut Watcher<'_>) -> Result<Selected, TrainError> {
    let known = case.config.known(case.log, start);
    let features = case.side_inputs.features(case.config, &known, TENANTS_MAX);
    let selection = SelectionConfig { origins: ORIGINS, horizons: vec![REPORTED], ..case.selection.clone() };
    Ok(fit_best(&features.all(), &selection, watcher)?.0)
}

/// A model that is judged.
#[derive(Clone, Copy, Debug)]
enum Judged<'a> {
    /// The baseline, fitted anew at each origin.
    Baseline,
    /// One that was trained earlier.
    Fitted(&'a Selected),
}

impl<'a> Judged<'a> {
    fn of(champion: &'a Champion, past: &Past<'_>) -> Self {
        let bins = REPORTED.divide(past.bin()) as usize;
        if champion.is_baseline(bins) { Self::Baseline } else { Self::Fitted(&champion.selected) }
    }

    /// As it serves at the end of a past.
    fn at(self, past: &Past<'_>) -> Result<Selected, NotReady> {
        match self {
            Self::Baseline => Ok(Champion::baseline(past, REPORTED)?.selected),
            Self::Fitted(model) => model.updated(past),
        }
    }
}

/// The errors of each model over the windows, which lie in order of time.
fn errors(
    case: &Case<'_>,
    windows: &[Window],
    models: [Judged<'_>; 2],
    watcher: &mut Watcher<'_>,
) -> Result<[CostErrors; 2], Unjudged> {
    let assumed = &case.config.assumed;
    let base = Scenario { runs: assumed.runs.min(RUNS_MAX), ..assumed.clone() };
    let mut errors = [CostErrors::default(); 2];
    let mut primary: Option<(Instant, Fork)> = None;
    for (number, window) in windows.iter().enumerate() {
        let known = case.config.known(case.log, window.start);
        let fork = match primary.take() {
            Some((at, fork)) => case.config.known(case.log, at).gone_on(&base, &fork, window.start, None)?,
            None => forked(case.config, &base, &known, &folded(case.config, &known, &[], window.start))?.fork,
        };
        let features = case.side_inputs.features(case.config, &known, TENANTS);
        let past = features.all();
        let actual = happened(&known, &base, &fork, window.length())?.run.cost;
        for (model, errors) in models.iter().zip(&mut errors) {
            let model = model.at(&past).map_err(PredictionError::from)?;
            let name = model.model(window.length().divide(past.bin()) as usize);
            let progress = Progress::Backtest { model: name, origin: number, origins: windows.len() };
            if watcher(progress) == Continue::Cancel {
                return Err(TrainError::Forecast(ForecastError::Cancelled).into());
            }
            let stream = known.predict(&past, &model, window.length(), &StreamSettings::default())?.stream;
            let threads = case.config.job_threads();
            let foretold = foretold(&known, &base, &fork, (stream, window.length()), threads, &|_, _| true)?;
            let runs = foretold.expect("nobody cancels it").outcome.runs;
            let predicted: Vec<_> = runs.iter().map(|run| &run.cost).collect();
            errors.add_window(&predicted, &actual);
        }
        primary = Some((window.start, fork));
    }
    Ok(errors)
}
