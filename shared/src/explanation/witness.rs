//! A run in which one request is watched.

use super::{
    Again, DecisionSeen, Departure, Displaced, Explanation, FailedAttempts, Other, ResizePlan, ResizeState, WaitsFor,
};
use crate::control_plane::{ControlPlane, Effect, Eviction, Scheduled, Underway};
use crate::request::{IndexedRequest, MODULES, Module, Operation};
use crate::scenario::ValidScenario;
use crate::simulation::{PlanState, Refusal, Run, RunOptions, Watch};
use crate::units::{FlavorIndex, Instant, LedgerUnits, ResourceIndex};

/// What was seen.
pub(super) struct Seen {
    /// Without a fix.
    pub(super) explanation: Explanation,
    /// What the run costs.
    pub(super) cost: LedgerUnits,
}

/// Runs a scenario and watches one of its requests.
pub(super) fn watch(valid: &ValidScenario, requests: &[IndexedRequest], run: u32, request: IndexedRequest) -> Seen {
    let mut witness = Witness::new(request);
    let mut watched = Run::new(valid, RunOptions { run, keep_plans: true, observed: None });
    watched.play_watched(requests, valid.scenario().window.end, &mut witness);
    let outcome = watched.outcome();
    let plan = outcome.plans.iter().find(|plan| plan.resource == request.resource).copied();
    let plan = plan.expect("whatever is created, or lives at the start, has a plan");
    let is_over = matches!(plan.state, PlanState::Released | PlanState::Refused(_));
    let resize = (request.operation == Operation::Resize).then(|| ResizePlan {
        arrived: request.at,
        from: witness.from,
        to: request.flavor,
        state: match (witness.refused, witness.carried_out) {
            (Some((refusal, _)), _) => ResizeState::Refused(refusal),
            (None, Some(at)) => ResizeState::Resized(at),
            (None, None) if is_over || witness.from.is_none() => ResizeState::PassedOver,
            (None, None) => ResizeState::Admitted,
        },
    });
    let failed = Module::ALL.into_iter().zip(witness.failed).filter(|(_, attempts)| *attempts > 0);
    let retries = |module: Module| valid.scenario().modules[module].failures.map_or(0, |failures| failures.retries);
    let failed = failed.map(|(module, attempts)| FailedAttempts { module, attempts, retries: retries(module) });
    let explanation = Explanation {
        plan,
        resize,
        refused_by: witness.refused.map(|(_, module)| module),
        failed: failed.collect(),
        waits_for: witness.served_last.filter(|last| last.turn >= valid.scenario().window.end),
        decision: witness.decision,
        departures: witness.departures,
        displaced: witness.displaced,
        fix: None,
        tried: 0,
    };
    Seen { explanation, cost: outcome.cost.total() }
}

/// Who looks on, and remembers what concerns one request.
struct Witness {
    request: IndexedRequest,
    /// Whether the step that is made is one of the request.
    is_its_own: bool,
    decision: Option<DecisionSeen>,
    refused: Option<(Refusal, Module)>,
    failed: [u32; MODULES],
    /// The module that it came to last.
    served_last: Option<WaitsFor>,
    departures: Vec<Departure>,
    /// The node that it went to last.
    slot: Option<u32>,
    displaced: Vec<Displaced>,
    /// The shape of the resource when its resize came.
    from: Option<FlavorIndex>,
    /// When a resize was carried out.
    carried_out: Option<Instant>,
}

impl Witness {
    fn new(request: IndexedRequest) -> Self {
        Self {
            request,
            is_its_own: false,
            decision: None,
            refused: None,
            failed: [0; MODULES],
            served_last: None,
            departures: Vec::new(),
            slot: None,
            displaced: Vec::new(),
            from: None,
            carried_out: None,
        }
    }

    /// Whether this is the request that is watched. A create is made again, as it was, when its resource was evicted.
    fn is_it(&self, underway: &Underway) -> bool {
        let Underway { resource, operation, flavor, arrived, .. } = *underway;
        let IndexedRequest { resource: of, operation: does, flavor: to, at, .. } = self.request;
        (resource, operation) == (of, does) && (does == Operation::Create || (flavor, arrived) == (to, at))
    }

    /// What there is for the resource, in the shape that the request asks for.
    fn survey(&self, plane: &ControlPlane<'_>, at: Instant, module: Module) -> Option<DecisionSeen> {
        let shape = (self.request.operation == Operation::Resize).then_some(self.request.flavor);
        plane.survey(at, self.request.resource, shape).map(|survey| DecisionSeen { module, at, survey })
    }

    /// Takes note of a node that the resource has to leave.
    fn departs(&mut self, plane: &ControlPlane<'_>, (at, slot, eviction): (Instant, u32, Eviction), by: Option<Other>) {
        let (node, node_group) = plane.node_at(slot);
        let zone_lost_since = plane.lost_since(at, node_group);
        self.departures.push(Departure { at, node, node_group, eviction, zone_lost_since, by, again: None });
        if self.request.operation == Operation::Create && plane.is_pending(self.request.resource) {
            self.decision = self.survey(plane, at, Module::Scheduler);
        }
    }

    /// Takes note of where the resource goes to after it had to leave a node.
    fn moves(&mut self, plane: &ControlPlane<'_>, now: Instant, effect: &Effect) {
        match *effect {
            Effect::UseBegins { resource, slot, .. } if resource == self.request.resource => self.slot = slot,
            Effect::ReadyAgain(resource) if resource == self.request.resource => {
                let at = self.slot.map(|slot| plane.node_at(slot));
                if let (Some(departure), Some((node, node_group))) = (self.departures.last_mut(), at) {
                    departure.again = Some(Again { ready: now, node, node_group });
                }
            }
            _ => {}
        }
    }

    /// Takes note of a step of the request itself.
    fn own(&mut self, now: Instant, effect: &Effect) {
        match *effect {
            Effect::Refused { refusal, module } => self.refused = Some((refusal, module)),
            Effect::Served { module, failed, start, .. } => {
                self.served_last = Some(WaitsFor { module, since: now, turn: start });
                self.failed[module as usize] += u32::from(failed);
                if module == Module::Provisioner && self.carried_out.is_none() {
                    self.carried_out = Some(now);
                }
            }
            _ => {}
        }
    }
}

impl Watch for Witness {
    fn arrives(&mut self, request: &IndexedRequest) {
        self.is_its_own = *request == self.request;
    }

    fn before(&mut self, plane: &ControlPlane<'_>, scheduled: &Scheduled) {
        let its_own = plane.underway(&scheduled.transition).filter(|underway| self.is_it(underway));
        self.is_its_own = its_own.is_some();
        if let Some(module @ (Module::Admission | Module::Quota | Module::Scheduler)) =
            its_own.and_then(|own| own.leaves)
        {
            self.decision = self.survey(plane, scheduled.at, module);
        }
    }

    fn after(&mut self, plane: &ControlPlane<'_>, now: Instant, effects: &[Effect]) {
        if self.is_its_own {
            if self.from.is_none() {
                self.from = plane.flavor(self.request.resource);
            }
            effects.iter().for_each(|effect| self.own(now, effect));
        }
        effects.iter().for_each(|effect| self.moves(plane, now, effect));
        for effect in effects {
            let Effect::Evicted { resource, slot, eviction, .. } = *effect else { continue };
            let by = (eviction == Eviction::Preempted).then(|| placed_on(effects, slot)).flatten();
            if resource == self.request.resource {
                self.departs(plane, (now, slot, eviction), by);
            } else if by.is_some_and(|by| by.resource == self.request.resource) {
                let ((node, node_group), left) = (plane.node_at(slot), other(effects, resource));
                self.displaced.extend(left.map(|left| Displaced { at: now, node, node_group, left }));
            }
        }
    }
}

/// Who begins to use a node in the same step.
fn placed_on(effects: &[Effect], of: u32) -> Option<Other> {
    effects.iter().find_map(|effect| match *effect {
        Effect::UseBegins { resource, what, slot } if slot == Some(of) => Some(Other { resource, tenant: what.tenant }),
        _ => None,
    })
}

/// One that ends its use in the same step.
fn other(effects: &[Effect], of: ResourceIndex) -> Option<Other> {
    effects.iter().find_map(|effect| match *effect {
        Effect::UseEnds { resource, what, .. } if resource == of => Some(Other { resource, tenant: what.tenant }),
        _ => None,
    })
}
