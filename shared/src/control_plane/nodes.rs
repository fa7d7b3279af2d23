//! The machines of a run, and what is free on them.

use super::settings::Fleet;
use super::state::Node;
use crate::units::{Instant, NodeGroupIndex, NodeIndex, Resources};

/// Machines by slot, in order of their start; a slot is never used twice.
///
/// A tree of maxima over the slots finds the first node with room without looking at each.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    slots: Vec<Slot>,
    /// Maxima of what is free, per dimension: leaves from `leaves`, the root at 1.
    tree: Vec<Resources>,
    leaves: usize,
    /// Nodes that are paid, by group, and those of them that are being given back.
    paid: Vec<u32>,
    draining: Vec<u32>,
    next: NodeIndex,
}

/// One machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) node: Node,
    pub(super) capacity: Resources,
    pub(super) free: Resources,
    pub(super) residents: u32,
    pub(super) life: NodeLife,
    /// Since when it takes nobody any more.
    pub(super) drains: Option<Instant>,
}

/// Whether a machine is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    fn offered(&self) -> Resources {
        if self.life == NodeLife::Paid && self.node.gone.is_none() { self.free } else { Resources::ZERO }
    }
}

impl Nodes {
    pub(super) fn new(groups: usize, next: NodeIndex) -> Self {
        Self {
            slots: Vec::new(),
            tree: vec![Resources::ZERO; 2],
            leaves: 1,
            paid: vec![0; groups],
            draining: vec![0; groups],
            next,
        }
    }

    /// Adds a machine that is paid already.
    pub(super) fn restore(&mut self, node: Node, fleet: &Fleet) -> u32 {
        let slot = self.announce(node, fleet);
        self.pay(slot);
        slot
    }

    /// Adds a machine that will be ordered later.
    pub(super) fn announce(&mut self, node: Node, fleet: &Fleet) -> u32 {
        let slot = self.slots.len();
        let capacity = fleet.node_groups[node.node_group.usize()].capacity;
        self.slots.push(Slot { node, capacity, free: capacity, residents: 0, life: NodeLife::Announced, drains: None });
        if self.slots.len() > self.leaves {
            self.grow();
        }
        self.next.0 = self.next.0.max(node.index.0 + 1);
        slot as u32
    }

    /// Marks a machine as paid from now on.
    pub(super) fn pay(&mut self, slot: u32) {
        let node = &mut self.slots[slot as usize];
        node.life = NodeLife::Paid;
        self.paid[node.node.node_group.usize()] += 1;
        self.draining[node.node.node_group.usize()] += u32::from(node.node.gone.is_some());
        self.update(slot as usize);
    }

    /// Adds a machine that is ordered now.
    pub(super) fn order(&mut self, node_group: NodeGroupIndex, now: Instant, fleet: &Fleet) -> u32 {
        let ready = now + fleet.node_groups[node_group.usize()].boot;
        let node = Node { index: self.next, node_group, ordered: now, ready, empty_since: Some(now), gone: None };
        self.restore(node, fleet)
    }

    pub(super) fn slot(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    /// Takes `requested` on a node.
    ///
    /// # Panics
    /// When the node has no room: a policy chose wrongly.
    pub(super) fn take(&mut self, slot: u32, requested: Resources) {
        let node = &mut self.slots[slot as usize];
        node.free = node.free.checked_sub(requested).expect("a node is never over-committed");
        node.residents += 1;
        node.node.empty_since = None;
        self.update(slot as usize);
    }

    /// Gives `requested` back; the node is empty since `now` when nobody is left.
    pub(super) fn give(&mut self, slot: u32, requested: Resources, now: Instant) {
        let node = &mut self.slots[slot as usize];
        node.free = node.free.checked_add(requested).expect("amounts on a node fit its capacity");
        node.residents -= 1;
        if node.residents == 0 {
            node.node.empty_since = Some(now);
        }
        self.update(slot as usize);
    }

    /// Exchanges what a resident holds.
    ///
    /// # Panics
    /// When the node has no room for the difference.
    pub(super) fn exchange(&mut self, slot: u32, old: Resources, new: Resources) {
        let node = &mut self.slots[slot as usize];
        let free = node.free.checked_add(old).expect("amounts on a node fit its capacity");
        node.free = free.checked_sub(new).expect("a node is never over-committed");
        self.update(slot as usize);
    }

    /// Marks a node as being given back; it takes nobody any more.
    pub(super) fn drain(&mut self, slot: u32, now: Instant, gone: Instant) {
        let node = &mut self.slots[slot as usize];
        self.draining[node.node.node_group.usize()] += u32::from(node.node.gone.is_none());
        node.node.gone = Some(gone);
        node.drains = Some(now);
        self.update(slot as usize);
    }

    /// Marks a node as no longer paid.
    pub(super) fn remove(&mut self, slot: u32, now: Instant) {
        let node = &mut self.slots[slot as usize];
        self.draining[node.node.node_group.usize()] -= u32::from(node.node.gone.is_some());
        node.node.gone = Some(now);
        node.life = NodeLife::Gone;
        self.paid[node.node.node_group.usize()] -= 1;
        self.update(slot as usize);
    }

    /// Paid nodes of a group.
    pub(super) fn paid(&self, group: NodeGroupIndex) -> u32 {
        self.paid[group.usize()]
    }

    /// Paid nodes of a group that are not being given back.
    pub(super) fn kept(&self, group: NodeGroupIndex) -> u32 {
        self.paid[group.usize()] - self.draining[group.usize()]
    }

    /// Paid nodes of all groups.
    pub(super) fn paid_in_all(&self) -> u32 {
        self.paid.iter().sum()
    }

    /// The index that the next machine gets.
    pub(super) fn next(&self) -> NodeIndex {
        self.next
    }

    /// Paid machines with their slots, in order.
    pub(super) fn iter_paid(&self) -> impl Iterator<Item = (u32, &Slot)> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.life == NodeLife::Paid).map(|(i, slot)| (i as u32, slot))
    }

    /// Every machine that there was, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Machines that have room for `requested`, with their slots, in order.
    pub(super) fn iter_fitting(&self, requested: Resources) -> impl Iterator<Item = (u32, &Slot)> {
        self.iter_paid().filter(move |(_, slot)| slot.node.gone.is_none() && requested.fits(slot.free))
    }

    /// The first machine that has room for `requested`.
    pub(super) fn first_fitting(&self, requested: Resources) -> Option<u32> {
        self.search(1, requested)
    }

    fn search(&self, position: usize, requested: Resources) -> Option<u32> {
        if !requested.fits(self.tree[position]) {
            return None;
        }
        if position >= self.leaves {
            return Some((position - self.leaves) as u32);
        }
        self.search(2 * position, requested).or_else(|| self.search(2 * position + 1, requested))
    }

    fn update(&mut self, slot: usize) {
        let mut position = self.leaves + slot;
        self.tree[position] = self.slots[slot].offered();
        while position > 1 {
            position /= 2;
            self.tree[position] = self.tree[2 * position].max(self.tree[2 * position + 1]);
        }
    }

    fn grow(&mut self) {
        self.leaves = self.slots.len().next_power_of_two().max(2 * self.leaves);
        self.tree = vec![Resources::ZERO; 2 * self.leaves];
        for (slot, leaf) in self.slots.iter().zip(&mut self.tree[self.leaves..]) {
            *leaf = slot.offered();
        }
        for position in (1..self.leaves).rev() {
            self.tree[position] = self.tree[2 * position].max(self.tree[2 * position + 1]);
        }
    }
}
