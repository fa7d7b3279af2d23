//! Whole simulations: requests through a control plane, and what is asked of the run at its end.

use super::RunOutcome;
use super::run::{Run, RunOptions};
use super::watch::Watch;
use crate::control_plane::{Eviction, ObservedFleet, State};
use crate::cost::{CostBreakdown, MeteringRecords};
use crate::request::{IndexedRequest, MODULES};
use crate::scenario::ValidScenario;
use crate::units::{Duration, ResourceIndex};

/// A run that has come to the end of its window, with what is there.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// What it yields.
    pub outcome: RunOutcome,
    /// The fork of the control plane at the end of the window.
    pub fork: Fork,
    /// The machines of the run, and who went where.
    pub fleet: ObservedFleet,
    /// By resource, the time that its create has spent in each module.
    pub module_times: Vec<[Duration; MODULES]>,
}

/// What a run costs in which nothing is asked for.
#[derive(Clone, Debug)]
pub struct Beside {
    /// By who caused it.
    pub cost: CostBreakdown,
    /// Resources that had to leave their node for more urgent ones.
    pub preempted: u64,
    /// What was metered.
    pub records: MeteringRecords,
}

/// A control plane at one instant, and who its live resources are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fork {
    /// What is there.
    pub state: State,
    /// The index of each live resource in the run that the fork was taken from.
    pub lives: Vec<ResourceIndex>,
    /// What was used of each tiered unit in the month so far, as [`Tiers`](crate::pricing::Tiers) have it.
    pub used_of_tiers: Vec<u64>,
}

/// Run `run` of a scenario, on requests of its own demand.
pub fn run(valid: &ValidScenario, run: u32, keep_plans: bool) -> RunOutcome {
    let requests = valid.requests(run);
    simulate(valid, &requests, RunOptions { run, keep_plans, observed: None })
}

/// Simulates `requests`, which are in order of time and inside the scenario's window, instead of its demand.
pub fn simulate(valid: &ValidScenario, requests: &[IndexedRequest], options: RunOptions<'_>) -> RunOutcome {
    simulate_watched(valid, requests, options, &mut ())
}

/// As [`simulate`], while somebody looks on.
pub fn simulate_watched(
    valid: &ValidScenario,
    requests: &[IndexedRequest],
    options: RunOptions<'_>,
    watch: &mut impl Watch,
) -> RunOutcome {
    let mut run = Run::new(valid, options);
    run.play_watched(requests, valid.scenario().window.end, watch);
    run.outcome()
}

/// As [`simulate`], and gives what was metered, resource by resource and node by node.
pub fn simulate_metered(
    valid: &ValidScenario,
    requests: &[IndexedRequest],
    options: RunOptions<'_>,
) -> (RunOutcome, MeteringRecords) {
    let mut run = Run::metered(valid, options);
    let end = valid.scenario().window.end;
    run.play(requests, end);
    let records = run.take_metered(end);
    (run.outcome(), records)
}

/// As [`simulate_metered`] with the requests, and what it costs without them; what begins alike is begun once. The plans
/// are those that the requests are about.
pub fn simulate_beside_nothing(
    valid: &ValidScenario,
    requests: &[IndexedRequest],
    options: RunOptions<'_>,
) -> (Beside, (RunOutcome, MeteringRecords)) {
    let mut run = Run::metered(valid, options);
    run.share();
    let mut nothing = run.clone();
    run.keep_only(requests.iter().map(|request| request.resource));
    let end = valid.scenario().window.end;
    nothing.play(&[], end);
    run.play(requests, end);
    let [of_nothing, records] = [&mut nothing, &mut run].map(|run| run.take_metered(end));
    let RunOutcome { cost, evicted, .. } = nothing.outcome();
    let preempted = evicted.get(&Eviction::Preempted).copied().unwrap_or_default();
    (Beside { cost, preempted, records: of_nothing }, (run.outcome(), records))
}

/// As [`simulate`], and forks the control plane at the end.
pub fn simulate_to_fork(valid: &ValidScenario, requests: &[IndexedRequest], options: RunOptions<'_>) -> RunEnd {
    // Who went where is a matter of plans.
    let mut run = Run::new(valid, RunOptions { keep_plans: true, ..options });
    let end = valid.scenario().window.end;
    run.play(requests, end);
    let mut ended = run.into_end(end);
    if !options.keep_plans {
        ended.outcome.plans = Vec::new();
    }
    ended
}
