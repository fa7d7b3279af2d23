//! The node with the lowest index: fills the oldest nodes, so that the youngest become empty and are given back.

mod shapes;

use core::cell::RefCell;
use core::hint::black_box;

use shapes::Shapes;

use crate::control_plane::nodes::Slot;
use crate::control_plane::pages::Pages;
use crate::units::Resources;

/// The slots of each group in order, and for what there is room on them.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct BySlot {
    groups: Vec<Group>,
    /// The place of each slot in its group.
    places: Pages<u32>,
}

/// The slots of one group, with what they offer.
#[derive(Clone, Debug, Default)]
struct Group {
    slots: Pages<u32>,
    offers: Pages<Resources>,
    /// Who asks makes shapes known.
    shapes: RefCell<Shapes>,
}

impl BySlot {
    pub(super) fn new(groups: usize) -> Self {
        Self { groups: vec![Group::default(); groups], places: Pages::default() }
    }

    pub(super) fn push(&mut self, machine: &Slot, offer: Resources) {
        let slot = self.places.len() as u32;
        let group = &mut self.groups[machine.node.node_group.usize()];
        self.places.push(group.slots.len() as u32);
        group.slots.push(slot);
        group.offers.push(Resources::ZERO);
        group.shapes.get_mut().push();
        self.update(slot, machine, offer);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources) {
        let place = *self.places.get(slot as usize) as usize;
        let group = &mut self.groups[machine.node.node_group.usize()];
        *group.offers.get_mut(place) = offer;
        group.shapes.get_mut().update(place, offer);
    }

    #[inline]
    pub(super) fn fetch(&self, slot: u32, machine: &Slot) {
        let (place, group) = (*self.places.get(slot as usize), &self.groups[machine.node.node_group.usize()]);
        black_box(*group.offers.get(place as usize));
    }

    /// The first slot that offers `requested`, in a group that is open, and is permitted.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let groups = self.groups.iter().enumerate().filter(|&(group, _)| open(group));
        groups.filter_map(|(_, group)| group.choose(requested, &permitted)).min()
    }

    pub(super) fn share(&mut self) {
        self.places.share();
        self.groups.iter_mut().for_each(Group::share);
    }
}

impl Group {
    /// The first slot that offers `requested` and is permitted.
    fn choose(&self, requested: Resources, permitted: &impl Fn(u32) -> bool) -> Option<u32> {
        let slot = |place: usize| *self.slots.get(place);
        let mut shapes = self.shapes.borrow_mut();
        shapes.first(requested, &self.offers, |place| permitted(slot(place))).map(slot)
    }

    fn share(&mut self) {
        self.slots.share();
        self.offers.share();
        self.shapes.get_mut().share();
    }
}
