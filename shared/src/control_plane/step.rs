//! The state machine: a request or a transition in, further transitions and effects out.

use super::call::{Call, Calls};
use super::lives::{Live, Lives};
use super::nodes::Nodes;
use super::observed::ObservedFleet;
use super::occupancy::Occupancy;
use super::pools::{PoolUse, Pools};
use super::quota::Quotas;
use super::residents::Residents;
use super::rules::Rules;
use super::service::draw_number;
use super::settings::Settings;
use super::stage::{QueueDepth, Stage};
use super::state::{Node, NodeUse};
use super::transition::{Effect, Output, Phase, Refusal, Scheduled, Transition};
use super::waiting::Waiting;
use crate::features::TimeZone;
use crate::random::{DrawFamily, Purpose};
use crate::request::{IndexedRequest, MODULES, Module, Operation, ResourceClass};
use crate::units::{FlavorIndex, Instant, Resources};

mod carrying_out;
mod evicting;
mod consolidating;
mod fetching;
mod fork;
mod looking_over;
mod losing;
mod machines;
mod save;
mod scheduling;
mod survey;

pub use save::SavedPlane;
pub use survey::{Best, Forbidden, GroupSurvey, InPlace, PoolSurvey, Rule, Survey, Underway};

/// A running control plane.
///
/// Its tables are copy-on-write pages: after [`ControlPlane::share`] a clone is a fork that costs next to nothing.
#[derive(Clone, Debug)]
pub struct ControlPlane<'a> {
    settings: Settings<'a>,
    observed: Option<&'a ObservedFleet>,
    stages: [Stage; MODULES],
    nodes: Nodes,
    pools: Pools<'a>,
    quotas: Quotas<'a>,
    calls: Calls,
    lives: Lives,
    rules: Rules,
    residents: Residents,
    waiting: Waiting,
    time_zone: TimeZone,
    draws: RunDraws,
}

/// The draws of a run.
#[derive(Clone, Copy, Debug)]
struct RunDraws {
    service: DrawFamily,
    failure: DrawFamily,
    node_loss: DrawFamily,
}

impl RunDraws {
    fn new(seed: u64, run: u32) -> Self {
        let family = |purpose| DrawFamily::new(seed, run, purpose);
        Self {
            service: family(Purpose::ServiceTime),
            failure: family(Purpose::Failure),
            node_loss: family(Purpose::NodeLoss),
        }
    }
}

impl ControlPlane<'_> {
    /// Does what `transition` says, at `now`.
    pub fn step(&mut self, now: Instant, transition: Transition, out: &mut Output) {
        match transition {
            Transition::Enter { call, module } => self.enter(now, call, module, out),
            Transition::Leave { call, module } => self.leave(now, call, module, out),
            _ => self.step_machines(now, transition, out),
        }
    }

    /// What seldom happens, apart from what always does, whose code stays small.
    #[cold]
    fn step_machines(&mut self, now: Instant, transition: Transition, out: &mut Output) {
        match transition {
            Transition::Enter { .. } | Transition::Leave { .. } => unreachable!("these are about requests"),
            Transition::NodeOrdered { slot } => {
                self.nodes.pay(slot);
                self.say_ordered(slot, out);
            }
            Transition::NodeReady { slot } => self.node_ready(slot, out),
            Transition::NodeIdle { slot } => self.node_idle(now, slot, out),
            Transition::NodeDrains { slot } => self.node_drains(now, slot, out),
            Transition::NodeGone { slot } => self.node_gone(now, slot, out),
            Transition::NodeInterrupted { slot } => self.node_interrupted(now, slot, out),
            Transition::NodeFails { slot } => self.node_fails(now, slot, out),
            Transition::ZoneFails { outage } => self.zone_fails(now, outage, out),
            Transition::ZoneReturns { outage } => self.zone_returns(now, outage, out),
            Transition::LookOver => self.look_over(now, out),
        }
    }

    /// Takes a request in; one that is about nothing that lives is passed over.
    pub fn arrive(&mut self, request: &IndexedRequest, out: &mut Output) {
        let IndexedRequest { at, operation, flavor, resource, .. } = *request;
        let live = match operation {
            Operation::Create => {
                self.note(flavor);
                self.lives.begin(Live::new(request))
            }
            Operation::Resize | Operation::Delete => match self.lives.find(resource) {
                Some(live) => live,
                None => return,
            },
        };
        self.lives.call_begins(live);
        let call = self.calls.begin(Call { live, operation, flavor, arrived: at, attempt: 0, evictions: 0 });
        self.enter(at, call, Module::Gateway, out);
    }

    /// From now on copies are forks: they share what neither writes.
    pub fn share(&mut self) {
        self.lives.share();
        self.nodes.share();
        self.quotas.share();
        self.residents.share();
    }

    /// From now on the draws are those of run `run` of the ensemble.
    pub fn set_run(&mut self, run: u32) {
        self.settings.run = run;
        self.draws = RunDraws::new(self.settings.seed, run);
    }

    /// Resources that were created and not released or refused.
    pub fn live(&self) -> u32 {
        self.lives.live()
    }

    /// Nodes that are paid.
    pub fn paid_nodes(&self) -> u32 {
        self.nodes.paid_in_all()
    }

    /// Nodes of each group that somebody is on.
    pub fn occupied(&self) -> Vec<u32> {
        let mut occupied = vec![0; self.settings.fleet.node_groups.len()];
        for (_, slot) in self.nodes.iter_paid().filter(|(_, slot)| slot.residents > 0) {
            occupied[slot.node.node_group.usize()] += 1;
        }
        occupied
    }

    /// Nodes that are paid, in the order of their start, with what is requested of them.
    pub fn nodes(&self) -> impl Iterator<Item = NodeUse> {
        self.nodes.iter_paid().map(|(_, slot)| NodeUse {
            node: slot.node.index,
            node_group: slot.node.node_group,
            requested: slot.taken(),
            capacity: slot.capacity,
        })
    }

    /// Every machine that there was, in the order of their start.
    pub fn machines(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().map(|slot| &slot.node)
    }

    /// What the paid nodes have, and what of it is requested.
    pub fn occupancy(&self) -> Occupancy {
        self.nodes.occupancy()
    }

    /// Resources that wait for a node.
    pub fn pending(&self) -> u32 {
        self.waiting.count()
    }

    /// What was taken of each pool up to `now`.
    pub fn pool_uses(&self, now: Instant) -> Vec<PoolUse> {
        self.pools.uses(now)
    }

    /// How long the queue of a module was up to `now`.
    pub fn queue_depth(&self, module: Module, now: Instant) -> QueueDepth {
        self.stages[module as usize].depth(now)
    }

    /// The clock that schedules follow; validation refuses names that are none.
    fn time_zone(settings: &Settings<'_>) -> TimeZone {
        settings.time_zone.parse().unwrap_or_default()
    }

    fn enter(&mut self, now: Instant, position: u32, module: Module, out: &mut Output) {
        let call = self.calls.get(position);
        let live = self.lives.get(call.live);
        // Whoever waited to try again, or for a node to boot, may be about what is over meanwhile.
        if (live.is_over() || Self::is_void(&call, live)) && module < Module::Metering {
            return self.finish(position);
        }
        let begins = module == Module::Provisioner && call.operation == Operation::Create;
        if begins && live.slot.is_some() && !live.in_use {
            self.begin_use(call.live, out);
        }
        let Live { resource, flavor, draw_key, .. } = *self.lives.get(call.live);
        let stage = &mut self.stages[module as usize];
        if stage.is_full(now) && may_be_refused(&call, module) {
            return self.refuse(now, position, module, Refusal::Overloaded, out);
        }
        let operation = call.operation;
        let class = self.settings.flavors[flavor.usize()].class;
        let number = draw_number(operation, module, call.attempt);
        let service = stage.service.time(operation, class, self.draws.service.of(draw_key), number);
        let start = stage.serve(now, service);
        let failed = self.fails(&call, draw_key, module);
        out.effects.push(Effect::Served { module, resource, operation, start, wait: start - now, service, failed });
        out.schedule(start + service, call.phase(), Transition::Leave { call: position, module });
    }

    fn leave(&mut self, now: Instant, position: u32, module: Module, out: &mut Output) {
        let call = self.calls.get(position);
        let live = self.lives.get(call.live);
        if (live.is_over() || Self::is_void(&call, live)) && module < Module::Metering {
            return self.finish(position);
        }
        if self.fails(&call, live.draw_key, module) {
            return self.failed(now, position, module, out);
        }
        let next = match module {
            Module::Gateway => Ok(Some(Module::Authentication)),
            Module::Authentication => Ok(Some(Module::Admission)),
            Module::Admission => self.admit(&call),
            Module::Quota => self.hold(&call).map(|()| Some(Module::Scheduler)),
            Module::Scheduler => self.schedule(now, position, out),
            Module::Provisioner => {
                self.provision(now, &call, out);
                Ok(Some(Module::Metering))
            }
            Module::Metering => {
                self.finish(position);
                Ok(None)
            }
        };
        match next {
            Ok(Some(next)) => {
                if call.attempt > 0 {
                    self.calls.get_mut(position).attempt = 0;
                }
                self.enter(now, position, next, out);
            }
            Ok(None) => {}
            Err(refusal) => self.refuse(now, position, module, refusal, out),
        }
    }

    /// Whether the attempt that a request is in comes to nothing.
    fn fails(&self, call: &Call, draw_key: u64, module: Module) -> bool {
        let service = &self.stages[module as usize].service;
        let number = draw_number(call.operation, module, call.attempt);
        service.may_fail() && service.fails(self.draws.failure.of(draw_key), number)
    }

    /// Lets a request try again after a while, or gives it up.
    fn failed(&mut self, now: Instant, position: u32, module: Module, out: &mut Output) {
        let call = self.calls.get_mut(position);
        let service = &self.stages[module as usize].service;
        if call.attempt >= service.retries() && may_be_refused(call, module) {
            return self.refuse(now, position, module, Refusal::Failed, out);
        }
        let back_off = service.back_off(call.attempt);
        call.attempt += 1;
        out.schedule(now + back_off, call.phase(), Transition::Enter { call: position, module });
    }

    fn finish(&mut self, position: u32) {
        self.lives.call_ends(self.calls.get(position).live);
        self.calls.finish(position);
    }

    fn requested(&self, flavor: FlavorIndex) -> Resources {
        self.settings.flavors[flavor.usize()].requested
    }

    /// Takes note of somebody who asks for a flavor.
    fn note(&mut self, flavor: FlavorIndex) {
        if self.needs_node(flavor) {
            let flavors = self.settings.flavors;
            self.nodes.note(|| flavors[flavor.usize()].requested.on_node());
        }
    }

    /// What a flavor takes of its node.
    fn on_node(&self, flavor: FlavorIndex) -> Resources {
        self.requested(flavor).on_node()
    }

    fn needs_node(&self, flavor: FlavorIndex) -> bool {
        self.settings.flavors[flavor.usize()].class == ResourceClass::Compute
    }
}

/// Whether a request can be turned away here: nothing that gives back, nothing that was carried out already, and nobody
/// who was let in before and had to leave.
fn may_be_refused(call: &Call, module: Module) -> bool {
    call.operation != Operation::Delete
        && module < Module::Metering
        && !(call.operation == Operation::Resize && module == Module::Provisioner)
        && call.evictions == 0
}

impl Call {
    fn phase(&self) -> Phase {
        if self.operation == Operation::Delete { Phase::Release } else { Phase::Arrival }
    }
}

impl Output {
    fn schedule(&mut self, at: Instant, phase: Phase, transition: Transition) {
        self.scheduled.push(Scheduled { at, phase, transition });
    }
}
