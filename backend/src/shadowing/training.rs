//! Training a challenger, and whether it replaces the champion.

use shared::features::Past;
use shared::feedback::{Decision, Verdict, promotion};
use shared::forecast::{
    BacktestPlan, ModelName, SelectionConfig, SelectionReport, TrainError, Watcher, backtest, compare_mase, fit_best,
    season_bins,
};
use shared::request::RequestLog;
use shared::shadow::Known;
use shared::units::{Duration, Instant};

use super::{Champion, SideInputs};
use crate::config::ShadowingConfig;

/// Series that a network is trained on: arrivals, the total, and the largest tenants.
const TENANTS_MAX: usize = 12;

/// The fewest origins that a comparison rests on.
const ORIGINS_MIN: usize = 2;

/// A challenger, and the decision about it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The challenger; champion when the decision says so.
    pub challenger: Champion,
    /// Whether it is promoted, and why.
    pub decision: Decision,
}

/// Fits every model to what was known at `origin` and compares the best with the champion: at the same origins, over
/// the same series, and at none that the champion has been fitted on.
///
/// Where too few origins are later than the champion's history, its kind is fitted anew on what the challenger was
/// fitted on, and stands for it.
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
    let known = Known::new(log, None, origin);
    let features = side_inputs.features(config, &known, TENANTS_MAX);
    let past = features.all();
    let mut selection = SelectionConfig::new(vec![config.horizon]);
    selection.lstm.max_steps = config.training_steps;
    let unseen = champion.map(|champion| unseen_origins(&past, config.horizon, &selection, champion.fitted_until));
    if let Some(unseen) = unseen.filter(|unseen| *unseen >= ORIGINS_MIN) {
        selection.origins = unseen;
    }
    let (selected, report) = fit_best(&past, &selection, watcher)?;
    let decision = judge(config, champion, &past, &report, origin, watcher)?;
    let version = champion.map_or(0, |champion| champion.version) + u32::from(decision.verdict == Verdict::Promote);
    let reason = decision.reason.clone();
    Ok(Trained { challenger: Champion { selected, version, fitted_until: origin, report, reason }, decision })
}

/// How many of the origins that a selection would take are not earlier than `fitted_until`.
fn unseen_origins(past: &Past<'_>, horizon: Duration, selection: &SelectionConfig, fitted_until: Instant) -> usize {
    let step = season_bins(past.bin()) / 4;
    let origins = |count| BacktestPlan::new(past, &[horizon], count, step).ok().map(|plan| plan.instants(past));
    let longest = (1..=selection.origins).rev().find_map(origins).unwrap_or_default();
    longest.iter().filter(|&&at| at >= fitted_until).count()
}

fn judge(
    config: &ShadowingConfig,
    champion: Option<&Champion>,
    past: &Past<'_>,
    report: &SelectionReport,
    at: Instant,
    watcher: &mut Watcher<'_>,
) -> Result<Decision, TrainError> {
    let challenger = report.used(config.horizon);
    let Some(champion) = champion else {
        let (_, challenger) = compare_mase(config.horizon, &[], &challenger);
        return Ok(promotion(at, None, challenger, &config.promotion));
    };
    let bins = config.horizon.divide(config.bin) as usize;
    let first = report.origins.first();
    let (of_champion, how) = if first.is_some_and(|&first| first >= champion.fitted_until) {
        let origins = report.origins.iter().map(|&origin| (origin - past.start()).divide(past.bin()) as usize);
        let plan = BacktestPlan { horizons: vec![config.horizon], origins: origins.collect() };
        let origins = plan.origins.len();
        (backtest(&champion.selected, past, &plan, watcher)?, format!("over {origins} origins that neither had seen"))
    } else {
        let model = champion.selected.model(bins);
        let how = format!("its kind, {model}, was fitted anew: too few origins are later than its history");
        // What several models are used for is chosen anew too.
        let alone = report.candidates.iter().find(|one| one.model == model && model != ModelName::Ensemble);
        (alone.map_or_else(|| challenger.clone(), |candidate| candidate.scores.clone()), how)
    };
    let (of_champion, challenger) = compare_mase(config.horizon, &of_champion, &challenger);
    let decision = promotion(at, of_champion, challenger, &config.promotion);
    Ok(Decision { reason: format!("{} ({how})", decision.reason), ..decision })
}

#[cfg(test)]
mod tests {
    use shared::example;
    use shared::forecast::Continue;
    use shared::request::{Catalogue, RequestLogBuilder};

    use super::*;

    #[test]
    fn both_are_judged_at_origins_that_neither_was_fitted_on() {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for request in (0..6).flat_map(|day| example::requests(example::SEED, day)) {
            builder.push(1, request).unwrap();
        }
        let log = builder.finish().unwrap();
        let config =
            ShadowingConfig { training_steps: 2, ..ShadowingConfig::system(example::scenario(), Catalogue::default()) };
        let fitted = |until: Instant| {
            let known = Known::new(&log, None, until);
            let features = SideInputs::default().features(&config, &known, TENANTS_MAX);
            Champion::baseline(&features.all(), config.horizon).unwrap()
        };
        let origin = example::day_window(6).start;
        let judged = |champion: &Champion| {
            let trained =
                train(&config, Some(champion), &log, &SideInputs::default(), origin, &mut |_| Continue::Yes).unwrap();
            (trained.challenger.report, trained.decision)
        };
        // Origins lie six hours apart, the last one a day before the end: of the eight from 66 hours before the end on,
        // five are not earlier than 48 hours before it.
        let (report, decision) = judged(&fitted(origin - Duration::HOUR * 48));
        let origins = [48, 42, 36, 30, 24].map(|hours| origin - Duration::HOUR * hours);
        assert_eq!(report.origins, origins);
        assert!(decision.reason.contains("over 5 origins that neither had seen"), "{}", decision.reason);
        // One that has seen them all: its kind is a candidate of the same backtest, and that is its score.
        let (report, decision) = judged(&fitted(origin));
        assert_eq!(report.origins.len(), 8);
        assert!(decision.reason.contains("seasonal_naive, was fitted anew"), "{}", decision.reason);
        let candidate = report.candidates.iter().find(|one| one.model == shared::forecast::ModelName::SeasonalNaive);
        let (_, own) = compare_mase(config.horizon, &[], &candidate.unwrap().scores);
        assert_eq!(decision.signals[0].limit, own.unwrap() * config.promotion.error_ratio_max);
    }
}
