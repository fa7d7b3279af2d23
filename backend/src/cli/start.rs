//! What lives when a shadow begins, as options.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shared::control_plane::{Anomaly, AnomalyKind, Folded, InFlight, fold};
use shared::request::{
    Catalogue, Flavor, Impossible, Module, Observation, Operation, Received, Request, RequestLog, read_observations,
};
use shared::scenario::Scenario;
use shared::shadow::{Known, Started};
use shared::simulation::Fork;
use shared::trace::inventory::InventoryNode;
use shared::units::{Duration, Instant};

use super::CliError;
use super::demand::read_log;
use crate::input;
use crate::output::{counted, in_line, some};
use crate::shadowing::Beginning;

/// Files of what runs.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct StartArgs {
    /// What lives when the requests begin, or at the origin: its creates, NDJSON; who is in the requests too is one
    #[arg(long, value_name = "FILE")]
    start: Option<String>,
    /// Facts about who lives then, NDJSON: their nodes, and when they were ready; else the policy places them
    #[arg(long, value_name = "FILE")]
    observations: Option<String>,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    /// The name of the file, and what it holds; nothing where there is none.
    living: Option<(String, RequestLog)>,
    /// Ids of creates that ask for more than any machine has.
    too_large: Vec<String>,
    fleet: Vec<InventoryNode>,
    observations: Vec<(u64, Observation)>,
    observations_name: String,
}

/// Where everybody is when the shadow begins, for people and for programs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StartView {
    at: Instant,
    live: u64,
    /// Those of them that the requests do not create.
    added: u64,
    on_observed_nodes: u64,
    pending: u64,
    nodes: u64,
    left_out: Vec<LeftOut>,
    anomalies: Vec<AnomalyView>,
    /// The names of its nodes by group.
    #[serde(skip)]
    pub(super) names: Vec<Vec<String>>,
    /// What to know about it.
    #[serde(skip)]
    pub(super) notices: Vec<String>,
}

/// Somebody who cannot live then.
#[derive(Clone, Debug, Serialize)]
struct LeftOut {
    request: String,
    reason: &'static str,
}

/// A fact that cannot be.
#[derive(Clone, Debug, Serialize)]
struct AnomalyView {
    request: String,
    kind: AnomalyKind,
    /// The line of the observation; none where it cannot be beside the others.
    line: Option<u64>,
}

impl StartArgs {
    /// These files.
    pub(super) fn new(start: Option<String>, observations: Option<String>) -> Self {
        Self { start, observations }
    }

    /// The first option that was given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [("--start", self.start.is_some()), ("--observations", self.observations.is_some())];
        given.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// Whether a file says who lives.
    pub(super) fn says_who_lives(&self) -> bool {
        self.start.is_some()
    }

    /// Reads the files that were given.
    ///
    /// # Errors
    /// At the first wrong line, with its file.
    pub(super) fn read(
        &self,
        base: &Scenario,
        machines: &[InventoryNode],
        catalogue: &Catalogue,
    ) -> Result<Start, CliError> {
        let observations = match &self.observations {
            None => Vec::new(),
            Some(path) => {
                read_observations(&input::read_text(path)?).map_err(CliError::all_in_file(input::name(path)))?
            }
        };
        let observations_name = self.observations.as_deref().map_or("", input::name).to_owned();
        let fleet = machines.to_vec();
        let Some(path) = &self.start else {
            return Ok(Start { fleet, observations, observations_name, ..Start::default() });
        };
        let log = read_log(path, catalogue)?;
        let holds = |create: &Request| {
            let requested = create.requested.unwrap_or_default();
            let flavor = Flavor { name: String::new(), class: create.class, requested };
            base.fleet.can_hold(&flavor)
        };
        let all = log.living(Instant::from_micros(i64::MIN));
        let too_large = all.into_iter().filter(|create| !holds(create)).map(|create| create.id).collect();
        let living = Some((input::name(path).to_owned(), log));
        Ok(Start { living, too_large, fleet, observations, observations_name })
    }
}

impl Start {
    /// The name of the file of those who live, and their log.
    pub(super) fn log(&self) -> Option<(&str, &RequestLog)> {
        self.living.as_ref().map(|(name, log)| (name.as_str(), log))
    }

    /// What a primary begins with: who lives at the end of the hour after which nothing more is known of anybody.
    pub(super) fn beginning(&self) -> Option<Beginning> {
        let (_, log) = self.log()?;
        let seen = self.observations.iter().flat_map(|(_, seen)| [seen.ready_at, seen.released_at]);
        let latest = seen.flatten().chain(log.last()).max()?;
        let at = latest.floor(Duration::HOUR) + Duration::HOUR;
        let observations = self.observations.iter().map(|(_, seen)| seen.clone()).collect();
        Some(Beginning { at, creates: self.living(at), too_large: self.too_large.clone(), observations, carried: None })
    }

    /// The creates of those who live at `at`, as far as there are machines that hold them.
    pub(super) fn living(&self, at: Instant) -> Vec<Request> {
        let living = self.living.iter().flat_map(|(_, log)| log.living(at));
        living.filter(|create| !self.too_large.contains(&create.id)).collect()
    }

    /// Puts everybody into a fork of the primary at the origin of `known`, or into one with nothing in it; `names` are
    /// those of an inventory's nodes by group.
    pub(super) fn begin(
        &self,
        known: &Known<'_>,
        base: &Scenario,
        fork: Fork,
        names: &[Vec<String>],
    ) -> (Fork, StartView) {
        let at = known.origin;
        // Why somebody is left out is said once: facts about them say nothing more.
        let impossible = known.standing().into_iter().flat_map(|standing| &standing.impossible).map(|(id, _)| &**id);
        let left_out: BTreeSet<&str> = self.too_large.iter().map(String::as_str).chain(impossible).collect();
        let of_others = self.observations.iter().filter(|(_, seen)| !left_out.contains(seen.request.as_str()));
        let (lines, received): (Vec<u64>, Vec<Received>) =
            of_others.map(|(line, seen)| (*line, Received { at, observation: seen.clone() })).unzip();
        let asked = known.asked(at);
        let folded = fold(&received, &asked, &base.fleet, base.autoscaling, &self.fleet);
        let started = known.started(base, fork, &folded, names);
        let view = self.view(known, &folded, &started, &lines);
        (started.fork, StartView { names: started.nodes, ..view })
    }

    /// `lines` are those of the facts that were folded.
    fn view(&self, known: &Known<'_>, folded: &Folded, started: &Started, lines: &[u64]) -> StartView {
        let state = &started.fork.state;
        let waits = |call: &&InFlight| call.operation == Operation::Create && call.module < Module::Provisioner;
        let on_the_way = state.in_flight.iter().filter(waits);
        let impossible = known.standing().into_iter().flat_map(|standing| &standing.impossible);
        let mut left_out: Vec<LeftOut> = impossible
            .map(|(id, why)| LeftOut { request: id.to_string(), reason: Impossible::sentence(*why) })
            .collect();
        let too_large = self.too_large.iter().cloned();
        left_out.extend(too_large.map(|request| LeftOut { request, reason: "larger than any machine" }));
        let line = |anomaly: &Anomaly| Some(lines[anomaly.position]);
        let view = |anomaly: &Anomaly| AnomalyView {
            request: anomaly.request.clone(),
            kind: anomaly.kind,
            line: line(anomaly),
        };
        let mut anomalies: Vec<AnomalyView> = folded.anomalies.iter().map(view).collect();
        anomalies.extend(known.ids_of(&started.crowded_out).into_iter().map(|request| AnomalyView {
            request,
            kind: AnomalyKind::NodeTooSmall,
            line: None,
        }));
        let view = StartView {
            at: known.origin,
            live: state.live.len() as u64,
            added: started.only_standing,
            on_observed_nodes: started.on_seen_nodes,
            pending: (state.pending.len() + on_the_way.count()) as u64,
            nodes: state.nodes.len() as u64,
            left_out,
            anomalies,
            names: Vec::new(),
            notices: Vec::new(),
        };
        let notices = self.notices(&view, known.not_standing(&started.fork));
        StartView { notices, ..view }
    }

    fn notices(&self, view: &StartView, only_in_requests: u64) -> Vec<String> {
        let StartView { at, live, on_observed_nodes, pending, nodes, .. } = view;
        let mut notices = vec![format!(
            "{} at {at}: {on_observed_nodes} on the node that they were seen on, {pending} pending; {}",
            counted(*live, "resource").replacen("resource", "live resource", 1),
            counted(*nodes, "node"),
        )];
        if only_in_requests > 0 {
            let count = counted(only_in_requests, "machine");
            notices.push(format!(
                "{count} of the requests before {at} still live by their log and are not in the file given with --start; \
                 they are kept"
            ));
        }
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for left in &view.left_out {
            by_reason.entry(left.reason).or_default().push(&left.request);
        }
        for (reason, requests) in by_reason {
            let count = counted(requests.len() as u64, "resource");
            notices.push(format!("left out of what lives at {at}: {count} {reason}: {}", some(requests)));
        }
        let mut by_kind: BTreeMap<AnomalyKind, Vec<&AnomalyView>> = BTreeMap::new();
        for anomaly in &view.anomalies {
            by_kind.entry(anomaly.kind).or_default().push(anomaly);
        }
        for (kind, anomalies) in by_kind {
            let count = counted(anomalies.len() as u64, "fact");
            let place = anomalies[0].line.map_or(String::new(), |line| format!(" (line {line})"));
            notices.push(format!(
                "impossible, and left out: {count} of {}, {}: first of `{}`{place}",
                self.observations_name,
                kind.sentence(),
                in_line(&anomalies[0].request),
            ));
        }
        notices
    }
}
