//! The page's side of a worker that takes one order at a time.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use yew::Callback;

use super::protocol::{PROTOCOL, pack, unpack};
use super::thread::Thread;

/// What a kind of worker does.
pub(crate) trait Work: 'static {
    /// The file that starts it.
    const LOADER: &'static str;
    /// What it is told.
    type Order: Serialize + DeserializeOwned + 'static;
    /// How far it is.
    type Progress: Serialize + DeserializeOwned + 'static;
    /// What it answers.
    type Said: Serialize + DeserializeOwned + 'static;
}

/// From the page.
#[derive(Serialize, Deserialize)]
pub(super) struct ToClerk<Order> {
    /// Numbers the orders.
    pub(super) job: u32,
    /// What to do.
    pub(super) order: Order,
}

/// From the worker.
#[derive(Serialize, Deserialize)]
pub(super) enum FromClerk<Progress, Said> {
    /// It listens; the first message.
    Ready {
        /// Its protocol.
        protocol: u32,
    },
    /// How far it is.
    Progress {
        /// With which order.
        job: u32,
        /// So far.
        progress: Progress,
    },
    /// It is done.
    Done {
        /// Which order.
        job: u32,
        /// What came out.
        said: Box<Said>,
    },
    /// It cannot be done.
    Refused {
        /// Which order.
        job: u32,
        /// Why, for people.
        message: String,
    },
    /// It panicked and is of no more use.
    Crashed {
        /// Where and why.
        message: String,
    },
}

/// How an order is doing.
#[derive(Clone, Debug)]
pub(crate) enum OrderEvent<Progress, Said> {
    /// How far it is.
    Progress(Progress),
    /// It is done.
    Done(Rc<Said>),
    /// It cannot be done; for people.
    Failed(String),
}

/// How an order of a kind of work is doing.
pub(crate) type EventOf<W> = OrderEvent<<W as Work>::Progress, <W as Work>::Said>;

/// The worker, which starts with the first order; dropping it ends the worker.
pub(crate) struct Clerk<W: Work>(Rc<RefCell<Inner<W>>>);

struct Inner<W: Work> {
    thread: Option<Thread>,
    ready: bool,
    job: Option<Job<W>>,
    jobs: u32,
}

struct Job<W: Work> {
    number: u32,
    message: JsValue,
    posted: bool,
    notify: Callback<EventOf<W>>,
}

/// Whom to tell what, once nothing is borrowed any more.
type News<W> = Option<(Callback<EventOf<W>>, EventOf<W>)>;

impl<W: Work> Default for Clerk<W> {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(Inner { thread: None, ready: false, job: None, jobs: 0 })))
    }
}

impl<W: Work> Clerk<W> {
    /// Gives it an order; the one under way is cancelled.
    pub(crate) fn start(&self, order: W::Order, notify: Callback<EventOf<W>>) {
        self.cancel();
        let mut inner = self.0.borrow_mut();
        inner.jobs += 1;
        let number = inner.jobs;
        let message = pack(&ToClerk { job: number, order });
        inner.job = Some(Job { number, message, posted: false, notify: notify.clone() });
        if inner.thread.is_none() {
            inner.thread = spawn(&self.0);
        }
        inner.post();
        if inner.thread.is_none() {
            inner.job = None;
            drop(inner);
            notify.emit(OrderEvent::Failed("this browser cannot start Web Workers; reload the page".to_owned()));
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

impl<W: Work> Drop for Clerk<W> {
    fn drop(&mut self) {
        self.0.borrow_mut().end();
    }
}

impl<W: Work> Inner<W> {
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
    fn fail(&mut self, message: String) -> News<W> {
        self.end();
        self.job.take().map(|job| (job.notify, OrderEvent::Failed(message)))
    }

    fn hear(&mut self, message: Option<FromClerk<W::Progress, W::Said>>) -> News<W> {
        let number = self.job.as_ref().map(|job| job.number);
        match message {
            Some(FromClerk::Ready { protocol: PROTOCOL }) => {
                self.ready = true;
                self.post();
                None
            }
            None | Some(FromClerk::Ready { .. }) => {
                let why = "the browser holds a worker of another version; reload the page without its cache";
                self.fail(why.to_owned())
            }
            Some(FromClerk::Progress { job, progress }) => {
                let current = self.job.as_ref().filter(|current| current.number == job)?;
                Some((current.notify.clone(), OrderEvent::Progress(progress)))
            }
            Some(FromClerk::Done { job, said }) if number == Some(job) => {
                self.job.take().map(|job| (job.notify, OrderEvent::Done(Rc::new(*said))))
            }
            Some(FromClerk::Refused { job, message }) if number == Some(job) => {
                self.job.take().map(|job| (job.notify, OrderEvent::Failed(message)))
            }
            Some(FromClerk::Done { .. } | FromClerk::Refused { .. }) => None,
            Some(FromClerk::Crashed { message }) => self.fail(format!("the worker failed: {message}")),
        }
    }
}

fn spawn<W: Work>(inner: &Rc<RefCell<Inner<W>>>) -> Option<Thread> {
    let (heard, failed) = (Rc::downgrade(inner), Rc::downgrade(inner));
    Thread::start(
        W::LOADER,
        move |data| tell(&heard, |inner| inner.hear(unpack(data))),
        move |message| tell(&failed, |inner| inner.fail(format!("the worker failed: {message}"))),
    )
}

fn tell<W: Work>(inner: &Weak<RefCell<Inner<W>>>, change: impl FnOnce(&mut Inner<W>) -> News<W>) {
    let Some(inner) = inner.upgrade() else { return };
    let news = change(&mut inner.borrow_mut());
    if let Some((notify, event)) = news {
        notify.emit(event);
    }
}
