//! The page's side: hands the runs of an ensemble to workers, and puts their outcomes together in order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use shared::control_plane::Occupancy;
use shared::scenario::{ENGINE, Scenario};
use shared::simulation::{Outcome, RunOutcome};
use wasm_bindgen::JsValue;
use yew::Callback;

use super::module;
use super::protocol::{FromWorker, PROTOCOL, RunTimes, ToWorker, pack, unpack};
use super::thread::Thread;

/// How an ensemble is doing.
#[derive(Clone, Debug)]
pub(crate) enum PoolEvent {
    /// So many runs are done.
    Progress(u32),
    /// All of them are.
    Finished {
        /// What they yielded.
        outcome: Rc<Outcome>,
        /// How full the nodes of each run were, bin by bin.
        occupancies: Vec<Vec<Occupancy>>,
        /// How long they took, all workers together.
        took: RunTimes,
    },
    /// It cannot be done; for people.
    Failed(String),
}

/// Workers for one ensemble at a time; dropping it ends them.
pub(crate) struct Pool(Rc<RefCell<Inner>>);

struct Inner {
    slots: Vec<Slot>,
    job: Option<Job>,
    jobs: u32,
}

struct Slot {
    thread: Thread,
    state: SlotState,
    /// The last scenario it was given.
    prepared: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SlotState {
    Starting,
    Idle,
    Busy,
    Dead,
}

struct Job {
    number: u32,
    scenario: JsValue,
    queue: VecDeque<u32>,
    runs: u32,
    outcomes: Vec<(RunOutcome, Vec<Occupancy>)>,
    took: RunTimes,
    notify: Callback<PoolEvent>,
}

impl Pool {
    /// Starts `workers` workers.
    pub(crate) fn new(workers: usize) -> Self {
        let pool = Self(Rc::new(RefCell::new(Inner { slots: Vec::new(), job: None, jobs: 0 })));
        for index in 0..workers {
            if let Some(slot) = spawn(&pool.0, index) {
                pool.0.borrow_mut().slots.push(slot);
            }
        }
        pool
    }

    /// How many workers there are.
    pub(crate) fn size(&self) -> usize {
        self.0.borrow().slots.len()
    }

    /// Runs all of `scenario`'s ensemble; an ensemble under way is cancelled.
    pub(crate) fn start(&self, scenario: Scenario, notify: Callback<PoolEvent>) {
        self.cancel();
        let mut inner = self.0.borrow_mut();
        inner.jobs += 1;
        let (number, runs) = (inner.jobs, scenario.runs);
        let scenario = pack(&ToWorker::Prepare { job: number, scenario: Box::new(scenario) });
        inner.job = Some(Job {
            number,
            scenario,
            queue: (0..runs).collect(),
            runs,
            outcomes: Vec::new(),
            took: RunTimes::default(),
            notify: notify.clone(),
        });
        inner.assign();
        let hopeless = inner.slots.iter().all(|slot| slot.state == SlotState::Dead);
        drop(inner);
        if hopeless {
            notify.emit(PoolEvent::Failed("this browser cannot start Web Workers; reload the page".to_owned()));
        }
    }

    /// Drops what is queued and ends what is running.
    pub(crate) fn cancel(&self) {
        let busy: Vec<usize> = {
            let mut inner = self.0.borrow_mut();
            inner.job = None;
            (0..inner.slots.len()).filter(|&i| inner.slots[i].state == SlotState::Busy).collect()
        };
        for index in busy {
            respawn(&self.0, index);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.borrow_mut().slots.drain(..).for_each(|slot| slot.thread.end());
    }
}

impl Inner {
    /// Gives work to whoever has none.
    fn assign(&mut self) {
        let Some(job) = &mut self.job else { return };
        for slot in self.slots.iter_mut().filter(|slot| slot.state == SlotState::Idle) {
            let Some(run) = job.queue.pop_front() else { return };
            if slot.prepared != job.number {
                slot.thread.post(&job.scenario);
                slot.prepared = job.number;
            }
            slot.thread.post(&pack(&ToWorker::Run { job: job.number, run }));
            slot.state = SlotState::Busy;
        }
    }

    /// Ends the ensemble with a message.
    fn fail(&mut self, message: String) -> Option<(Callback<PoolEvent>, PoolEvent)> {
        self.job.take().map(|job| (job.notify, PoolEvent::Failed(message)))
    }

    fn done(
        &mut self,
        job: u32,
        outcome: (RunOutcome, Vec<Occupancy>),
        took: RunTimes,
    ) -> Option<(Callback<PoolEvent>, PoolEvent)> {
        let current = self.job.as_mut().filter(|current| current.number == job)?;
        current.outcomes.push(outcome);
        current.took += took;
        if current.outcomes.len() < current.runs as usize {
            return Some((current.notify.clone(), PoolEvent::Progress(current.outcomes.len() as u32)));
        }
        let Job { mut outcomes, took, notify, .. } = self.job.take()?;
        outcomes.sort_by_key(|(outcome, _)| outcome.run);
        let (outcomes, occupancies) = outcomes.into_iter().unzip();
        let outcome = Rc::new(Outcome::collect(outcomes));
        Some((notify, PoolEvent::Finished { outcome, occupancies, took }))
    }
}

fn spawn(pool: &Rc<RefCell<Inner>>, index: usize) -> Option<Slot> {
    let (heard, failed) = (Rc::downgrade(pool), Rc::downgrade(pool));
    let thread =
        module::start(move |data| hear(&heard, index, unpack(data)), move |message| lose(&failed, index, message))?;
    Some(Slot { thread, state: SlotState::Starting, prepared: 0 })
}

/// Takes a worker's message; callers are told when nothing is borrowed any more.
fn hear(pool: &Weak<RefCell<Inner>>, index: usize, message: Option<FromWorker>) {
    let Some(pool) = pool.upgrade() else { return };
    let mut inner = pool.borrow_mut();
    let news = match message {
        Some(FromWorker::Ready { protocol: PROTOCOL, engine: ENGINE }) => {
            inner.slots[index].state = SlotState::Idle;
            None
        }
        None | Some(FromWorker::Ready { .. }) => {
            inner.slots[index].state = SlotState::Dead;
            inner.fail("the browser holds a worker of another version; reload the page without its cache".to_owned())
        }
        Some(FromWorker::Done { job, outcome, occupancy, took }) => {
            inner.slots[index].state = SlotState::Idle;
            inner.done(job, (*outcome, occupancy), took)
        }
        // Nobody asks a worker of the pool.
        Some(FromWorker::Tried { .. } | FromWorker::Explained { .. } | FromWorker::Mapped { .. }) => None,
        Some(FromWorker::Refused { job, message }) => {
            inner.slots[index].state = SlotState::Idle;
            let current = inner.job.as_ref().is_some_and(|current| current.number == job);
            if current { inner.fail(message) } else { None }
        }
        Some(FromWorker::Crashed { message }) => {
            drop(inner);
            return lose(&Rc::downgrade(&pool), index, message);
        }
    };
    inner.assign();
    drop(inner);
    if let Some((notify, event)) = news {
        notify.emit(event);
    }
}

/// A worker is of no more use. One that was up is replaced; one that never came up would not do better again.
fn lose(pool: &Weak<RefCell<Inner>>, index: usize, message: String) {
    let Some(pool) = pool.upgrade() else { return };
    let (was_up, news) = {
        let mut inner = pool.borrow_mut();
        let was_up = !matches!(inner.slots[index].state, SlotState::Starting | SlotState::Dead);
        inner.slots[index].state = SlotState::Dead;
        (was_up, inner.fail(format!("a worker failed: {message}")))
    };
    if was_up {
        respawn(&pool, index);
    }
    if let Some((notify, event)) = news {
        notify.emit(event);
    }
}

fn respawn(pool: &Rc<RefCell<Inner>>, index: usize) {
    if let Some(slot) = spawn(pool, index) {
        let old = core::mem::replace(&mut pool.borrow_mut().slots[index], slot);
        old.thread.end();
    }
}
