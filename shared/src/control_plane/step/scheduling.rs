//! The scheduler: a node for a create, room for a resize, a place in the queue where there is neither.

use core::cmp::Reverse;
use std::collections::BTreeSet;

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::call::Call;
use crate::control_plane::devices::DeviceSet;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::settings::InPools;
use crate::control_plane::transition::{Effect, Output, Phase, PlanState, Refusal, Transition};
use crate::control_plane::waiting::{Kind, Ticket};
use crate::request::{Module, Operation};
use crate::units::{Instant, NodeGroupIndex, ResourceIndex, Resources};

impl ControlPlane<'_> {
    pub(super) fn schedule(
        &mut self,
        now: Instant,
        position: u32,
        out: &mut Output,
    ) -> Result<Option<Module>, Refusal> {
        let call = self.calls.get(position);
        if call.operation == Operation::Resize {
            self.resize(now, &call, out)?;
            return Ok(Some(Module::Provisioner));
        }
        if !self.pools.is_empty() {
            self.enter_pools(now, call.live)?;
        }
        if !self.needs_node(call.flavor) {
            self.lives.get_mut(call.live).state = PlanState::Placed;
            return Ok(Some(Module::Provisioner));
        }
        let waited = self.waiting.count();
        match self.place(now, position, out) {
            Some(at) => {
                // Who waits for others may have waited for this one, and who had to leave for it may have room elsewhere.
                let is_evicting = self.waiting.count() > waited;
                if is_evicting || self.rules.binds(self.lives.get(call.live).terms) {
                    self.place_pending(now, out);
                }
                if at <= now {
                    return Ok(Some(Module::Provisioner));
                }
                self.provision_at(at, position, out);
            }
            None => {
                self.lives.get_mut(call.live).state = PlanState::Pending;
                self.waiting.push(self.kind(call.live), position);
            }
        }
        Ok(None)
    }

    /// Takes of pools what comes from no node; whoever was in some before stays there.
    fn enter_pools(&mut self, now: Instant, position: u32) -> Result<(), Refusal> {
        let Live { pools, flavor, terms, .. } = *self.lives.get(position);
        if pools.is_empty() {
            let pools = self.pools.choose(flavor, terms)?;
            self.pools.take(now, pools, flavor);
            self.lives.get_mut(position).pools = pools;
        }
        Ok(())
    }

    fn provision_at(&mut self, at: Instant, position: u32, out: &mut Output) {
        self.calls.get_mut(position).attempt = 0;
        out.schedule(at, Phase::Arrival, Transition::Enter { call: position, module: Module::Provisioner });
    }

    /// Puts a create in the queue of those who wait for a node.
    pub(super) fn wait(&mut self, call: Call) {
        self.lives.call_begins(call.live);
        let kind = self.kind(call.live);
        let position = self.calls.begin(call);
        self.waiting.push(kind, position);
    }

    /// What decides where a resource that waits fits.
    fn kind(&self, position: u32) -> Kind {
        let live = self.lives.get(position);
        Kind {
            priority: Reverse(self.rules.priority(live.terms)),
            flavor: live.flavor,
            terms: live.terms,
            tenant: self.rules.binds(live.terms).then_some(live.tenant),
            resource: self.observed.map(|_| live.resource),
        }
    }

    /// Gives a create its node, and says when the provisioner can begin; none where there is no room.
    fn place(&mut self, now: Instant, position: u32, out: &mut Output) -> Option<Instant> {
        let at = self.calls.get(position).live;
        let live = self.lives.get(at);
        let requested = self.on_node(live.flavor);
        let slot = match self.seen_slot(live.resource, requested, out) {
            Some(seen) => self.nodes.has_room(seen, requested).then_some(seen),
            None => match self.rules.choose(live, requested, &self.nodes) {
                Some(free) => Some(free),
                None => {
                    let live = *live;
                    self.make_room(now, &live, requested, out)
                }
            },
        }?;
        let devices = self.nodes.take(slot, requested, DeviceSet::default());
        let live = self.lives.get_mut(at);
        (live.slot, live.devices) = (Some(slot), devices);
        live.state = PlanState::Placed;
        self.residents.arrive(slot, at, self.rules.priority(live.terms));
        let node = &self.nodes.slot(slot).node;
        self.rules.arrive(live, slot, node.node_group);
        Some(node.ready.max(now))
    }

    /// A machine for a resource that fits nowhere: a new one, or one that less urgent ones leave.
    fn make_room(&mut self, now: Instant, live: &Live, requested: Resources, out: &mut Output) -> Option<u32> {
        if self.observed.is_some() {
            return None;
        }
        let permitted = |node_group| self.rules.permit_new(live, node_group, &self.nodes);
        if let Some(group) = autoscaling::group_to_grow(self.settings.fleet, &self.nodes, requested, permitted) {
            return Some(self.order_node(now, group, out));
        }
        self.preempt(now, live, requested, out)
    }

    /// Where the resource was seen to go; an impossible sighting is an anomaly and counts as none.
    fn seen_slot(&self, resource: ResourceIndex, requested: Resources, out: &mut Output) -> Option<u32> {
        let slot = *self.observed?.placements.get(&resource)?;
        let node = self.nodes.slot(slot);
        let possible = node.life != NodeLife::Gone
            && self.settings.fleet.node_groups[node.node.node_group.usize()].holds(requested);
        if !possible {
            out.effects.push(Effect::Anomaly(resource));
        }
        possible.then_some(slot)
    }

    pub(super) fn order_node(&mut self, now: Instant, group: NodeGroupIndex, out: &mut Output) -> u32 {
        let slot = self.nodes.order(group, now, self.settings.fleet);
        self.say_ordered(slot, out);
        let ready = self.nodes.slot(slot).node.ready;
        out.schedule(ready, Phase::Node, Transition::NodeReady { slot });
        self.foresee_loss(now, slot, out);
        slot
    }

    #[inline(never)]
    pub(super) fn resize(&mut self, now: Instant, call: &Call, out: &mut Output) -> Result<(), Refusal> {
        let live = *self.lives.get(call.live);
        let (old, new) = (self.on_node(live.flavor), self.on_node(call.flavor));
        let counts = !live.held.is_zero();
        if counts {
            self.hold(call)?;
        }
        let pools = self.pools_after(&live, call)?;
        if let Some(slot) = live.slot {
            let mut room = self.nodes.room(slot);
            room.give(old, live.devices);
            if !room.holds(new) {
                return Err(Refusal::NoRoomToResize);
            }
            self.end_use(call.live, out);
            self.lives.get_mut(call.live).devices = self.nodes.exchange(slot, old, live.devices, new);
        } else {
            self.end_use(call.live, out);
        }
        let waits = (live.state == PlanState::Pending).then(|| self.kind(call.live));
        if live.pools != pools || !pools.is_empty() {
            self.pools.give(now, live.pools, live.flavor);
            self.pools.take(now, pools, call.flavor);
        }
        let record = self.lives.get_mut(call.live);
        (record.flavor, record.pools) = (call.flavor, pools);
        if let Some(kind) = waits {
            let waits_for = |ticket: &Ticket| self.calls.get(ticket.call).live == call.live;
            self.waiting.become_kind(kind, self.kind(call.live), waits_for);
        }
        if counts {
            self.hold_no_more_than(call.live, self.requested(call.flavor));
        }
        if live.in_use {
            self.begin_use(call.live, out);
        }
        self.place_pending(now, out);
        Ok(())
    }

    /// The pools that a resource is in once it is resized; one that the scheduler has not seen yet is in none.
    fn pools_after(&self, live: &Live, call: &Call) -> Result<InPools, Refusal> {
        let unseen = live.state == PlanState::Admitted && live.pools.is_empty();
        if self.pools.is_empty() || unseen {
            return Ok(live.pools);
        }
        self.pools.choose_again((live.pools, live.flavor), call.flavor, live.terms)
    }

    /// Places those who wait, the most urgent first and then who has waited longest; whoever fits nowhere holds up nobody
    /// but their like.
    pub(super) fn place_pending(&mut self, now: Instant, out: &mut Output) {
        if self.waiting.is_empty() {
            return;
        }
        let by_urgency = |(ticket, kind): (Ticket, Kind)| (kind.priority, ticket, kind);
        let mut heads: BTreeSet<(Reverse<i32>, Ticket, Kind)> = self.waiting.heads().map(by_urgency).collect();
        let mut left_behind: Vec<Kind> = Vec::new();
        while let Some((_, Ticket { call, .. }, kind)) = heads.pop_first() {
            let waited = self.waiting.count();
            let mut is_evicting = false;
            if self.lives.get(self.calls.get(call).live).is_over() {
                self.finish(call);
            } else if let Some(at) = self.place(now, call, out) {
                is_evicting = self.waiting.count() > waited;
                self.waiting.give_up();
                self.provision_at(at, call, out);
                // Who waits for others may have waited for this one.
                let waiting = left_behind.extract_if(.., |kind| self.rules.waits_for_others(kind.terms));
                let again = waiting.filter_map(|kind| Some((self.waiting.head(&kind)?, kind)));
                heads.extend(again.map(by_urgency));
            } else {
                left_behind.push(kind);
                continue;
            }
            heads.extend(self.waiting.pop(&kind).map(|ticket| by_urgency((ticket, kind))));
            if is_evicting {
                // Those who had to leave wait too, and left more room than was taken.
                left_behind.clear();
                heads = self.waiting.heads().map(by_urgency).collect();
            }
        }
    }
}
