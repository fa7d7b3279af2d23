//! What is free on machines, GPUs one by one, and what the policy makes of it.

use super::{Machines, Nodes, Slot};
use crate::control_plane::devices::{self, DeviceSet, Devices, Room};
use crate::control_plane::settings::PlacementPolicy;
use crate::units::{Dimension, Resources};

impl Machines {
    /// What is free on a machine.
    fn room(&self, slot: &Slot) -> Room {
        Room { free: slot.free, devices: self.devices(slot) }
    }

    pub(super) fn devices(&self, slot: &Slot) -> Devices {
        slot.devices.map_or_else(Devices::default, |position| *self.devices.get(position as usize))
    }

    /// What a machine offers, as the index compares it with what is asked for.
    #[inline]
    pub(super) fn offer(&self, slot: &Slot) -> Resources {
        match slot.devices.filter(|_| slot.takes_newcomers()) {
            Some(position) => devices::offered(slot.free, self.devices.get(position as usize)),
            None => slot.offered(),
        }
    }
}

impl Nodes {
    /// What is free on a node, whether it takes newcomers or not.
    pub(in crate::control_plane) fn room(&self, slot: u32) -> Room {
        self.machines.room(self.slot(slot))
    }

    /// Takes note of somebody who asks for an amount, where the policy goes by that.
    pub(in crate::control_plane) fn note(&mut self, requested: impl FnOnce() -> Resources) {
        let Some(popularity) = &mut self.machines.popularity else { return };
        if popularity.note(requested()) {
            self.index.expect(popularity);
        }
    }

    /// What the policy makes of a node that has room, as people read it.
    pub(in crate::control_plane) fn shown(
        &self,
        policy: PlacementPolicy,
        slot: u32,
        requested: Resources,
    ) -> Option<f64> {
        self.index.shown(policy, requested, &self.room(slot), self.slot(slot).capacity)
    }

    /// What the policy goes by, where it goes by devices.
    #[cfg(test)]
    pub(in crate::control_plane) fn fragmentation(&self) -> Option<&crate::control_plane::placement::Fragmentation> {
        self.index.fragmentation()
    }

    /// Whether a node has room, whether it takes newcomers or not.
    pub(in crate::control_plane) fn has_room(&self, slot: u32, requested: Resources) -> bool {
        requested.fits(self.slot(slot).free) && (requested[Dimension::Gpu] == 0 || self.room(slot).holds(requested))
    }

    pub(super) fn take_devices(&mut self, slot: u32, requested: Resources, wanted: DeviceSet) -> DeviceSet {
        let gpu = requested[Dimension::Gpu];
        if gpu == 0 {
            return DeviceSet::default();
        }
        let room = self.room(slot);
        let wanted = if room.devices.suit(gpu, wanted) {
            wanted
        } else {
            self.index.devices(requested, &room).unwrap_or_default()
        };
        let taken = self.devices_of(slot).and_then(|devices| devices.take(gpu, wanted));
        taken.expect("a device is never over-committed")
    }

    pub(super) fn give_devices(&mut self, slot: u32, requested: Resources, held: DeviceSet) {
        if held != DeviceSet::default() {
            let devices = self.devices_of(slot).expect("what is given back was taken");
            devices.give(requested[Dimension::Gpu], held);
        }
    }

    fn devices_of(&mut self, slot: u32) -> Option<&mut Devices> {
        let position = self.slot(slot).devices?;
        Some(self.machines.devices.get_mut(position as usize))
    }
}
