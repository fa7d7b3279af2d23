//! Training a challenger, and whether it replaces the champion.

use shared::features::Features;
use shared::feedback::{Decision, Verdict, promotion};
use shared::forecast::{BacktestPlan, Choice, SelectionConfig, TrainError, Watcher, backtest, fit_best};
use shared::request::RequestLog;
use shared::shadow::Known;
use shared::units::Instant;

use super::Champion;
use super::champion::mean_mase;
use crate::config::ShadowingConfig;

/// Series that a network is trained on: arrivals, the total, and the largest tenants.
const TENANTS_MAX: usize = 12;

/// A challenger, and the decision about it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The challenger; champion when the decision says so.
    pub challenger: Champion,
    /// Whether it is promoted, and why.
    pub decision: Decision,
}

/// Fits every model to what was known at `origin` and compares the best with the champion, at the same origins.
///
/// # Errors
/// When there is too little history, or the watcher cancels.
pub fn train(
    config: &ShadowingConfig,
    champion: Option<&Champion>,
    log: &RequestLog,
    origin: Instant,
    watcher: &mut Watcher<'_>,
) -> Result<Trained, TrainError> {
    let known = Known::new(log, None, origin);
    let features = Features::new(known.series(config.bin, TENANTS_MAX));
    let past = features.all();
    let mut selection = SelectionConfig::new(vec![config.horizon]);
    selection.lstm.max_steps = config.training_steps;
    let (selected, report) = fit_best(&past, &selection, watcher)?;
    let challenger_error = report.choices.first().and_then(|Choice { mase, .. }| *mase);
    let season = shared::forecast::season_bins(config.bin);
    let plan = BacktestPlan::new(&past, &[config.horizon], report.origins.len(), season / 4).ok();
    let champion_error = match (champion, plan.filter(|_| !report.origins.is_empty())) {
        (Some(champion), Some(plan)) => {
            mean_mase(&backtest(&champion.selected, &past, &plan, watcher)?, config.horizon)
        }
        _ => None,
    };
    let decision = promotion(origin, champion_error, challenger_error, &config.promotion);
    let version = champion.map_or(0, |champion| champion.version) + u32::from(decision.verdict == Verdict::Promote);
    let reason = decision.reason.clone();
    Ok(Trained { challenger: Champion { selected, version, fitted_until: origin, report, reason }, decision })
}
