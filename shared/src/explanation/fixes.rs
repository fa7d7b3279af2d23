//! Changes that might let a create in, tried one by one.

use super::{Decision, Explanation, Fix, is_in, result};
use crate::control_plane::Survey;
use crate::request::Module;
use crate::scenario::{Edit, Scenario, ValidScenario};
use crate::simulation::{PlanState, Refusal};
use crate::units::{Dimension, LedgerUnits, NodeGroupIndex, ResourceIndex, Resources};

/// The most nodes or the most times as many workers that are tried.
const MOST: u32 = 64;
/// How many instance types are tried for a group, the cheapest first.
const TYPES: usize = 3;

/// The cheapest change that lets the create in, and how many were tried.
pub(super) fn cheapest(
    valid: &ValidScenario,
    run: u32,
    explanation: &Explanation,
    before: LedgerUnits,
) -> (Option<Fix>, u32) {
    let mut trials = Trials { valid, run, resource: explanation.plan.resource, before, tried: 0 };
    let found = match explanation.plan.state {
        PlanState::Refused(Refusal::Quota) => trials.more_quota(explanation),
        PlanState::Refused(Refusal::NoSuchNode) => trials.larger_nodes(explanation),
        PlanState::Refused(Refusal::Overloaded) => {
            explanation.refused_by.into_iter().filter_map(|module| trials.more_workers(module)).collect()
        }
        PlanState::Refused(_) => Vec::new(),
        _ => trials.more_nodes(explanation, &[]),
    };
    (found.into_iter().min_by_key(|fix| fix.cost_change), trials.tried)
}

struct Trials<'a> {
    valid: &'a ValidScenario,
    run: u32,
    resource: ResourceIndex,
    /// What the run costs as it is.
    before: LedgerUnits,
    tried: u32,
}

impl Trials<'_> {
    /// Runs the scenario with a change; a fix where the create gets in.
    fn attempt(&mut self, edits: Vec<Edit>) -> Option<Fix> {
        let mut changed = self.valid.original().clone();
        changed.edits.extend(edits.iter().cloned());
        let changed = ValidScenario::new(changed).ok()?;
        self.tried += 1;
        let (outcome, plan) = result(&changed, &changed.requests(self.run), self.run, self.resource);
        let cost_change = outcome.cost.total() - self.before;
        is_in(&plan).then_some(Fix { edits, ready: plan.ready, cost_change })
    }

    /// The smallest of 1 to [`MOST`] that is enough, by doubling and then halving the step: more never harms.
    fn smallest(&mut self, edits: impl Fn(u32) -> Vec<Edit>) -> Option<Fix> {
        let mut enough = 1;
        let mut found = loop {
            match self.attempt(edits(enough)) {
                Some(fix) => break fix,
                None if enough == MOST => return None,
                None => enough *= 2,
            }
        };
        let mut too_few = enough / 2;
        while enough - too_few > 1 {
            let middle = too_few + (enough - too_few) / 2;
            match self.attempt(edits(middle)) {
                Some(fix) => (found, enough) = (fix, middle),
                None => too_few = middle,
            }
        }
        Some(found)
    }

    /// As much more quota as was missing, alone or with further nodes.
    fn more_quota(&mut self, explanation: &Explanation) -> Vec<Fix> {
        let scenario = self.valid.scenario();
        let tenant = explanation.plan.tenant;
        let Some((quota, Decision { survey, .. })) =
            scenario.tenants[tenant.usize()].quota.zip(explanation.decision.as_ref())
        else {
            return Vec::new();
        };
        let requested = scenario.flavors[explanation.plan.flavor.usize()].requested;
        let needed = survey.held.checked_add(requested).unwrap_or(requested);
        // What is not asked for is not held against the tenant.
        let raised = Dimension::ALL.map(|d| if requested[d] > 0 { quota[d].max(needed[d]) } else { quota[d] });
        let edit = Edit::Quota { tenant, quota: Some(Resources::from_array(raised)) };
        match self.attempt(vec![edit.clone()]) {
            Some(fix) => vec![fix],
            None => self.more_nodes(explanation, &[edit]),
        }
    }

    /// Further nodes of each group that could hold the resource.
    fn more_nodes(&mut self, explanation: &Explanation, first: &[Edit]) -> Vec<Fix> {
        let Some(Decision { survey: Survey { groups, .. }, .. }) = &explanation.decision else { return Vec::new() };
        let possible = groups.iter().enumerate().filter(|(_, group)| group.in_zone && group.holds);
        let mut found = Vec::new();
        for (position, _) in possible {
            let node_group = NodeGroupIndex::from_usize(position);
            let group = &self.valid.scenario().fleet.node_groups[position];
            let (min, max) = (group.min, group.max);
            found.extend(self.smallest(|more| {
                let mut edits = first.to_vec();
                edits.push(Edit::MaxNodes { node_group, max: max + more });
                // The machines of an inventory are there whether they are used or not.
                if min == max {
                    edits.push(Edit::MinNodes { node_group, min: max + more });
                }
                edits
            }));
        }
        found
    }

    /// Machines that could hold the resource, in place of those of each group in its zone.
    fn larger_nodes(&mut self, explanation: &Explanation) -> Vec<Fix> {
        let scenario = self.valid.scenario();
        let requested = scenario.flavors[explanation.plan.flavor.usize()].requested.on_node();
        let groups = explanation.decision.iter().flat_map(|decision| decision.survey.groups.iter().enumerate());
        let open: Vec<usize> = groups.filter(|(_, group)| group.in_zone).map(|(position, _)| position).collect();
        let types = types_that_hold(scenario, requested);
        let mut found = Vec::new();
        for position in open {
            for instance_type in &types {
                let node_group = NodeGroupIndex::from_usize(position);
                found.extend(
                    self.attempt(vec![Edit::InstanceType { node_group, instance_type: instance_type.clone() }]),
                );
            }
        }
        found
    }

    fn more_workers(&mut self, module: Module) -> Option<Fix> {
        let workers = self.valid.scenario().modules[module].workers;
        self.smallest(|more| vec![Edit::Workers { module, workers: workers.saturating_add(more) }])
    }
}

fn types_that_hold(scenario: &Scenario, requested: Resources) -> Vec<String> {
    let at = scenario.window.start;
    let entries = scenario.price_book.types.iter();
    let mut found: Vec<_> = entries.filter(|entry| entry.shape.is_some_and(|shape| requested.fits(shape))).collect();
    found.sort_by_key(|entry| (entry.rate(at), &entry.name));
    found.into_iter().take(TYPES).map(|entry| entry.name.clone()).collect()
}
