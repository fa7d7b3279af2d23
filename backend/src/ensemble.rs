//! Runs of an ensemble on several threads, or by workers; the outcome does not depend on how many.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use shared::scenario::{Fleet, ValidScenario};
use shared::simulation::{self, Outcome, nodes_needed, predicted_nodes};

use crate::queue::{Queue, QueueError};

/// How many threads there are to use.
pub fn available_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Whether work goes on, and how far it has come.
pub trait Watch: Sync {
    /// Called after each of `total` parts; `false` cancels what has not begun.
    fn done(&self, done: u32, total: u32) -> bool;
}

impl<F: Fn(u32, u32) -> bool + Sync> Watch for F {
    fn done(&self, done: u32, total: u32) -> bool {
        self(done, total)
    }
}

/// Who runs an ensemble.
#[derive(Clone, Copy)]
pub enum RunBy<'a> {
    /// So many threads of this process.
    Threads(usize),
    /// Workers, which take it from a queue.
    Workers(&'a Queue),
}

impl RunBy<'_> {
    /// Runs the whole ensemble of a scenario, without plans; none when it was cancelled.
    ///
    /// # Errors
    /// When workers do not do it.
    pub fn run(self, valid: &ValidScenario, watch: &impl Watch) -> Result<Option<Outcome>, QueueError> {
        match self {
            Self::Threads(threads) => Ok(run(valid, threads, false, watch)),
            Self::Workers(queue) => queue.run(valid, watch),
        }
    }
}

/// Runs the whole ensemble of a scenario; none when it was cancelled.
pub fn run(valid: &ValidScenario, threads: usize, keep_plans: bool, watch: &impl Watch) -> Option<Outcome> {
    let runs = in_parallel(valid.scenario().runs, threads, watch, |run| simulation::run(valid, run, keep_plans))?;
    Some(Outcome::collect(runs))
}

/// The fleet of a predicted scenario, told to have in each bin as many nodes as `percent` of the predicted streams do with,
/// each of which is run; none when it was cancelled.
pub fn scaled_ahead(predicted: &ValidScenario, percent: u8, threads: usize, watch: &impl Watch) -> Option<Fleet> {
    let scenario = predicted.original();
    let needed = in_parallel(scenario.runs, threads, watch, |run| nodes_needed(predicted, run))?;
    let nodes = predicted_nodes(predicted, &needed, f64::from(percent) / 100.0);
    let mut fleet = scenario.fleet.clone();
    for (group, nodes) in fleet.node_groups.iter_mut().zip(nodes) {
        group.scaling.predicted = Some(nodes);
    }
    Some(fleet)
}

/// `work` for `0 .. parts` on up to `threads` threads, answers in order; none when it was cancelled.
pub fn in_parallel<T: Send>(
    parts: u32,
    threads: usize,
    watch: &impl Watch,
    work: impl Fn(u32) -> T + Sync,
) -> Option<Vec<T>> {
    let (next, done, cancelled) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    let one_thread = || {
        let mut answers = Vec::new();
        while !cancelled.load(Ordering::Relaxed) {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                break;
            }
            answers.push((part, work(part)));
            if !watch.done(done.fetch_add(1, Ordering::Relaxed) + 1, parts) {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
        answers
    };
    let mut answers: Vec<(u32, T)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, parts.max(1) as usize)).map(|_| scope.spawn(one_thread)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    answers.sort_by_key(|(part, _)| *part);
    (answers.len() == parts as usize).then(|| answers.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_does_not_depend_on_the_threads() {
        let valid = ValidScenario::new(shared::example::lab_scenario()).unwrap();
        let digest = |threads| run(&valid, threads, false, &|_, _| true).unwrap().digest;
        assert_eq!(digest(1), digest(4));
    }

    #[test]
    fn cancelled_work_has_no_answer() {
        assert_eq!(in_parallel(100, 2, &|done, _| done < 3, |part| part), None);
        assert_eq!(in_parallel(3, 8, &|_, _| true, |part| part), Some(vec![0, 1, 2]));
    }
}
