//! Nodes in the order of a policy's ranks, with what they offer at most.

use super::Rank;
use crate::control_plane::nodes::Slot;
use crate::control_plane::pages::{Page, Pages};
use crate::units::Resources;

/// Entries of a block; a longer one is split.
const BLOCK: usize = 32;

/// The nodes of each group in order of rank and slot.
///
/// Nodes of several capacities compete by the rank of what would be left on them.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct ByRank {
    rank: Rank,
    groups: Vec<Group>,
    /// The rank under which a slot is found; none where it offers nothing.
    ranks: Pages<Option<i64>>,
}

/// The nodes of one group, in blocks.
#[derive(Clone, Debug, Default)]
struct Group {
    capacity: Resources,
    blocks: Vec<Block>,
}

/// Neighbours in the order.
#[derive(Clone, Debug)]
struct Block {
    /// The most that any of them offers, per dimension.
    most: Resources,
    /// Nothing before it in the order belongs here.
    first: (i64, u32),
    entries: Page<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    rank: i64,
    slot: u32,
    offer: Resources,
}

impl Entry {
    fn key(&self) -> (i64, u32) {
        (self.rank, self.slot)
    }
}

impl ByRank {
    pub(super) fn new(rank: Rank, groups: usize) -> Self {
        Self { rank, groups: vec![Group::default(); groups], ranks: Pages::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, offer: Resources) {
        self.ranks.push(None);
        self.update((self.ranks.len() - 1) as u32, machine, offer);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources) {
        let new = (!offer.is_zero()).then(|| (self.rank)(machine.free, machine.capacity));
        let group = &mut self.groups[machine.node.node_group.usize()];
        group.capacity = machine.capacity;
        let known = self.ranks.get_mut(slot as usize);
        if let Some(rank) = core::mem::replace(known, new) {
            group.remove((rank, slot));
        }
        if let Some(rank) = new {
            group.insert(Entry { rank, slot, offer });
        }
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
            let entry = group.first_fitting(requested, asked, &permitted)?;
            Some((entry.rank - asked, entry.slot))
        };
        let groups = self.groups.iter().enumerate();
        let possible = groups.filter(|(position, group)| requested.on_node().fits(group.capacity) && open(*position));
        possible.filter_map(best).min().map(|(_, slot)| slot)
    }

    pub(super) fn share(&mut self) {
        self.ranks.share();
        self.groups.iter_mut().flat_map(|group| &mut group.blocks).for_each(|block| block.entries.share());
    }
}

impl Group {
    /// The block that a key belongs to; none where it comes before all.
    fn block_of(&self, key: (i64, u32)) -> Option<usize> {
        self.blocks.partition_point(|block| block.first <= key).checked_sub(1)
    }

    fn remove(&mut self, key: (i64, u32)) {
        let position = self.block_of(key).expect("what is removed is there");
        let block = &mut self.blocks[position];
        let entries = block.entries.entries_mut();
        let found = entries.binary_search_by_key(&key, Entry::key).expect("what is removed is there");
        let Entry { offer, .. } = entries.remove(found);
        if entries.is_empty() {
            self.blocks.remove(position);
        } else if reaches(offer, block.most) {
            block.most = most(entries);
        }
    }

    fn insert(&mut self, entry: Entry) {
        let Some(position) = self.block_of(entry.key()).or_else(|| (!self.blocks.is_empty()).then_some(0)) else {
            return self.blocks.push(Block::new(vec![entry]));
        };
        let block = &mut self.blocks[position];
        let entries = block.entries.entries_mut();
        let at = entries.partition_point(|other| other.key() < entry.key());
        entries.insert(at, entry);
        block.first = block.first.min(entry.key());
        block.most = block.most.max(entry.offer);
        if entries.len() > BLOCK {
            let second = entries.split_off(BLOCK / 2);
            block.most = most(entries);
            self.blocks.insert(position + 1, Block::new(second));
        }
    }

    /// The first node in the order that offers `requested`, whose own rank is `asked`, and is permitted.
    fn first_fitting(&self, requested: Resources, asked: i64, permitted: &impl Fn(u32) -> bool) -> Option<&Entry> {
        // What holds the request has at least its rank, where ranks are positive, and at most where they are negative.
        let start = if asked > 0 { self.block_of((asked, 0)).unwrap_or(0) } else { 0 };
        let blocks = self.blocks[start..].iter().filter(|block| requested.fits(block.most));
        let entries = blocks.flat_map(|block| block.entries.entries());
        entries.filter(|entry| requested.fits(entry.offer)).find(|entry| permitted(entry.slot))
    }
}

impl Block {
    fn new(entries: Vec<Entry>) -> Self {
        Self { most: most(&entries), first: entries[0].key(), entries: Page::Own(entries) }
    }
}

/// Whether an offer may be why the maximum is what it is.
fn reaches(offer: Resources, maximum: Resources) -> bool {
    offer.to_array().into_iter().zip(maximum.to_array()).any(|(offer, most)| offer == most && most > 0)
}

fn most(entries: &[Entry]) -> Resources {
    entries.iter().fold(Resources::ZERO, |most, entry| most.max(entry.offer))
}
