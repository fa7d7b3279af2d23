//! Nodes with GPUs by what becomes of these, and nodes without.

use super::classes::{Classes, Found, Preference};
use super::first_fit::BySlot;
use super::fragmentation_aware::Fragmentation;
use crate::control_plane::devices::Devices;
use crate::control_plane::nodes::Slot;
use crate::units::{Dimension, Resources};

/// Nodes with GPUs in classes, all others in order: of these nothing becomes useless, so that the first is as good as any.
///
/// Each half knows every slot; what belongs to the other half offers nothing.
#[derive(Clone, Debug)]
pub(in crate::control_plane) struct ByDevices {
    with: Classes,
    without: BySlot,
}

impl ByDevices {
    pub(super) fn new(groups: usize) -> Self {
        let preference = Preference::Devices(Fragmentation::default());
        Self { with: Classes::new(preference, groups), without: BySlot::new(groups) }
    }

    pub(super) fn push(&mut self, machine: &Slot, offer: Resources, devices: Devices) {
        let (with, without) = halves(machine, offer);
        self.with.push(machine, with, devices);
        self.without.push(machine, without);
    }

    pub(super) fn update(&mut self, slot: u32, machine: &Slot, offer: Resources, devices: impl FnOnce() -> Devices) {
        if has_devices(machine) {
            self.with.update(slot, machine, offer, devices());
        } else {
            self.without.update(slot, machine, offer);
        }
    }

    #[inline]
    pub(super) fn fetch(&self, slot: u32, machine: &Slot) {
        if has_devices(machine) {
            self.with.fetch(slot);
        } else {
            self.without.fetch(slot, machine);
        }
    }

    /// The slot where least becomes useless, the lowest one of several, of those that are permitted in groups that are
    /// open.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let without = self.without.choose(requested, &open, &permitted).map(|slot| Found { score: 0, slot });
        self.with.choose(requested, open, permitted, without).map(|found| found.slot)
    }

    /// From now on these shapes count, each as often as it was asked for.
    pub(super) fn expect(&mut self, shapes: &[(Resources, u64)]) {
        self.with.expect(shapes);
    }

    /// What the policy goes by.
    pub(super) fn fragmentation(&self) -> Option<&Fragmentation> {
        self.with.fragmentation()
    }

    pub(super) fn share(&mut self) {
        self.with.share();
        self.without.share();
    }
}

fn has_devices(machine: &Slot) -> bool {
    machine.capacity[Dimension::Gpu] > 0
}

/// An offer as that of a node with GPUs and of one without.
fn halves(machine: &Slot, offer: Resources) -> (Resources, Resources) {
    if has_devices(machine) { (offer, Resources::ZERO) } else { (Resources::ZERO, offer) }
}
