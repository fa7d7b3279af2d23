//! Nodes in the order of a policy's ranks, with what they offer at most.

use core::hint::black_box;

use super::Rank;
use super::ordered::{Key, Keys, Ordered};
use crate::control_plane::nodes::Slot;
use crate::units::Resources;

/// The nodes of each group in order of rank, those of one rank and one offer in order of their slots.
///
/// Nodes of several capacities compete by the rank of what would be left on them.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct ByRank {
    rank: Rank,
    groups: Vec<Group>,
    places: Keys<Place>,
}

/// The nodes of one group.
#[derive(Clone, Debug, Default)]
struct Group {
    capacity: Resources,
    nodes: Ordered<Place>,
}

/// Where a node is in the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: i64,
    offer: Resources,
}

impl Key for Place {
    #[inline]
    fn amounts(&self) -> Resources {
        self.offer
    }
}

impl ByRank {
    pub(super) fn new(rank: Rank, groups: usize) -> Self {
        Self { rank, groups: vec![Group::default(); groups], places: Keys::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, offer: Resources) {
        self.places.push(Place::default());
        self.update((self.places.len() - 1) as u32, machine, offer);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources) {
        let new = Place { rank: (self.rank)(machine.free, machine.capacity), offer };
        let old = core::mem::replace(self.places.get_mut(slot as usize), new);
        let group = &mut self.groups[machine.node.node_group.usize()];
        group.capacity = machine.capacity;
        if old != new {
            group.nodes.exchange(slot, &old, &new);
        }
    }

    #[inline]
    pub(super) fn fetch(&self, slot: u32) {
        black_box(*self.places.get(slot as usize));
    }

    /// The slot whose rest would have the lowest rank, the lowest one of several, of those that are permitted in groups
    /// that are open.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let best = |(_, group): (usize, &Group)| {
            let asked = (self.rank)(requested.on_node(), group.capacity);
            let (rank, slot) = group.first_fitting(requested, asked, &permitted)?;
            Some((rank - asked, slot))
        };
        let groups = self.groups.iter().enumerate();
        let possible = groups.filter(|(position, group)| requested.on_node().fits(group.capacity) && open(*position));
        possible.filter_map(best).min().map(|(_, slot)| slot)
    }

    pub(super) fn share(&mut self) {
        self.places.share();
        self.groups.iter_mut().for_each(|group| group.nodes.share());
    }
}

impl Group {
    /// The lowest rank of nodes that offer `requested`, whose own rank is `asked`, and are permitted, and the lowest slot
    /// of those that have it.
    fn first_fitting(&self, requested: Resources, asked: i64, permitted: &impl Fn(u32) -> bool) -> Option<(i64, u32)> {
        // What holds the request has at least its rank, where ranks are positive, and at most where they are negative.
        let least = Place { rank: if asked > 0 { asked } else { i64::MIN }, offer: Resources::ZERO };
        let blocks = self.nodes.blocks_from(&least).iter().filter(|block| requested.fits(block.most));
        let mut found: Option<(i64, u32)> = None;
        for class in blocks.flat_map(|block| block.fitting(requested)) {
            if found.is_some_and(|(rank, _)| rank < class.key.rank) {
                break;
            }
            let before = found.map_or(u32::MAX, |(_, slot)| slot);
            let slot = class.slots().take_while(|&slot| slot < before).find(|&slot| permitted(slot));
            found = slot.map(|slot| (class.key.rank, slot)).or(found);
        }
        found
    }
}
