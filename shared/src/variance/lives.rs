//! A stream taken apart into lives, and put together again.

use std::collections::BTreeMap;

use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass};
use crate::units::{ResourceIndex, TenantIndex};

/// Whose creates of which class: what volume and mix are counted by.
pub(super) type Group = (TenantIndex, ResourceClass);

/// The group of a request.
pub(super) fn group_of(request: &IndexedRequest, flavors: &[Flavor]) -> Group {
    (request.tenant, flavors[request.flavor.usize()].class)
}

/// The creates of a stream by group, in order of time.
pub(super) fn creates_by_group(stream: &[IndexedRequest], flavors: &[Flavor]) -> BTreeMap<Group, Vec<IndexedRequest>> {
    let mut groups: BTreeMap<Group, Vec<IndexedRequest>> = BTreeMap::new();
    for create in stream.iter().filter(|request| request.operation == Operation::Create) {
        groups.entry(group_of(create, flavors)).or_default().push(*create);
    }
    groups
}

/// What follows the creates of a stream: resizes and deletes by resource.
pub(super) struct Followers(Vec<IndexedRequest>);

impl Followers {
    /// `live` is the number of resources that the stream did not create.
    pub(super) fn new(stream: &[IndexedRequest], live: usize) -> Self {
        let follows =
            |request: &&IndexedRequest| request.operation != Operation::Create && request.resource.usize() >= live;
        let mut followers: Vec<IndexedRequest> = stream.iter().filter(follows).copied().collect();
        // Stable: what happened to one resource stays in its order.
        followers.sort_by_key(|request| request.resource);
        Self(followers)
    }

    pub(super) fn of(&self, resource: ResourceIndex) -> &[IndexedRequest] {
        let start = self.0.partition_point(|request| request.resource < resource);
        let length = self.0[start..].partition_point(|request| request.resource == resource);
        &self.0[start..start + length]
    }
}

/// A stream that is being put together, life by life.
pub(super) struct Assembly {
    live: usize,
    lives: usize,
    requests: Vec<IndexedRequest>,
}

impl Assembly {
    /// Begins with what `stream` asks of resources that it did not create.
    pub(super) fn new(stream: &[IndexedRequest], live: usize) -> Self {
        let requests = stream.iter().filter(|request| request.resource.usize() < live).copied().collect();
        Self { live, lives: 0, requests }
    }

    /// Adds a life under a resource of its own.
    pub(super) fn add<'a>(&mut self, life: impl IntoIterator<Item = &'a IndexedRequest>, draw_key: u64) {
        let resource = ResourceIndex::from_usize(self.live + self.lives);
        self.lives += 1;
        self.requests.extend(life.into_iter().map(|request| IndexedRequest { resource, draw_key, ..*request }));
    }

    /// The requests in order of time, new resources numbered in order of their creation.
    pub(super) fn finish(mut self) -> Vec<IndexedRequest> {
        self.requests.sort_by_key(|request| (request.at, request.operation != Operation::Create, request.resource));
        let mut numbers = vec![0_usize; self.lives];
        let creates = self.requests.iter().filter(|request| request.operation == Operation::Create);
        for (number, create) in creates.enumerate() {
            numbers[create.resource.usize() - self.live] = self.live + number;
        }
        for request in self.requests.iter_mut().filter(|request| request.resource.usize() >= self.live) {
            request.resource = ResourceIndex::from_usize(numbers[request.resource.usize() - self.live]);
        }
        self.requests
    }
}
