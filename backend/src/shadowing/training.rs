//! Training a challenger, and whether it replaces the champion.

mod by_cost;

use shared::features::Past;
use shared::feedback::{Decision, Measure, Verdict, promotion};
use shared::forecast::{
    BacktestPlan, ModelName, SelectionConfig, SelectionReport, TrainError, Watcher, backtest, compare_mase, fit_best,
    season_bins,
};
use shared::request::RequestLog;
use shared::units::{Duration, Instant};

use self::by_cost::{Case, Compared, Unjudged};
use super::{Champion, REPORTED, SideInputs};
use crate::config::ShadowingConfig;

/// Series that a network is trained on: arrivals, the total, and the largest tenants.
const TENANTS_MAX: usize = 12;

/// The fewest origins that a comparison by MASE rests on.
const ORIGINS_MIN: usize = 2;

/// A challenger, and the decision about it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The challenger; champion when the decision says so.
    pub challenger: Champion,
    /// Whether it is promoted, and why.
    pub decision: Decision,
}

/// How wrong champion and challenger were.
#[derive(Clone, Debug)]
struct Errors {
    measure: Measure,
    champion: Option<f64>,
    challenger: Option<f64>,
    /// Over what, in words.
    how: String,
}

/// Fits every model to what was known at `origin` and compares the best with the champion: by the errors of the costs that
/// they predict through the shadow where that can be told, otherwise by MASE; at the same origins, and at none that the
/// champion has been fitted on.
///
/// Where MASE decides and too few origins are later than the champion's history, its kind is fitted anew on what the
/// challenger was fitted on, and stands for it.
///
/// # Errors
/// When there is too little history, or the watcher cancels.
pub fn train(
    config: &ShadowingConfig,
    champion: Option<&Champion>,
    log: &RequestLog,
    side_inputs: &SideInputs,
    origin: Instant,
    watcher: &mut Watcher<'_>,
) -> Result<Trained, TrainError> {
    let known = config.known(log, origin);
    let features = side_inputs.features(config, &known, TENANTS_MAX);
    let past = features.all();
    let mut selection = SelectionConfig::new(possible(&past, config.horizons.all()));
    selection.lstm.max_steps = config.training_steps;
    let unseen = champion.map(|champion| unseen_origins(&past, &selection, champion.fitted_until));
    if let Some(unseen) = unseen.filter(|unseen| *unseen >= ORIGINS_MIN) {
        selection.origins = unseen;
    }
    let (selected, report) = fit_best(&past, &selection, watcher)?;
    let decision = match champion {
        Some(champion) => {
            let case = Case { config, log, side_inputs, selection: &selection };
            judge(&case, champion, &past, &report, origin, watcher)?
        }
        None => {
            let (_, challenger) = compare_mase(REPORTED, &[], &report.used(REPORTED));
            promotion(origin, Measure::Mase, None, challenger, &config.promotion)
        }
    };
    let version = champion.map_or(0, |champion| champion.version) + u32::from(decision.verdict == Verdict::Promote);
    let reason = decision.reason.clone();
    Ok(Trained { challenger: Champion { selected, version, fitted_until: origin, report, reason }, decision })
}

/// The horizons that there is enough history to judge models at, and in any case [`REPORTED`].
fn possible(past: &Past<'_>, horizons: &[Duration]) -> Vec<Duration> {
    let step = season_bins(past.bin()) / 4;
    let judged = |horizon: Duration| BacktestPlan::new(past, &[horizon], ORIGINS_MIN, step).is_ok();
    horizons.iter().copied().filter(|&horizon| horizon == REPORTED || judged(horizon)).collect()
}

/// How many of the origins that a selection would take are not earlier than `fitted_until`.
fn unseen_origins(past: &Past<'_>, selection: &SelectionConfig, fitted_until: Instant) -> usize {
    let step = season_bins(past.bin()) / 4;
    let origins =
        |count| BacktestPlan::new(past, &selection.horizons, count, step).ok().map(|plan| plan.instants(past));
    let longest = (1..=selection.origins).rev().find_map(origins).unwrap_or_default();
    longest.iter().filter(|&&at| at >= fitted_until).count()
}

/// Decides by cost where that can tell, and otherwise by MASE, and says which.
fn judge(
    case: &Case<'_>,
    champion: &Champion,
    past: &Past<'_>,
    report: &SelectionReport,
    at: Instant,
    watcher: &mut Watcher<'_>,
) -> Result<Decision, TrainError> {
    let config = case.config;
    let errors = match by_cost::compare(case, champion, past, watcher) {
        Ok(Compared { champion, challenger, windows }) => Errors {
            measure: Measure::CostError,
            champion: Some(champion),
            challenger: Some(challenger),
            how: format!(
                "by cost: WAPE {challenger:.4} against the champion's {champion:.4} over {windows} windows of \
                 {REPORTED} that neither had seen"
            ),
        },
        Err(Unjudged::Training(TrainError::Forecast(cancelled))) => return Err(cancelled.into()),
        Err(unjudged) => {
            let errors = by_mase(config, champion, past, report, watcher)?;
            Errors { how: format!("by MASE {}; not by cost: {unjudged}", errors.how), ..errors }
        }
    };
    let decision = promotion(at, errors.measure, errors.champion, errors.challenger, &config.promotion);
    Ok(Decision { reason: format!("{} ({})", decision.reason, errors.how), ..decision })
}

/// The errors of both over creates.
fn by_mase(
    config: &ShadowingConfig,
    champion: &Champion,
    past: &Past<'_>,
    report: &SelectionReport,
    watcher: &mut Watcher<'_>,
) -> Result<Errors, TrainError> {
    let challenger = report.used(REPORTED);
    let first = report.origins.first();
    let (of_champion, how) = if first.is_some_and(|&first| first >= champion.fitted_until) {
        let origins = report.origins.iter().map(|&origin| (origin - past.start()).divide(past.bin()) as usize);
        let plan = BacktestPlan { horizons: vec![REPORTED], origins: origins.collect() };
        let origins = plan.origins.len();
        (backtest(&champion.selected, past, &plan, watcher)?, format!("over {origins} origins that neither had seen"))
    } else {
        let model = champion.selected.model(REPORTED.divide(config.bin) as usize);
        let how = format!("where its kind, {model}, was fitted anew: too few origins are later than its history");
        // What several models are used for is chosen anew too.
        let alone = report.candidates.iter().find(|one| one.model == model && model != ModelName::Ensemble);
        (alone.map_or_else(|| challenger.clone(), |candidate| candidate.scores.clone()), how)
    };
    let (champion, challenger) = compare_mase(REPORTED, &of_champion, &challenger);
    Ok(Errors { measure: Measure::Mase, champion, challenger, how })
}

#[cfg(test)]
mod tests {
    use shared::example;
    use shared::forecast::Continue;
    use shared::request::{Catalogue, RequestLogBuilder};
    use shared::scenario::Scenario;
    use shared::shadow::Known;

    use super::*;

    fn log(days: i64) -> RequestLog {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for request in (0..days).flat_map(|day| example::requests(example::SEED, day)) {
            builder.push(1, request).unwrap();
        }
        builder.finish().unwrap()
    }

    fn config() -> ShadowingConfig {
        let assumed = Scenario { runs: 1, ..example::scenario() };
        ShadowingConfig { training_steps: 2, ..ShadowingConfig::system(assumed, Catalogue::default()) }
    }

    /// As a training would have left it that knew the log up to an instant.
    fn fitted(config: &ShadowingConfig, log: &RequestLog, until: Instant) -> Champion {
        let known = Known::new(log, None, until);
        let features = SideInputs::default().features(config, &known, TENANTS_MAX);
        Champion { version: 2, ..Champion::baseline(&features.all(), REPORTED).unwrap() }
    }

    fn judged(config: &ShadowingConfig, log: &RequestLog, champion: &Champion, origin: Instant) -> Trained {
        train(config, Some(champion), log, &SideInputs::default(), origin, &mut |_| Continue::Yes).unwrap()
    }

    #[test]
    fn costs_decide_where_neither_has_seen_the_windows() {
        let (log, origin) = (log(6), example::day_window(6).start);
        let config = config();
        // Two whole days that the champion has not seen, and four before them: at least the 54 hours that a fit needs.
        let champion = fitted(&config, &log, origin - Duration::HOUR * 48);
        let Trained { challenger, decision } = judged(&config, &log, &champion, origin);
        let how = "over 2 windows of 1d that neither had seen)";
        assert!(decision.reason.contains("(by cost: WAPE ") && decision.reason.ends_with(how), "{}", decision.reason);
        let [signal] = &decision.signals[..] else { panic!("{decision:?}") };
        assert_eq!(signal.name, "challenger_cost_error");
        let figure = |after: &str| {
            let rest = &decision.reason[decision.reason.find(after).unwrap() + after.len()..];
            rest.split_whitespace().next().unwrap().parse::<f64>().unwrap()
        };
        // Four decimals are said, and the limit is 0.99 of the champion's.
        assert!((signal.value.unwrap() - figure("WAPE ")).abs() <= 0.000_05 + 1e-9);
        assert!((signal.limit / 0.99 - figure("champion's ")).abs() <= 0.000_05 + 1e-9);
        let better = signal.value.unwrap() <= signal.limit;
        assert_eq!((decision.verdict == Verdict::Promote, signal.fired), (better, better));
        assert_eq!((challenger.version, challenger.fitted_until), (2 + u32::from(better), origin));
    }

    #[test]
    fn too_little_history_is_judged_by_mase_at_origins_that_neither_was_fitted_on() {
        // Four days: of two windows of a day the first would have 48 hours before it, six too few.
        let (log, origin) = (log(4), example::day_window(4).start);
        let config = config();
        // Origins lie six hours apart, the last one a day before the end: of the eight from 66 hours before the end on,
        // five are not earlier than 48 hours before it.
        let champion = fitted(&config, &log, origin - Duration::HOUR * 48);
        let Trained { challenger, decision } = judged(&config, &log, &champion, origin);
        let origins = [48, 42, 36, 30, 24].map(|hours| origin - Duration::HOUR * hours);
        assert_eq!(challenger.report.origins, origins);
        let how = "(by MASE over 5 origins that neither had seen; not by cost: fewer than 2 whole horizons";
        assert!(decision.reason.contains(how), "{}", decision.reason);
        assert_eq!(decision.signals[0].name, "challenger_error");
        // One that has seen them all: its kind is a candidate of the same backtest, and that is its score.
        let Trained { challenger, decision } = judged(&config, &log, &fitted(&config, &log, origin), origin);
        assert_eq!(challenger.report.origins.len(), 8);
        assert!(decision.reason.contains("seasonal_naive, was fitted anew"), "{}", decision.reason);
        let candidate = challenger.report.candidates.iter().find(|one| one.model == ModelName::SeasonalNaive);
        let (_, own) = compare_mase(REPORTED, &[], &candidate.unwrap().scores);
        assert_eq!(decision.signals[0].limit, own.unwrap() * config.promotion.error_ratio_max);
    }
}
