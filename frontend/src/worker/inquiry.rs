//! The page's side of single questions about a scenario: a worker for each, which ends with its answer.

use std::cell::RefCell;
use std::rc::Rc;

use shared::scenario::{ENGINE, Scenario};
use shared::simulation::{NodeMap, PlanState};
use yew::Callback;

use super::module;
use super::protocol::{Advice, FromWorker, PROTOCOL, ToWorker, pack, unpack};
use super::thread::Thread;

/// A question that a worker is at; dropping it ends the worker.
pub(crate) struct Inquiry(Rc<RefCell<Option<Thread>>>);

impl Inquiry {
    /// Asks why the first create of the first run that has one ended as `state`, and hands on the answer, or why there is
    /// none; `tried` hears how many changes were tried so far.
    pub(crate) fn explain(
        scenario: &Scenario,
        state: PlanState,
        tried: Callback<u32>,
        answer: Callback<Result<Rc<Advice>, String>>,
    ) -> Self {
        let advice = |message| match message {
            FromWorker::Explained { advice } => Some(Rc::new(*advice)),
            _ => None,
        };
        Self::ask(scenario, &ToWorker::Explain { job: 0, state }, advice, (tried, answer))
    }

    /// Asks for the nodes of a run.
    pub(crate) fn map(scenario: &Scenario, run: u32, answer: Callback<Result<Rc<NodeMap>, String>>) -> Self {
        let map = |message| match message {
            FromWorker::Mapped { map } => Some(Rc::new(*map)),
            _ => None,
        };
        Self::ask(scenario, &ToWorker::Map { job: 0, run }, map, (Callback::noop(), answer))
    }

    /// Hands on what `read` takes from the worker's answer to `question`.
    fn ask<T: 'static>(
        scenario: &Scenario,
        question: &ToWorker,
        read: fn(FromWorker) -> Option<T>,
        (tried, answer): (Callback<u32>, Callback<Result<T, String>>),
    ) -> Self {
        let inquiry = Self(Rc::default());
        let prepare = pack(&ToWorker::Prepare { job: 0, scenario: Box::new(scenario.clone()) });
        let question = pack(question);
        let (hearing, failing, absent) = (inquiry.0.clone(), answer.clone(), answer.clone());
        let heard = move |data| {
            let other = "the browser holds a worker of another version; reload the page without its cache";
            let told = match unpack(data) {
                Some(FromWorker::Ready { protocol: PROTOCOL, engine: ENGINE }) => {
                    if let Some(thread) = &*hearing.borrow() {
                        thread.post(&prepare);
                        thread.post(&question);
                    }
                    return;
                }
                Some(FromWorker::Tried { changes }) => return tried.emit(changes),
                Some(FromWorker::Refused { message, .. } | FromWorker::Crashed { message }) => Err(message),
                Some(message) => read(message).ok_or_else(|| other.to_owned()),
                None => Err(other.to_owned()),
            };
            if let Some(thread) = hearing.take() {
                thread.end();
            }
            answer.emit(told);
        };
        let thread = module::start(heard, move |message| failing.emit(Err(message)));
        match thread {
            Some(thread) => *inquiry.0.borrow_mut() = Some(thread),
            None => absent.emit(Err("this browser cannot start Web Workers; reload the page".to_owned())),
        }
        inquiry
    }
}

impl Drop for Inquiry {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.end();
        }
    }
}
