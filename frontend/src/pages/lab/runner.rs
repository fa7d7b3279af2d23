//! Runs the scenarios of a bench in the pool, one after the other, and remembers what came of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use shared::api::OutcomeView;
use shared::comparison::{Costs, LoadBin, loads};
use shared::link::Variants;
use shared::scenario::Scenario;
use web_sys::window;
use yew::prelude::*;

use super::columns::{are_same, title};
use crate::route::workers_wanted;
use crate::worker::{Pool, PoolEvent, RunTimes};

/// More workers than this do not pay for a page.
const MOST_WORKERS: usize = 4;

/// So many outcomes are remembered, for what is undone, done again and looked at again.
const MOST_REMEMBERED: usize = 24;

/// What the pool is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    /// Nothing.
    Idle,
    /// So many of the runs are done.
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
    pub(super) costs: Rc<Costs>,
    pub(super) loads: Rc<Vec<LoadBin>>,
    pub(super) elapsed_ms: f64,
    pub(super) workers: usize,
    /// How long its runs took, all workers together.
    pub(super) took: RunTimes,
}

/// Variants that were run: the scenario as it came, then each of them, as [`Variants::columns`] has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ran {
    pub(super) variants: Variants,
    pub(super) columns: Vec<Finished>,
}

/// What is wanted of the pool: the variants, and their columns.
pub(super) type Wanted = (Variants, Rc<Vec<Rc<Scenario>>>);

/// What [`use_runner`] gives.
pub(super) struct Runner {
    pub(super) progress: UseStateHandle<Progress>,
    /// What was run last, all of it.
    pub(super) ran: UseStateHandle<Option<Rc<Ran>>>,
    /// Runs whatever is not remembered.
    pub(super) start: Callback<Wanted>,
    /// Shows what is remembered, if all of it is.
    pub(super) recall: Callback<Wanted>,
    pub(super) cancel: Callback<()>,
}

/// One pool for as long as a scenario is shown.
#[hook]
pub(super) fn use_runner() -> Runner {
    let progress = use_state(|| Progress::Idle);
    let ran = use_state(|| None::<Rc<Ran>>);
    let pool = use_mut_ref(|| None::<Pool>);
    let remembered = use_mut_ref(Vec::<Finished>::new);
    let start = {
        let (pool, remembered, progress, ran) = (pool.clone(), remembered.clone(), progress.setter(), ran.setter());
        Callback::from(move |wanted: Wanted| {
            let total = missing(&wanted.1, &remembered.borrow()).iter().map(|scenario| scenario.runs).sum();
            let (pool, remembered, progress, ran) = (pool.clone(), remembered.clone(), progress.clone(), ran.clone());
            go_on(&Rc::new(Work { wanted, pool, remembered, progress, ran, done: Cell::new(0), total }));
        })
    };
    let recall = {
        let (remembered, ran) = (remembered.clone(), ran.setter());
        Callback::from(move |(variants, wanted): Wanted| {
            if let Some(columns) = remembered_of(&wanted, &remembered.borrow()) {
                ran.set(Some(Rc::new(Ran { variants, columns })));
            }
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
    Runner { progress, ran, start, recall, cancel }
}

/// Columns on their way, and who hears of them.
struct Work {
    wanted: Wanted,
    pool: Rc<RefCell<Option<Pool>>>,
    remembered: Rc<RefCell<Vec<Finished>>>,
    progress: UseStateSetter<Progress>,
    ran: UseStateSetter<Option<Rc<Ran>>>,
    /// Runs of the columns that are through.
    done: Cell<u32>,
    total: u32,
}

/// Runs the next column that is missing; shows all of them when none is.
fn go_on(work: &Rc<Work>) {
    let (variants, wanted) = &work.wanted;
    let next = missing(wanted, &work.remembered.borrow()).first().cloned();
    let Some(scenario) = next else {
        let columns = remembered_of(wanted, &work.remembered.borrow()).expect("none is missing");
        work.ran.set(Some(Rc::new(Ran { variants: variants.clone(), columns })));
        return work.progress.set(Progress::Idle);
    };
    let before = work.done.get();
    work.progress.set(Progress::Running { done: before, total: work.total });
    let mut pool = work.pool.borrow_mut();
    let pool = pool.get_or_insert_with(|| Pool::new(workers_wanted().unwrap_or_else(workers_by_default)));
    let (began, workers, work, of) = (now_ms(), pool.size(), work.clone(), scenario.clone());
    let notify = Callback::from(move |event: PoolEvent| match event {
        PoolEvent::Progress(done) => work.progress.set(Progress::Running { done: before + done, total: work.total }),
        PoolEvent::Failed(message) => work.progress.set(Progress::Failed(of_column(&work.wanted, &of, message))),
        PoolEvent::Finished { outcome, occupancies, took } => {
            let finished = Finished {
                view: Rc::new(OutcomeView::new(&of, &outcome)),
                costs: Rc::new(Costs::new(&of, &outcome)),
                loads: Rc::new(loads(&of, &outcome, &occupancies)),
                scenario: of.clone(),
                elapsed_ms: now_ms() - began,
                workers,
                took,
            };
            work.done.set(before + of.runs);
            remember(&mut work.remembered.borrow_mut(), finished, work.wanted.1.len());
            go_on(&work);
        }
    });
    pool.start((*scenario).clone(), notify);
}

/// Those that are not remembered, each once.
fn missing(wanted: &[Rc<Scenario>], remembered: &[Finished]) -> Vec<Rc<Scenario>> {
    let mut missing: Vec<Rc<Scenario>> = Vec::new();
    for scenario in wanted {
        let is_known = remembered.iter().any(|finished| are_same(&finished.scenario, scenario));
        if !is_known && !missing.iter().any(|other| are_same(other, scenario)) {
            missing.push(scenario.clone());
        }
    }
    missing
}

fn remembered_of(wanted: &[Rc<Scenario>], remembered: &[Finished]) -> Option<Vec<Finished>> {
    let find = |scenario: &Rc<Scenario>| remembered.iter().find(|finished| are_same(&finished.scenario, scenario));
    wanted.iter().map(|scenario| find(scenario).cloned()).collect()
}

/// Forgets the oldest first, and never what is wanted now, which came last.
fn remember(remembered: &mut Vec<Finished>, finished: Finished, wanted: usize) {
    remembered.push(finished);
    if remembered.len() > MOST_REMEMBERED + wanted {
        remembered.remove(0);
    }
}

/// What cannot be done, with the name of whose it is where there are several.
fn of_column((variants, wanted): &Wanted, scenario: &Scenario, message: String) -> String {
    let column = wanted.iter().position(|column| are_same(column, scenario)).filter(|_| wanted.len() > 1);
    column.map_or(message.clone(), |column| format!("{}: {message}", title(variants, column)))
}

fn workers_by_default() -> usize {
    let cores = window().map_or(1.0, |window| window.navigator().hardware_concurrency());
    (cores as usize).clamp(1, MOST_WORKERS)
}

fn now_ms() -> f64 {
    js_sys::Date::now()
}
