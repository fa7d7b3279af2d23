//! What is kept of a window that closes, for whoever asks later by what its variance is split.

use shared::allocation::{Basis, FinestCosts, KeptVariance, Metering, ResourceLabels, StatementError};
use shared::request::RequestLog;
use shared::simulation::{RunOptions, simulate_metered};
use shared::units::ResourceIndex;

use super::closing::Predicted;
use crate::ensemble;

/// What each run of the prediction metered beside what came; `lives` are those that the prediction goes on from.
///
/// # Errors
/// When what was metered contradicts itself.
pub(super) fn kept_variance(
    log: &RequestLog,
    predicted: &Predicted,
    lives: &[ResourceIndex],
    actual: &Metering,
    basis: Basis,
) -> Result<KeptVariance, StatementError> {
    let valid = &predicted.scenario;
    let labels = ResourceLabels::of_lives(log, lives.iter().copied());
    let run = |run| {
        let requests = valid.requests(run);
        let (_, records) = simulate_metered(valid, &requests, RunOptions { run, ..RunOptions::default() });
        let labels = labels.with_drawn(valid, &requests, run);
        FinestCosts::new(&Metering::of_run(valid.scenario(), &requests, &records, &labels))
    };
    let threads = ensemble::available_threads();
    let runs = ensemble::in_parallel(valid.scenario().runs, threads, &|_, _| true, run);
    let runs: Vec<FinestCosts> = runs.unwrap_or_default().into_iter().collect::<Result<_, _>>()?;
    Ok(KeptVariance::new(&runs, &FinestCosts::new(actual)?, basis))
}
