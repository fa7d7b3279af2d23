//! What a Kubernetes API server tells of itself: audit events (`audit.k8s.io/v1`), as it sends them to a webhook or writes
//! them into a log.
//!
//! ```text
//! text ─► events ─► call ─► change: created, resized, on a node, told to end, ended ─► settled: requests, observations
//! ```
//!
//! Only pods, claims of volumes and services with an address outside hold anything; what makes pods is their label
//! `kubernetes/owner`, so that nothing counts twice. Objects are read by what reads them in a dump of `kubectl get`
//! ([`kubernetes_state`](super::kubernetes_state)), and a create has the same id, tenant and resource from either. Its end
//! has that id and `/delete`, so that it ends once, by whichever event tells first; a resize has the audit id behind it.
//!
//! A pod ends when its phase is `Succeeded` or `Failed`, or when it is gone. Most deletes only tell it to end: it holds its
//! node until the kubelet deletes it for good, without time to end. What has finalizers is gone with the last of them.
//! So a deletion of a collection need not say what was in it: the ends of what was on nodes, or had finalizers, follow one by
//! one. Only pods that had no node are missed then.

mod call;
mod change;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::call::{Call, Does, Event, Kind};
use self::change::{Change, Changed};
use super::events::{Events, Place, Reason, Refusal, each_event};
use super::mapping::Mapping;
use crate::input::{InputError, from_json};
use crate::units::Instant;

/// What audit events change, before it is known what of it is new.
#[derive(Clone, Debug, Default)]
pub struct AuditChanges {
    changes: Vec<Changed>,
    /// What was said besides.
    events: Events,
    /// Calls that are told of: clients may choose audit ids, so that these alone do not tell calls apart.
    seen: BTreeSet<(String, Instant, Kind, Does)>,
    last: Option<Instant>,
}

/// What is known of pods beside the events.
#[derive(Clone, Debug, Default)]
pub struct KnownPods {
    /// When creates were made, and their ids, by what [`AuditChanges::bound`] gives.
    pub creates: BTreeMap<String, Vec<(Instant, String)>>,
    /// By the id of a create, what was observed: whether its node is known, and whether it is known when it was ready.
    pub observed: BTreeMap<String, (bool, bool)>,
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// These are all events of their time: who was told to end and had the time for it has ended, and a name that is used
    /// again was free.
    Whole,
    /// They are some of many.
    Part,
}

const EXPECTED: &str =
    "expected audit events: an EventList as an API server posts it, or one Event of audit.k8s.io/v1 a line";

impl AuditChanges {
    /// Reads events, and adds them. Tenants are namespaces, unless a mapping says otherwise.
    ///
    /// # Errors
    /// When the text is no JSON, with its line; a wrong event is refused by itself.
    pub fn read(&mut self, text: &str, mapping: Option<&Mapping>) -> Result<(), InputError> {
        each_event(text, EXPECTED, items, |place, value| self.take(place, value, mapping))
    }

    fn take(&mut self, place: Place, value: Result<Value, InputError>, mapping: Option<&Mapping>) {
        self.events.events += 1;
        let id = value.as_ref().ok().and_then(|value| value.get("auditID")?.as_str()).map(str::to_owned);
        let read = value.and_then(checked).and_then(|event| {
            self.last = self.last.max(Some(event.at));
            match Call::of(event) {
                Err(reason) => Ok(Err(reason)),
                Ok(call) if !self.seen.insert((call.audit_id.clone(), call.at, call.kind, call.does)) => {
                    Ok(Err(Reason::Duplicate))
                }
                Ok(call) => change::of(call, mapping).map(Ok),
            }
        });
        match read {
            Ok(Ok(found)) => {
                self.events.unmapped += found.unmapped;
                let event = id.unwrap_or_default();
                let changed = |change: Change| Changed { place, event: event.clone(), at: found.at, change };
                self.changes.extend(found.changes.into_iter().map(changed));
                found.ignored.into_iter().for_each(|reason| self.events.ignore(reason));
            }
            Ok(Err(reason)) => self.events.ignore(reason),
            Err(error) => self.events.refused.push(Refusal::new(place, id, error)),
        }
    }

    /// The events that are wrong, so far.
    pub fn refused(&self) -> &[Refusal] {
        &self.events.refused
    }

    /// What the ids of creates begin with that events tell the nodes of and do not know themselves.
    pub fn bound(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter_map(|changed| match &changed.change {
            Change::Bound { of_name, .. } => Some(of_name.as_str()),
            _ => None,
        })
    }

    /// Ids of creates that events tell something about which may be known.
    pub fn observed(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter_map(|changed| match &changed.change {
            Change::Seen(observation) => Some(observation.request.as_str()),
            _ => None,
        })
    }

    /// Requests and observations: what is new in the changes, in order of time.
    pub fn settle(self, known: &KnownPods, extent: Extent) -> Events {
        settle::settle(self, known, extent)
    }
}

/// The events of a list.
fn items(document: &mut Value) -> Option<Vec<Value>> {
    let is_list = document.get("kind").and_then(Value::as_str) == Some("EventList");
    let items = is_list.then(|| document.get_mut("items").map(Value::take).unwrap_or_default())?;
    Some(match items {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    })
}

/// An event, where it is one of ours.
fn checked(value: Value) -> Result<Event, InputError> {
    for (field, expected) in [("kind", "Event"), ("apiVersion", "audit.k8s.io/v1")] {
        // The events of a list do not say what they are.
        if let Some(found) = value.get(field).filter(|found| *found != expected) {
            return Err(InputError::field(0, field, format!("is {found}; expected \"{expected}\"")));
        }
    }
    from_json(value)
}
