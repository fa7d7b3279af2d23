//! Resources that have to leave their node: whose place a more urgent one takes.

use core::cmp::Reverse;

use super::ControlPlane;
use crate::control_plane::call::Call;
use crate::control_plane::devices::DeviceSet;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::Slot;
use crate::control_plane::rules::Candidate;
use crate::control_plane::transition::{Effect, Eviction, Output, PlanState};
use crate::request::Operation;
use crate::units::{Instant, Resources};

/// A node on which there would be room if somebody left.
struct Room {
    slot: u32,
    /// Positions of those who would have to, the most urgent last.
    victims: Vec<u32>,
}

impl ControlPlane<'_> {
    /// Makes room for a resource that is more urgent than others, and gives the node; none where nobody is in its way.
    ///
    /// As in kube-scheduler, the node whose most urgent victim is the least urgent is chosen, then the one with the lowest
    /// sum of their priorities, then the one with the fewest; ties go to the lowest node index.
    pub(super) fn preempt(&mut self, now: Instant, live: &Live, requested: Resources, out: &mut Output) -> Option<u32> {
        let priority = self.rules.priority(live.terms);
        if !self.residents.are_below(priority) {
            return None;
        }
        let rooms = self.nodes.iter_paid().filter_map(|(slot, node)| self.room(slot, node, live, requested, priority));
        let of = |victim: &u32| i64::from(self.rules.priority(self.lives.get(*victim).terms));
        let harm = |room: &Room| {
            let highest = room.victims.iter().map(of).max();
            (highest, room.victims.iter().map(of).sum::<i64>(), room.victims.len(), room.slot)
        };
        let Room { slot, victims } = rooms.min_by_key(harm)?;
        for victim in victims {
            self.evict(now, victim, Eviction::Preempted, out);
        }
        Some(slot)
    }

    /// Who would have to leave a node so that there is room: of the less urgent ones as few as possible, those that are
    /// the least urgent, and among these the youngest.
    fn room(&self, slot: u32, node: &Slot, live: &Live, requested: Resources, priority: i32) -> Option<Room> {
        let node_group = node.node.node_group;
        let possible = node.node.gone.is_none()
            && requested.fits(node.capacity)
            && self.rules.is_open(live.terms, node_group.usize())
            && self.rules.permit(live, Candidate { slot: Some(slot), node_group }, &self.nodes);
        if !possible {
            return None;
        }
        let rank = |resident: &u32| {
            let resident = self.lives.get(*resident);
            (self.rules.priority(resident.terms), Reverse((resident.created, resident.resource)))
        };
        let mut lower: Vec<u32> =
            self.residents.of(slot).iter().copied().filter(|resident| rank(resident).0 < priority).collect();
        lower.sort_unstable_by_key(rank);
        let held = |resident: u32| {
            let resident = self.lives.get(resident);
            (self.on_node(resident.flavor), resident.devices)
        };
        let mut free = self.nodes.room(slot);
        for (amount, devices) in lower.iter().map(|&resident| held(resident)) {
            free.give(amount, devices);
        }
        if lower.is_empty() || !free.holds(requested) {
            return None;
        }
        // Whoever may stay does, the most urgent and oldest first.
        let mut victims = Vec::new();
        for &resident in lower.iter().rev() {
            let (amount, devices) = held(resident);
            let mut without = free;
            without.take(amount, devices).expect("it is a part of what would be free");
            if without.holds(requested) {
                free = without;
            } else {
                victims.push(resident);
            }
        }
        victims.reverse();
        Some(Room { slot, victims })
    }

    /// Has a resource leave its node and wait for another one.
    pub(super) fn evict(&mut self, now: Instant, position: u32, eviction: Eviction, out: &mut Output) {
        self.end_use(position, out);
        let live = *self.lives.get(position);
        let slot = live.slot.expect("who is evicted is on a node");
        out.effects.push(Effect::Evicted { resource: live.resource, slot, ready: live.ready, eviction });
        self.leave_node(now, position, slot);
        let record = self.lives.get_mut(position);
        (record.slot, record.devices) = (None, DeviceSet::default());
        record.state = PlanState::Pending;
        record.evictions += 1;
        let (operation, evictions) = (Operation::Create, record.evictions);
        self.wait(Call {
            live: position,
            operation,
            flavor: live.flavor,
            arrived: live.created,
            attempt: 0,
            evictions,
        });
    }

    /// Whether a create on its way is about a place that the resource had to leave since.
    #[inline]
    pub(super) fn is_void(call: &Call, live: &Live) -> bool {
        call.operation == Operation::Create && call.evictions != live.evictions
    }
}
