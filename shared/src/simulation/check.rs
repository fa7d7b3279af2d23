//! An independent check of what a run decided: from requests, plans and machines alone.
//!
//! It shares no code with the control plane or the meter. What a plan does not say is given the benefit of the doubt: a
//! resource holds its node from the instant it is ready, and one that was resized at least the smallest of its shapes. Where
//! something lived when the window began, and since when, was decided before: nothing is held against that.

use std::collections::BTreeMap;

mod devices;
mod modules;
mod pools;
mod terms;

pub use modules::check_modules;

use super::Plan;
use crate::control_plane::{ObservedFleet, PlanState, Refusal, Stay};
use crate::request::{IndexedRequest, Module, Operation, ResourceClass};
use crate::scenario::Scenario;
use crate::units::{DIMENSIONS, FlavorIndex, Instant, PoolIndex, ResourceIndex, Resources, TenantIndex};

/// A rule that a plan breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A create has no plan, or several.
    #[error("resource {} has {plans} plans; expected one", resource.0)]
    NotOnePlan {
        /// The resource.
        resource: ResourceIndex,
        /// How many there are.
        plans: usize,
    },
    /// A plan is not of what was asked for.
    #[error("the plan of resource {} is not of its request: {what}", resource.0)]
    NotItsRequest {
        /// The resource.
        resource: ResourceIndex,
        /// What differs.
        what: &'static str,
    },
    /// Something happens too early or too late.
    #[error("resource {}: {what}", resource.0)]
    OutOfOrder {
        /// The resource.
        resource: ResourceIndex,
        /// What.
        what: &'static str,
    },
    /// A module did what it cannot do.
    #[error("module {}: it {what}", module.as_str())]
    Module {
        /// Which one.
        module: Module,
        /// What.
        what: &'static str,
    },
    /// A resource is where its tenant did not want it.
    #[error("resource {} is on node {node}, {what}", resource.0)]
    AgainstTerms {
        /// The resource.
        resource: ResourceIndex,
        /// Position of the node.
        node: u32,
        /// What is wrong with that.
        what: &'static str,
    },
    /// A node holds more than it has.
    #[error("node {node} holds {held} at {at}; it has {capacity}")]
    OverCommitted {
        /// Position of the node.
        node: u32,
        /// When.
        at: Instant,
        /// The sum of what is there.
        held: Resources,
        /// What there is.
        capacity: Resources,
    },
    /// A node's GPUs cannot be shared like that, however they are handed out.
    #[error(
        "node {node} needs at least {needed} GPUs at {at}, as no two of those who are there share one; it has {devices}"
    )]
    TooFewDevices {
        /// Position of the node.
        node: u32,
        /// When.
        at: Instant,
        /// Devices that those who are there need.
        needed: u32,
        /// What there is.
        devices: u32,
    },
    /// A pool holds more than it may.
    #[error("pool {} holds {held} at {at}; it may hold {capacity}", pool.0)]
    PoolFull {
        /// The pool.
        pool: PoolIndex,
        /// When.
        at: Instant,
        /// The sum of what is taken of it.
        held: Resources,
        /// What there is.
        capacity: Resources,
    },
    /// A resource is in a pool where it cannot be, or in none where it has to be.
    #[error("resource {} {what}", resource.0)]
    WrongPool {
        /// The resource.
        resource: ResourceIndex,
        /// What is wrong.
        what: &'static str,
    },
    /// A tenant holds more than its quota.
    #[error("tenant {} holds {held} at {at}; its quota is {quota}", tenant.0)]
    QuotaPassed {
        /// The tenant.
        tenant: TenantIndex,
        /// When.
        at: Instant,
        /// The sum of what it holds.
        held: Resources,
        /// What it may hold.
        quota: Resources,
    },
}

/// Every rule that the plans of one run break; `requests` are those of the run, `fleet` its machines.
///
/// # Panics
/// When an index is not of the scenario, which validation and the simulator rule out.
pub fn check(
    scenario: &Scenario,
    requests: &[IndexedRequest],
    plans: &[Plan],
    fleet: &ObservedFleet,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let asked = Asked::new(scenario, requests);
    let mut counts: BTreeMap<ResourceIndex, usize> = asked.0.keys().map(|&resource| (resource, 0)).collect();
    for plan in plans {
        *counts.entry(plan.resource).or_default() += 1;
        match asked.0.get(&plan.resource) {
            Some(life) => check_plan(scenario, life, plan, fleet, &mut found),
            None => found.push(Violation::NotItsRequest { resource: plan.resource, what: "nobody asked for it" }),
        }
    }
    let not_one = counts.into_iter().filter(|&(_, plans)| plans != 1);
    found.extend(not_one.map(|(resource, plans)| Violation::NotOnePlan { resource, plans }));
    check_nodes(scenario, &asked, plans, fleet, &mut found);
    found.extend(devices::check(scenario, &asked, plans, fleet));
    found.extend(terms::check(scenario, requests, plans, fleet));
    if !scenario.fleet.pools.is_empty() {
        found.extend(pools::check(scenario, &asked, requests, plans));
    }
    check_quotas(scenario, &asked, plans, &mut found);
    found
}

/// What was asked about one resource.
#[derive(Clone, Copy, Debug)]
struct Life {
    tenant: TenantIndex,
    created: Instant,
    flavor: FlavorIndex,
    /// The least that it can have held of each dimension.
    least: Resources,
    resized: bool,
    /// When its first delete was asked for.
    deleted: Option<Instant>,
}

impl Life {
    fn new(tenant: TenantIndex, created: Instant, flavor: FlavorIndex, shape: Resources) -> Self {
        Self { tenant, created, flavor, least: shape, resized: false, deleted: None }
    }

    fn ask(&mut self, operation: Operation, shape: Resources, at: Instant) {
        match operation {
            Operation::Create => {}
            Operation::Resize => {
                self.resized = true;
                self.least =
                    Resources::from_array(core::array::from_fn(|i| self.least.to_array()[i].min(shape.to_array()[i])));
            }
            Operation::Delete => self.deleted = Some(self.deleted.map_or(at, |earlier| earlier.min(at))),
        }
    }
}

struct Asked(BTreeMap<ResourceIndex, Life>);

impl Asked {
    fn new(scenario: &Scenario, requests: &[IndexedRequest]) -> Self {
        let shape = |flavor: FlavorIndex| scenario.flavors[flavor.usize()].requested;
        let mut lives = BTreeMap::new();
        for (position, live) in scenario.start.live.iter().enumerate() {
            let life = Life::new(live.tenant, live.created, live.flavor, shape(live.flavor));
            lives.insert(ResourceIndex::from_usize(position), life);
        }
        for call in &scenario.start.in_flight {
            if let Some(life) = lives.get_mut(&call.resource) {
                life.ask(call.operation, shape(call.flavor), call.arrived);
            }
        }
        for request in requests {
            let requested = shape(request.flavor);
            match (lives.get_mut(&request.resource), request.operation) {
                (None, Operation::Create) => {
                    let life = Life::new(request.tenant, request.at, request.flavor, requested);
                    lives.insert(request.resource, life);
                }
                (Some(life), operation) => life.ask(operation, requested, request.at),
                (None, Operation::Resize | Operation::Delete) => {}
            }
        }
        Self(lives)
    }
}

fn check_plan(scenario: &Scenario, life: &Life, plan: &Plan, fleet: &ObservedFleet, found: &mut Vec<Violation>) {
    let resource = plan.resource;
    let mut differs = |differs: bool, what| {
        if differs {
            found.push(Violation::NotItsRequest { resource, what });
        }
    };
    differs(plan.tenant != life.tenant, "another tenant");
    differs(plan.arrived != life.created, "another instant");
    differs(plan.flavor != life.flavor && !life.resized, "another flavor");
    let mut wrong = |wrong: bool, what| {
        if wrong {
            found.push(Violation::OutOfOrder { resource, what });
        }
    };
    wrong(plan.ready.is_some_and(|ready| ready < plan.arrived), "is ready before it was asked for");
    wrong(
        plan.released.zip(plan.ready).is_some_and(|(released, ready)| ready > released),
        "is ready after its release",
    );
    let asked_to_go = plan.released.is_none_or(|released| life.deleted.is_some_and(|deleted| released >= deleted));
    wrong(!asked_to_go, "is released before anybody asked for that");
    let refused = matches!(plan.state, PlanState::Refused(_));
    let limited = scenario.modules.0.iter().any(|module| module.queue_limit.is_some());
    wrong(
        plan.state == PlanState::Refused(Refusal::Overloaded) && !limited,
        "meets a full queue where none is limited",
    );
    let fails = scenario.modules.0.iter().any(|module| module.failures.is_some());
    wrong(plan.state == PlanState::Refused(Refusal::Failed) && !fails, "fails where nothing can");
    // A create that the provisioner turned away had its node already.
    let placed = matches!(plan.state, PlanState::Refused(Refusal::Overloaded | Refusal::Failed));
    wrong(refused && (plan.node.is_some() && !placed || plan.ready.is_some()), "is refused, and used all the same");
    wrong(
        (plan.state == PlanState::Released) != plan.released.is_some(),
        "is released without an instant, or not at all",
    );
    wrong(plan.state == PlanState::Ready && plan.ready.is_none(), "is ready at no instant");
    let on_node = scenario.flavors[plan.flavor.usize()].class == ResourceClass::Compute;
    let moved = fleet.moved.get(&resource);
    let placed = plan.node.is_some() || moved.is_some_and(|moved| moved.since.is_none());
    wrong(on_node && plan.ready.is_some() && !placed, "is ready without a node");
    let Some(node) = fleet.placements.get(&resource).map(|&slot| &fleet.nodes[slot as usize]) else { return };
    let lived = plan.resource.usize() < scenario.start.live.len();
    let ready = moved.map_or(plan.ready, |moved| moved.since);
    let on_it = ready.map(|ready| if lived { ready.max(scenario.window.start) } else { ready });
    wrong(on_it.is_some_and(|on_it| on_it < node.ready), "is ready before its node is");
    let outlives = node.gone.is_some_and(|gone| gone < plan.released.unwrap_or(scenario.window.end));
    // A node that was being given back with somebody on it stays until they go.
    wrong(ready.is_some() && outlives && !lived, "goes on when its node is gone");
}

fn check_nodes(scenario: &Scenario, asked: &Asked, plans: &[Plan], fleet: &ObservedFleet, found: &mut Vec<Violation>) {
    let capacity = |node: u32| scenario.fleet.node_groups[fleet.nodes[node as usize].node_group.usize()].schedulable();
    let on = plans.iter().flat_map(|plan| stays(plan, fleet)).filter_map(|(node, resource, from, until)| {
        let least = asked.0.get(&resource)?.least.on_node();
        Some(Span { holder: node, from, until, amount: least })
    });
    for (node, at, held) in peaks(on, |node, held| fits(held, capacity(node))) {
        let capacity = capacity(node);
        found.push(Violation::OverCommitted { node, at, held: amounts(held), capacity });
    }
}

/// Who held more than its quota when the window began was let in before: nothing is decided by that.
fn check_quotas(scenario: &Scenario, asked: &Asked, plans: &[Plan], found: &mut Vec<Violation>) {
    let mut at_start = vec![[0_u64; DIMENSIONS]; scenario.tenants.len()];
    for live in &scenario.start.live {
        add(&mut at_start[live.tenant.usize()], scenario.flavors[live.flavor.usize()].requested);
    }
    let quota = |tenant: TenantIndex| {
        let quota = scenario.tenants[tenant.usize()].quota?;
        fits(&at_start[tenant.usize()], quota).then_some(quota)
    };
    let of = plans.iter().filter(|plan| quota(plan.tenant).is_some()).filter_map(|plan| {
        let amount = asked.0.get(&plan.resource)?.least;
        Some(Span { holder: plan.tenant, from: plan.ready?, until: plan.released, amount })
    });
    let limit = |tenant| quota(tenant).unwrap_or(Resources::ZERO);
    for (tenant, at, held) in peaks(of, |tenant, held| fits(held, limit(tenant))) {
        found.push(Violation::QuotaPassed { tenant, at, held: amounts(held), quota: limit(tenant) });
    }
}

/// Where a plan's resource could be used, and from when until when.
fn stays(plan: &Plan, fleet: &ObservedFleet) -> Vec<(u32, ResourceIndex, Instant, Option<Instant>)> {
    let moved = fleet.moved.get(&plan.resource);
    let earlier = moved.into_iter().flat_map(|moved| &moved.earlier);
    let mut stays: Vec<_> =
        earlier.map(|stay: &Stay| (stay.slot, plan.resource, stay.from, Some(stay.until))).collect();
    let last = fleet.placements.get(&plan.resource).zip(moved.map_or(plan.ready, |moved| moved.since));
    stays.extend(last.map(|(&slot, from)| (slot, plan.resource, from, plan.released)));
    stays
}

/// An amount that somebody holds for a while.
struct Span<K> {
    holder: K,
    from: Instant,
    until: Option<Instant>,
    amount: Resources,
}

/// The first instant at which each holder holds more than its limit; what ends at an instant makes room for what begins
/// then.
fn peaks<K: Copy + Ord>(
    spans: impl Iterator<Item = Span<K>>,
    is_within: impl Fn(K, &[u64; DIMENSIONS]) -> bool,
) -> Vec<(K, Instant, [u64; DIMENSIONS])> {
    let mut changes: Vec<(K, Instant, bool, Resources)> = Vec::new();
    for Span { holder, from, until, amount } in spans {
        changes.push((holder, from, true, amount));
        changes.extend(until.map(|until| (holder, until.max(from), false, amount)));
    }
    changes.sort_unstable_by_key(|&(holder, at, begins, _)| (holder, at, begins));
    let mut found: Vec<(K, Instant, [u64; DIMENSIONS])> = Vec::new();
    let (mut of, mut held) = (None, [0_u64; DIMENSIONS]);
    for (holder, at, begins, amount) in changes {
        if of.replace(holder) != Some(holder) {
            held = [0; DIMENSIONS];
        }
        if begins {
            add(&mut held, amount);
        } else {
            for (held, amount) in held.iter_mut().zip(amount.to_array()) {
                *held = held.saturating_sub(u64::from(amount));
            }
        }
        let known = found.last().is_some_and(|&(last, ..)| last == holder);
        if begins && !known && !is_within(holder, &held) {
            found.push((holder, at, held));
        }
    }
    found
}

fn add(held: &mut [u64; DIMENSIONS], amount: Resources) {
    for (held, amount) in held.iter_mut().zip(amount.to_array()) {
        *held += u64::from(amount);
    }
}

fn fits(held: &[u64; DIMENSIONS], limit: Resources) -> bool {
    held.iter().zip(limit.to_array()).all(|(&held, limit)| held <= u64::from(limit))
}

/// For a message: what is beyond our amounts is shown as the most that there is.
fn amounts(held: [u64; DIMENSIONS]) -> Resources {
    Resources::from_array(held.map(|amount| u32::try_from(amount).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests;
