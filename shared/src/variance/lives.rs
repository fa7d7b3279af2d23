//! A stream taken apart into lives, and put together again.

use std::collections::BTreeMap;

use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass};
use crate::units::{Instant, ResourceIndex, TenantIndex};

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

/// The requests of a stream by resource, each with its position in it.
pub(super) struct Lives(Vec<(usize, IndexedRequest)>);

impl Lives {
    pub(super) fn new(stream: &[IndexedRequest]) -> Self {
        let mut requests: Vec<(usize, IndexedRequest)> = stream.iter().copied().enumerate().collect();
        // Stable: what happened to one resource stays in its order.
        requests.sort_by_key(|(_, request)| request.resource);
        Self(requests)
    }

    /// All that is asked of one resource.
    pub(super) fn of(&self, resource: ResourceIndex) -> &[(usize, IndexedRequest)] {
        let start = self.0.partition_point(|(_, request)| request.resource < resource);
        let length = self.0[start..].partition_point(|(_, request)| request.resource == resource);
        &self.0[start..start + length]
    }
}

/// A stream that is being put together, life by life.
pub(super) struct Assembly {
    live: usize,
    lives: usize,
    /// With its place among requests of the same instant: position in the stream it is from, number of the copy.
    requests: Vec<((Instant, usize, usize), IndexedRequest)>,
}

impl Assembly {
    /// Begins with what `stream` asks of the `live` resources that it did not create.
    pub(super) fn new(stream: &[IndexedRequest], live: usize) -> Self {
        let asked = stream.iter().enumerate().filter(|(_, request)| request.resource.usize() < live);
        let requests = asked.map(|(position, request)| ((request.at, position, 0), *request)).collect();
        Self { live, lives: 0, requests }
    }

    /// Adds the `copy`-th copy of a life, under a resource of its own, for `tenant`.
    pub(super) fn add(&mut self, life: &[(usize, IndexedRequest)], tenant: TenantIndex, copy: usize, draw_key: u64) {
        let resource = ResourceIndex::from_usize(self.live + self.lives);
        self.lives += 1;
        self.requests.extend(life.iter().map(|&(position, request)| {
            let request = IndexedRequest { tenant, resource, draw_key, ..request };
            ((request.at, position, copy), request)
        }));
    }

    /// The requests in order of time, new resources numbered in order of their creation.
    pub(super) fn finish(mut self) -> Vec<IndexedRequest> {
        self.requests.sort_by_key(|(place, _)| *place);
        let mut numbers = vec![0_usize; self.lives];
        let creates = self.requests.iter().filter(|(_, request)| request.operation == Operation::Create);
        for (number, (_, create)) in creates.enumerate() {
            numbers[create.resource.usize() - self.live] = self.live + number;
        }
        let renumbered = |(_, mut request): (_, IndexedRequest)| {
            if let Some(new) = request.resource.usize().checked_sub(self.live) {
                request.resource = ResourceIndex::from_usize(numbers[new]);
            }
            request
        };
        self.requests.into_iter().map(renumbered).collect()
    }
}
