//! The primary: what the log and the observations say of it, and what it cost.

use shared::allocation::Basis;
use shared::control_plane::{Folded, ObservedFleet, fold};
use shared::request::{IndexedRequest, Received};
use shared::scenario::{Demand, Problems, Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Fork, RunEnd, RunOptions, simulate_to_fork};
use shared::units::{Instant, Window};
use shared::variance::NotObserved;

use crate::config::ShadowingConfig;

/// The primary at an instant.
#[derive(Clone, Debug)]
pub(super) struct Forked {
    pub(super) fork: Fork,
    /// The observed names of its nodes; empty where its placements are simulated.
    pub(super) nodes: Vec<String>,
}

/// What a window really cost, as far as that is known.
#[derive(Clone, Debug)]
pub(super) struct Metered {
    pub(super) end: RunEnd,
    /// Metered on observed machines, or simulated.
    pub(super) basis: Basis,
    pub(super) folded: Folded,
}

/// Holds what has been received against what was asked for before `end`.
pub(super) fn folded(config: &ShadowingConfig, known: &Known<'_>, received: &[Received], end: Instant) -> Folded {
    let assumed = &config.assumed;
    fold(received, &known.asked(end), &assumed.fleet, assumed.autoscaling, &config.inventory)
}

/// The primary at the origin of `known`: on observed machines where enough was observed before, otherwise simulated
/// from what is assumed.
pub(super) fn forked(base: &Scenario, known: &Known<'_>, folded: &Folded) -> Result<Forked, Problems> {
    let observed = observed_before(folded, known.origin);
    let end = known.primary(base, observed)?;
    let nodes = if observed.is_some() { folded.names_of(&end.fork.state) } else { Vec::new() };
    Ok(Forked { fork: end.fork, nodes })
}

/// The machines and placements before an instant, where enough of them was observed.
pub(super) fn observed_before(folded: &Folded, end: Instant) -> Option<&ObservedFleet> {
    let before = Window { start: Instant::from_micros(i64::MIN), end };
    enough(folded, before).is_ok().then_some(&folded.fleet)
}

/// The machines and placements of a window that goes on from a fork, or why they are not known.
pub(super) fn observed_after(
    known: &Known<'_>,
    folded: &Folded,
    window: Window,
    from: &Forked,
) -> Result<ObservedFleet, NotObserved> {
    enough(folded, window)?;
    let Forked { fork, nodes } = from;
    if nodes.len() != fork.state.nodes.len() {
        return Err(NotObserved::SimulatedFork);
    }
    let indices = known.indices(window, &fork.lives);
    Ok(folded.after(window.start, &fork.state, nodes, |life| indices[life.usize()]))
}

/// Whether enough of a window was observed to say where its requests went.
fn enough(folded: &Folded, window: Window) -> Result<(), NotObserved> {
    match folded.seen_in(window) {
        _ if folded.names.is_empty() => Err(NotObserved::NoPlacements),
        (creates, seen) if 2 * seen >= creates => Ok(()),
        (_, 0) => Err(NotObserved::NoPlacements),
        (creates, seen) => Err(NotObserved::TooFewPlacements { seen, creates }),
    }
}

/// The requests of a window on the machines that were observed, at the prices that were paid; on machines of our own
/// policy where too little was observed.
///
/// `known` ends where the window begins.
///
/// # Errors
/// When what is assumed cannot run.
pub(super) fn meter(
    config: &ShadowingConfig,
    known: &Known<'_>,
    received: &[Received],
    window: Window,
) -> Result<Metered, Problems> {
    let folded = folded(config, known, received, window.end);
    let price_book = config.bill.as_ref().unwrap_or(&config.assumed.price_book).clone();
    let base = Scenario { price_book, ..config.assumed.clone() };
    let from = forked(&base, known, &folded)?;
    let (valid, requests) = actual(&base, known, &from.fork, window)?;
    let fleet = observed_after(known, &folded, window, &from);
    let options = RunOptions { observed: fleet.as_ref().ok(), ..RunOptions::default() };
    let end = simulate_to_fork(&valid, &requests, options);
    let basis = if fleet.is_ok() { Basis::Metered } else { Basis::Simulated };
    Ok(Metered { end, basis, folded })
}

/// The requests of a window in the indices of a run that goes on from a fork.
///
/// # Errors
/// When what is assumed cannot run.
pub(super) fn actual(
    base: &Scenario,
    known: &Known<'_>,
    fork: &Fork,
    window: Window,
) -> Result<(ValidScenario, Vec<IndexedRequest>), Problems> {
    let valid = ValidScenario::new(known.actual(base, fork, window.length()))?;
    let Demand::Requests(requests) = &valid.original().demand else { unreachable!("what happened is requests") };
    let requests = requests.clone();
    Ok((valid, requests))
}
