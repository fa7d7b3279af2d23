//! The scheduler: a node for a create, room for a resize, a place in the queue where there is neither.

use super::ControlPlane;
use crate::control_plane::call::Call;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::transition::{Effect, Output, Phase, PlanState, Refusal, Transition};
use crate::control_plane::{autoscaling, placement};
use crate::request::{Module, Operation};
use crate::units::{Instant, NodeGroupIndex, ResourceIndex, Resources};

impl ControlPlane<'_> {
    pub(super) fn schedule(
        &mut self,
        now: Instant,
        position: u32,
        call: &Call,
        out: &mut Output,
    ) -> Result<Option<Module>, Refusal> {
        if call.operation == Operation::Resize {
            self.resize(now, call, out)?;
            return Ok(Some(Module::Provisioner));
        }
        if !self.needs_node(call.flavor) {
            self.record_mut(call.resource).state = PlanState::Placed;
            return Ok(Some(Module::Provisioner));
        }
        if !self.place(now, position, out) {
            self.record_mut(call.resource).state = PlanState::Pending;
            self.pending.push_back(position);
        }
        Ok(None)
    }

    /// Gives a create its node and sends it to the provisioner, or says that there is no room.
    pub(super) fn place(&mut self, now: Instant, position: u32, out: &mut Output) -> bool {
        let call = self.calls.get(position);
        let requested = self.requested(self.record(call.resource).flavor);
        let slot = match self.seen_slot(call.resource, requested, out) {
            Some(seen) => requested.fits(self.nodes.slot(seen).free).then_some(seen),
            None => placement::choose(self.settings.placement, &self.nodes, requested)
                .or_else(|| self.grow(now, requested, out)),
        };
        let Some(slot) = slot else { return false };
        self.nodes.take(slot, requested);
        let node = self.nodes.slot(slot).node;
        let record = self.record_mut(call.resource);
        record.slot = Some(slot);
        record.node = Some(node.index);
        record.state = PlanState::Placed;
        if node.ready > now {
            let module = Module::Provisioner;
            out.schedule(node.ready, Phase::Arrival, Transition::Enter { call: position, module });
        } else {
            self.enter(now, position, Module::Provisioner, out);
        }
        true
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
        let record = *self.record(call.resource);
        let (old, new) = (self.requested(record.flavor), self.requested(call.flavor));
        let counts = !record.held.is_zero();
        if counts {
            self.hold(call)?;
        }
        if let Some(slot) = record.slot {
            let room = self.nodes.slot(slot).free.checked_add(old).expect("amounts on a node fit its capacity");
            if !new.fits(room) {
                self.hold_no_more_than(call.resource, old);
                return Err(Refusal::NoRoomToResize);
            }
            self.end_use(call.resource, out);
            self.nodes.exchange(slot, old, new);
        } else {
            self.end_use(call.resource, out);
        }
        self.record_mut(call.resource).flavor = call.flavor;
        if counts {
            self.hold_no_more_than(call.resource, new);
        }
        if record.in_use {
            self.begin_use(call.resource, out);
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
            if self.place(now, call, out) {
                self.pending.remove(position);
            } else if self.observed.is_some() {
                position += 1;
            } else {
                break;
            }
        }
    }
}
