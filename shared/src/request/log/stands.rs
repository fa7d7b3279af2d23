//! Puts resources that are known to live at an instant beside the lives of the log that is followed.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::{Life, Pending, RequestLog};
use crate::request::{DrawKeys, Impossible, Operation, Standing};
use crate::units::{Instant, ResourceIndex, TenantIndex};

/// A tenant's name of a resource.
type Name = (TenantIndex, u32);

/// Standing resources as far as the log has been followed.
pub(super) struct Stands {
    standing: Standing,
    /// The lives that only stand.
    lives: Vec<Life>,
    /// Names that the log creates from the instant on, before they are numbered anew.
    created_later: BTreeSet<Name>,
    /// When each name was deleted last.
    deleted: BTreeMap<Name, Instant>,
}

impl Stands {
    /// `own_creates` is how many lives the log has by itself.
    pub(super) fn new(at: Instant, own_creates: usize, pending: &[Pending], keys: Option<DrawKeys>) -> Self {
        let later = |create: &&Pending| {
            create.operation == Operation::Create && create.stands_since.is_none() && create.at >= at
        };
        Self {
            standing: Standing { at, own_lives: own_creates, keys, ..Standing::default() },
            lives: Vec::new(),
            created_later: pending.iter().filter(later).map(|create| (create.tenant, create.resource)).collect(),
            deleted: BTreeMap::new(),
        }
    }

    /// Notes a request of the log.
    pub(super) fn see(&mut self, request: &Pending) {
        if request.operation == Operation::Delete {
            self.deleted.insert((request.tenant, request.resource), request.at);
        }
    }

    /// Takes in one that stands: it is what the log has under its name, where that lives.
    pub(super) fn stand(
        &mut self,
        live: &mut IndexMap<Name, ResourceIndex, FixedState>,
        create: &Pending,
        as_the_log_has_it: Name,
        id: Box<str>,
        name: &str,
    ) {
        let key = (create.tenant, create.resource);
        if let Some(&own) = live.get(&key) {
            return self.standing.ids.push((id, own));
        }
        if create.at >= self.standing.at {
            // What the log goes on to create is no contradiction: it was only seen early.
            if !self.created_later.contains(&as_the_log_has_it) {
                self.standing.impossible.push((id, Impossible::CreatedLater));
            }
            return;
        }
        if self.deleted.get(&key).is_some_and(|&deleted| deleted >= create.at) {
            return self.standing.impossible.push((id, Impossible::DeletedBefore));
        }
        let resource = ResourceIndex::from_usize(self.standing.own_lives + self.lives.len());
        self.lives.push(create.begins(name));
        live.insert(key, resource);
        self.standing.ids.push((id, resource));
    }

    /// What keys the draws of a resource.
    pub(super) fn draw_key(&self, resource: ResourceIndex) -> u64 {
        self.standing.draw_key(resource)
    }

    /// The life of a resource.
    pub(super) fn life<'l>(&'l mut self, own: &'l mut [Life], resource: ResourceIndex) -> &'l mut Life {
        match resource.usize().checked_sub(self.standing.own_lives) {
            Some(position) => &mut self.lives[position],
            None => &mut own[resource.usize()],
        }
    }

    /// Puts what stands behind the log's own.
    pub(super) fn finish(self, log: &mut RequestLog) {
        log.lives.extend(self.lives);
        log.standing = Some(self.standing);
    }
}
