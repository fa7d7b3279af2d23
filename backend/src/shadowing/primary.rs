//! The primary: what the log and the observations say of it, and what it cost.

use std::borrow::Cow;

use shared::allocation::{ActualCost, Basis, Metering, ResourceLabels, Status};
use shared::api::{LeftOut, StartAnomaly, StartView};
use shared::control_plane::{AnomalyKind, Folded, Node, ObservedFleet, State, fold};
use shared::request::{IndexedRequest, Received, RequestLog};
use shared::scenario::{Demand, Fleet, Problems, Scenario, ValidScenario};
use shared::shadow::{Known, Started};
use shared::simulation::{Fork, RunEnd, RunOptions, simulate_metered, simulate_to_fork};
use shared::units::{Instant, Window};
use shared::variance::NotObserved;

use super::{Beginning, Machines};
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
    /// What was run: its tenants and flavors.
    pub(super) scenario: ValidScenario,
    /// Metered on observed machines, or simulated.
    pub(super) basis: Basis,
    pub(super) folded: Folded,
}

impl Metered {
    pub(super) fn actual_cost(&self, status: Status) -> ActualCost<'_> {
        ActualCost { breakdown: &self.end.outcome.cost, basis: self.basis, status }
    }
}

/// Holds what has been received against what was asked for before `end`.
pub(super) fn folded(config: &ShadowingConfig, known: &Known<'_>, received: &[Received], end: Instant) -> Folded {
    let assumed = &config.assumed;
    let all: Cow<'_, [Received]> = match &config.start {
        None => Cow::Borrowed(received),
        Some(beginning) => beginning.received().chain(received.iter().cloned()).collect(),
    };
    fold(&all, &known.asked(end), &assumed.fleet, assumed.autoscaling, &config.inventory)
}

/// The primary at the origin of `known`: on observed machines where enough was observed before, otherwise simulated
/// from what is assumed. It goes on from what it began with, where that was said and was earlier.
pub(super) fn forked(
    config: &ShadowingConfig,
    base: &Scenario,
    known: &Known<'_>,
    folded: &Folded,
) -> Result<Forked, Problems> {
    if let Some(beginning) = config.start.as_ref().filter(|beginning| beginning.known_from() <= known.origin) {
        let (from, began) = match carried(config, base, known) {
            Some(carried) => carried,
            None => {
                let from = known.at(beginning.at);
                let began = placed_anew(config, base, &from, folded)?;
                (from, began)
            }
        };
        return gone_on(base, &from, folded, known.origin, began);
    }
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

/// The primary as it begins, at the origin of `known`: with what its log says of before, and with what is said to live.
pub(super) fn begun(
    config: &ShadowingConfig,
    base: &Scenario,
    known: &Known<'_>,
    folded: &Folded,
) -> Result<Started, Problems> {
    let before = known.primary(base, None)?.fork;
    Ok(known.started(base, before, folded, &base.fleet.names_of_inventory(&config.inventory)))
}

/// The primary as it was kept where what was before is kept no longer, and what is known up to then; none where its machines
/// are others by now, so that everybody has to be placed anew.
fn carried<'a>(config: &ShadowingConfig, base: &Scenario, known: &Known<'a>) -> Option<(Known<'a>, Forked)> {
    let carried = config.start.as_ref()?.carried.as_ref()?;
    if carried.machines != Machines::of(&base.fleet) {
        return None;
    }
    let primary = &carried.primary;
    let from = known.at(primary.at);
    let forked = Forked { fork: from.fork_of(primary)?, nodes: primary.nodes.clone() };
    ValidScenario::new(from.actual(base, &forked.fork, base.bin)).ok()?;
    Some((from, forked))
}

/// Who lives at the origin of `known`, on the machines that they were seen on, or where our policy wants them.
fn placed_anew(
    config: &ShadowingConfig,
    base: &Scenario,
    known: &Known<'_>,
    folded: &Folded,
) -> Result<Forked, Problems> {
    let Started { fork, nodes, .. } = begun(config, base, known, folded)?;
    let mut by_group: Vec<_> = nodes.into_iter().map(Vec::into_iter).collect();
    let name = |node: &Node| by_group[node.node_group.usize()].next().unwrap_or_default();
    let nodes = fork.state.nodes.iter().map(name).collect();
    Ok(Forked { fork, nodes })
}

/// The primary at `end`, which began so at the origin of `known`.
fn gone_on(
    base: &Scenario,
    known: &Known<'_>,
    folded: &Folded,
    end: Instant,
    began: Forked,
) -> Result<Forked, Problems> {
    if end == known.origin {
        return Ok(began);
    }
    let fleet = observed_after(known, folded, Window { start: known.origin, end }, &began);
    let fork = known.gone_on(base, &began.fork, end, fleet.as_ref().ok())?;
    let nodes = if fleet.is_ok() { names_then(&fork.state, &began, folded, known.origin) } else { Vec::new() };
    Ok(Forked { fork, nodes })
}

/// The names of the nodes of a state to which the primary went on from a fork at `start`.
fn names_then(state: &State, from: &Forked, folded: &Folded, start: Instant) -> Vec<String> {
    let names = folded.names_after(start, &from.nodes);
    let old = &from.fork.state;
    let position = |node: &Node| match node.index.0.checked_sub(old.nodes_started) {
        Some(new) => Some(old.nodes.len() + new as usize),
        None => old.nodes.iter().position(|other| other.index == node.index),
    };
    let name = |node: &Node| position(node).and_then(|position| names.get(position)).cloned();
    state.nodes.iter().map(|node| name(node).unwrap_or_default()).collect()
}

/// What became of what the primary was said to begin with, where it was; `known` is its log, whenever it is cut.
///
/// # Errors
/// When what is assumed cannot run.
pub(super) fn start_view(config: &ShadowingConfig, known: &Known<'_>) -> Result<Option<StartView>, Problems> {
    let begins = config.start.as_ref().filter(|beginning| beginning.carried.is_none());
    let Some(Beginning { at, too_large, .. }) = begins else { return Ok(None) };
    let known = known.at(*at);
    let folded = folded(config, &known, &[], *at);
    let started = begun(config, &config.assumed, &known, &folded)?;
    let left_out = |request: &str, reason: &str| LeftOut { request: request.to_owned(), reason: reason.to_owned() };
    let impossible = known.standing().into_iter().flat_map(|standing| &standing.impossible);
    let impossible = impossible.map(|(id, why)| left_out(id, why.sentence()));
    let large = too_large.iter().map(|id| left_out(id, "larger than any machine"));
    let anomalies =
        folded.anomalies.iter().map(|found| StartAnomaly { request: found.request.clone(), kind: found.kind });
    let crowded = known.ids_of(&started.crowded_out).into_iter();
    let crowded = crowded.map(|request| StartAnomaly { request, kind: AnomalyKind::NodeTooSmall });
    let state = &started.fork.state;
    Ok(Some(StartView {
        at: *at,
        live: state.live.len() as u64,
        added: started.only_standing,
        on_observed_nodes: started.on_seen_nodes,
        pending: state.pending.len() as u64,
        nodes: state.nodes.len() as u64,
        left_out: impossible.chain(large).collect(),
        anomalies: anomalies.chain(crowded).collect(),
    }))
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

/// The requests of a window on the primary, ready to run.
pub(super) struct Played {
    scenario: ValidScenario,
    requests: Vec<IndexedRequest>,
    /// Where it begins.
    from: Forked,
    folded: Folded,
    fleet: Option<ObservedFleet>,
}

impl Played {
    /// The requests of a window on the machines that were observed, at the prices that were paid; on machines of our own
    /// policy where too little was observed.
    ///
    /// `known` ends where the window begins; `told` is the fleet that was told at its beginning how many nodes it will need,
    /// with predictive scaling.
    ///
    /// # Errors
    /// When what is assumed cannot run.
    pub(super) fn new(
        config: &ShadowingConfig,
        known: &Known<'_>,
        received: &[Received],
        window: Window,
        told: Option<&Fleet>,
    ) -> Result<Self, Problems> {
        let folded = folded(config, known, received, window.end);
        let price_book = config.bill.as_ref().unwrap_or(&config.assumed.price_book).clone();
        let mut base = Scenario { price_book, ..config.assumed.clone() };
        if let Some(told) = told.filter(|_| config.predictive_scaling.is_some()) {
            for (group, told) in base.fleet.node_groups.iter_mut().zip(&told.node_groups) {
                group.scaling.clone_from(&told.scaling);
            }
        }
        let from = forked(config, &base, known, &folded)?;
        let (scenario, requests) = actual(&base, known, &from.fork, window)?;
        let fleet = observed_after(known, &folded, window, &from).ok();
        Ok(Self { scenario, requests, from, folded, fleet })
    }

    /// What it comes to.
    pub(super) fn metered(self) -> Metered {
        let end = simulate_to_fork(&self.scenario, &self.requests, self.options());
        let basis = self.basis();
        Metered { end, scenario: self.scenario, basis, folded: self.folded }
    }

    /// The same, use by use; `log` is that of `known`, of which the window is.
    pub(super) fn metering(&self, log: &RequestLog, known: &Known<'_>) -> Metering {
        let scenario = self.scenario.scenario();
        let (_, records) = simulate_metered(&self.scenario, &self.requests, self.options());
        let labels = ResourceLabels::of_lives(log, known.lives_in(scenario.window, &self.from.fork.lives));
        Metering::of_run(scenario, &self.requests, &records, &labels)
    }

    /// How it is run.
    fn options(&self) -> RunOptions<'_> {
        RunOptions { observed: self.fleet.as_ref(), ..RunOptions::default() }
    }

    /// How what it costs is known.
    pub(super) fn basis(&self) -> Basis {
        if self.fleet.is_some() { Basis::Metered } else { Basis::Simulated }
    }
}

/// What the requests of a window came to on the primary, as [`Played::new`] has them.
///
/// # Errors
/// When what is assumed cannot run.
pub(super) fn meter(
    config: &ShadowingConfig,
    known: &Known<'_>,
    received: &[Received],
    window: Window,
    told: Option<&Fleet>,
) -> Result<Metered, Problems> {
    Ok(Played::new(config, known, received, window, told)?.metered())
}

/// The requests of a window on the primary as it was when the window began, where our policy decides from then on, and the
/// id of each. `known` ends where the window begins.
///
/// # Errors
/// When what is assumed cannot run.
pub(crate) fn actual_of_window(
    config: &ShadowingConfig,
    known: &Known<'_>,
    received: &[Received],
    window: Window,
) -> Result<(ValidScenario, Vec<String>), Problems> {
    let folded = folded(config, known, received, window.start);
    let Forked { fork, .. } = forked(config, &config.assumed, known, &folded)?;
    let (valid, _) = actual(&config.assumed, known, &fork, window)?;
    Ok((valid, known.ids_in(window, &fork.lives).map(str::to_owned).collect()))
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
    let valid = ValidScenario::of_accepted(known.actual(base, fork, window.length()))?;
    let Demand::Requests(requests) = &valid.original().demand else { unreachable!("what happened is requests") };
    let requests = requests.clone();
    Ok((valid, requests))
}
