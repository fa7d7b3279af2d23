//! The state machine: a transition in, further transitions and effects out.

use std::collections::VecDeque;

use super::call::{Call, Calls};
use super::nodes::Nodes;
use super::observed::ObservedFleet;
use super::quota::Quotas;
use super::settings::Settings;
use super::stage::Stage;
use super::transition::{Effect, Output, Phase, PlanState, Refusal, Scheduled, Transition, Use};
use crate::random::{Draws, Purpose};
use crate::request::{IndexedRequest, MODULES, Module, Operation, ResourceClass};
use crate::units::{FlavorIndex, Instant, NodeIndex, ResourceIndex, Resources, TenantIndex};

mod fork;
mod machines;
mod scheduling;

/// A running control plane.
#[derive(Clone, Debug)]
pub struct ControlPlane<'a> {
    settings: Settings<'a>,
    observed: Option<&'a ObservedFleet>,
    stages: [Stage; MODULES],
    nodes: Nodes,
    quotas: Quotas,
    calls: Calls,
    resources: Vec<Option<ResourceRecord>>,
    /// Creates without a node, longest waiting first.
    pending: VecDeque<u32>,
    live: u32,
}

/// What is known of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Whose it is.
    pub tenant: TenantIndex,
    /// Its shape.
    pub flavor: FlavorIndex,
    /// When its create was made.
    pub created: Instant,
    /// When it could be used.
    pub ready: Option<Instant>,
    /// When it was given back.
    pub released: Option<Instant>,
    /// Where it is or was.
    pub node: Option<NodeIndex>,
    /// How far it came.
    pub state: PlanState,
    /// Keys its random draws.
    pub draw_key: u64,
    slot: Option<u32>,
    /// What counts against its tenant's quota.
    held: Resources,
    in_use: bool,
}

impl<'a> ControlPlane<'a> {
    /// Does what `transition` says, at `now`.
    pub fn step(&mut self, now: Instant, transition: Transition, out: &mut Output) {
        match transition {
            Transition::Arrive(request) => self.arrive(now, request, out),
            Transition::Enter { call, module } => self.enter(now, call, module, out),
            Transition::Leave { call, module } => self.leave(now, call, module, out),
            Transition::NodeOrdered { slot } => {
                self.nodes.pay(slot);
                out.effects.push(Effect::NodeOrdered(self.nodes.slot(slot).node.node_group));
            }
            Transition::NodeReady { slot } => {
                out.effects.push(Effect::NodeReady(self.nodes.slot(slot).node.node_group));
            }
            Transition::NodeIdle { slot, since } => self.node_idle(now, slot, since, out),
            Transition::NodeDrains { slot, gone } => self.drain(now, slot, gone, out),
            Transition::NodeGone { slot } => self.node_gone(now, slot, out),
        }
    }

    /// Resources that were created and not released or refused.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Nodes that are paid.
    pub fn paid_nodes(&self) -> u32 {
        self.nodes.paid_in_all()
    }

    /// Resources that wait for a node.
    pub fn pending(&self) -> u32 {
        self.pending.len() as u32
    }

    /// Every resource that ever was, by index; none where an index was never created.
    pub fn resources(&self) -> &[Option<ResourceRecord>] {
        &self.resources
    }

    fn arrive(&mut self, now: Instant, request: IndexedRequest, out: &mut Output) {
        let position = request.resource.usize();
        if request.operation == Operation::Create {
            if position >= self.resources.len() {
                self.resources.resize(position + 1, None);
            }
            self.resources[position] = Some(ResourceRecord::new(&request));
            self.live += 1;
        } else if self.resources.get(position).is_none_or(Option::is_none) {
            return;
        }
        let call = Call {
            resource: request.resource,
            operation: request.operation,
            flavor: request.flavor,
            arrived: request.at,
        };
        let call = self.calls.begin(call);
        self.enter(now, call, Module::Gateway, out);
    }

    fn enter(&mut self, now: Instant, position: u32, module: Module, out: &mut Output) {
        let call = self.calls.get(position);
        let record = *self.record(call.resource);
        if module == Module::Provisioner && call.operation == Operation::Create {
            if record.state == PlanState::Released {
                return self.calls.finish(position);
            }
            if record.slot.is_some() {
                self.begin_use(call.resource, out);
            }
        }
        let draws = Draws::new(self.settings.seed, self.settings.run, Purpose::ServiceTime, record.draw_key);
        let stage = &mut self.stages[module as usize];
        let service = stage.service_time(&draws, call.operation as u64 * MODULES as u64 + module as u64);
        let start = stage.serve(now, service);
        let Call { resource, operation, .. } = call;
        out.effects.push(Effect::Served { module, resource, operation, start, wait: start - now, service });
        let phase = if call.operation == Operation::Delete { Phase::Release } else { Phase::Arrival };
        out.schedule(start + service, phase, Transition::Leave { call: position, module });
    }

    fn leave(&mut self, now: Instant, position: u32, module: Module, out: &mut Output) {
        let call = self.calls.get(position);
        let over = matches!(self.record(call.resource).state, PlanState::Released | PlanState::Refused(_));
        if over && module < Module::Metering {
            return self.calls.finish(position);
        }
        let next = match module {
            Module::Gateway => Ok(Some(Module::Authentication)),
            Module::Authentication => Ok(Some(Module::Admission)),
            Module::Admission => self.admit(&call),
            Module::Quota => self.hold(&call).map(|()| Some(Module::Scheduler)),
            Module::Scheduler => self.schedule(now, position, &call, out),
            Module::Provisioner => {
                self.provision(now, &call, out);
                Ok(Some(Module::Metering))
            }
            Module::Metering => {
                self.calls.finish(position);
                Ok(None)
            }
        };
        match next {
            Ok(Some(next)) => self.enter(now, position, next, out),
            Ok(None) => {}
            Err(refusal) => self.refuse(position, &call, refusal, out),
        }
    }

    /// Lets a request in if some machine could ever hold it; a delete goes straight to where it is carried out.
    fn admit(&self, call: &Call) -> Result<Option<Module>, Refusal> {
        if call.operation == Operation::Delete {
            return Ok(Some(Module::Provisioner));
        }
        if self
            .observed
            .is_some_and(|seen| call.operation == Operation::Create && seen.refused.contains(&call.resource))
        {
            return Err(Refusal::Observed);
        }
        let requested = self.requested(call.flavor);
        let groups = &self.settings.fleet.node_groups;
        let possible = !self.needs_node(call.flavor) || groups.iter().any(|group| requested.fits(group.capacity));
        if possible { Ok(Some(Module::Quota)) } else { Err(Refusal::NoSuchNode) }
    }

    /// Counts the shape that a request asks for against its tenant's quota; a resize holds both shapes until it is done.
    fn hold(&mut self, call: &Call) -> Result<(), Refusal> {
        let (tenant, held) = (self.record(call.resource).tenant, self.record(call.resource).held);
        let requested = held.max(self.requested(call.flavor));
        if !self.quotas.exchange(tenant, held, requested) {
            return Err(Refusal::Quota);
        }
        self.record_mut(call.resource).held = requested;
        Ok(())
    }

    /// Counts exactly `amount`, which is at most what the resource holds already.
    fn hold_no_more_than(&mut self, resource: ResourceIndex, amount: Resources) {
        let ResourceRecord { tenant, held, .. } = *self.record(resource);
        assert!(self.quotas.exchange(tenant, held, amount), "giving back is always allowed");
        self.record_mut(resource).held = amount;
    }

    /// What the provisioner has done: the resource is there, or gone.
    fn provision(&mut self, now: Instant, call: &Call, out: &mut Output) {
        match call.operation {
            Operation::Create => {
                let record = self.record_mut(call.resource);
                record.state = PlanState::Ready;
                record.ready = Some(now);
                if record.slot.is_none() {
                    self.begin_use(call.resource, out);
                }
                out.effects.push(Effect::Ready { latency: now - call.arrived });
            }
            Operation::Delete => self.release(now, call.resource, out),
            Operation::Resize => {}
        }
    }

    fn release(&mut self, now: Instant, resource: ResourceIndex, out: &mut Output) {
        self.end_use(resource, out);
        let record = *self.record(resource);
        let requested = self.requested(record.flavor);
        self.hold_no_more_than(resource, Resources::ZERO);
        let released = self.record_mut(resource);
        released.slot = None;
        released.state = PlanState::Released;
        released.released = Some(now);
        self.live -= 1;
        if record.state == PlanState::Pending {
            let waiting = self.pending.iter().position(|&call| self.calls.get(call).resource == resource);
            let call = self.pending.remove(waiting.expect("a pending resource waits")).expect("it is in the queue");
            self.calls.finish(call);
        }
        if let Some(slot) = record.slot {
            self.nodes.give(slot, requested, now);
            self.emptied(now, slot, out);
        }
        self.place_pending(now, out);
    }

    fn refuse(&mut self, position: u32, call: &Call, refusal: Refusal, out: &mut Output) {
        self.calls.finish(position);
        out.effects.push(Effect::Refused(refusal));
        if call.operation == Operation::Create {
            let record = self.record_mut(call.resource);
            record.state = PlanState::Refused(refusal);
            self.live -= 1;
        }
    }

    fn begin_use(&mut self, resource: ResourceIndex, out: &mut Output) {
        self.record_mut(resource).in_use = true;
        out.effects.push(Effect::UseBegins(self.current_use(resource)));
    }

    fn end_use(&mut self, resource: ResourceIndex, out: &mut Output) {
        if core::mem::take(&mut self.record_mut(resource).in_use) {
            out.effects.push(Effect::UseEnds(self.current_use(resource)));
        }
    }

    fn current_use(&self, resource: ResourceIndex) -> Use {
        let record = self.record(resource);
        let node_group = record.slot.map(|slot| self.nodes.slot(slot).node.node_group);
        Use { tenant: record.tenant, flavor: record.flavor, node_group }
    }

    fn requested(&self, flavor: FlavorIndex) -> Resources {
        self.settings.flavors[flavor.usize()].requested
    }

    fn needs_node(&self, flavor: FlavorIndex) -> bool {
        self.settings.flavors[flavor.usize()].class == ResourceClass::Compute
    }

    fn record(&self, resource: ResourceIndex) -> &ResourceRecord {
        self.resources[resource.usize()].as_ref().expect("a call is about a resource that was created")
    }

    fn record_mut(&mut self, resource: ResourceIndex) -> &mut ResourceRecord {
        self.resources[resource.usize()].as_mut().expect("a call is about a resource that was created")
    }
}

impl ResourceRecord {
    fn new(request: &IndexedRequest) -> Self {
        Self {
            tenant: request.tenant,
            flavor: request.flavor,
            created: request.at,
            ready: None,
            released: None,
            node: None,
            state: PlanState::Admitted,
            draw_key: request.draw_key,
            slot: None,
            held: Resources::ZERO,
            in_use: false,
        }
    }
}

impl Output {
    fn schedule(&mut self, at: Instant, phase: Phase, transition: Transition) {
        self.scheduled.push(Scheduled { at, phase, transition });
    }
}
