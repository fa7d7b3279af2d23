//! What `--causes` does: every run of every replay, in the groups that are asked for.

use std::collections::BTreeMap;

use shared::allocation::{ActualCost, Basis, Cause, CauseStep, Metering, Statement, Status};
use shared::request::IndexedRequest;
use shared::scenario::ValidScenario;
use shared::simulation::{Outcome, RunOutcome};
use shared::variance::{Actual, NotObserved, Replay, decompose};

use super::data;
use crate::cli::CliError;
use crate::{ensemble, output};

/// The replays that split what was predicted from what came, each with the statements of its runs.
///
/// # Errors
/// When what is metered contradicts itself.
pub(super) fn replayed(
    wider: &ValidScenario,
    (requests, happened): (&[IndexedRequest], &RunOutcome),
    threads: usize,
    state: &(impl Fn(&Metering) -> Result<Statement, CliError> + Sync),
) -> Result<Vec<CauseStep<Vec<Statement>>>, CliError> {
    let watched = |what: &str| {
        let what = what.to_owned();
        move |done, total| {
            output::progress(&format!("{what}: run {done} of {total}"));
            true
        }
    };
    let cancelled = || data("cancelled");
    let predicted =
        ensemble::run(wider, threads, false, &watched("running what was predicted")).ok_or_else(cancelled)?;
    let cost = ActualCost { breakdown: &happened.cost, basis: Basis::Simulated, status: Status::Final };
    let actual = Actual { requests, fleet: Err(NotObserved::NoPlacements), price_book: None, cost };
    let mut statements: BTreeMap<Cause, Vec<Statement>> = BTreeMap::new();
    let decomposition = decompose(wider, &predicted, &actual, |replay: Replay<'_>| -> Result<Outcome, CliError> {
        let run = |run| {
            let (outcome, metering) = replay.run_metered(run);
            (outcome, state(&metering))
        };
        let watch = watched(&format!("replaying {}", replay.cause.as_str()));
        let runs = ensemble::in_parallel(replay.runs(), threads, &watch, run).ok_or_else(cancelled)?;
        let (outcomes, of_runs): (Vec<RunOutcome>, Vec<_>) = runs.into_iter().unzip();
        statements.insert(replay.cause, of_runs.into_iter().collect::<Result<_, _>>()?);
        Ok(Outcome::collect(outcomes))
    })?;
    Ok(decomposition.steps(statements))
}
