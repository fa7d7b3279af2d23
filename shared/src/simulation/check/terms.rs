//! Plans held to what their tenants wanted: the zone, and nobody beside them of whom they asked to be kept apart.

use std::collections::BTreeMap;

use super::{Violation, stays};
use crate::control_plane::ObservedFleet;
use crate::request::{Domain, IndexedRequest, Operation, Terms};
use crate::scenario::Scenario;
use crate::simulation::Plan;
use crate::units::{Instant, NodeGroupIndex, ResourceIndex, TenantIndex};

/// A resource that could be used on a node for a while.
struct Stay<'a> {
    resource: ResourceIndex,
    tenant: TenantIndex,
    node: u32,
    node_group: NodeGroupIndex,
    from: Instant,
    until: Option<Instant>,
    terms: &'a Terms,
    /// Whether it was there when the window began.
    from_before: bool,
}

/// Every wish of a tenant that the plans do not respect.
pub(super) fn check(
    scenario: &Scenario,
    requests: &[IndexedRequest],
    plans: &[Plan],
    fleet: &ObservedFleet,
) -> Vec<Violation> {
    let live = scenario.start.live.iter().enumerate().map(|(i, live)| (ResourceIndex::from_usize(i), live.terms));
    let creates = requests.iter().filter(|request| request.operation == Operation::Create);
    let asked = live.chain(creates.map(|request| (request.resource, request.terms)));
    let asked: BTreeMap<ResourceIndex, &Terms> =
        asked.filter_map(|(resource, terms)| Some((resource, &scenario.terms[terms?.usize()]))).collect();
    let stay = |plan: &Plan, (node, resource, from, until)| {
        let node_group = fleet.nodes[node as usize].node_group;
        let terms = *asked.get(&resource)?;
        let from_before = resource.usize() < scenario.start.live.len() && from <= scenario.window.start;
        Some(Stay { resource, tenant: plan.tenant, node, node_group, from, until, terms, from_before })
    };
    let stays: Vec<Stay> =
        plans.iter().flat_map(|plan| stays(plan, fleet).into_iter().filter_map(move |at| stay(plan, at))).collect();
    let group = |stay: &Stay| &scenario.fleet.node_groups[stay.node_group.usize()];
    let decided = stays.iter().filter(|stay| !stay.from_before);
    let elsewhere = decided.filter(|stay| !group(stay).is_in(stay.terms.zone.as_deref()));
    let mut found: Vec<Violation> =
        elsewhere.map(|stay| stay.violation("which is not in the zone that was asked for")).collect();
    for stay in stays.iter().filter(|stay| !stay.terms.anti_affinity.is_empty()) {
        for rule in &stay.terms.anti_affinity {
            let beside = stays.iter().filter(|other| other.resource != stay.resource && other.tenant == stay.tenant);
            let beside = beside.filter(|other| !(stay.from_before && other.from_before));
            let beside = beside.filter(|other| other.terms.group.as_ref() == Some(&rule.group) && stay.meets(other));
            let conflicts = beside.filter(|other| match rule.domain {
                Domain::Node => other.node == stay.node,
                Domain::Zone => group(other).zone == group(stay).zone,
            });
            found.extend(conflicts.map(|_| stay.violation("beside a group that it asked to be kept apart from")));
        }
    }
    found
}

impl Stay<'_> {
    fn meets(&self, other: &Self) -> bool {
        let ends_before = |a: &Self, b: &Self| a.until.is_some_and(|until| until <= b.from);
        !ends_before(self, other) && !ends_before(other, self)
    }

    fn violation(&self, what: &'static str) -> Violation {
        Violation::AgainstTerms { resource: self.resource, node: self.node, what }
    }
}
