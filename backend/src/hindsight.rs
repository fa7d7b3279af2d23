//! A window that is over, seen from its start: what the shadow would have predicted, and what the requests that came made of
//! it. One way for backtests of cost and for the comparison of champion and challenger.

use shared::request::IndexedRequest;
use shared::scenario::{Problems, Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Fork, Outcome, RunOptions, RunOutcome, simulate};
use shared::stream::StreamModel;
use shared::units::Duration;

use crate::ensemble::{self, Watch};

/// What was predicted for a window.
#[derive(Clone, Debug)]
pub(crate) struct Foretold {
    /// The scenario, in which whoever appeared in the window has a name.
    pub(crate) named: Scenario,
    /// What the shadows came to.
    pub(crate) outcome: Outcome,
}

/// What really happened in a window.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// The requests, on the fork that the shadow begins with.
    pub(crate) requests: Vec<IndexedRequest>,
    /// What they came to, where our policy decides.
    pub(crate) run: RunOutcome,
}

/// Runs the shadows of the predicted streams over `horizon` from the origin of `known`; none when it was cancelled.
///
/// # Errors
/// When what `base` assumes cannot run.
pub(crate) fn foretold(
    known: &Known<'_>,
    base: &Scenario,
    fork: &Fork,
    (stream, horizon): (StreamModel, Duration),
    threads: usize,
    watch: &impl Watch,
) -> Result<Option<Foretold>, Problems> {
    let predicted = known.predicted(base, fork, stream, horizon);
    let named = known.with_newcomers(&predicted);
    let outcome = ensemble::run(&ValidScenario::of_accepted(predicted)?, threads, false, watch);
    Ok(outcome.map(|outcome| Foretold { named, outcome }))
}

/// Runs the actual requests of the horizon after the origin of `known`.
///
/// # Errors
/// When what `base` assumes cannot run them.
pub(crate) fn happened(
    known: &Known<'_>,
    base: &Scenario,
    fork: &Fork,
    horizon: Duration,
) -> Result<Happened, Problems> {
    let actual = ValidScenario::of_accepted(known.actual(base, fork, horizon))?;
    let requests = actual.requests(0);
    let run = simulate(&actual, &requests, RunOptions::default());
    Ok(Happened { requests, run })
}
