//! Gives orders to the forecast worker and keeps what it said last.

use std::rc::Rc;

use shared::forecast::Progress;
use yew::prelude::*;

use crate::format;
use crate::worker::{Clerk, EventOf, Forecasts, Order, OrderEvent, Said, Task};

/// What the worker is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Nothing.
    Idle,
    /// This, of which so much is done, from 0 to 1.
    Busy(String, Option<f64>),
    /// It could not be done.
    Failed(String),
    /// Nobody wants it any more.
    Cancelled,
}

/// What was said, and the name of the model file that it came from.
pub(super) type LastSaid = Option<(Rc<Said>, Option<String>)>;

/// What [`use_forecaster`] gives.
pub(super) struct Desk {
    pub(super) state: UseStateHandle<State>,
    pub(super) said: UseStateHandle<LastSaid>,
    /// An order, and the name of the model file that goes with it.
    pub(super) start: Callback<(Order, Option<String>)>,
    pub(super) cancel: Callback<()>,
    /// Something went wrong before there was an order.
    pub(super) failed: Callback<String>,
}

/// One worker for as long as the page is shown.
#[hook]
pub(super) fn use_forecaster() -> Desk {
    let state = use_state(|| State::Idle);
    let said = use_state(|| None::<(Rc<Said>, Option<String>)>);
    let forecaster = use_mut_ref(Clerk::<Forecasts>::default);
    let start = {
        let (forecaster, state, said) = (forecaster.clone(), state.setter(), said.setter());
        Callback::from(move |(order, model_file): (Order, Option<String>)| {
            let began = match order.task {
                Task::Look => "Counting",
                Task::Train { .. } => "Reading the data",
                Task::Serve { .. } => "Forecasting",
            };
            let look = order.task == Task::Look;
            state.set(State::Busy(began.to_owned(), None));
            let (state, said) = (state.clone(), said.clone());
            let notify = Callback::from(move |event: EventOf<Forecasts>| match event {
                OrderEvent::Progress(progress) => {
                    let (words, part) = training_words(progress);
                    state.set(State::Busy(words, Some(part)));
                }
                OrderEvent::Failed(message) => {
                    state.set(State::Failed(message));
                    if look {
                        // What is shown was said of other data.
                        said.set(None);
                    }
                }
                OrderEvent::Done(done) => {
                    said.set(Some((done, model_file.clone())));
                    state.set(State::Idle);
                }
            });
            forecaster.borrow().start(order, notify);
        })
    };
    let cancel = {
        let state = state.setter();
        Callback::from(move |()| {
            forecaster.borrow().cancel();
            state.set(State::Cancelled);
        })
    };
    let failed = {
        let state = state.setter();
        Callback::from(move |message: String| state.set(State::Failed(message)))
    };
    Desk { state, said, start, cancel, failed }
}

pub(in crate::pages) fn training_words(progress: Progress) -> (String, f64) {
    match progress {
        Progress::Training { model, step, max_steps, validation } => {
            let loss = validation.map_or(String::new(), |loss| format!(", validation loss {loss:.4}"));
            let (model, step_of) = (format::words(model.as_str()), format::count(step.into()));
            let words = format!("Training of {model}, step {step_of} of at most {max_steps}{loss}");
            (words, f64::from(step) / f64::from(max_steps.max(1)))
        }
        Progress::Backtest { model, origin, origins } => {
            let words = format!("Backtest of {}, origin {} of {origins}", format::words(model.as_str()), origin + 1);
            (words, origin as f64 / origins.max(1) as f64)
        }
    }
}
