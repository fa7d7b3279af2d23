//! The simulation worker's side: one run at a time.

use js_sys::Date;
use shared::scenario::{ENGINE, Scenario, ValidScenario};
use shared::simulation::{RunOptions, simulate};

use super::listening::{listen, post};
use super::protocol::{FromWorker, PROTOCOL, ToWorker};

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
    }
}

fn done(job: u32, scenario: &ValidScenario, run: u32) -> FromWorker {
    let began = Date::now();
    let requests = scenario.requests(run);
    let sampled_ms = Date::now() - began;
    let outcome = simulate(scenario, &requests, RunOptions { run, ..RunOptions::default() });
    FromWorker::Done { job, outcome: Box::new(outcome), sampled_ms }
}

fn validated(scenario: Scenario) -> Result<ValidScenario, String> {
    ValidScenario::new(scenario).map_err(|problems| problems.to_string())
}
