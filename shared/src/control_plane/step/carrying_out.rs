//! What the modules do to a resource: let it in, count it, make it, give it back, turn it away.

use super::ControlPlane;
use crate::control_plane::call::Call;
use crate::control_plane::lives::Live;
use crate::control_plane::transition::{Effect, Output, Placed, PlanState, Refusal, Use};
use crate::request::{Module, Operation};
use crate::units::{Instant, Resources};

impl ControlPlane<'_> {
    /// Lets a request in if some machine could ever hold it; a delete goes straight to where it is carried out.
    #[inline]
    pub(super) fn admit(&self, call: &Call) -> Result<Option<Module>, Refusal> {
        if call.operation == Operation::Delete {
            return Ok(Some(Module::Provisioner));
        }
        let resource = self.lives.get(call.live).resource;
        if self.observed.is_some_and(|seen| call.operation == Operation::Create && seen.refused.contains(&resource)) {
            return Err(Refusal::Observed);
        }
        let (requested, terms) = (self.on_node(call.flavor), self.lives.get(call.live).terms);
        let mut groups = self.settings.fleet.node_groups.iter().enumerate();
        let possible = !self.needs_node(call.flavor)
            || groups.any(|(i, group)| self.rules.is_open(terms, i) && group.holds(requested));
        if possible { Ok(Some(Module::Quota)) } else { Err(Refusal::NoSuchNode) }
    }

    /// Counts the shape that a request asks for against its tenant's quota; a resize holds both shapes until it is done.
    #[inline]
    pub(super) fn hold(&mut self, call: &Call) -> Result<(), Refusal> {
        let requested = self.requested(call.flavor);
        let live = self.lives.get_mut(call.live);
        let both = live.held.max(requested);
        if !self.quotas.exchange(live.tenant, live.held, both) {
            return Err(Refusal::Quota);
        }
        live.held = both;
        Ok(())
    }

    /// Counts exactly `amount`, which is at most what the resource holds already.
    pub(super) fn hold_no_more_than(&mut self, position: u32, amount: Resources) {
        let live = self.lives.get_mut(position);
        assert!(self.quotas.exchange(live.tenant, live.held, amount), "giving back is always allowed");
        live.held = amount;
    }

    /// What the provisioner has done: the resource is there, or gone.
    #[inline]
    pub(super) fn provision(&mut self, now: Instant, call: &Call, out: &mut Output) {
        match call.operation {
            Operation::Create => {
                let live = self.lives.get_mut(call.live);
                live.state = PlanState::Ready;
                if live.evictions > 0 && live.ready.is_some() {
                    out.effects.push(Effect::ReadyAgain(live.resource));
                    return;
                }
                live.ready = Some(now);
                if live.slot.is_none() {
                    self.begin_use(call.live, out);
                }
                out.effects.push(Effect::Ready { latency: now - call.arrived });
            }
            Operation::Delete => self.end(now, call.live, PlanState::Released, out),
            Operation::Resize => {}
        }
    }

    /// Turns a request away; a create takes with it all that it held.
    pub(super) fn refuse(&mut self, now: Instant, position: u32, module: Module, refusal: Refusal, out: &mut Output) {
        let call = self.calls.get(position);
        out.effects.push(Effect::Refused { refusal, module });
        if call.operation == Operation::Create {
            self.end(now, call.live, PlanState::Refused(refusal), out);
        } else {
            // What has overtaken its create in the quota module may hold less than the create is going to.
            let live = self.lives.get(call.live);
            if !live.held.is_zero() {
                self.hold_no_more_than(call.live, self.requested(live.flavor).min(live.held));
            }
        }
        self.finish(position);
    }

    /// Ends a resource: it is given back, or was never let in.
    fn end(&mut self, now: Instant, position: u32, state: PlanState, out: &mut Output) {
        self.end_use(position, out);
        let live = *self.lives.get(position);
        if !live.held.is_zero() {
            self.hold_no_more_than(position, Resources::ZERO);
        }
        if !live.pools.is_empty() {
            self.pools.give(now, live.pools, live.flavor);
        }
        let released = (state == PlanState::Released).then_some(now);
        out.effects.push(Effect::Over(Placed { released, state, ..self.placed(&live) }));
        self.lives.end(position, state);
        if live.state == PlanState::Pending {
            self.waiting.give_up();
        }
        if let Some(slot) = live.slot {
            self.leave_node(now, position, slot);
            self.emptied(now, slot, out);
        }
        if live.slot.is_some() || live.state == PlanState::Pending {
            self.place_pending(now, out);
        }
    }

    /// Gives back what a resource takes of its node.
    pub(super) fn leave_node(&mut self, now: Instant, position: u32, slot: u32) {
        let live = self.lives.get(position);
        self.rules.depart(live, slot, self.nodes.slot(slot).node.node_group);
        self.nodes.give(slot, self.on_node(live.flavor), live.devices, now);
        self.residents.depart(slot, position, self.rules.priority(live.terms));
    }

    /// What is known of a resource.
    pub(super) fn placed(&self, live: &Live) -> Placed {
        Placed {
            resource: live.resource,
            tenant: live.tenant,
            flavor: live.flavor,
            created: live.created,
            ready: live.ready,
            released: None,
            node: live.slot.map(|slot| self.nodes.slot(slot).node.index),
            slot: live.slot,
            pools: live.pools,
            state: live.state,
        }
    }

    #[inline]
    pub(super) fn begin_use(&mut self, position: u32, out: &mut Output) {
        self.lives.get_mut(position).in_use = true;
        out.effects.push(self.use_begins(position));
    }

    #[inline]
    pub(super) fn end_use(&mut self, position: u32, out: &mut Output) {
        if self.lives.get(position).in_use {
            self.lives.get_mut(position).in_use = false;
            let (what, live) = (self.current_use(position), self.lives.get(position));
            out.effects.push(Effect::UseEnds { resource: live.resource, what, slot: live.slot });
        }
    }

    #[inline]
    pub(super) fn use_begins(&self, position: u32) -> Effect {
        let live = self.lives.get(position);
        Effect::UseBegins { resource: live.resource, what: self.current_use(position), slot: live.slot }
    }

    #[inline]
    pub(super) fn current_use(&self, position: u32) -> Use {
        let live = self.lives.get(position);
        let node_group = live.slot.map(|slot| self.nodes.slot(slot).node.node_group);
        Use { tenant: live.tenant, flavor: live.flavor, node_group }
    }
}
