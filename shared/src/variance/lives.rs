//! A stream taken apart into lives, and put together again.

use std::collections::BTreeMap;

use crate::random::{Draws, Purpose};
use crate::request::{Flavor, IndexedRequest, Operation, ResourceClass};
use crate::units::{Instant, ResourceIndex, TenantIndex};

/// What the steps of volume and mix need to know of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct StepContext<'a> {
    /// Flavors by index.
    pub flavors: &'a [Flavor],
    /// How many resources live at the start; the stream does not create them.
    pub live: usize,
    /// The end of the window; nothing is asked at or after it.
    pub end: Instant,
    /// Seeds the choice.
    pub seed: u64,
    /// The run whose stream it is.
    pub run: u32,
}

impl StepContext<'_> {
    /// A random order of creates without ties; `draw` numbers the order.
    pub(super) fn rank(self, create: &IndexedRequest, draw: u64) -> (u64, u64) {
        let draws = Draws::new(self.seed, self.run, Purpose::Thinning, create.draw_key);
        (draws.bits(draw), create.draw_key)
    }
}

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

/// The creates of a class, whosoever.
pub(super) fn of_class(class: ResourceClass, groups: &BTreeMap<Group, Vec<IndexedRequest>>) -> Vec<IndexedRequest> {
    groups.iter().filter(|(group, _)| group.1 == class).flat_map(|(_, creates)| creates).copied().collect()
}

/// The requests of a stream by resource, each with its position in it.
pub(super) struct Lives<'a> {
    stream: &'a [IndexedRequest],
    /// Positions in the stream, by resource and then in order of time.
    positions: Vec<u32>,
    /// Where in `positions` each resource begins, and at the end their number.
    starts: Vec<u32>,
}

impl<'a> Lives<'a> {
    pub(super) fn new(stream: &'a [IndexedRequest]) -> Self {
        let resources = stream.iter().map(|request| request.resource.usize() + 1).max().unwrap_or(0);
        // A counting sort: comparing and moving whole requests took half of a replay.
        let mut starts = vec![0_u32; resources + 1];
        for request in stream {
            starts[request.resource.usize() + 1] += 1;
        }
        for resource in 0..resources {
            starts[resource + 1] += starts[resource];
        }
        let mut next = starts.clone();
        let mut positions = vec![0_u32; stream.len()];
        for (position, request) in (0_u32..).zip(stream) {
            let place = &mut next[request.resource.usize()];
            positions[*place as usize] = position;
            *place += 1;
        }
        Self { stream, positions, starts }
    }

    /// All that is asked of one resource of the stream.
    pub(super) fn of(&self, resource: ResourceIndex) -> impl Iterator<Item = (usize, IndexedRequest)> {
        let range = self.starts[resource.usize()] as usize..self.starts[resource.usize() + 1] as usize;
        self.positions[range].iter().map(|&position| (position as usize, self.stream[position as usize]))
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
    pub(super) fn add(
        &mut self,
        life: impl Iterator<Item = (usize, IndexedRequest)>,
        tenant: TenantIndex,
        copy: usize,
        draw_key: u64,
    ) {
        let resource = ResourceIndex::from_usize(self.live + self.lives);
        self.lives += 1;
        self.requests.extend(life.map(|(position, request)| {
            let request = IndexedRequest { tenant, resource, draw_key, ..request };
            ((request.at, position, copy), request)
        }));
    }

    /// Adds a life as it is, but for the number of its resource.
    pub(super) fn keep(&mut self, life: impl Iterator<Item = (usize, IndexedRequest)>, copy: usize) {
        let resource = ResourceIndex::from_usize(self.live + self.lives);
        self.lives += 1;
        let kept =
            life.map(|(position, request)| ((request.at, position, copy), IndexedRequest { resource, ..request }));
        self.requests.extend(kept);
    }

    /// Has resources that live at the start end at other instants, with a delete that `delete` makes; or not at all.
    pub(super) fn end(
        &mut self,
        endings: &BTreeMap<ResourceIndex, Option<Instant>>,
        delete: impl Fn(ResourceIndex, Instant) -> IndexedRequest,
    ) {
        self.requests.retain(|(_, request)| match endings.get(&request.resource) {
            Some(end) => request.operation != Operation::Delete && end.is_none_or(|end| request.at < end),
            None => true,
        });
        let ended = endings.iter().filter_map(|(&resource, &end)| Some(delete(resource, end?)));
        // Behind whatever else is asked in the same instant.
        self.requests.extend(ended.map(|delete| ((delete.at, usize::MAX, 0), delete)));
    }

    /// The requests in order of time, new resources numbered in order of their creation.
    pub(super) fn finish(mut self) -> Vec<IndexedRequest> {
        self.requests.sort_unstable_by_key(|(place, request)| (*place, request.resource, request.operation));
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
