//! What observations say of each create, held against what was asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::request::{MODULES, Module, Observation, Received};
use crate::units::{Duration, Instant, ResourceIndex, Resources};

/// What the log says of a request that observations may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The life that it is about.
    pub resource: ResourceIndex,
    /// When that life was asked for.
    pub created: Instant,
    /// When its end was asked for.
    pub deleted: Option<Instant>,
    /// What it asked for; nothing where it needs no node.
    pub requested: Option<Resources>,
    /// Whether the request is the create itself.
    pub is_create: bool,
}

/// A fact that cannot be; it is left out, and the first one of two that contradict each other holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// When the observation came in.
    pub received: Instant,
    /// Which observation it is, in the order in which they were received.
    pub position: usize,
    /// The id that the observation names.
    pub request: String,
    /// What is impossible about it.
    pub kind: AnomalyKind,
}

/// What is impossible about a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AnomalyKind {
    /// No request has this id.
    UnknownRequest,
    /// Ready before it was asked for.
    ReadyBeforeAsked,
    /// Given back before it was asked for or ready.
    ReleasedBeforeReady,
    /// The inventory has no such node.
    UnknownNode,
    /// On two nodes.
    TwoNodes,
    /// On a node that cannot hold it, beside what else is there.
    NodeTooSmall,
    /// On a node although it was refused.
    RefusedButPlaced,
    /// Admitted and refused, or ready or given back at two instants.
    Contradiction,
    /// A time in a module below zero.
    NegativeModuleTime,
    /// On a node that was no longer there.
    NodeGone,
}

impl AnomalyKind {
    /// What is impossible, in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnknownRequest => "no request has this id",
            Self::ReadyBeforeAsked => "ready before it was asked for",
            Self::ReleasedBeforeReady => "given back before it was asked for or ready",
            Self::UnknownNode => "on a node that the inventory does not have",
            Self::TwoNodes => "on two nodes",
            Self::NodeTooSmall => "on a node that cannot hold it beside what else is there",
            Self::RefusedButPlaced => "on a node although it was refused",
            Self::Contradiction => "contradicts an earlier observation",
            Self::NegativeModuleTime => "a time in a module is below zero",
            Self::NodeGone => "on a node that was no longer there",
        }
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownRequest => "unknown_request",
            Self::ReadyBeforeAsked => "ready_before_asked",
            Self::ReleasedBeforeReady => "released_before_ready",
            Self::UnknownNode => "unknown_node",
            Self::TwoNodes => "two_nodes",
            Self::NodeTooSmall => "node_too_small",
            Self::RefusedButPlaced => "refused_but_placed",
            Self::Contradiction => "contradiction",
            Self::NegativeModuleTime => "negative_module_time",
            Self::NodeGone => "node_gone",
        }
    }
}

/// What is known of one create.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts<'a> {
    pub(super) admitted: Option<bool>,
    /// The node, and the place of the observation that named it.
    pub(super) node: Option<(&'a str, usize)>,
    pub(super) ready: Option<Instant>,
    pub(super) released: Option<Instant>,
    pub(super) spent: [Option<Duration>; MODULES],
}

/// Gathers the facts of every create, in order of arrival.
pub(super) fn gather<'a>(
    received: &'a [Received],
    asked: &BTreeMap<&str, Asked>,
    knows_node: impl Fn(&str) -> bool,
) -> (BTreeMap<ResourceIndex, Facts<'a>>, Vec<Anomaly>) {
    let mut facts: BTreeMap<ResourceIndex, Facts<'a>> = BTreeMap::new();
    let mut anomalies = Vec::new();
    for (position, Received { at, observation }) in received.iter().enumerate() {
        let mut object =
            |kind| anomalies.push(Anomaly { received: *at, position, request: observation.request.clone(), kind });
        match asked.get(observation.request.as_str()) {
            Some(asked) => {
                let known = facts.entry(asked.resource).or_default();
                known.add(observation, position, asked, &knows_node, &mut object);
            }
            None => object(AnomalyKind::UnknownRequest),
        }
    }
    (facts, anomalies)
}

impl<'a> Facts<'a> {
    fn add(
        &mut self,
        observation: &'a Observation,
        position: usize,
        asked: &Asked,
        knows_node: &impl Fn(&str) -> bool,
        object: &mut impl FnMut(AnomalyKind),
    ) {
        if asked.is_create {
            self.add_to_create(observation, position, asked, knows_node, object);
        }
        let earliest = self.ready.unwrap_or(asked.created);
        match observation.released_at {
            Some(released) if released < earliest => object(AnomalyKind::ReleasedBeforeReady),
            Some(released) => keep_first(&mut self.released, released, object),
            None => {}
        }
    }

    fn add_to_create(
        &mut self,
        observation: &'a Observation,
        position: usize,
        asked: &Asked,
        knows_node: &impl Fn(&str) -> bool,
        object: &mut impl FnMut(AnomalyKind),
    ) {
        match observation.admitted {
            Some(false) if self.node.is_some() => object(AnomalyKind::RefusedButPlaced),
            Some(admitted) => keep_first(&mut self.admitted, admitted, object),
            None => {}
        }
        match observation.ready_at {
            Some(ready) if ready < asked.created => object(AnomalyKind::ReadyBeforeAsked),
            Some(ready) if self.released.is_some_and(|released| released < ready) => {
                object(AnomalyKind::ReleasedBeforeReady);
            }
            Some(ready) => keep_first(&mut self.ready, ready, object),
            None => {}
        }
        if let Some(node) = observation.node.as_deref() {
            if self.admitted == Some(false) {
                object(AnomalyKind::RefusedButPlaced);
            } else if !knows_node(node) {
                object(AnomalyKind::UnknownNode);
            } else if self.node.is_some_and(|(known, _)| known != node) {
                object(AnomalyKind::TwoNodes);
            } else if self.node.is_none() {
                self.node = Some((node, position));
            }
        }
        for (&module, &milliseconds) in &observation.module_ms {
            if milliseconds < 0.0 {
                object(AnomalyKind::NegativeModuleTime);
            } else {
                let spent = Duration::from_micros((milliseconds * 1e3).round() as i64);
                self.spent[module as usize].get_or_insert(spent);
            }
        }
    }

    /// When it was given a node, as far as times in the modules tell; otherwise when it was asked for.
    pub(super) fn scheduled(&self, asked: Instant) -> Instant {
        let before = self.spent[..=Module::Scheduler as usize].iter().flatten();
        asked + before.fold(Duration::ZERO, |sum, &spent| sum + spent)
    }

    /// When the work on its node began, at the latest: the node had booted by then.
    pub(super) fn on_node_by(&self) -> Option<Instant> {
        Some(self.ready? - self.spent[Module::Provisioner as usize].unwrap_or(Duration::ZERO))
    }

    /// Whether its wait between the scheduler and the provisioner follows from times in the modules: in all up to the
    /// scheduler, and in the provisioner.
    pub(super) fn is_timed(&self) -> bool {
        self.spent[..=Module::Provisioner as usize].iter().all(Option::is_some)
    }
}

/// Takes a fact in unless there is one already; another one contradicts it.
fn keep_first<T: PartialEq>(known: &mut Option<T>, fact: T, object: &mut impl FnMut(AnomalyKind)) {
    match known {
        None => *known = Some(fact),
        Some(known) if *known != fact => object(AnomalyKind::Contradiction),
        Some(_) => {}
    }
}
