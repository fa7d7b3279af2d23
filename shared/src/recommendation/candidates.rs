//! Changes that are worth a replay.

use super::commitments::{PastDemand, commitments};
use super::machines::{other_family, smaller};
use super::modules::modules;
use super::node_groups::{fewer_kept, over_commit, smaller_fleet, spot, target};
use super::off_hours::off_hours;
use super::quotas::quotas;
use super::requested_amounts::{Usage, requested_amounts};
use crate::control_plane::Billing;
use crate::pricing::{CommitmentOffer, Owned};
use crate::scenario::{Edit, PlacementPolicy, Scenario, ValidScenario};
use crate::simulation::Outcome;
use crate::units::{Dimension, Duration, NodeGroupIndex};

/// The most changes that are tried, as each costs a replay of every run.
pub const MOST_CANDIDATES: usize = 64;

/// So many node groups are looked at: those with the most nodes that are kept, or there already.
const GROUPS: usize = 4;

/// Empty nodes are given back after this where they are kept longer, and nodes with less to do than this, in percent, are
/// emptied (`scale-down-utilization-threshold` of Kubernetes' cluster autoscaler) where none are.
const EMPTY_FOR: Duration = Duration::from_minutes(2);
const BELOW_PERCENT: u32 = 50;

/// One placement policy of each kind, as each costs a replay: kube-scheduler's rank nodes as best and worst fit do, but for
/// the rounding, and fragmentation is of interest only where parts of GPUs are
/// asked for.
const POLICIES: [PlacementPolicy; 4] =
    [PlacementPolicy::FirstFit, PlacementPolicy::BestFit, PlacementPolicy::WorstFit, PlacementPolicy::DotProduct];

/// What candidates are made of, beside a scenario and what it yields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// Commitments that could be bought for as long as the window at the least.
    pub offers: &'a [CommitmentOffer],
    /// What tenants use of what they ask for.
    pub used: &'a [Usage],
    /// Machines that were bought.
    pub owned: &'a [Owned],
    /// What came before the window, as far as it is known.
    pub past: Option<&'a PastDemand>,
}

/// Whatever might help, each as edits that belong together, at most [`MOST_CANDIDATES`]: what is bought and asked for,
/// how many nodes there are and how they are chosen, the modules, quotas.
///
/// `outcome` is what the scenario yields.
pub fn candidates(scenario: &ValidScenario, outcome: &Outcome, sources: &Sources<'_>) -> Vec<Vec<Edit>> {
    let of = scenario.scenario();
    let alone = |edit: Edit| vec![edit];
    let mut all: Vec<Vec<Edit>> = commitments(scenario, sources.offers, sources.past).into_iter().map(alone).collect();
    all.extend(requested_amounts(of, sources.used).into_iter().map(alone));
    all.extend(modules(of, outcome));
    all.extend(quotas(scenario).into_iter().map(alone));
    // Where resources are paid by themselves, nodes are their provider's.
    if of.billing == Billing::Fleet {
        all.extend(of_nodes(of, outcome));
    }
    all.truncate(MOST_CANDIDATES);
    all
}

/// How many nodes there are, which, and how they are chosen.
fn of_nodes(of: &Scenario, outcome: &Outcome) -> Vec<Vec<Edit>> {
    let alone = |edit: Edit| vec![edit];
    let mut all: Vec<Vec<Edit>> = placements(of).map(alone).collect();
    all.extend(scaling_down(of).map(alone));
    for group in groups(of) {
        let each = [fewer_kept(of, outcome, group), over_commit(of, group), target(of, outcome, group)];
        let machines = smaller(of, group).into_iter().chain(other_family(of, outcome, group));
        all.extend(each.into_iter().flatten().chain(machines).chain(spot(of, outcome, group)).map(alone));
        all.extend(off_hours(of, outcome, group).map(Vec::from));
    }
    // Where fewer that are kept come to the same, that is what is recommended: it limits nothing.
    all.extend(smaller_fleet(of, outcome).map(alone));
    all
}

fn placements(scenario: &Scenario) -> impl Iterator<Item = Edit> {
    let gpus = scenario.flavors.iter().any(|flavor| (1..1_000).contains(&flavor.requested[Dimension::Gpu]));
    let aware = gpus.then_some(PlacementPolicy::FragmentationAware);
    let present = scenario.placement;
    let others = POLICIES.into_iter().chain(aware).filter(move |&policy| policy != present);
    others.map(|policy| Edit::Placement { policy })
}

fn scaling_down(scenario: &Scenario) -> impl Iterator<Item = Edit> {
    let autoscaling = &scenario.autoscaling;
    let shrinks = scenario.fleet.node_groups.iter().any(|group| group.min < group.max);
    let sooner = (autoscaling.empty_for > EMPTY_FOR).then_some(Edit::ScaleDown { empty_for: EMPTY_FOR });
    let emptied = autoscaling.consolidate_below_percent.is_none();
    let emptied = emptied.then_some(Edit::Consolidation { below_percent: Some(BELOW_PERCENT) });
    sooner.into_iter().chain(emptied).filter(move |_| shrinks)
}

/// The groups that are looked at, in order of the fleet.
fn groups(scenario: &Scenario) -> Vec<NodeGroupIndex> {
    let groups = &scenario.fleet.node_groups;
    let mut all: Vec<NodeGroupIndex> = (0..groups.len()).map(NodeGroupIndex::from_usize).collect();
    let nodes = |group: &NodeGroupIndex| {
        let there = scenario.start.nodes.iter().filter(|node| node.node_group == *group).count();
        there.max(groups[group.usize()].min as usize)
    };
    all.sort_by_key(|group| core::cmp::Reverse(nodes(group)));
    all.truncate(GROUPS);
    all.sort_unstable();
    all
}
