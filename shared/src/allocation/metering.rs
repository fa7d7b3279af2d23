//! What was metered, as reports read it: who used what from when to when, and what was paid for nodes and modules.

mod commitments;
mod read;
mod usage;
mod values;
mod write;

use std::collections::BTreeMap;

pub use commitments::{CoveredLine, MeteredCommitment, MeteredCover};
pub use read::read_metering;
pub use usage::{UsageBeyond, with_usage};
pub use write::{MeteringNames, write_metering};

use crate::cost::{MeteringRecords, NodeRecord, NodeState, UseRecord};
use crate::features::TimeZone;
use crate::request::{IndexedRequest, Module, Names, Operation, RequestLog, ResourceClass, Tenant};
use crate::scenario::{Demand, Scenario, ValidScenario};
use crate::stream::tagged;
use crate::units::{
    Currency, FlavorIndex, Instant, NodeGroupIndex, Rate, ResourceIndex, TenantIndex, TermsIndex, Window,
};

/// All that was metered over a window, of a run or from a file.
#[derive(Clone, Debug)]
pub struct Metering {
    /// What it covers.
    pub window: Window,
    /// Days, weeks and months of reports follow it.
    pub time_zone: TimeZone,
    /// Of every rate.
    pub currency: Currency,
    /// Where it comes from: the digest of the `run`, and of a prediction the `horizon` and the `quantile` that the run stands
    /// for.
    pub source: BTreeMap<String, String>,
    /// Who pays, by index; their labels serve reports.
    pub tenants: Vec<Tenant>,
    /// For what, by index.
    pub flavors: Vec<MeteredFlavor>,
    /// On which nodes, by index.
    pub node_groups: Vec<MeteredGroup>,
    /// Zones by index.
    pub zones: Names,
    /// Clusters by index.
    pub clusters: Names,
    /// Labels of requests, by row; the first row is empty.
    pub label_sets: Vec<BTreeMap<String, String>>,
    /// Stretches of use.
    pub uses: Vec<MeteredUse>,
    /// Stretches of nodes.
    pub nodes: Vec<MeteredNode>,
    /// Stretches of modules.
    pub modules: Vec<MeteredModule>,
    /// Commitment discounts by index.
    pub commitments: Vec<MeteredCommitment>,
    /// What they covered; everything else stands at its price without them.
    pub covered: Vec<MeteredCover>,
}

/// A flavor as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeteredFlavor {
    /// Its name.
    pub name: String,
    /// The class of resource that it makes.
    pub class: ResourceClass,
}

/// A node group as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeteredGroup {
    /// Its name.
    pub name: String,
    /// The zone that its nodes are in, if they are in one.
    pub zone: Option<u32>,
    /// The cluster that its nodes are of, if that is known.
    pub cluster: Option<u32>,
    /// What its nodes cost in percent of their list price: less than 100 for spot nodes.
    pub price_percent: u32,
}

/// A stretch of time in which one resource was used at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeteredUse {
    /// Who pays.
    pub tenant: TenantIndex,
    /// For what.
    pub flavor: FlavorIndex,
    /// On a node of this group; none where the resource needs no node.
    pub node_group: Option<NodeGroupIndex>,
    /// Where: the zone of the node, or the one that was asked for.
    pub zone: Option<u32>,
    /// Row of the label sets.
    pub labels: u32,
    /// First instant.
    pub from: Instant,
    /// First instant after.
    pub until: Instant,
    /// Cost an hour.
    pub rate: Rate,
}

/// A stretch of time in which one node was in one state at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeteredNode {
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// What it was paid for.
    pub state: NodeState,
    /// First instant.
    pub from: Instant,
    /// First instant after.
    pub until: Instant,
    /// Cost an hour.
    pub rate: Rate,
}

/// A stretch of time in which the workers of a module cost this together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeteredModule {
    /// Which one.
    pub module: Module,
    /// First instant.
    pub from: Instant,
    /// First instant after.
    pub until: Instant,
    /// Cost an hour of all its workers.
    pub rate: Rate,
}

/// Labels of the resources of a run: the sets, the first of which is empty, and the row of each resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceLabels {
    /// The sets by row.
    pub sets: Vec<BTreeMap<String, String>>,
    /// Rows by resource; what is not in it has no labels.
    pub rows: Vec<u32>,
}

impl ResourceLabels {
    /// Those of lives of a log, in this order.
    pub fn of_lives(log: &RequestLog, lives: impl IntoIterator<Item = ResourceIndex>) -> Self {
        let sets = if log.label_sets.is_empty() { vec![BTreeMap::new()] } else { log.label_sets.clone() };
        Self { sets, rows: lives.into_iter().map(|life| log.lives[life.usize()].labels).collect() }
    }

    /// The same with those that were drawn for what run `run` of a prediction creates; `requests` are the run's.
    pub fn with_drawn(&self, valid: &ValidScenario, requests: &[IndexedRequest], run: u32) -> Self {
        let mut labels = self.clone();
        let Scenario { demand: Demand::Forecast(model), terms, flavors, seed, .. } = valid.original() else {
            return labels;
        };
        if labels.sets.is_empty() {
            labels.sets.push(BTreeMap::new());
        }
        let first = labels.sets.len() as u32;
        labels.sets.extend(model.tags.label_sets.iter().cloned());
        let drawn = tagged(&model.tags, requests, (terms, flavors), *seed, run);
        labels.rows.resize(labels.rows.len().max(drawn.len()), 0);
        for (row, tag) in labels.rows.iter_mut().zip(drawn) {
            *row = tag.labels.map_or(*row, |set| first + set);
        }
        labels
    }
}

impl Metering {
    /// What a run of `scenario` metered on `requests`; a time zone that nobody knows is UTC.
    pub fn of_run(
        scenario: &Scenario,
        requests: &[IndexedRequest],
        records: &MeteringRecords,
        labels: &ResourceLabels,
    ) -> Self {
        let (mut zones, mut clusters) = (Names::default(), Names::default());
        let node_groups = scenario.fleet.node_groups.iter().map(|group| {
            let zone = group.zone.as_ref().map(|zone| zones.intern(zone));
            let cluster = group.cluster.as_ref().map(|cluster| clusters.intern(cluster));
            MeteredGroup { name: group.name.clone(), zone, cluster, price_percent: group.purchase.price_percent() }
        });
        let node_groups: Vec<MeteredGroup> = node_groups.collect();
        let terms = terms_by_resource(scenario, requests);
        let asked: Vec<Option<u32>> =
            scenario.terms.iter().map(|terms| terms.zone.as_ref().map(|zone| zones.intern(zone))).collect();
        let use_of = |record: &UseRecord| {
            let wanted = || asked[terms.get(record.resource.usize()).copied().flatten()?.usize()];
            MeteredUse {
                tenant: record.tenant,
                flavor: record.flavor,
                node_group: record.node_group,
                zone: record.node_group.and_then(|group| node_groups[group.usize()].zone).or_else(wanted),
                labels: labels.rows.get(record.resource.usize()).copied().unwrap_or(0),
                from: record.from,
                until: record.until,
                rate: record.rate,
            }
        };
        let node_of = |&NodeRecord { node_group, state, from, until, rate, .. }: &NodeRecord| MeteredNode {
            node_group,
            state,
            from,
            until,
            rate,
        };
        let Window { start: from, end: until } = scenario.window;
        let modules = Module::ALL.map(|module| {
            let settings = &scenario.modules[module];
            let rate = Rate::from_nanos(settings.rate.nanos() * i64::from(settings.workers));
            MeteredModule { module, from, until, rate }
        });
        let commitments = &scenario.price_book.commitments;
        let commitments = commitments.iter().map(|discount| MeteredCommitment::of(discount, scenario.window));
        let flavor_of =
            |flavor: &crate::request::Flavor| MeteredFlavor { name: flavor.name.clone(), class: flavor.class };
        Self {
            window: scenario.window,
            time_zone: scenario.time_zone.parse().unwrap_or_default(),
            currency: scenario.price_book.currency,
            source: BTreeMap::new(),
            tenants: scenario.tenants.clone(),
            flavors: scenario.flavors.iter().map(flavor_of).collect(),
            uses: records.uses.iter().map(use_of).collect(),
            nodes: records.nodes.iter().map(node_of).collect(),
            node_groups,
            zones,
            clusters,
            label_sets: if labels.sets.is_empty() { vec![BTreeMap::new()] } else { labels.sets.clone() },
            modules: modules.to_vec(),
            commitments: commitments.collect(),
            covered: records.covered.iter().map(|record| MeteredCover::of(record, scenario)).collect(),
        }
    }

    /// Whether what is used on nodes of each group is a share of their price: where nodes are free, it has its own.
    pub(super) fn shared_groups(&self) -> Vec<bool> {
        let mut paid = vec![false; self.node_groups.len()];
        for node in self.nodes.iter().filter(|node| node.rate > Rate::ZERO) {
            paid[node.node_group.usize()] = true;
        }
        paid
    }
}

/// The terms of every resource, by its index.
fn terms_by_resource(scenario: &Scenario, requests: &[IndexedRequest]) -> Vec<Option<TermsIndex>> {
    let mut terms: Vec<Option<TermsIndex>> = scenario.start.live.iter().map(|live| live.terms).collect();
    for request in requests.iter().filter(|request| request.operation == Operation::Create) {
        let ResourceIndex(resource) = request.resource;
        if terms.len() <= resource as usize {
            terms.resize(resource as usize + 1, None);
        }
        terms[resource as usize] = request.terms;
    }
    terms
}
