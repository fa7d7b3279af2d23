//! The page's side of the forecast worker: one order at a time.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use shared::forecast::Progress;
use wasm_bindgen::JsValue;
use yew::Callback;

use super::forecast_protocol::{FromForecaster, Order, Said, ToForecaster};
use super::protocol::{PROTOCOL, pack, unpack};
use super::thread::Thread;

const LOADER: &str = "./forecast_worker_loader.js";

/// How an order is doing.
#[derive(Clone, Debug)]
pub(crate) enum ForecastEvent {
    /// Where the training or the backtest is.
    Progress(Progress),
    /// It is done.
    Done(Rc<Said>),
    /// It cannot be done; for people.
    Failed(String),
}

/// The worker, which starts with the first order; dropping it ends the worker.
#[derive(Default)]
pub(crate) struct Forecaster(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    thread: Option<Thread>,
    ready: bool,
    job: Option<Job>,
    jobs: u32,
}

struct Job {
    number: u32,
    message: JsValue,
    posted: bool,
    notify: Callback<ForecastEvent>,
}

/// Whom to tell what, once nothing is borrowed any more.
type News = Option<(Callback<ForecastEvent>, ForecastEvent)>;

impl Forecaster {
    /// Gives it an order; the one under way is cancelled.
    pub(crate) fn start(&self, order: Order, notify: Callback<ForecastEvent>) {
        self.cancel();
        let mut inner = self.0.borrow_mut();
        inner.jobs += 1;
        let number = inner.jobs;
        let message = pack(&ToForecaster { job: number, order });
        inner.job = Some(Job { number, message, posted: false, notify: notify.clone() });
        if inner.thread.is_none() {
            inner.thread = spawn(&self.0);
        }
        inner.post();
        if inner.thread.is_none() {
            inner.job = None;
            drop(inner);
            notify.emit(ForecastEvent::Failed("this browser cannot start Web Workers; reload the page".to_owned()));
        }
    }

    /// Drops the order; a worker that was at it is ended.
    pub(crate) fn cancel(&self) {
        let mut inner = self.0.borrow_mut();
        if inner.job.take().is_some_and(|job| job.posted) {
            inner.end();
        }
    }
}

impl Drop for Forecaster {
    fn drop(&mut self) {
        self.0.borrow_mut().end();
    }
}

impl Inner {
    /// Hands the order to a worker that listens.
    fn post(&mut self) {
        if let (Some(thread), Some(job)) = (self.thread.as_ref().filter(|_| self.ready), &mut self.job) {
            thread.post(&job.message);
            job.posted = true;
        }
    }

    fn end(&mut self) {
        self.ready = false;
        if let Some(thread) = self.thread.take() {
            thread.end();
        }
    }

    /// Ends the order with a message, and the worker.
    fn fail(&mut self, message: String) -> News {
        self.end();
        self.job.take().map(|job| (job.notify, ForecastEvent::Failed(message)))
    }

    fn hear(&mut self, message: Option<FromForecaster>) -> News {
        let number = self.job.as_ref().map(|job| job.number);
        match message {
            Some(FromForecaster::Ready { protocol: PROTOCOL }) => {
                self.ready = true;
                self.post();
                None
            }
            None | Some(FromForecaster::Ready { .. }) => {
                let why = "the browser holds a worker of another version; reload the page without its cache";
                self.fail(why.to_owned())
            }
            Some(FromForecaster::Progress { job, progress }) => {
                let current = self.job.as_ref().filter(|current| current.number == job)?;
                Some((current.notify.clone(), ForecastEvent::Progress(progress)))
            }
            Some(FromForecaster::Done { job, said }) if number == Some(job) => {
                self.job.take().map(|job| (job.notify, ForecastEvent::Done(Rc::new(*said))))
            }
            Some(FromForecaster::Refused { job, message }) if number == Some(job) => {
                self.job.take().map(|job| (job.notify, ForecastEvent::Failed(message)))
            }
            Some(FromForecaster::Done { .. } | FromForecaster::Refused { .. }) => None,
            Some(FromForecaster::Crashed { message }) => self.fail(format!("the worker failed: {message}")),
        }
    }
}

fn spawn(inner: &Rc<RefCell<Inner>>) -> Option<Thread> {
    let (heard, failed) = (Rc::downgrade(inner), Rc::downgrade(inner));
    Thread::start(
        LOADER,
        move |data| tell(&heard, |inner| inner.hear(unpack(data))),
        move |message| tell(&failed, |inner| inner.fail(format!("the worker failed: {message}"))),
    )
}

fn tell(inner: &Weak<RefCell<Inner>>, change: impl FnOnce(&mut Inner) -> News) {
    let Some(inner) = inner.upgrade() else { return };
    let news = change(&mut inner.borrow_mut());
    if let Some((notify, event)) = news {
        notify.emit(event);
    }
}
