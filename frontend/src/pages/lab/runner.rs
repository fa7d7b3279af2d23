//! Runs scenarios in the pool and keeps what came of the last one.

use std::cell::RefCell;
use std::rc::Rc;

use shared::api::OutcomeView;
use shared::scenario::Scenario;
use web_sys::window;
use yew::prelude::*;

use crate::route::workers_wanted;
use crate::worker::{Pool, PoolEvent, RunTimes};

/// More workers than this do not pay for a page.
const MOST_WORKERS: usize = 4;

/// What the pool is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    /// Nothing.
    Idle,
    /// So many of its runs are done.
    Running { done: u32, total: u32 },
    /// It could not be done.
    Failed(String),
    /// Nobody wants it any more.
    Cancelled,
}

/// A scenario that was run, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finished {
    pub(super) scenario: Rc<Scenario>,
    pub(super) view: Rc<OutcomeView>,
    pub(super) elapsed_ms: f64,
    pub(super) workers: usize,
    /// How long its runs took, all workers together.
    pub(super) took: RunTimes,
}

/// What [`use_runner`] gives.
pub(super) struct Runner {
    pub(super) progress: UseStateHandle<Progress>,
    /// The last outcome.
    pub(super) finished: UseStateHandle<Option<Finished>>,
    /// The first one, to compare with.
    pub(super) first: UseStateHandle<Option<Finished>>,
    pub(super) start: Callback<Scenario>,
    pub(super) cancel: Callback<()>,
}

/// One pool for as long as the page is shown.
#[hook]
pub(super) fn use_runner() -> Runner {
    let progress = use_state(|| Progress::Idle);
    let finished = use_state(|| None::<Finished>);
    let first = use_state(|| None::<Finished>);
    let pool = use_mut_ref(|| None::<Pool>);
    let known_first = use_mut_ref(|| false);
    let start = {
        let (pool, progress) = (pool.clone(), progress.setter());
        let (finished, first, known_first) = (finished.setter(), first.setter(), known_first);
        Callback::from(move |scenario: Scenario| {
            let total = scenario.runs;
            progress.set(Progress::Running { done: 0, total });
            let mut pool = pool.borrow_mut();
            let pool = pool.get_or_insert_with(|| Pool::new(workers_wanted().unwrap_or_else(workers_by_default)));
            let (ran, began, workers) = (Rc::new(scenario.clone()), now_ms(), pool.size());
            let (progress, finished, first) = (progress.clone(), finished.clone(), first.clone());
            let known_first: Rc<RefCell<bool>> = known_first.clone();
            let notify = Callback::from(move |event: PoolEvent| match event {
                PoolEvent::Progress(done) => progress.set(Progress::Running { done, total }),
                PoolEvent::Failed(message) => progress.set(Progress::Failed(message)),
                PoolEvent::Finished { outcome, took } => {
                    let view = Rc::new(OutcomeView::new(&ran, &outcome));
                    let elapsed_ms = now_ms() - began;
                    let done = Finished { scenario: ran.clone(), view, elapsed_ms, workers, took };
                    if !known_first.replace(true) {
                        first.set(Some(done.clone()));
                    }
                    finished.set(Some(done));
                    progress.set(Progress::Idle);
                }
            });
            pool.start(scenario, notify);
        })
    };
    let cancel = {
        let progress = progress.setter();
        Callback::from(move |()| {
            if let Some(pool) = &*pool.borrow() {
                pool.cancel();
            }
            progress.set(Progress::Cancelled);
        })
    };
    Runner { progress, finished, first, start, cancel }
}

fn workers_by_default() -> usize {
    let cores = window().map_or(1.0, |window| window.navigator().hardware_concurrency());
    (cores as usize).clamp(1, MOST_WORKERS)
}

fn now_ms() -> f64 {
    js_sys::Date::now()
}
