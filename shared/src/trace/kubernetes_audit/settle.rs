//! What of the changes is new: nothing begins or ends twice, and what is known of a pod need not be said again.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Changed};
use super::{AuditChanges, Extent, KnownPods};
use crate::request::{Observation, Request};
use crate::trace::events::{Events, Reason, Told};
use crate::units::Instant;

/// One resource from its create on, by the id of that.
#[derive(Clone, Debug, Default)]
struct Life {
    /// What asked for it, where these events tell that.
    created: Option<Request>,
    ended: bool,
    /// What its end was told by, and when it is over at the latest.
    ending: Option<(Changed, Request, Instant)>,
    node_known: bool,
    ready_known: bool,
}

/// All that is known while changes are taken in order of time.
struct Settling {
    events: Events,
    lives: BTreeMap<String, Life>,
    /// When creates of each name were made, and their ids, by what these begin with.
    creates: BTreeMap<String, Vec<(Instant, String)>>,
    /// Ids of resizes.
    resizes: BTreeSet<String>,
    /// The create of what lives, by tenant and resource.
    living: BTreeMap<(String, String), Request>,
    extent: Extent,
}

pub(super) fn settle(read: AuditChanges, known: &KnownPods, extent: Extent) -> Events {
    let AuditChanges { mut changes, events, last, .. } = read;
    changes.sort_by_key(|changed| changed.at);
    let life = |&(node_known, ready_known): &(bool, bool)| Life { node_known, ready_known, ..Life::default() };
    let lives = known.observed.iter().map(|(id, observed)| (id.clone(), life(observed))).collect();
    let creates = known.creates.clone();
    let mut settling = Settling { events, lives, creates, resizes: BTreeSet::new(), living: BTreeMap::new(), extent };
    changes.into_iter().for_each(|changed| settling.take(changed));
    if let Some(last) = last.filter(|_| extent == Extent::Whole) {
        settling.end_whose_time_is_over(last);
    }
    let mut events = settling.events;
    events.requests.sort_by_key(|told| told.record.at);
    events.valid()
}

impl Settling {
    fn take(&mut self, changed: Changed) {
        match changed.change.clone() {
            Change::Created { create, node } => self.created(&changed, create, node),
            Change::Seen(observation) => self.seen(&changed, observation),
            Change::Bound { of_name, node } => match self.newest(&of_name, changed.at) {
                Some(request) => {
                    let node = Some(node);
                    self.seen(&changed, Observation { request, admitted: Some(true), node, ..Observation::default() });
                }
                None => self.events.ignore(Reason::UnknownResource),
            },
            Change::Resized(resize) if !self.resizes.insert(resize.id.clone()) => {
                self.events.ignore(Reason::NothingNew)
            }
            Change::Resized(resize) => self.say(&changed, resize),
            Change::Gone(delete) => self.gone(&changed, delete),
            Change::Ended(create) => self.ended(&changed, create),
            Change::Ending { create, by } => {
                let life = self.lives.entry(create.id.clone()).or_default();
                life.ending = Some((changed, create, by));
                self.events.ignore(Reason::Ending);
            }
        }
    }

    /// The id of the newest create of a name by an instant.
    fn newest(&self, of_name: &str, at: Instant) -> Option<String> {
        let by_then = self.creates.get(of_name)?.iter().filter(|(created, _)| *created <= at);
        by_then.max_by_key(|(created, _)| *created).map(|(_, id)| id.clone())
    }

    fn say(&mut self, changed: &Changed, record: Request) {
        self.events.requests.push(Told { place: changed.place, event: changed.event.clone(), record });
    }

    fn created(&mut self, changed: &Changed, create: Request, node: Option<String>) {
        let life = self.lives.entry(create.id.clone()).or_default();
        if life.created.is_some() {
            self.events.ignore(Reason::NothingNew);
            return;
        }
        life.created = Some(create.clone());
        let named = (create.tenant.clone(), create.resource.clone());
        let before = self.living.insert(named, create.clone());
        if let Some(before) = before.filter(|_| self.extent == Extent::Whole) {
            self.end_unsaid(changed, before, create.at);
        }
        let of_name = create.id.rsplit_once('@').map_or(create.id.as_str(), |(name, _)| name);
        self.creates.entry(format!("{of_name}@")).or_default().push((create.at, create.id.clone()));
        let request = create.id.clone();
        self.say(changed, create);
        if node.is_some() {
            self.seen(changed, Observation { request, admitted: Some(true), node, ..Observation::default() });
        }
    }

    fn seen(&mut self, changed: &Changed, observation: Observation) {
        let life = self.lives.entry(observation.request.clone()).or_default();
        let node_is_new = observation.node.is_some() && !life.node_known;
        // A pod may be ready more than once; it could be used from the first time on.
        let first_ready = observation.ready_at.filter(|_| !life.ready_known && !life.ended);
        if !node_is_new && first_ready.is_none() {
            self.events.ignore(Reason::NothingNew);
            return;
        }
        life.node_known |= observation.node.is_some();
        life.ready_known |= first_ready.is_some();
        // Kubernetes cuts that instant to the second.
        let created = life.created.as_ref().map(|create| create.at);
        let ready_at = first_ready.max(first_ready.and(created));
        let record = Observation { ready_at, ..observation };
        self.events.observations.push(Told { place: changed.place, event: changed.event.clone(), record });
    }

    fn ended(&mut self, changed: &Changed, create: Request) {
        let life = self.lives.entry(create.id.clone()).or_default();
        if core::mem::replace(&mut life.ended, true) {
            self.events.ignore(Reason::EndedBefore);
            return;
        }
        // It stays with the tenant that it was created for, whatever its labels are by now.
        let create = life.created.clone().unwrap_or(create);
        let named = (create.tenant.clone(), create.resource.clone());
        if self.living.get(&named).is_some_and(|living| living.id == create.id) {
            self.living.remove(&named);
        }
        let id = format!("{}/delete", create.id);
        self.say(changed, Request { id, ..create.into_delete(changed.at) });
    }

    /// Ends what is only known by its name.
    fn gone(&mut self, changed: &Changed, delete: Request) {
        let named = (delete.tenant.clone(), delete.resource.clone());
        if let Some(create) = self.living.remove(&named) {
            self.lives.entry(create.id).or_default().ended = true;
        }
        self.say(changed, delete);
    }

    /// Ends what no event told the end of, at `at` at the latest.
    fn end_unsaid(&mut self, changed: &Changed, create: Request, at: Instant) {
        let life = self.lives.entry(create.id.clone()).or_default();
        let by = life.ending.as_ref().map_or(at, |&(_, _, by)| by.min(at));
        self.events.ends_inferred += 1;
        self.ended(&Changed { at: by, ..changed.clone() }, create);
    }

    /// Ends what was told to end, and had the time for it before `last`.
    fn end_whose_time_is_over(&mut self, last: Instant) {
        let over = |life: &Life| life.ending.clone().filter(|&(_, _, by)| !life.ended && by <= last);
        let over: Vec<_> = self.lives.values().filter_map(over).collect();
        for (changed, create, by) in over {
            self.end_unsaid(&changed, create, by);
        }
    }
}
