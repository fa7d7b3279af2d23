//! What is kept of a window that closes, for whoever asks later by what its variance is split.

use std::collections::BTreeMap;

use shared::allocation::{Basis, Cause, FinestCosts, KeptVariance, Metering, ResourceLabels, StatementError};
use shared::request::RequestLog;
use shared::simulation::{Outcome, RunOptions, simulate_metered};
use shared::units::ResourceIndex;
use shared::variance::{Decomposition, Replay};

use super::closing::Predicted;
use crate::ensemble;

/// What the replays that split a variance by cause meter, as they are run.
#[derive(Debug, Default)]
pub(super) struct MeteredSteps {
    runs: BTreeMap<Cause, Vec<Result<FinestCosts, StatementError>>>,
}

impl MeteredSteps {
    /// Runs a replay.
    pub(super) fn run(&mut self, replay: Replay<'_>) -> Outcome {
        let run = |run| {
            let (outcome, metering) = replay.run_metered(run);
            (outcome, FinestCosts::new(&metering))
        };
        let runs = ensemble::in_parallel(replay.runs(), ensemble::available_threads(), &|_, _| true, run);
        let (outcomes, costs) = runs.unwrap_or_default().into_iter().unzip();
        self.runs.insert(replay.cause, costs);
        Outcome::collect(outcomes)
    }

    /// What is kept of a window, with the causes of its variance.
    ///
    /// # Errors
    /// When what a replay metered contradicts itself.
    pub(super) fn kept_with(
        self,
        variance: KeptVariance,
        decomposition: &Decomposition,
    ) -> Result<KeptVariance, StatementError> {
        let runs = self.runs.into_iter().map(|(cause, runs)| Ok((cause, runs.into_iter().collect::<Result<_, _>>()?)));
        let runs: BTreeMap<Cause, Vec<FinestCosts>> = runs.collect::<Result<_, StatementError>>()?;
        Ok(variance.with_steps(&decomposition.steps(runs)))
    }
}

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
