//! What is said to live at an instant, beside what a log says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Operation, Request, RequestLog};
use crate::units::{BatchIndex, Instant, ResourceIndex};

/// Resources that somebody saw alive, put beside the lives of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When they were alive.
    pub at: Instant,
    /// How many lives the log has by itself; those that only stand follow them.
    pub own_lives: usize,
    /// The id that each was given and the life that it is: one of the log's own where the log knows it, too.
    pub ids: Vec<(Box<str>, ResourceIndex)>,
    /// The ids of those that cannot have been alive then, and why; they are left out.
    pub impossible: Vec<(Box<str>, Impossible)>,
    /// What keys draws, where the log goes on from one that is kept no longer.
    pub keys: Option<DrawKeys>,
}

/// What keyed the draws of lives in a log whose beginning is kept no longer: what is left of it goes on with the same draws.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawKeys {
    /// How many lives the log had begun by then; those that begin later are counted on from there.
    pub begun: u64,
    /// Those of the resources that stand, in their order.
    pub standing: Vec<u64>,
}

/// Why a resource cannot have been alive at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impossible {
    /// It was created at that instant or later.
    CreatedLater,
    /// The log deletes it after its create and before that instant.
    DeletedBefore,
}

impl Impossible {
    /// Why, in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::CreatedLater => "created only later",
            Self::DeletedBefore => "deleted by the log before",
        }
    }
}

/// Marks the draw keys of those who only stand: how many lives the log has by itself does not move them.
const STANDING: u64 = 1 << 62;

impl Standing {
    /// What keys the draws of a life.
    pub fn draw_key(&self, life: ResourceIndex) -> u64 {
        let begun = self.keys.as_ref().map_or(0, |keys| keys.begun);
        let Some(position) = life.usize().checked_sub(self.own_lives) else { return begun + u64::from(life.0) };
        let kept = self.keys.as_ref().and_then(|keys| keys.standing.get(position).copied());
        kept.unwrap_or(STANDING | position as u64)
    }
}

impl RequestLog {
    /// A create of each resource that this log does not delete before `at`, in the shape that it had by then.
    pub fn living(&self, at: Instant) -> Vec<Request> {
        self.living_by_life(at).into_values().collect()
    }

    /// The same, those who stand among them, and what keys their draws and those of lives that begin from then on.
    pub fn carried(&self, at: Instant) -> (Vec<Request>, DrawKeys) {
        let mut living = self.living_by_life(at);
        living.retain(|_, create| create.at < at);
        let draw_key = |life: &ResourceIndex| {
            self.standing.as_ref().map_or(u64::from(life.0), |standing| standing.draw_key(*life))
        };
        let earlier = self.standing.as_ref().and_then(|standing| standing.keys.as_ref()).map_or(0, |keys| keys.begun);
        let begun = earlier + self.own_lives().partition_point(|life| life.created < at) as u64;
        let keys = DrawKeys { begun, standing: living.keys().map(draw_key).collect() };
        (living.into_values().collect(), keys)
    }

    /// The names of the batches that began before `at`, those that had begun in what is kept no longer among them.
    pub fn batches_begun(&self, at: Instant) -> Vec<String> {
        let before = self.requests[..self.position(at)].iter().filter_map(|request| request.batch);
        let begun: BTreeSet<BatchIndex> = before.chain(self.begun_batches.iter().copied()).collect();
        let later = self.requests[self.position(at)..].iter().filter_map(|request| request.batch);
        let later: BTreeSet<BatchIndex> = later.collect();
        begun.intersection(&later).map(|batch| self.batches.name(batch.0).to_owned()).collect()
    }

    fn living_by_life(&self, at: Instant) -> BTreeMap<ResourceIndex, Request> {
        let mut living: BTreeMap<ResourceIndex, Request> = BTreeMap::new();
        if let Some(standing) = self.standing.as_ref().filter(|standing| standing.at <= at) {
            let only = standing.ids.iter().filter(|(_, life)| life.usize() >= standing.own_lives);
            living.extend(only.map(|(id, life)| (*life, self.create_of(id, *life))));
        }
        for (position, request) in self.requests.iter().enumerate() {
            let over = request.at >= at;
            match request.operation {
                Operation::Create => {
                    living.insert(request.resource, Request { batch: None, lifetime: None, ..self.record(position) });
                }
                Operation::Resize if !over => {
                    let shape = &self.flavors[request.flavor.usize()];
                    if let Some(create) = living.get_mut(&request.resource) {
                        create.flavor = Some(shape.name.clone());
                        create.requested = Some(shape.requested);
                    }
                }
                Operation::Delete if !over => {
                    living.remove(&request.resource);
                }
                Operation::Resize | Operation::Delete => {}
            }
        }
        living
    }

    /// The create of a life that only stands.
    fn create_of(&self, id: &str, life: ResourceIndex) -> Request {
        let life = &self.lives[life.usize()];
        let flavor = &self.flavors[life.flavor.usize()];
        let terms = life.terms.map(|terms| &self.terms[terms.usize()]);
        Request {
            id: id.to_owned(),
            at: life.created,
            tenant: self.tenants.name(life.tenant.0).to_owned(),
            operation: Operation::Create,
            class: flavor.class,
            resource: life.name.to_string(),
            flavor: Some(flavor.name.clone()),
            requested: Some(flavor.requested),
            zone: terms.and_then(|terms| terms.zone.clone()),
            scheduling: terms.and_then(|terms| terms.scheduling()),
            batch: None,
            lifetime: None,
            labels: self.label_sets[life.labels as usize].clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Catalogue, RequestLogBuilder, read_requests};

    const SHAPE: &str = r#","requested":{"vcpu":2}"#;

    fn line(id: &str, at: &str, op: &str, resource: &str) -> String {
        let shape = if op == "delete" { "" } else { SHAPE };
        format!(
            r#"{{"id":"{id}","at":"2026-01-{at}:00Z","tenant":"acme","op":"{op}","class":"compute","resource":"{resource}"{shape}}}"#
        )
    }

    fn builder(lines: &[String]) -> RequestLogBuilder {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        read_requests(&lines.join("\n"), &mut builder).unwrap();
        builder
    }

    fn at(text: &str) -> Instant {
        format!("2026-01-{text}:00Z").parse().unwrap()
    }

    /// The log of `lines` beside those who stand on the 10th, at midnight.
    fn beside(lines: &[String], standing: &[String]) -> RequestLog {
        let living = builder(standing).finish().unwrap().living(at("10T00:00"));
        let mut builder = builder(lines);
        builder.stand(at("10T00:00"), living).unwrap();
        builder.finish().unwrap()
    }

    #[test]
    fn requests_may_be_about_those_who_stand_and_nothing_is_learnt_from_them() {
        let lines = [
            line("1", "09T00:00", "create", "own"),
            line("2", "10T01:00", "resize", "old"),
            line("3", "10T02:00", "delete", "old"),
            line("4", "10T03:00", "create", "new"),
        ];
        let log = beside(&lines, &[line("s", "01T00:00", "create", "old")]);
        let standing = log.standing.as_ref().unwrap();
        assert_eq!((log.orphans, log.lives.len(), log.own_lives().len()), (0, 3, 2));
        assert_eq!(standing.ids, [("s".into(), ResourceIndex(2))]);
        let old = &log.lives[2];
        assert_eq!((&*old.name, old.created, old.deleted), ("old", at("01T00:00"), Some(at("10T02:00"))));
        let about: Vec<u32> = log.requests.iter().map(|request| request.resource.0).collect();
        assert_eq!(about, [0, 2, 2, 1]);
        let (with, without) = (log.before(at("20T00:00")), beside(&lines, &[]));
        assert!(with.lives().eq(without.before(at("20T00:00")).lives()));
    }

    #[test]
    fn who_is_in_the_log_too_is_one() {
        let log = beside(&[line("1", "09T00:00", "create", "vm")], &[line("s", "08T23:59", "create", "vm")]);
        assert_eq!((log.lives.len(), log.own_lives().len()), (1, 1));
        assert_eq!(log.standing.unwrap().ids, [("s".into(), ResourceIndex(0))]);
    }

    #[test]
    fn who_cannot_have_lived_then_is_left_out() {
        let check = |lines: &[String], standing: String, expected: &[(&str, Impossible)]| {
            let log = beside(lines, &[standing]);
            let found: Vec<(&str, Impossible)> =
                log.standing.as_ref().unwrap().impossible.iter().map(|(id, why)| (&**id, *why)).collect();
            assert_eq!(found, expected);
            assert_eq!(log.lives.len(), log.own_lives().len());
        };
        let late = || line("s", "10T00:00", "create", "vm");
        check(&[], late(), &[("s", Impossible::CreatedLater)]);
        // The dump was made after the origin; the log knows who that is.
        check(&[line("1", "10T00:00", "create", "vm")], late(), &[]);
        let early = line("s", "02T00:00", "create", "vm");
        check(&[line("1", "09T00:00", "delete", "vm")], early.clone(), &[("s", Impossible::DeletedBefore)]);
        let again = [line("1", "01T00:00", "create", "vm"), line("2", "01T01:00", "delete", "vm")];
        let log = beside(&again, &[early]);
        assert_eq!((log.lives.len(), log.own_lives().len()), (2, 1), "it was created anew, and the log missed that");
    }

    #[test]
    fn the_shape_is_the_last_one_before_the_instant() {
        let resize = line("2", "02T00:00", "resize", "vm").replace("2}", "4}");
        let later = line("3", "11T00:00", "resize", "vm").replace("2}", "8}");
        let log = builder(&[line("1", "01T00:00", "create", "vm"), resize, later]).finish().unwrap();
        let living = log.living(at("10T00:00"));
        assert_eq!(living[0].requested.unwrap().to_array()[0], 4_000);
    }
}
