//! The scheduler: a node for a create, room for a resize, a place in the queue where there is neither.

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::call::Call;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::transition::{Effect, Output, Phase, PlanState, Refusal, Transition};
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
        if !self.needs_node(call.flavor) {
            self.lives.get_mut(call.live).state = PlanState::Placed;
            return Ok(Some(Module::Provisioner));
        }
        match self.place(now, position, out) {
            Some(at) if at <= now => return Ok(Some(Module::Provisioner)),
            Some(at) => self.provision_at(at, position, out),
            None => {
                self.lives.get_mut(call.live).state = PlanState::Pending;
                self.pending.push_back(position);
                self.waiting += 1;
            }
        }
        Ok(None)
    }

    fn provision_at(&mut self, at: Instant, position: u32, out: &mut Output) {
        self.calls.get_mut(position).attempt = 0;
        out.schedule(at, Phase::Arrival, Transition::Enter { call: position, module: Module::Provisioner });
    }

    /// Puts a create in the queue of those who wait for a node.
    pub(super) fn wait(&mut self, call: Call) {
        self.lives.call_begins(call.live);
        let position = self.calls.begin(call);
        self.pending.push_back(position);
        self.waiting += 1;
    }

    /// Gives a create its node, and says when the provisioner can begin; none where there is no room.
    fn place(&mut self, now: Instant, position: u32, out: &mut Output) -> Option<Instant> {
        let Call { live: at, .. } = self.calls.get(position);
        let Live { flavor, resource, .. } = *self.lives.get(at);
        let requested = self.requested(flavor);
        let slot = match self.seen_slot(resource, requested, out) {
            Some(seen) => requested.fits(self.nodes.slot(seen).free).then_some(seen),
            None => self.nodes.choose(requested).or_else(|| self.grow(now, requested, out)),
        }?;
        self.nodes.take(slot, requested);
        let live = self.lives.get_mut(at);
        live.slot = Some(slot);
        live.state = PlanState::Placed;
        Some(self.nodes.slot(slot).node.ready.max(now))
    }

    /// Where the resource was seen to go; an impossible sighting is an anomaly and counts as none.
    fn seen_slot(&self, resource: ResourceIndex, requested: Resources, out: &mut Output) -> Option<u32> {
        let slot = *self.observed?.placements.get(&resource)?;
        let node = self.nodes.slot(slot);
        let possible = node.life != NodeLife::Gone && requested.fits(node.capacity);
        if !possible {
            out.effects.push(Effect::Anomaly(resource));
        }
        possible.then_some(slot)
    }

    pub(super) fn grow(&mut self, now: Instant, requested: Resources, out: &mut Output) -> Option<u32> {
        if self.observed.is_some() {
            return None;
        }
        let group = autoscaling::group_to_grow(self.settings.fleet, &self.nodes, requested)?;
        Some(self.order_node(now, group, out))
    }

    pub(super) fn order_node(&mut self, now: Instant, group: NodeGroupIndex, out: &mut Output) -> u32 {
        let slot = self.nodes.order(group, now, self.settings.fleet);
        out.effects.push(Effect::NodeOrdered(group));
        let ready = self.nodes.slot(slot).node.ready;
        out.schedule(ready, Phase::Node, Transition::NodeReady { slot });
        slot
    }

    pub(super) fn resize(&mut self, now: Instant, call: &Call, out: &mut Output) -> Result<(), Refusal> {
        let live = *self.lives.get(call.live);
        let (old, new) = (self.requested(live.flavor), self.requested(call.flavor));
        let counts = !live.held.is_zero();
        if counts {
            self.hold(call)?;
        }
        if let Some(slot) = live.slot {
            let room = self.nodes.slot(slot).free.checked_add(old).expect("amounts on a node fit its capacity");
            if !new.fits(room) {
                return Err(Refusal::NoRoomToResize);
            }
            self.end_use(call.live, out);
            self.nodes.exchange(slot, old, new);
        } else {
            self.end_use(call.live, out);
        }
        self.lives.get_mut(call.live).flavor = call.flavor;
        if counts {
            self.hold_no_more_than(call.live, new);
        }
        if live.in_use {
            self.begin_use(call.live, out);
        }
        self.place_pending(now, out);
        Ok(())
    }

    /// Places those who wait, longest first, until one of them fits nowhere.
    ///
    /// With an observed fleet each waits for a node of its own, so that nobody holds up the others.
    pub(super) fn place_pending(&mut self, now: Instant, out: &mut Output) {
        let mut position = 0;
        while let Some(&call) = self.pending.get(position) {
            if self.lives.get(self.calls.get(call).live).is_over() {
                self.pending.remove(position);
                self.finish(call);
            } else if let Some(at) = self.place(now, call, out) {
                self.pending.remove(position);
                self.waiting -= 1;
                self.provision_at(at, call, out);
            } else if self.observed.is_some() {
                position += 1;
            } else {
                break;
            }
        }
    }
}
