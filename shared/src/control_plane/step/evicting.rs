//! Resources that have to leave their node: whose place a more urgent one takes.

use core::cmp::Reverse;

use super::ControlPlane;
use crate::control_plane::call::Call;
use crate::control_plane::devices::{DeviceSet, Room as FreeRoom};
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::Slot;
use crate::control_plane::rules::{Candidate, Rules};
use crate::control_plane::transition::{Effect, Eviction, Output, PlanState};
use crate::request::Operation;
use crate::units::{Instant, NodeGroupIndex, Resources};

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
    /// sum of their priorities, then the one with the fewest; ties go to the lowest node index. Rules about others have to
    /// hold without the victims: the neighbour that it needs is none of them, and who is in the way by a rule has to leave as
    /// who is by its size.
    pub(super) fn preempt(&mut self, now: Instant, live: &Live, requested: Resources, out: &mut Output) -> Option<u32> {
        let priority = self.rules.priority(live.terms);
        if !self.residents.are_below(priority) {
            return None;
        }
        let mut rules = self.rules.binds(live.terms).then(|| self.rules.clone());
        let rooms = self
            .nodes
            .iter_paid()
            .filter_map(|(slot, node)| self.room((slot, node), live, (requested, priority), rules.as_mut()));
        let of = |victim: &u32| i64::from(self.rules.priority(self.lives.get(*victim).terms));
        let harm = |room: &Room| {
            let highest = room.victims.iter().map(of).max();
            (highest, room.victims.iter().map(of).sum::<i64>(), room.victims.len(), room.slot)
        };
        let rooms: Vec<Room> = rooms.collect();
        let Room { slot, victims } = rooms.into_iter().min_by_key(harm)?;
        for victim in victims {
            self.evict(now, victim, Eviction::Preempted, out);
        }
        Some(slot)
    }

    /// Who would have to leave a node so that there is room: of the less urgent ones as few as possible, those that are
    /// the least urgent, and among these the youngest. Where the resource's terms are about others, `rules` are those that
    /// hold, and hold again afterwards.
    fn room(
        &self,
        (slot, node): (u32, &Slot),
        live: &Live,
        (requested, priority): (Resources, i32),
        rules: Option<&mut Rules>,
    ) -> Option<Room> {
        let node_group = node.node.node_group;
        let possible = node.node.gone.is_none()
            && requested.fits(node.capacity)
            && self.rules.is_open(live.terms, node_group.usize());
        let lower = if possible { self.less_urgent(slot, priority) } else { Vec::new() };
        if lower.is_empty() {
            return None;
        }
        let mut trial = Trial { plane: self, slot, node_group, free: self.nodes.room(slot), rules };
        lower.iter().for_each(|&resident| trial.leaves(resident));
        // One of them may be the neighbour that it needs: the most urgent and oldest that is stays.
        let needed = if trial.permits(live) { None } else { trial.neighbour(live, &lower) };
        let is_enough = trial.suits(live, requested);
        // Whoever may stay does, the most urgent and oldest first.
        let mut victims = Vec::new();
        for &resident in lower.iter().rev().filter(|&&resident| needed != Some(resident)) {
            trial.stays(resident);
            if is_enough && !trial.suits(live, requested) {
                trial.leaves(resident);
                victims.push(resident);
            }
        }
        victims.iter().for_each(|&victim| trial.stays(victim));
        victims.reverse();
        is_enough.then_some(Room { slot, victims })
    }

    /// Who on a node is less urgent, the least urgent and youngest first.
    fn less_urgent(&self, slot: u32, priority: i32) -> Vec<u32> {
        let rank = |resident: &u32| {
            let resident = self.lives.get(*resident);
            (self.rules.priority(resident.terms), Reverse((resident.created, resident.resource)))
        };
        let residents = self.residents.of(slot).iter().copied();
        let mut lower: Vec<u32> = residents.filter(|resident| rank(resident).0 < priority).collect();
        lower.sort_unstable_by_key(rank);
        lower
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

/// A node, as it would be if some of its residents left it.
struct Trial<'a> {
    plane: &'a ControlPlane<'a>,
    slot: u32,
    node_group: NodeGroupIndex,
    free: FreeRoom,
    /// Those that hold then; none where nothing depends on who is there.
    rules: Option<&'a mut Rules>,
}

impl Trial<'_> {
    fn leaves(&mut self, resident: u32) {
        let live = self.plane.lives.get(resident);
        self.free.give(self.plane.on_node(live.flavor), live.devices);
        if let Some(rules) = &mut self.rules {
            rules.depart(live, self.slot, self.node_group);
        }
    }

    /// One that had left is there again.
    fn stays(&mut self, resident: u32) {
        let live = self.plane.lives.get(resident);
        self.free.take(self.plane.on_node(live.flavor), live.devices).expect("it is a part of what it left");
        if let Some(rules) = &mut self.rules {
            rules.arrive(live, self.slot, self.node_group);
        }
    }

    fn permits(&self, live: &Live) -> bool {
        let at = Candidate { slot: Some(self.slot), node_group: self.node_group };
        self.rules.as_ref().is_none_or(|rules| rules.permit(live, at, &self.plane.nodes))
    }

    fn suits(&self, live: &Live, requested: Resources) -> bool {
        self.free.holds(requested) && self.permits(live)
    }

    /// The most urgent and oldest of those who left without whom the resource may not be there; it is there again.
    fn neighbour(&mut self, live: &Live, left: &[u32]) -> Option<u32> {
        for &resident in left.iter().rev() {
            self.stays(resident);
            if self.permits(live) {
                return Some(resident);
            }
            self.leaves(resident);
        }
        None
    }
}
