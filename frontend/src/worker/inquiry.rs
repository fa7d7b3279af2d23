//! The page's side of finding out why creates did not get in, and what would let them: a worker for each question.

use std::cell::RefCell;
use std::rc::Rc;

use shared::scenario::{ENGINE, Scenario};
use shared::simulation::PlanState;
use yew::Callback;

use super::module;
use super::protocol::{Advice, FromWorker, PROTOCOL, ToWorker, pack, unpack};
use super::thread::Thread;

/// A question that a worker is at; dropping it ends the worker.
pub(crate) struct Adviser(Rc<RefCell<Option<Thread>>>);

impl Adviser {
    /// Asks why the first create of the first run that has one ended as `state`, and hands on the answer, or why there is
    /// none.
    pub(crate) fn ask(scenario: &Scenario, state: PlanState, answer: Callback<Result<Rc<Advice>, String>>) -> Self {
        let adviser = Self(Rc::default());
        let prepare = pack(&ToWorker::Prepare { job: 0, scenario: Box::new(scenario.clone()) });
        let question = pack(&ToWorker::Explain { job: 0, state });
        let (hearing, failing, absent) = (adviser.0.clone(), answer.clone(), answer.clone());
        let heard = move |data| {
            let told = match unpack(data) {
                Some(FromWorker::Ready { protocol: PROTOCOL, engine: ENGINE }) => {
                    if let Some(thread) = &*hearing.borrow() {
                        thread.post(&prepare);
                        thread.post(&question);
                    }
                    return;
                }
                Some(FromWorker::Explained { advice }) => Ok(Rc::new(*advice)),
                Some(FromWorker::Refused { message, .. } | FromWorker::Crashed { message }) => Err(message),
                _ => Err("the browser holds a worker of another version; reload the page without its cache".to_owned()),
            };
            if let Some(thread) = hearing.take() {
                thread.end();
            }
            answer.emit(told);
        };
        let thread = module::start(heard, move |message| failing.emit(Err(message)));
        match thread {
            Some(thread) => *adviser.0.borrow_mut() = Some(thread),
            None => absent.emit(Err("this browser cannot start Web Workers; reload the page".to_owned())),
        }
        adviser
    }
}

impl Drop for Adviser {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.end();
        }
    }
}
