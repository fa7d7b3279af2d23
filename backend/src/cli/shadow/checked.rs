//! What `--check` does.

use serde::Serialize;
use shared::scenario::ValidScenario;
use shared::simulation::{RunOptions, check, check_modules, simulate_to_fork};

use super::cancelled;
use crate::cli::CliError;
use crate::{ensemble, output};

/// The most violations that a message lists.
const LISTED: usize = 10;

/// Plans that were checked, and break no rule.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Checked {
    pub(super) runs: u32,
    pub(super) plans: u64,
}

/// Has the plans of every run checked by code that is not the simulator's.
///
/// # Errors
/// With the first violations, where there are any.
pub(super) fn check_plans(valid: &ValidScenario, threads: usize) -> Result<Checked, CliError> {
    let watch = |done, total| {
        output::progress(&format!("checking run {done} of {total}"));
        true
    };
    let runs = valid.scenario().runs;
    let checked = ensemble::in_parallel(runs, threads, &watch, |run| {
        let requests = valid.requests(run);
        let end = simulate_to_fork(valid, &requests, RunOptions { run, keep_plans: true, observed: None });
        let mut found = check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet);
        found.extend(check_modules(valid.scenario(), &end.outcome));
        (end.outcome.plans.len() as u64, found)
    });
    let checked = checked.ok_or_else(cancelled)?;
    let found: Vec<String> = checked
        .iter()
        .enumerate()
        .flat_map(|(run, (_, found))| found.iter().map(move |violation| format!("run {run}: {violation}")))
        .collect();
    if found.is_empty() {
        return Ok(Checked { runs, plans: checked.iter().map(|(plans, _)| plans).sum() });
    }
    let violations = output::counted(found.len() as u64, "violation");
    let listed = found[..found.len().min(LISTED)].join("\n  ");
    Err(CliError::Data(format!("the plans break the rules of the control plane, {violations}:\n  {listed}")))
}
