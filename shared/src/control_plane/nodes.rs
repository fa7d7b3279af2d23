//! The machines of a run, and what is free on them.

mod room;

use serde::{Deserialize, Serialize};

use super::devices::{self, DeviceSet, Devices, Room};
use super::occupancy::Occupancy;
use super::pages::Pages;
use super::placement::{Index, Popularity};
use super::settings::{Fleet, NodeGroup, PlacementPolicy};
use super::state::Node;
use crate::units::{Instant, NodeGroupIndex, NodeIndex, Resources};

/// Machines by slot, in order of their start; a slot is never used twice.
///
/// An index over what they offer finds the one that the policy wants without looking at each.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    machines: Machines,
    index: Index,
    /// Over the paid ones; follows from the machines.
    occupancy: Occupancy,
}

/// All but the index, which follows from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Machines {
    slots: Pages<Slot>,
    /// Of those nodes that have GPUs.
    devices: Pages<Devices>,
    /// Nodes that are paid, by group, and those of them that are being given back.
    paid: Vec<u32>,
    draining: Vec<u32>,
    /// Nodes that each group should have, beside its least.
    wanted: Vec<u32>,
    /// How many outages each group is in.
    outages: Vec<u32>,
    paid_in_all: u32,
    next: NodeIndex,
    /// What is asked for how often, where the policy goes by that.
    popularity: Option<Popularity>,
}

/// One machine.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) node: Node,
    /// What may be requested of it.
    pub(super) capacity: Resources,
    pub(super) free: Resources,
    /// The position of its GPUs, where it has any.
    devices: Option<u32>,
    pub(super) residents: u32,
    pub(super) life: NodeLife,
    /// Whether it has booted.
    pub(super) booted: bool,
    /// Since when it takes nobody any more.
    pub(super) drains: Option<Instant>,
    /// Whether somebody is going to see if it has been empty for long enough.
    pub(super) watched: bool,
    /// Since when it has had little to do, seen by who looks for nodes to empty.
    pub(super) underused_since: Option<Instant>,
}

/// Whether a machine is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NodeLife {
    /// It is known that it will be ordered.
    Announced,
    /// It was ordered.
    Paid,
    /// It was given back.
    Gone,
}

impl Slot {
    /// What the machine offers to newcomers: nothing once it is being given back.
    pub(super) fn offered(&self) -> Resources {
        if self.takes_newcomers() { self.free } else { Resources::ZERO }
    }

    /// What is requested of it.
    pub(super) fn taken(&self) -> Resources {
        self.capacity.checked_sub(self.free).expect("what is free is a part of the capacity")
    }

    fn takes_newcomers(&self) -> bool {
        self.life == NodeLife::Paid && self.node.gone.is_none()
    }
}

impl Nodes {
    pub(super) fn new(groups: usize, next: NodeIndex, policy: PlacementPolicy) -> Self {
        let machines = Machines {
            slots: Pages::default(),
            devices: Pages::default(),
            paid: vec![0; groups],
            draining: vec![0; groups],
            wanted: vec![0; groups],
            outages: vec![0; groups],
            paid_in_all: 0,
            next,
            popularity: (policy == PlacementPolicy::FragmentationAware).then(Popularity::default),
        };
        Self { machines, index: Index::new(policy, groups), occupancy: Occupancy::default() }
    }

    pub(super) fn save(&self) -> &Machines {
        &self.machines
    }

    pub(super) fn saved(machines: Machines, policy: PlacementPolicy) -> Self {
        let mut index = Index::new(policy, machines.paid.len());
        if let Some(popularity) = &machines.popularity {
            index.expect(popularity);
        }
        for slot in machines.slots.iter() {
            index.push(slot, machines.offer(slot), || machines.devices(slot));
        }
        let mut occupancy = Occupancy::default();
        let paid = machines.slots.iter().filter(|slot| slot.life == NodeLife::Paid);
        paid.for_each(|slot| occupancy.join(slot.capacity, slot.taken()));
        Self { machines, index, occupancy }
    }

    pub(super) fn share(&mut self) {
        self.machines.slots.share();
        self.machines.devices.share();
        self.index.share();
    }

    /// Adds a machine that is paid already.
    pub(super) fn restore(&mut self, node: Node, fleet: &Fleet) -> u32 {
        let slot = self.announce(node, fleet);
        self.pay(slot);
        slot
    }

    /// Adds a machine that will be ordered later.
    pub(super) fn announce(&mut self, node: Node, fleet: &Fleet) -> u32 {
        let Machines { slots, devices, next, .. } = &mut self.machines;
        let Room { free, devices: own } = Room::of(&fleet.node_groups[node.node_group.usize()]);
        let position = (own != Devices::default()).then(|| {
            devices.push(own);
            (devices.len() - 1) as u32
        });
        let life = NodeLife::Announced;
        let slot = Slot {
            node,
            capacity: free,
            free,
            devices: position,
            residents: 0,
            life,
            booted: false,
            drains: None,
            watched: false,
            underused_since: None,
        };
        slots.push(slot);
        // Nobody is offered it yet.
        self.index.push(&slot, Resources::ZERO, Devices::default);
        next.0 = next.0.max(node.index.0 + 1);
        (slots.len() - 1) as u32
    }

    /// Marks a machine as paid from now on.
    pub(super) fn pay(&mut self, slot: u32) {
        let node = self.change(slot, |machine| machine.life = NodeLife::Paid);
        let machine = self.slot(slot);
        let (capacity, taken) = (machine.capacity, machine.taken());
        self.occupancy.join(capacity, taken);
        let group = node.node_group.usize();
        self.machines.paid[group] += 1;
        self.machines.draining[group] += u32::from(node.gone.is_some());
        self.machines.paid_in_all += 1;
    }

    /// Adds a machine that is ordered now.
    pub(super) fn order(&mut self, node_group: NodeGroupIndex, now: Instant, fleet: &Fleet) -> u32 {
        let (index, ready) = (self.machines.next, now + fleet.node_groups[node_group.usize()].boot);
        let node = Node { index, node_group, ordered: now, ready, empty_since: Some(now), gone: None };
        self.restore(node, fleet)
    }

    #[inline]
    pub(super) fn slot(&self, slot: u32) -> &Slot {
        self.machines.slots.get(slot as usize)
    }

    /// Reads what the index knows of a machine, which a change of it is going to need.
    #[inline]
    pub(super) fn fetch(&self, slot: u32) {
        self.index.fetch(slot, self.slot(slot));
    }

    /// Takes `requested` on a node, on the devices that are wanted where these suit, and says on which.
    ///
    /// # Panics
    /// When the node has no room: a policy chose wrongly.
    pub(super) fn take(&mut self, slot: u32, requested: Resources, wanted: DeviceSet) -> DeviceSet {
        let taken = self.take_devices(slot, requested, wanted);
        self.change(slot, |machine| {
            machine.free = machine.free.checked_sub(requested).expect("a node is never over-committed");
            machine.residents += 1;
            machine.node.empty_since = None;
        });
        self.count(slot, |occupancy| occupancy.request(requested));
        taken
    }

    /// Gives `requested` and devices back; the node is empty since `now` when nobody is left.
    pub(super) fn give(&mut self, slot: u32, requested: Resources, held: DeviceSet, now: Instant) {
        self.give_devices(slot, requested, held);
        self.change(slot, |machine| {
            machine.free = machine.free.checked_add(requested).expect("amounts on a node fit its capacity");
            machine.residents -= 1;
            if machine.residents == 0 {
                machine.node.empty_since = Some(now);
            }
        });
        self.count(slot, |occupancy| occupancy.release(requested));
    }

    /// Exchanges what a resident holds, on the same devices where these suit, and says on which.
    ///
    /// # Panics
    /// When the node has no room for the difference.
    pub(super) fn exchange(&mut self, slot: u32, old: Resources, held: DeviceSet, new: Resources) -> DeviceSet {
        self.give_devices(slot, old, held);
        let taken = self.take_devices(slot, new, held);
        self.change(slot, |machine| {
            let free = machine.free.checked_add(old).expect("amounts on a node fit its capacity");
            machine.free = free.checked_sub(new).expect("a node is never over-committed");
        });
        self.count(slot, |occupancy| {
            occupancy.release(old);
            occupancy.request(new);
        });
        taken
    }

    /// Marks a node as being given back; it takes nobody any more.
    pub(super) fn drain(&mut self, slot: u32, now: Instant, gone: Instant) {
        let was_kept = self.slot(slot).node.gone.is_none();
        let node = self.change(slot, |machine| {
            machine.node.gone = Some(gone);
            machine.drains = Some(now);
        });
        self.machines.draining[node.node_group.usize()] += u32::from(was_kept);
    }

    /// Marks a node as no longer paid.
    pub(super) fn remove(&mut self, slot: u32, now: Instant) {
        let was_draining = self.slot(slot).node.gone.is_some();
        let machine = self.slot(slot);
        let (capacity, taken) = (machine.capacity, machine.taken());
        self.occupancy.leave(capacity, taken);
        let node = self.change(slot, |machine| {
            machine.node.gone = Some(now);
            machine.life = NodeLife::Gone;
        });
        let group = node.node_group.usize();
        self.machines.draining[group] -= u32::from(was_draining);
        self.machines.paid[group] -= 1;
        self.machines.paid_in_all -= 1;
    }

    /// Notes that a node has booted.
    pub(super) fn boot(&mut self, slot: u32) {
        self.machines.slots.get_mut(slot as usize).booted = true;
    }

    /// Notes whether somebody is going to see if a node has been empty for long enough.
    pub(super) fn watch(&mut self, slot: u32, watched: bool) {
        self.machines.slots.get_mut(slot as usize).watched = watched;
    }

    /// Notes since when a node has had little to do.
    pub(super) fn underused(&mut self, slot: u32, since: Option<Instant>) {
        if self.slot(slot).underused_since != since {
            self.machines.slots.get_mut(slot as usize).underused_since = since;
        }
    }

    /// Notes how many nodes a group should have.
    pub(super) fn want(&mut self, group: NodeGroupIndex, nodes: u32) {
        self.machines.wanted[group.usize()] = nodes;
    }

    /// Nodes that a group should have at least, and does not fall below by itself.
    pub(super) fn wanted(&self, group: NodeGroupIndex, fleet: &Fleet) -> u32 {
        let NodeGroup { min, max, .. } = fleet.node_groups[group.usize()];
        self.machines.wanted[group.usize()].clamp(min, max)
    }

    /// Notes that an outage of a group's zone begins or ends.
    pub(super) fn outage(&mut self, group: NodeGroupIndex, begins: bool) {
        let outages = &mut self.machines.outages[group.usize()];
        *outages = if begins { *outages + 1 } else { *outages - 1 };
    }

    /// Whether a group's zone is lost.
    pub(super) fn is_lost(&self, group: NodeGroupIndex) -> bool {
        self.machines.outages[group.usize()] > 0
    }

    /// Counts what changes on a machine, where it is paid.
    fn count(&mut self, slot: u32, change: impl FnOnce(&mut Occupancy)) {
        if self.slot(slot).life == NodeLife::Paid {
            change(&mut self.occupancy);
        }
    }

    /// Changes a machine, and what the index knows of it.
    fn change(&mut self, slot: u32, change: impl FnOnce(&mut Slot)) -> Node {
        change(self.machines.slots.get_mut(slot as usize));
        let machines = &self.machines;
        let machine = machines.slots.get(slot as usize);
        self.index.update(slot, machine, machines.offer(machine), || machines.devices(machine));
        machine.node
    }

    /// Paid nodes of a group.
    pub(super) fn paid(&self, group: NodeGroupIndex) -> u32 {
        self.machines.paid[group.usize()]
    }

    /// Paid nodes of a group that are not being given back.
    pub(super) fn kept(&self, group: NodeGroupIndex) -> u32 {
        self.machines.paid[group.usize()] - self.machines.draining[group.usize()]
    }

    /// Paid nodes of all groups.
    #[inline]
    pub(super) fn paid_in_all(&self) -> u32 {
        self.machines.paid_in_all
    }

    /// What all paid nodes have, and what of it is requested.
    pub(super) fn occupancy(&self) -> Occupancy {
        self.occupancy
    }

    /// The index that the next machine gets.
    pub(super) fn next(&self) -> NodeIndex {
        self.machines.next
    }

    /// Paid machines with their slots, in order.
    pub(super) fn iter_paid(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let paid = |(_, slot): &(usize, &Slot)| slot.life == NodeLife::Paid;
        self.machines.slots.iter().enumerate().filter(paid).map(|(i, slot)| (i as u32, slot))
    }

    /// Every machine that there was, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.machines.slots.iter()
    }

    /// The machine that the policy wants for `requested`, of those that have room, are permitted, and are in groups that
    /// are open.
    pub(super) fn choose(
        &self,
        requested: Resources,
        open: impl Fn(usize) -> bool,
        permitted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.index.choose(devices::asked(requested), open, permitted)
    }
}
