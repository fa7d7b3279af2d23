//! The worker's side: one run at a time.

use js_sys::global;
use shared::scenario::{ENGINE, Scenario, ValidScenario};
use shared::simulation::run;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::protocol::{FromWorker, PROTOCOL, ToWorker, pack, unpack};

/// The scenario that was prepared last, with its number.
type Prepared = Option<(u32, Result<ValidScenario, String>)>;

/// Serves runs until the page terminates the worker.
///
/// # Panics
/// Outside of a Web Worker.
pub fn serve() {
    std::panic::set_hook(Box::new(|panic| post(&FromWorker::Crashed { message: panic.to_string() })));
    let mut prepared: Prepared = None;
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // A message of another protocol is refused by the page, which has seen our first message.
        let Some(message) = unpack(event.data()) else { return };
        if let Some(answer) = answer(message, &mut prepared) {
            post(&answer);
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    post(&FromWorker::Ready { protocol: PROTOCOL, engine: ENGINE });
}

fn answer(message: ToWorker, prepared: &mut Prepared) -> Option<FromWorker> {
    match message {
        ToWorker::Prepare { job, scenario } => {
            *prepared = Some((job, validated(*scenario)));
            None
        }
        ToWorker::Run { job, run: number } => match prepared.as_ref().filter(|(prepared, _)| *prepared == job)? {
            (_, Err(message)) => Some(FromWorker::Refused { job, message: message.clone() }),
            (_, Ok(scenario)) => Some(FromWorker::Done { job, outcome: Box::new(run(scenario, number, false)) }),
        },
    }
}

fn validated(scenario: Scenario) -> Result<ValidScenario, String> {
    ValidScenario::new(scenario).map_err(|problems| problems.to_string())
}

fn post(message: &FromWorker) {
    // Posting fails only for what cannot be cloned, which bytes are not.
    let _ = scope().post_message(&pack(message));
}

fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}
