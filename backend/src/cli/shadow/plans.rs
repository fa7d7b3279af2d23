//! What `--plans` writes: one plan a line, in names.

use serde::Serialize;
use shared::allocation::ResourceLabels;
use shared::control_plane::{Billing, ObservedNode, PlanState, Refusal};
use shared::cost::Rates;
use shared::request::ResourceClass;
use shared::scenario::{Demand, Scenario, ValidScenario};
use shared::simulation::{Plan, RunOptions, simulate_to_fork};
use shared::stream::predicted_prefix;
use shared::trace::usage::UsageReading;
use shared::units::{Currency, Instant, NodeGroupIndex, PoolIndex, Rate, ResourceIndex, Resources};

use crate::cli::CliError;
use crate::output;

/// What the control plane decided for one create, or for a resource that lived when the window began.
#[derive(Serialize)]
struct PlanLine<'a> {
    resource: String,
    tenant: &'a str,
    class: ResourceClass,
    flavor: &'a str,
    requested: Resources,
    /// When the create was made.
    arrived: Instant,
    /// `admitted`, `pending`, `placed`, `ready`, `released` or `refused`, at the end of the window.
    state: &'static str,
    /// Why it was refused.
    reason: Option<&'static str>,
    /// The name of the node in the inventory; without one, its group and number.
    /// It is the last one, where the resource had to leave others; `explain` tells of these.
    node: Option<String>,
    node_group: Option<&'a str>,
    /// The name of the pool that its storage comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_pool: Option<&'a str>,
    /// The name of the pool that its bandwidth and addresses come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_pool: Option<&'a str>,
    /// When it could be used for the first time.
    ready: Option<Instant>,
    released: Option<Instant>,
    /// What the resource costs an hour from its create on, before any tier; none while it is not known where. Of a node's
    /// price each part of the resource has its share, rounded down to a billionth: what is left is nobody's.
    price_per_hour: Option<Rate>,
    currency: Currency,
}

/// What is known beside a scenario: names, which it has none of, and what was read.
#[derive(Debug, Default)]
pub(in crate::cli) struct Named {
    /// Of resources, by index: those that live at the start, then those that are known to come.
    pub(super) resources: Vec<String>,
    /// The labels of the same resources.
    pub(super) labels: ResourceLabels,
    /// Of the nodes of an inventory, by group.
    pub(in crate::cli) nodes: Vec<Vec<String>>,
    /// What resources used, where the requests are what happened.
    pub(super) usage: Vec<UsageReading>,
}

impl Named {
    /// The name of each resource of a run; one that exists only there is called by its number.
    pub(super) fn of_resources(&self, valid: &ValidScenario) -> impl Fn(ResourceIndex) -> String {
        // Demand is only in the original: edits act on it run by run.
        let prefix = match valid.original().demand {
            Demand::Forecast(_) => predicted_prefix(&self.resources),
            Demand::Requests(_) => "resource-".to_owned(),
        };
        move |resource| {
            let known = self.resources.get(resource.usize()).cloned();
            known.unwrap_or_else(|| format!("{prefix}{:06}", resource.0))
        }
    }
}

/// Writes the plans of run 0.
pub(super) fn write(path: &str, valid: &ValidScenario, names: &Named) -> Result<(), CliError> {
    let scenario = valid.scenario();
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let end = simulate_to_fork(valid, &valid.requests(0), options);
    let prices = Prices::new(scenario);
    let resource = names.of_resources(valid);
    let nodes = node_names(scenario, &end.fleet.nodes, &names.nodes);
    let pool = |pool: PoolIndex| scenario.fleet.pools[pool.usize()].name.as_str();
    let lines = end.outcome.plans.iter().map(|plan| {
        let slot = end.fleet.placements.get(&plan.resource).filter(|_| plan.node.is_some());
        let own_name = slot.and_then(|&slot| nodes[slot as usize].map(str::to_owned));
        let group = slot.map(|&slot| end.fleet.nodes[slot as usize].node_group);
        let flavor = &scenario.flavors[plan.flavor.usize()];
        let node_group = group.map(|group| scenario.fleet.node_groups[group.usize()].name.as_str());
        PlanLine {
            resource: resource(plan.resource),
            tenant: &scenario.tenants[plan.tenant.usize()].name,
            class: flavor.class,
            flavor: &flavor.name,
            requested: flavor.requested,
            arrived: plan.arrived,
            state: plan.state.as_str(),
            reason: plan.state.refusal().map(Refusal::as_str),
            node: own_name.or_else(|| node_group.zip(plan.node).map(|(group, node)| format!("{group}-{}", node.0))),
            node_group,
            storage_pool: plan.pools.storage.map(pool),
            network_pool: plan.pools.network.map(pool),
            ready: plan.ready,
            released: plan.released,
            price_per_hour: prices.of(scenario, plan, group),
            currency: scenario.price_book.currency,
        }
    });
    output::write_records(Some(path), lines)
}

/// The names of machines by slot: an inventory's nodes are there from the start, in its order, and stay.
fn node_names<'a>(scenario: &Scenario, nodes: &[ObservedNode], named: &'a [Vec<String>]) -> Vec<Option<&'a str>> {
    let mut seen = vec![0; scenario.fleet.node_groups.len()];
    let name = |node: &ObservedNode| {
        let group = node.node_group.usize();
        seen[group] += 1;
        named.get(group).and_then(|names| names.get(seen[group] - 1)).map(String::as_str)
    };
    nodes.iter().map(name).collect()
}

/// Rates from each price change on, the first from the start of the window.
struct Prices(Vec<(Instant, Rates)>);

impl Prices {
    fn new(scenario: &Scenario) -> Self {
        let changes = scenario.price_book.types.iter().flat_map(|entry| entry.prices.iter().map(|dated| dated.from));
        let mut starts: Vec<Instant> = changes.filter(|&from| scenario.window.contains(from)).collect();
        starts.push(scenario.window.start);
        starts.sort_unstable();
        starts.dedup();
        let Scenario { price_book, billing, fleet, flavors, .. } = scenario;
        Self(starts.into_iter().map(|at| (at, Rates::new(price_book, *billing, fleet, flavors, (at, &[])))).collect())
    }

    fn of(&self, scenario: &Scenario, plan: &Plan, group: Option<NodeGroupIndex>) -> Option<Rate> {
        let on_node = scenario.flavors[plan.flavor.usize()].class == ResourceClass::Compute;
        let nowhere = on_node && group.is_none() && scenario.billing == Billing::Fleet;
        if nowhere || matches!(plan.state, PlanState::Refused(_)) {
            return None;
        }
        let after = self.0.partition_point(|(from, _)| *from <= plan.arrived);
        Some(self.0[after.saturating_sub(1)].1.of(plan.flavor, group))
    }
}
