//! Nodes in classes that offer the same, with bounds of how well any class of a block may score.

use core::cmp::Reverse;
use core::hint::black_box;

use super::fragmentation_aware::Fragmentation;
use super::of_capacity;
use super::ordered::{self, Keys, Ordered};
use crate::control_plane::devices::{Devices, Room};
use crate::control_plane::nodes::Slot;
use crate::units::{Dimension, Resources};

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
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct Classes {
    preference: Preference,
    groups: Vec<Group>,
    keys: Keys<Key>,
}

/// The classes of one group.
#[derive(Clone, Debug, Default)]
struct Group {
    capacity: Resources,
    classes: Ordered<Key>,
}

type Block = ordered::Block<Key>;

/// What a node offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Offer {
    amounts: Resources,
    /// In order; nothing where they do not matter.
    devices: Devices,
}

/// Where an offer is in the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    place: u32,
    offer: Offer,
}

impl ordered::Key for Key {
    #[inline]
    fn amounts(&self) -> Resources {
        self.offer.amounts
    }
}

/// What a search has found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) score: i64,
    pub(super) slot: u32,
}

impl Classes {
    pub(super) fn new(preference: Preference, groups: usize) -> Self {
        Self { preference, groups: vec![Group::default(); groups], keys: Keys::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, amounts: Resources, devices: Devices) {
        self.keys.push(Key::default());
        self.update((self.keys.len() - 1) as u32, machine, amounts, devices);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, amounts: Resources, devices: Devices) {
        let tell_apart = matches!(self.preference, Preference::Devices(_)) && !amounts.is_zero();
        let offer = Offer { amounts, devices: if tell_apart { devices.sorted() } else { Devices::default() } };
        let new = Key::new(offer, machine.capacity);
        let old = core::mem::replace(self.keys.get_mut(slot as usize), new);
        let group = &mut self.groups[machine.node.node_group.usize()];
        group.capacity = machine.capacity;
        if old != new {
            group.classes.exchange(slot, &old, &new);
        }
    }

    #[inline]
    pub(super) fn fetch(&self, slot: u32) {
        black_box(*self.keys.get(slot as usize));
    }

    /// The slot with the highest score, the lowest one of several, of those that are permitted in groups that are open, and
    /// of what was found elsewhere.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
        elsewhere: Option<Found>,
    ) -> Option<Found> {
        let mut found = elsewhere;
        for (position, group) in self.groups.iter().enumerate() {
            if requested.on_node().fits(group.capacity) && open(position) {
                group.search(&self.preference, requested, &permitted, &mut found);
            }
        }
        found
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
        self.keys.share();
        self.groups.iter_mut().for_each(|group| group.classes.share());
    }
}

impl Group {
    /// Looks at the block that promises most, and then at those that may hold something as good as what was found.
    fn search(
        &self,
        preference: &Preference,
        requested: Resources,
        permitted: &impl Fn(u32) -> bool,
        found: &mut Option<Found>,
    ) {
        let bounds = || {
            let with_room = self.classes.blocks().iter().filter(|block| requested.fits(block.most));
            with_room.map(|block| (preference.bound(block, requested, self.capacity), block))
        };
        // Of several that promise the same, the one with the lowest slot.
        let Some((most, first)) = bounds().max_by_key(|&(bound, block)| (bound, Reverse(block.lowest))) else {
            return;
        };
        let may_win = |bound: i64, block: &Block, found: &Option<Found>| {
            found.is_none_or(|found| bound > found.score || bound == found.score && block.lowest < found.slot)
        };
        if may_win(most, first, found) {
            self.look_into(first, preference, requested, permitted, found);
        }
        for (bound, block) in bounds() {
            if may_win(bound, block, found) && !core::ptr::eq(block, first) {
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
        for class in block.fitting(requested) {
            let score = preference.score(requested, &class.key.offer, self.capacity);
            let before = match *found {
                Some(found) if score < found.score => continue,
                Some(found) if score == found.score => found.slot,
                _ => u32::MAX,
            };
            let slot = class.slots().take_while(|&slot| slot < before).find(|&slot| permitted(slot));
            *found = slot.map(|slot| Found { score, slot }).or(*found);
        }
    }
}

impl Preference {
    /// No class of a block scores higher.
    fn bound(&self, block: &Block, requested: Resources, capacity: Resources) -> i64 {
        match *self {
            Self::Amounts { score, wants: Wants::Room } => score(requested, block.most, capacity),
            // What has room offers as much as is asked for.
            Self::Amounts { score, wants: Wants::Packing } => score(requested, block.least.max(requested), capacity),
            Self::Devices(ref fragmentation) => fragmentation.bound(requested),
        }
    }

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
