//! Nodes in classes that offer the same, with bounds of how well any class of a block may score.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fragmentation_aware::Fragmentation;
use super::of_capacity;
use crate::control_plane::devices::{Devices, Room};
use crate::control_plane::nodes::Slot;
use crate::control_plane::pages::{Page, Pages};
use crate::units::{Dimension, Resources};

/// Classes of a block; a longer one is split.
const BLOCK: usize = 32;

/// How a policy scores a node for a request: the highest score wins, ties go to the lowest node index.
#[derive(Clone, Debug)]
pub(super) enum Preference {
    /// By amounts alone.
    Amounts {
        /// Of what is asked for, what is free and what the node has.
        score: fn(Resources, Resources, Resources) -> i64,
        /// Which of two nodes scores higher where one has more of everything.
        wants: Wants,
    },
    /// By what becomes of the devices.
    Devices(Fragmentation),
}

/// What a score grows with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    /// The more is free, the higher it is, or the same.
    Room,
    /// The less is free, the higher it is, or the same.
    Packing,
}

/// The nodes of each group in classes of equal offers.
///
/// There are far fewer classes than nodes, as shapes repeat. Blocks hold neighbours, so that the least and the most that
/// any class of a block offers are close, and say well how high it may score.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct Classes {
    preference: Preference,
    groups: Vec<Group>,
    /// What a slot offered last.
    offers: Pages<Offer>,
}

/// The classes of one group, in blocks.
#[derive(Clone, Debug, Default)]
struct Group {
    capacity: Resources,
    blocks: Vec<Block>,
}

/// Neighbours in the order.
#[derive(Clone, Debug)]
struct Block {
    /// The least and the most of the amounts that any of them offers, per dimension.
    least: Resources,
    most: Resources,
    /// Nothing before it in the order belongs here.
    first: Key,
    classes: Page<Class>,
}

/// Nodes that offer the same.
#[derive(Clone, Debug)]
struct Class {
    key: Key,
    slots: Arc<BTreeSet<u32>>,
}

/// What a node offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Offer {
    amounts: Resources,
    /// In order; nothing where they do not matter.
    devices: Devices,
}

/// Where an offer is in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    place: u32,
    offer: Offer,
}

/// What a search has found.
#[derive(Clone, Copy, Debug)]
struct Found {
    score: i64,
    slot: u32,
}

impl Classes {
    pub(super) fn new(preference: Preference, groups: usize) -> Self {
        Self { preference, groups: vec![Group::default(); groups], offers: Pages::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, amounts: Resources, devices: Devices) {
        self.offers.push(Offer::default());
        self.update((self.offers.len() - 1) as u32, machine, amounts, devices);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, amounts: Resources, devices: Devices) {
        let tell_apart = matches!(self.preference, Preference::Devices(_)) && !amounts.is_zero();
        let offer = Offer { amounts, devices: if tell_apart { devices.sorted() } else { Devices::default() } };
        let known = *self.offers.get(slot as usize);
        if offer == known {
            return;
        }
        *self.offers.get_mut(slot as usize) = offer;
        let group = &mut self.groups[machine.node.node_group.usize()];
        group.capacity = machine.capacity;
        if !known.amounts.is_zero() {
            group.remove(Key::new(known, machine.capacity), slot);
        }
        if !offer.amounts.is_zero() {
            group.insert(Key::new(offer, machine.capacity), slot);
        }
    }

    /// The slot with the highest score, the lowest one of several, of those that are permitted in groups that are open.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let mut found = None;
        for (position, group) in self.groups.iter().enumerate() {
            if requested.on_node().fits(group.capacity) && open(position) {
                group.search(&self.preference, requested, &permitted, &mut found);
            }
        }
        found.map(|found| found.slot)
    }

    /// From now on these shapes count, each as often as it was asked for.
    pub(super) fn expect(&mut self, shapes: &[(Resources, u64)]) {
        if let Preference::Devices(fragmentation) = &mut self.preference {
            *fragmentation = Fragmentation::new(shapes);
        }
    }

    /// What the policy goes by, where it goes by devices.
    pub(super) fn fragmentation(&self) -> Option<&Fragmentation> {
        match &self.preference {
            Preference::Devices(fragmentation) => Some(fragmentation),
            Preference::Amounts { .. } => None,
        }
    }

    pub(super) fn share(&mut self) {
        self.offers.share();
        self.groups.iter_mut().flat_map(|group| &mut group.blocks).for_each(|block| block.classes.share());
    }
}

impl Group {
    /// The block that a key belongs to; the first where it comes before all.
    fn block_of(&self, key: Key) -> usize {
        self.blocks.partition_point(|block| block.first <= key).saturating_sub(1)
    }

    fn remove(&mut self, key: Key, slot: u32) {
        let position = self.block_of(key);
        let block = &mut self.blocks[position];
        let classes = block.classes.entries_mut();
        let at = classes.binary_search_by_key(&key, |class| class.key).expect("what is removed is there");
        let slots = Arc::make_mut(&mut classes[at].slots);
        slots.remove(&slot);
        if !slots.is_empty() {
            return;
        }
        classes.remove(at);
        if classes.is_empty() {
            self.blocks.remove(position);
        } else {
            (block.least, block.most) = extent(classes);
        }
    }

    fn insert(&mut self, key: Key, slot: u32) {
        let class = || Class { key, slots: Arc::new(BTreeSet::from([slot])) };
        let position = self.block_of(key);
        let Some(block) = self.blocks.get_mut(position) else {
            return self.blocks.push(Block::new(vec![class()]));
        };
        let classes = block.classes.entries_mut();
        match classes.binary_search_by_key(&key, |class| class.key) {
            Ok(at) => {
                Arc::make_mut(&mut classes[at].slots).insert(slot);
                return;
            }
            Err(at) => classes.insert(at, class()),
        }
        block.first = block.first.min(key);
        (block.least, block.most) = (block.least.min(key.offer.amounts), block.most.max(key.offer.amounts));
        if classes.len() > BLOCK {
            let second = classes.split_off(BLOCK / 2);
            (block.least, block.most) = extent(classes);
            self.blocks.insert(position + 1, Block::new(second));
        }
    }

    /// Looks at the block that promises most, and then at those that may hold something as good as what was found.
    fn search(
        &self,
        preference: &Preference,
        requested: Resources,
        permitted: &impl Fn(u32) -> bool,
        found: &mut Option<Found>,
    ) {
        let bounds = || {
            let with_room = self.blocks.iter().filter(|block| requested.fits(block.most));
            with_room.map(|block| (block.bound(preference, requested, self.capacity), block))
        };
        // Of several that promise the same, the first.
        let Some((most, first)) = bounds().reduce(|best, next| if next.0 > best.0 { next } else { best }) else {
            return;
        };
        let may_win = |bound: i64, found: &Option<Found>| found.is_none_or(|found| bound >= found.score);
        if may_win(most, found) {
            self.look_into(first, preference, requested, permitted, found);
        }
        for (bound, block) in bounds() {
            if may_win(bound, found) && !core::ptr::eq(block, first) {
                self.look_into(block, preference, requested, permitted, found);
            }
        }
    }

    fn look_into(
        &self,
        block: &Block,
        preference: &Preference,
        requested: Resources,
        permitted: &impl Fn(u32) -> bool,
        found: &mut Option<Found>,
    ) {
        for Class { key, slots } in
            block.classes.entries().iter().filter(|class| requested.fits(class.key.offer.amounts))
        {
            let score = preference.score(requested, &key.offer, self.capacity);
            let before = match *found {
                Some(found) if score < found.score => continue,
                Some(found) if score == found.score => found.slot,
                _ => u32::MAX,
            };
            let slot = slots.iter().copied().take_while(|&slot| slot < before).find(|&slot| permitted(slot));
            *found = slot.map(|slot| Found { score, slot }).or(*found);
        }
    }
}

impl Block {
    fn new(classes: Vec<Class>) -> Self {
        let (least, most) = extent(&classes);
        Self { least, most, first: classes[0].key, classes: Page::Own(classes) }
    }

    /// No class of it scores higher.
    fn bound(&self, preference: &Preference, requested: Resources, capacity: Resources) -> i64 {
        match *preference {
            Preference::Amounts { score, wants: Wants::Room } => score(requested, self.most, capacity),
            // What has room offers as much as is asked for.
            Preference::Amounts { score, wants: Wants::Packing } => {
                score(requested, self.least.max(requested), capacity)
            }
            Preference::Devices(_) => i64::MAX,
        }
    }
}

impl Preference {
    fn score(&self, requested: Resources, offer: &Offer, capacity: Resources) -> i64 {
        match self {
            Self::Amounts { score, .. } => score(requested, offer.amounts, capacity),
            Self::Devices(fragmentation) => {
                let room = Room { free: offer.amounts.on_node(), devices: offer.devices };
                fragmentation.score(requested.on_node(), &room)
            }
        }
    }
}

impl Key {
    /// Offers with similar shares of GPUs, and of these with similar shares of vCPU and memory, are neighbours.
    fn new(offer: Offer, capacity: Resources) -> Self {
        let share = |dimension, steps: u64| {
            of_capacity(offer.amounts[dimension], steps, capacity[dimension]).min(steps - 1) as u32
        };
        let [vcpu, memory] = [Dimension::Vcpu, Dimension::Memory].map(|dimension| spread(share(dimension, 1 << 10)));
        Self { place: share(Dimension::Gpu, 1 << 8) << 20 | vcpu << 1 | memory, offer }
    }
}

/// Puts a zero behind each of the last ten bits, as in Morton's order.
fn spread(bits: u32) -> u32 {
    let bits = (bits | bits << 8) & 0x00ff_00ff;
    let bits = (bits | bits << 4) & 0x0f0f_0f0f;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

fn extent(classes: &[Class]) -> (Resources, Resources) {
    let offers = || classes.iter().map(|class| class.key.offer.amounts);
    let first = classes[0].key.offer.amounts;
    (offers().fold(first, Resources::min), offers().fold(first, Resources::max))
}
