//! What was predicted from an origin, and what came after it when the actual requests are run: statements asked alike.

use shared::allocation::{Metering, ResourceLabels, Statement};
use shared::request::IndexedRequest;
use shared::scenario::ValidScenario;
use shared::simulation::{RunOptions, RunOutcome, simulate_metered};

use crate::cli::CliError;
use crate::cli::demand::Demand;
use crate::cli::shadow::{Predicted, Prepared, RunArgs, metered, reaches};
use crate::{ensemble, output};

/// A prediction and what came of it.
pub(super) struct Compared {
    /// What was predicted, where whoever appeared since has the name that they have in what came.
    pub(super) wider: ValidScenario,
    /// One statement a run.
    pub(super) runs: Vec<Statement>,
    /// That of what came.
    pub(super) actual: Statement,
    /// The actual requests.
    pub(super) requests: Vec<IndexedRequest>,
    /// What became of them.
    pub(super) outcome: RunOutcome,
}

/// Why a prediction cannot be held against anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing was predicted.
    Origin,
    /// The log ends before the window does.
    Requests,
}

/// What the log knows of what came after the origin.
///
/// # Errors
/// When there is no prediction, or the log does not reach to the end of its window.
pub(super) fn known_after<'a>(prepared: &'a Prepared, run: &RunArgs) -> Result<(&'a Predicted, &'a Demand), Missing> {
    let (predicted, demand) = prepared.predicted.as_ref().zip(prepared.demand.as_ref()).ok_or(Missing::Origin)?;
    match reaches(&demand.log, predicted.origin + run.horizon(), predicted.base.bin) {
        true => Ok((predicted, demand)),
        false => Err(Missing::Requests),
    }
}

/// Meters every run and what came, and states each.
///
/// # Errors
/// When a side cannot be run or stated, or it was cancelled.
pub(super) fn compare(
    prepared: &Prepared,
    (predicted, demand): (&Predicted, &Demand),
    run: &RunArgs,
    state: &(impl Fn(&Metering) -> Result<Statement, CliError> + Sync),
) -> Result<Compared, CliError> {
    let known = demand.known(predicted.origin);
    let wider = ValidScenario::new(known.with_newcomers(prepared.valid.original())).map_err(data)?;
    let watch = |done, total| {
        output::progress(&format!("metering run {done} of {total}"));
        true
    };
    let runs = ensemble::in_parallel(wider.scenario().runs, run.threads(), &watch, |run| {
        state(&metered(&wider, run, &prepared.names, None).metering)
    });
    let runs = runs.ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
    let runs: Vec<Statement> = runs.into_iter().collect::<Result<_, _>>()?;
    output::progress("metering what really happened");
    let actual = ValidScenario::new(known.actual(&predicted.base, &predicted.fork, run.horizon())).map_err(data)?;
    let requests = actual.requests(0);
    let (outcome, records) = simulate_metered(&actual, &requests, RunOptions::default());
    let lives = known.lives_in(actual.scenario().window, &predicted.fork.lives);
    let labels = ResourceLabels::of_lives(&demand.log, lives);
    let actual = state(&Metering::of_run(actual.scenario(), &requests, &records, &labels))?;
    Ok(Compared { wider, runs, actual, requests, outcome })
}

/// What is wrong with what was asked for or given.
pub(super) fn data(error: impl std::fmt::Display) -> CliError {
    CliError::Data(error.to_string())
}
