//! What a worker does for a piece.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::scenario::ValidScenario;
use shared::simulation::{self, RunOutcome};
use tokio::sync::Mutex;

use super::Worker;
use crate::jobs::said;
use crate::queue::QueueError;
use crate::queue::answer::{Answer, pack_runs};
use crate::queue::connection::Connection;
use crate::queue::objects::{fetch, keep, name_of};
use crate::queue::task::Task;

/// So many scenarios stay ready: pieces of a few ensembles may come in turn.
const READY: usize = 4;

/// Why there is no answer.
pub(super) enum NotDone {
    /// It would be so the next time, too.
    Never(String),
    /// The queue did not do what it should.
    Now(QueueError),
}

impl From<QueueError> for NotDone {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::TooLarge { .. } => Self::Never(error.to_string()),
            error => Self::Now(error),
        }
    }
}

/// The scenarios that pieces were of, the last one last.
#[derive(Default)]
pub(super) struct Scenarios(Mutex<VecDeque<(String, Arc<ValidScenario>)>>);

impl Scenarios {
    /// The scenario of this name; others wait meanwhile, so that each is read once.
    async fn get(&self, connection: &Connection, name: &str) -> Result<Arc<ValidScenario>, NotDone> {
        let mut ready = self.0.lock().await;
        if let Some((_, found)) = ready.iter().find(|(other, _)| other == name) {
            return Ok(Arc::clone(found));
        }
        let content = fetch(connection, name, "the scenario").await?;
        let never = |error: &dyn std::fmt::Display| NotDone::Never(format!("the scenario: {error}"));
        let scenario = serde_json::from_slice(&content).map_err(|error| never(&error))?;
        // Whoever asks has checked who wants to be where, or has it from requests that were accepted.
        let valid = ValidScenario::of_accepted(scenario).map_err(|problems| never(&problems))?;
        let valid = Arc::new(valid);
        ready.push_back((name.to_owned(), Arc::clone(&valid)));
        if ready.len() > READY {
            ready.pop_front();
        }
        Ok(valid)
    }
}

/// Does it; an answer that nobody wants any more may be of nothing.
pub(super) async fn done(worker: &Worker, task: Task, given_up: &Arc<AtomicBool>) -> Result<Answer, NotDone> {
    let Task::Runs { scenario, first, count } = task;
    let valid = worker.scenarios.get(&worker.connection, &scenario).await?;
    let given_up = Arc::clone(given_up);
    let runs = tokio::task::spawn_blocking(move || run(&valid, first, count, &given_up)).await;
    let runs = runs.map_err(|panic| match panic.try_into_panic() {
        Ok(panic) => NotDone::Never(said(&*panic)),
        Err(cancelled) => NotDone::Never(cancelled.to_string()),
    })?;
    let runs = pack_runs(&runs)?;
    if !runs.is_large() {
        return Ok(Answer::Here(runs.packed));
    }
    let name = name_of(&runs.content);
    keep(&worker.connection, &name, &runs.packed).await?;
    Ok(Answer::Elsewhere(name))
}

fn run(valid: &ValidScenario, first: u32, count: u32, given_up: &AtomicBool) -> Vec<RunOutcome> {
    let wanted = (first..first.saturating_add(count)).take_while(|_| !given_up.load(Ordering::Relaxed));
    wanted.map(|run| simulation::run(valid, run, false)).collect()
}
