//! The simulation worker's side: one run at a time.

use js_sys::Date;
use shared::explanation::{explain, first_that_ends};
use shared::scenario::{ENGINE, Scenario, ValidScenario};
use shared::simulation::{PlanState, RunOptions, simulate};

use super::listening::{listen, post};
use super::protocol::{Advice, FromWorker, PROTOCOL, RunTimes, ToWorker};

/// The scenario that was prepared last, with its number.
type Prepared = Option<(u32, Result<ValidScenario, String>)>;

/// Serves runs until the page terminates the worker.
///
/// # Panics
/// Outside of a Web Worker.
pub fn serve() {
    let mut prepared: Prepared = None;
    let ready = FromWorker::Ready { protocol: PROTOCOL, engine: ENGINE };
    listen(
        &ready,
        |message| FromWorker::Crashed { message },
        move |message| {
            if let Some(answer) = answer(message, &mut prepared) {
                post(&answer);
            }
        },
    );
}

fn answer(message: ToWorker, prepared: &mut Prepared) -> Option<FromWorker> {
    match message {
        ToWorker::Prepare { job, scenario } => {
            *prepared = Some((job, validated(*scenario)));
            None
        }
        ToWorker::Run { job, run: number } => match prepared.as_ref().filter(|(prepared, _)| *prepared == job)? {
            (_, Err(message)) => Some(FromWorker::Refused { job, message: message.clone() }),
            (_, Ok(scenario)) => Some(done(job, scenario, number)),
        },
        ToWorker::Explain { job, state } => match prepared.as_ref().filter(|(prepared, _)| *prepared == job)? {
            (_, Err(message)) => Some(FromWorker::Refused { job, message: message.clone() }),
            (_, Ok(scenario)) => Some(FromWorker::Explained { advice: Box::new(advice(scenario, state)) }),
        },
    }
}

fn done(job: u32, scenario: &ValidScenario, run: u32) -> FromWorker {
    let began = Date::now();
    let requests = scenario.requests(run);
    let sampled = Date::now();
    let outcome = simulate(scenario, &requests, RunOptions { run, ..RunOptions::default() });
    let took = RunTimes { sampling: sampled - began, simulating: Date::now() - sampled };
    FromWorker::Done { job, outcome: Box::new(outcome), took }
}

/// What would let in the first create that ended as `state`, of the first run that has one.
fn advice(scenario: &ValidScenario, state: PlanState) -> Advice {
    let found = (0..scenario.scenario().runs).find_map(|run| Some((run, first_that_ends(scenario, run, state)?)));
    let Some((run, (position, plan))) = found else { return Advice { first: None, fix: None, tried: 0 } };
    let explanation = explain(scenario, run, position).ok();
    let tried = explanation.as_ref().map_or(0, |explanation| explanation.tried);
    Advice { first: Some((run, plan)), fix: explanation.and_then(|explanation| explanation.fix), tried }
}

fn validated(scenario: Scenario) -> Result<ValidScenario, String> {
    ValidScenario::new(scenario).map_err(|problems| problems.to_string())
}
