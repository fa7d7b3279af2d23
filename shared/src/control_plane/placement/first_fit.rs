//! The node with the lowest index: fills the oldest nodes, so that the youngest become empty and are given back.

use core::cell::RefCell;

use crate::control_plane::nodes::Slot;
use crate::control_plane::pages::Pages;
use crate::units::Resources;

/// Children of a node of the tree.
const FAN: usize = 1 << FAN_BITS;
const FAN_BITS: usize = 3;

/// The slots of each group in trees of what they offer.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct BySlot {
    groups: Vec<Tree>,
    /// The place of each slot in the tree of its group.
    places: Pages<u32>,
}

/// A tree of maxima over what the slots of one group offer, per dimension: finds the first slot with room.
///
/// `levels[0]` are the offers in order of the slots; an entry of each further level is the maximum of eight of the one
/// before, and the last level has at most eight. Maxima of several dimensions promise room that no single slot has, so
/// for the shapes that were asked for last it is known where room begins.
#[derive(Clone, Debug, Default)]
struct Tree {
    slots: Pages<u32>,
    levels: Vec<Pages<Resources>>,
    shapes: RefCell<Vec<Shape>>,
}

/// A shape that was asked for, and a place before which there is no room for it.
#[derive(Clone, Copy, Debug)]
struct Shape {
    requested: Resources,
    first: usize,
}

/// How many shapes are remembered.
const SHAPES: usize = 32;

impl BySlot {
    pub(super) fn new(groups: usize) -> Self {
        Self { groups: vec![Tree::default(); groups], places: Pages::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, offer: Resources) {
        let tree = &mut self.groups[machine.node.node_group.usize()];
        let slot = self.places.len() as u32;
        self.places.push(tree.slots.len() as u32);
        tree.slots.push(slot);
        tree.push(offer);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources) {
        let place = *self.places.get(slot as usize);
        self.groups[machine.node.node_group.usize()].update(place as usize, offer);
    }

    /// The first slot that offers `requested`, in a group that is open, and is permitted.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let groups = self.groups.iter().enumerate().filter(|&(group, _)| open(group));
        groups.filter_map(|(_, tree)| tree.choose(requested, &permitted)).min()
    }

    pub(super) fn share(&mut self) {
        self.places.share();
        self.groups.iter_mut().for_each(Tree::share);
    }
}

impl Tree {
    fn push(&mut self, offer: Resources) {
        if self.levels.is_empty() {
            self.levels.push(Pages::default());
        }
        let place = self.levels[0].len();
        let mut position = place;
        for level in 0.. {
            if position == self.levels[level].len() {
                self.levels[level].push(Resources::ZERO);
            }
            if self.levels[level].len() <= FAN {
                break;
            }
            position /= FAN;
            if level + 1 == self.levels.len() {
                let below = &self.levels[level];
                let parents = (0..below.len().div_ceil(FAN)).map(|parent| maximum(below, parent));
                let parents = parents.collect();
                self.levels.push(parents);
            }
        }
        self.update(place, offer);
    }

    fn update(&mut self, place: usize, offer: Resources) {
        for shape in self.shapes.get_mut().iter_mut().filter(|shape| place < shape.first) {
            if shape.requested.fits(offer) {
                shape.first = place;
            }
        }
        let (mut position, mut new) = (place, offer);
        for level in 0..self.levels.len() {
            let entry = self.levels[level].get_mut(position);
            let old = core::mem::replace(entry, new);
            position /= FAN;
            let Some(above) = self.levels.get(level + 1) else { break };
            let known = *above.get(position);
            // The maximum of the others is needed only where this one was the maximum, and is not any more.
            let rose = known.max(new);
            new =
                if old.max(new) == new || !reaches(old, known) { rose } else { maximum(&self.levels[level], position) };
            if new == known {
                break;
            }
        }
    }

    /// The first slot that offers `requested` and is permitted.
    fn choose(&self, requested: Resources, permitted: &impl Fn(u32) -> bool) -> Option<u32> {
        let top = self.levels.len().checked_sub(1)?;
        let first = self.search(top, 0, self.begins(requested), requested, &|_| true);
        self.remember(requested, first.unwrap_or(self.slots.len()));
        let slot = |place: usize| *self.slots.get(place);
        let first = first?;
        if permitted(slot(first)) {
            return Some(slot(first));
        }
        self.search(top, 0, first + 1, requested, &|place| permitted(slot(place))).map(slot)
    }

    /// The first place below eight entries of a level, from `from` on, that is not before `begin`, has room and is taken.
    fn search(
        &self,
        level: usize,
        from: usize,
        begin: usize,
        requested: Resources,
        takes: &impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let entries = self.levels[level].neighbours(from, FAN);
        // The last place below an entry, and one more.
        let end = |entry: usize| (entry + 1) << (FAN_BITS * level);
        let fitting = entries.iter().enumerate().map(|(i, offer)| (from + i, offer));
        let mut fitting =
            fitting.filter(|&(entry, offer)| end(entry) > begin && requested.fits(*offer)).map(|(entry, _)| entry);
        if level == 0 {
            return fitting.find(|&place| takes(place));
        }
        fitting.find_map(|entry| self.search(level - 1, entry * FAN, begin, requested, takes))
    }

    /// A place before which there is no room.
    fn begins(&self, requested: Resources) -> usize {
        let shapes = self.shapes.borrow();
        shapes.iter().find(|shape| shape.requested == requested).map_or(0, |shape| shape.first)
    }

    /// Notes that there is no room before a place; what was asked for longest ago is forgotten.
    fn remember(&self, requested: Resources, first: usize) {
        let mut shapes = self.shapes.borrow_mut();
        match shapes.iter_mut().find(|shape| shape.requested == requested) {
            Some(shape) => shape.first = first,
            None => {
                if shapes.len() == SHAPES {
                    shapes.remove(0);
                }
                shapes.push(Shape { requested, first });
            }
        }
    }

    fn share(&mut self) {
        self.slots.share();
        self.levels.iter_mut().for_each(Pages::share);
    }
}

/// Whether some dimension of `old` is that of the maximum.
fn reaches(old: Resources, maximum: Resources) -> bool {
    old.to_array().into_iter().zip(maximum.to_array()).any(|(old, most)| old == most && most > 0)
}

/// The maximum below an entry.
fn maximum(below: &Pages<Resources>, parent: usize) -> Resources {
    below.neighbours(parent * FAN, FAN).iter().fold(Resources::ZERO, |most, &offer| most.max(offer))
}
