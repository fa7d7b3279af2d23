//! Who the resources of a log are: their names, the ids of the creates that began them, and their indices in a run.

use std::collections::BTreeMap;

use super::Known;
use crate::control_plane::Asked;
use crate::request::{IndexedRequest, Operation, ResourceClass};
use crate::units::{Instant, ResourceIndex, Window};

impl<'a> Known<'a> {
    /// The names of resources by their index in the log's own numbering.
    pub fn names_of(&self, lives: &[ResourceIndex]) -> impl Iterator<Item = &str> {
        lives.iter().map(|life| &*self.log.log.lives[life.usize()].name)
    }

    /// The ids of the creates of lives of the log: what they are called wherever the log's own numbering may change.
    pub fn ids_of(&self, lives: &[ResourceIndex]) -> Vec<String> {
        let log = self.log.log;
        let mut ids: Vec<&str> = vec![""; log.lives.len()];
        for (id, life) in log.standing.iter().flat_map(|standing| &standing.ids) {
            ids[life.usize()] = id;
        }
        for (request, id) in log.requests.iter().zip(&log.ids) {
            if request.operation == Operation::Create {
                ids[request.resource.usize()] = id;
            }
        }
        lives.iter().map(|life| ids[life.usize()].to_owned()).collect()
    }

    /// The lives of the log that creates with these ids began.
    ///
    /// # Errors
    /// The first id that is that of no create before the origin.
    pub fn lives_of<'i>(&self, ids: &'i [String]) -> Result<Vec<ResourceIndex>, &'i str> {
        let asked = self.asked(self.origin);
        let life = |id: &'i String| {
            let create = asked.get(id.as_str()).filter(|asked| asked.is_create);
            create.map(|asked| asked.resource).ok_or(id.as_str())
        };
        ids.iter().map(life).collect()
    }

    /// What was asked for before `end`, by the id of the request: what observations are held against. An id that was given
    /// to one who stands is that one's.
    pub fn asked(&self, end: Instant) -> BTreeMap<&str, Asked> {
        let log = self.log.log;
        let requests = log.requests[..log.position(end)].iter().zip(log.ids.iter().map(AsRef::as_ref));
        let asked = |resource: ResourceIndex, is_create: bool| {
            let life = &log.lives[resource.usize()];
            let flavor = &log.flavors[life.flavor.usize()];
            Asked {
                resource,
                created: life.created,
                deleted: life.deleted.filter(|&at| at < end),
                requested: (flavor.class == ResourceClass::Compute).then_some(flavor.requested.on_node()),
                is_create,
            }
        };
        let standing = log.standing.iter().flat_map(|standing| &standing.ids).map(|(id, life)| (&**id, *life));
        let of_log = requests.map(|(request, id): (&IndexedRequest, &'a str)| {
            (id, asked(request.resource, request.operation == Operation::Create))
        });
        of_log.chain(standing.map(|(id, life)| (id, asked(life, true)))).collect()
    }

    /// The names of resources by their index in [`Known::actual`] and [`Known::from_nothing`]: the `live` ones, then
    /// those that are created in the window.
    pub fn names_in(&self, window: Window, live: &[ResourceIndex]) -> Vec<String> {
        self.names_of(&self.lives_in(window, live)).map(str::to_owned).collect()
    }

    /// The lives of the log that a run over `window` has, in its order: the `live` ones of its fork, then its creates.
    pub fn lives_in(&self, window: Window, live: &[ResourceIndex]) -> Vec<ResourceIndex> {
        let log = self.log.log;
        let requests = &log.requests[log.position(window.start)..log.position(window.end)];
        let created = requests.iter().filter(|request| request.operation == Operation::Create);
        live.iter().copied().chain(created.map(|request| request.resource)).collect()
    }

    /// The ids of the creates of the same resources; empty where nobody gave one.
    pub fn create_ids_in(&self, window: Window, live: &[ResourceIndex]) -> Vec<String> {
        let log = self.log.log;
        let requests = &log.requests[log.position(window.start)..log.position(window.end)];
        let created = requests.iter().filter(|request| request.operation == Operation::Create);
        let lives: Vec<ResourceIndex> = live.iter().copied().chain(created.map(|request| request.resource)).collect();
        self.ids_of(&lives)
    }

    /// The index in a run over `window` of each life of the log: the `live` ones of its fork, then its creates in order.
    pub fn indices(&self, window: Window, live: &[ResourceIndex]) -> Vec<Option<ResourceIndex>> {
        let mut index: Vec<Option<ResourceIndex>> = vec![None; self.log.log.lives.len()];
        for (new, life) in self.lives_in(window, live).into_iter().enumerate() {
            index[life.usize()] = Some(ResourceIndex::from_usize(new));
        }
        index
    }
}
