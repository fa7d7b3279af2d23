//! The simulation worker's side: one run at a time.

use js_sys::Date;
use shared::explanation::{explain_watched, first_that_ends};
use shared::scenario::{ENGINE, Scenario, ValidScenario};
use shared::simulation::{NodeMap, NodeMapper, OccupancyWatch, PlanState, RunOptions, simulate_watched};

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
        ToWorker::Run { job, run } => on(prepared, job, |scenario| done(job, scenario, run)),
        ToWorker::Explain { job, state } => {
            on(prepared, job, |scenario| FromWorker::Explained { advice: Box::new(advice(scenario, state)) })
        }
        ToWorker::Map { job, run } => {
            on(prepared, job, |scenario| FromWorker::Mapped { map: Box::new(map(scenario, run)) })
        }
    }
}

/// What is made of the scenario of `job`, or why it cannot run; nothing where another one was prepared since.
fn on(prepared: &Prepared, job: u32, make: impl FnOnce(&ValidScenario) -> FromWorker) -> Option<FromWorker> {
    let (_, scenario) = prepared.as_ref().filter(|(prepared, _)| *prepared == job)?;
    Some(match scenario {
        Ok(scenario) => make(scenario),
        Err(message) => FromWorker::Refused { job, message: message.clone() },
    })
}

fn done(job: u32, scenario: &ValidScenario, run: u32) -> FromWorker {
    let began = Date::now();
    let requests = scenario.requests(run);
    let sampled = Date::now();
    let mut watch = OccupancyWatch::default();
    let options = RunOptions { run, ..RunOptions::default() };
    let outcome = simulate_watched(scenario, &requests, options, &mut watch);
    let took = RunTimes { sampling: sampled - began, simulating: Date::now() - sampled };
    FromWorker::Done { job, outcome: Box::new(outcome), occupancy: watch.bins, took }
}

/// What would let in the first create that ended as `state`, of the first run that has one. The page hears of each change
/// that is tried.
fn advice(scenario: &ValidScenario, state: PlanState) -> Advice {
    let found = (0..scenario.scenario().runs).find_map(|run| Some((run, first_that_ends(scenario, run, state)?)));
    let Some((run, (position, plan))) = found else { return Advice { first: None, fix: None, tried: 0 } };
    let mut say = |changes| {
        post(&FromWorker::Tried { changes });
        true
    };
    let explanation = explain_watched(scenario, run, position, &mut say).ok();
    let tried = explanation.as_ref().map_or(0, |explanation| explanation.tried);
    Advice { first: Some((run, plan)), fix: explanation.and_then(|explanation| explanation.fix), tried }
}

fn map(scenario: &ValidScenario, run: u32) -> NodeMap {
    let mut mapper = NodeMapper::new(scenario.scenario());
    simulate_watched(scenario, &scenario.requests(run), RunOptions { run, ..RunOptions::default() }, &mut mapper);
    mapper.finish()
}

fn validated(scenario: Scenario) -> Result<ValidScenario, String> {
    ValidScenario::new(scenario).map_err(|problems| problems.to_string())
}
