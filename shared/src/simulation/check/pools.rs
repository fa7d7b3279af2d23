//! Plans held to what pools have: nobody in one that is full, in another zone, lost, or without what was asked for.

use std::collections::BTreeMap;

use super::{Asked, Span, Violation, amounts, peaks};
use crate::control_plane::InPools;
use crate::request::{IndexedRequest, Operation, ResourceClass};
use crate::scenario::{CapacityPool, Scenario};
use crate::simulation::{Plan, PlanState};
use crate::units::{DIMENSIONS, Dimension, FlavorIndex, PoolIndex, ResourceIndex, Resources, TermsIndex};

const STORAGE: [Dimension; 2] = [Dimension::Storage, Dimension::Iops];
const NETWORK: [Dimension; 2] = [Dimension::Network, Dimension::Addresses];

/// Every pool that the plans take too much of, and every plan that is in the wrong one.
pub(super) fn check(scenario: &Scenario, asked: &Asked, requests: &[IndexedRequest], plans: &[Plan]) -> Vec<Violation> {
    let mut found = full(scenario, asked, plans);
    let terms: BTreeMap<ResourceIndex, TermsIndex> = requests
        .iter()
        .filter(|request| request.operation == Operation::Create)
        .filter_map(|request| Some((request.resource, request.terms?)))
        .collect();
    // Where those are that lived before was decided before.
    let lived = scenario.start.live.len();
    for plan in plans.iter().filter(|plan| plan.resource.usize() >= lived) {
        let mut wrong = |what| found.push(Violation::WrongPool { resource: plan.resource, what });
        let zone = terms.get(&plan.resource).and_then(|terms| scenario.terms[terms.usize()].zone.as_deref());
        for pool in seats(plan.pools).map(|(pool, _)| &scenario.fleet.pools[pool.usize()]) {
            if zone.is_some() && pool.zone.is_some() && pool.zone.as_deref() != zone {
                wrong("is in a pool that is not in the zone that was asked for");
            }
            let lost = scenario.fleet.outages.iter().filter(|outage| Some(&outage.zone) == pool.zone.as_ref());
            let mut within = lost.filter(|outage| outage.from <= plan.arrived);
            // Who was resized may have come into it later.
            let resized = asked.0.get(&plan.resource).is_some_and(|life| life.resized);
            if !resized && plan.ready.is_some_and(|ready| within.any(|outage| ready < outage.until)) {
                wrong("came into a pool while its zone was lost");
            }
        }
        let refused = matches!(plan.state, PlanState::Refused(refusal) if refusal.is_of_pools());
        if refused && (scenario.fleet.pools.is_empty() || !plan.pools.is_empty()) {
            wrong("is refused for what no pool limits, or is in one all the same");
        }
        let lacks =
            |dimensions, pool: Option<PoolIndex>| pool.is_none() && !least(scenario, asked, plan, dimensions).is_zero();
        if plan.ready.is_some() && (lacks(STORAGE, plan.pools.storage) || lacks(NETWORK, plan.pools.network)) {
            wrong("has of no pool what pools limit");
        }
    }
    found
}

/// Pools that more is in than they may hold; one that held more when the window began is not judged.
fn full(scenario: &Scenario, asked: &Asked, plans: &[Plan]) -> Vec<Violation> {
    let limits: Vec<[u64; DIMENSIONS]> = scenario.fleet.pools.iter().map(limit).collect();
    let within = |held: &[u64; DIMENSIONS], pool: usize| held.iter().zip(limits[pool]).all(|(&held, may)| held <= may);
    let mut at_start = vec![[0_u64; DIMENSIONS]; limits.len()];
    let lived = plans.iter().filter(|plan| plan.resource.usize() < scenario.start.live.len());
    for plan in lived {
        for (pool, dimensions) in seats(plan.pools) {
            let flavor = scenario.start.live[plan.resource.usize()].flavor;
            super::add(&mut at_start[pool.usize()], limited(scenario, flavor, dimensions));
        }
    }
    let judged = |pool: &PoolIndex| within(&at_start[pool.usize()], pool.usize());
    let spans = plans.iter().filter_map(|plan| Some((plan, plan.ready?))).flat_map(|(plan, from)| {
        seats(plan.pools).filter(|(pool, _)| judged(pool)).map(move |(pool, dimensions)| Span {
            holder: pool,
            from,
            until: plan.released,
            amount: least(scenario, asked, plan, dimensions),
        })
    });
    let over = peaks(spans, |pool, held| within(held, pool.usize()));
    let violation = |(pool, at, held): (PoolIndex, _, _)| Violation::PoolFull {
        pool,
        at,
        held: amounts(held),
        capacity: amounts(limits[pool.usize()]),
    };
    over.into_iter().map(violation).collect()
}

/// The pools of a plan, and what each gives it.
fn seats(InPools { storage, network }: InPools) -> impl Iterator<Item = (PoolIndex, [Dimension; 2])> {
    let of = |pool: Option<PoolIndex>, dimensions| pool.map(|pool| (pool, dimensions));
    [of(storage, STORAGE), of(network, NETWORK)].into_iter().flatten()
}

/// What may be requested of a pool.
fn limit(pool: &CapacityPool) -> [u64; DIMENSIONS] {
    let percent = |of| u64::from(pool.over_commit_percent.get(&of).copied().unwrap_or(100));
    Dimension::ALL.map(|of| u64::from(pool.capacity[of]) * percent(of) / 100)
}

/// The least that a plan's resource can have held of these dimensions, as far as pools have any.
fn least(scenario: &Scenario, asked: &Asked, plan: &Plan, dimensions: [Dimension; 2]) -> Resources {
    let shape = limited(scenario, plan.flavor, dimensions);
    asked.0.get(&plan.resource).map_or(Resources::ZERO, |life| shape.min(life.least))
}

/// What a flavor asks of pools in these dimensions; the bandwidth of what is on a node is the node's.
fn limited(scenario: &Scenario, flavor: FlavorIndex, dimensions: [Dimension; 2]) -> Resources {
    let flavor = &scenario.flavors[flavor.usize()];
    let of_pools = |of: &Dimension| {
        scenario.fleet.pools.iter().any(|pool| pool.capacity[*of] > 0)
            && (*of != Dimension::Network || flavor.class != ResourceClass::Compute)
    };
    let asked = dimensions.into_iter().filter(of_pools);
    asked.fold(Resources::ZERO, |sum, of| sum.with(of, flavor.requested[of]))
}
