//! A replay: the loop and its jobs in turn, on a clock that waits for both.
//!
//! One thread does everything, so that nothing depends on which of two is faster: a training sees the log as it was when
//! it was asked for, and the next hour closes with the model that it led to.

mod summary;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::time::Duration as StdDuration;

pub use summary::ReplaySummary;

use crate::jobs::Runner;
use crate::shadowing::{Cycle, CycleError};

/// The longest sleep while nothing is due: someone may order a run at any time.
const TICK: StdDuration = StdDuration::from_millis(50);

/// Replays until all has happened, or the service ends; whether all has happened.
///
/// # Errors
/// When the store fails or holds no log.
pub async fn replay(cycle: &mut Cycle, jobs: &Runner) -> Result<bool, CycleError> {
    // A replay that goes on may have been killed while a training ran, or while the hour closed that asked for one.
    jobs.store.requeue_running(None).await?;
    if !cycle.has_asked_already().await? {
        jobs.work_off().await?;
    }
    while !jobs.stop.load(Ordering::Relaxed) {
        step(cycle, jobs).await?;
        if cycle.is_over() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Goes on working on what is ordered until the service ends.
///
/// # Errors
/// When the store fails or holds no log.
pub async fn stay(cycle: &mut Cycle, jobs: &Runner) -> Result<(), CycleError> {
    while !jobs.stop.load(Ordering::Relaxed) {
        step(cycle, jobs).await?;
    }
    Ok(())
}

async fn step(cycle: &mut Cycle, jobs: &Runner) -> Result<(), CycleError> {
    let closed = cycle.step().await?;
    if !cycle.has_asked_already().await? {
        jobs.work_off().await?;
    }
    if !closed {
        tokio::time::sleep(TICK.min(cycle.until_due())).await;
    }
    Ok(())
}
