//! What a run with the quoted requests has beyond the same run without them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cost::{CostBreakdown, MeteringRecords, UseRecord};
use crate::request::{IndexedRequest, Operation};
use crate::scenario::Scenario;
use crate::simulation::{Beside, Digest, Eviction, Plan, Refusal, RunOutcome};
use crate::units::{
    Currency, Instant, LedgerUnits, Money, NodeGroupIndex, NodeIndex, Rate, ResourceIndex, Resources, TenantIndex,
    Window, apportion,
};

/// What requests would get, and what they would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    /// From the instant of the primary that it was made on, over the time that is paid for.
    pub window: Window,
    /// The hash of the run with the requests: the same on the same primary.
    pub digest: Digest,
    /// Of every amount.
    pub currency: Currency,
    /// What becomes of each request, in order of time.
    pub requests: Vec<QuotedRequest>,
    /// How the bill of everyone changes.
    pub bill: BillChange,
    /// How what the tenants of the requests pay for workload changes.
    pub tenants: Vec<TenantChange>,
    /// How many nodes more are paid for, on average over the window.
    pub nodes: f64,
    /// How many resources more have to leave their node for more urgent ones.
    pub preempted: i64,
}

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotedRequest {
    /// Its id.
    pub id: String,
    /// What it does.
    #[serde(rename = "op")]
    pub operation: Operation,
    /// Who asks and pays.
    pub tenant: String,
    /// What it is about.
    pub resource: String,
    /// The shape that it asks for; of a delete, that of what it deletes.
    pub flavor: String,
    /// What that amounts to.
    pub requested: Resources,
    /// Of a create `admitted`, `pending`, `placed`, `ready`, `released` or `refused` at the end of the window; of a resize
    /// `resized`, `not_resized`, or `superseded` where another one of the same resource follows; of a delete `released`, or
    /// `under_way` where the window ends before that.
    pub state: String,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Refusal>,
    /// The group of the first node that it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_group: Option<String>,
    /// Whether that node was started after the request was made.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub on_new_node: bool,
    /// How long it takes until it can be used, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_after_s: Option<f64>,
    /// What it costs an hour when the window ends or it is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<Rate>,
    /// What its resource costs over the window beyond what it would cost without the requests; said once for requests about
    /// the same resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

/// How a bill changes; the parts add up to the whole to the last decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillChange {
    /// Of everyone over the window without the requests.
    pub without: Money,
    /// With them.
    pub with: Money,
    /// By how much it is more.
    pub change: Money,
    /// Of that, what the resources of the requests cost.
    pub requested: Money,
    /// What others pay for workload.
    pub others: Money,
    /// Node time that nobody requested: below zero where the requests fill nodes that are there anyway.
    pub idle: Money,
    /// Node time while booting and draining.
    pub overhead: Money,
    /// The rest: modules, commitments.
    pub rest: Money,
}

/// How what a tenant pays for workload changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantChange {
    /// Who.
    pub tenant: String,
    /// Over the window without the requests.
    pub without: Money,
    /// With them.
    pub with: Money,
}

/// Sets both runs against each other; `said` are the names of the requests.
pub(super) fn quote(
    scenario: &Scenario,
    (requests, said): (&[IndexedRequest], &[Option<Said>]),
    without: &Beside,
    (with, metered): &(RunOutcome, MeteringRecords),
) -> Quote {
    let currency = scenario.price_book.currency;
    let about: BTreeSet<ResourceIndex> = requests.iter().map(|request| request.resource).collect();
    let [costs_without, costs] = [&without.records, metered].map(|records| costs(records, &about));
    let cost_of = |resource: &ResourceIndex| {
        let [with, without] = [&costs, &costs_without].map(|costs| costs.get(resource).copied().unwrap_or_default());
        with - without
    };
    let requested: LedgerUnits = about.iter().map(cost_of).sum();
    let of = Requested {
        scenario,
        plans: plans(with, &about),
        uses: uses(metered, &about),
        started: started(metered),
        last_resizes: last_resizes(requests),
    };
    let mut counted = BTreeSet::new();
    let lines = requests.iter().zip(said).enumerate().filter_map(|(position, (request, said))| {
        let first = counted.insert(request.resource);
        let cost = first.then(|| cost_of(&request.resource).to_money(currency));
        Some(of.line((position, request), said.as_ref()?, cost))
    });
    let paid = |records: &MeteringRecords| -> f64 {
        records.nodes.iter().map(|node| (node.until - node.from).seconds()).sum::<f64>()
    };
    let preempted = with.evicted.get(&Eviction::Preempted).copied().unwrap_or_default();
    Quote {
        window: scenario.window,
        digest: with.digest,
        currency,
        requests: lines.collect(),
        bill: bill(&without.cost, &with.cost, requested, currency),
        tenants: tenants(scenario, requests, &without.cost, &with.cost),
        nodes: (paid(metered) - paid(&without.records)) / scenario.window.length().seconds(),
        preempted: preempted as i64 - without.preempted as i64,
    }
}

fn bill(without: &CostBreakdown, with: &CostBreakdown, requested: LedgerUnits, currency: Currency) -> BillChange {
    let change = with.total() - without.total();
    let others = with.workload() - without.workload() - requested;
    let (idle, overhead) = (with.idle - without.idle, with.overhead - without.overhead);
    let rest = change - requested - others - idle - overhead;
    let (change, parts) = apportion(&[requested, others, idle, overhead, rest], currency);
    let [requested, others, idle, overhead, rest] = parts[..] else { unreachable!("one amount a part") };
    let without = without.total().to_money(currency);
    let with = Money { amount: without.amount + change.amount, currency };
    BillChange { without, with, change, requested, others, idle, overhead, rest }
}

fn tenants(
    scenario: &Scenario,
    requests: &[IndexedRequest],
    without: &CostBreakdown,
    with: &CostBreakdown,
) -> Vec<TenantChange> {
    let currency = scenario.price_book.currency;
    let asking: BTreeSet<TenantIndex> = requests.iter().map(|request| request.tenant).collect();
    let change = |tenant: TenantIndex| TenantChange {
        tenant: scenario.tenants[tenant.usize()].name.clone(),
        without: without.tenant(tenant).to_money(currency),
        with: with.tenant(tenant).to_money(currency),
    };
    asking.into_iter().map(change).collect()
}

/// What resources cost.
fn costs(records: &MeteringRecords, about: &BTreeSet<ResourceIndex>) -> BTreeMap<ResourceIndex, LedgerUnits> {
    let mut costs = BTreeMap::new();
    for record in records.uses.iter().filter(|record| about.contains(&record.resource)) {
        *costs.entry(record.resource).or_insert(LedgerUnits::ZERO) += record.cost();
    }
    costs
}

fn plans(outcome: &RunOutcome, about: &BTreeSet<ResourceIndex>) -> BTreeMap<ResourceIndex, Plan> {
    let plans = outcome.plans.iter().filter(|plan| about.contains(&plan.resource));
    plans.map(|plan| (plan.resource, *plan)).collect()
}

fn uses(records: &MeteringRecords, about: &BTreeSet<ResourceIndex>) -> BTreeMap<ResourceIndex, (UseRecord, Rate)> {
    let mut uses: BTreeMap<ResourceIndex, (UseRecord, Rate)> = BTreeMap::new();
    for record in records.uses.iter().filter(|record| about.contains(&record.resource)) {
        uses.entry(record.resource).or_insert((*record, record.rate)).1 = record.rate;
    }
    uses
}

/// What a request is called, and what it is about.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: String,
    pub(super) resource: String,
}

/// The resources of the requests in the run with them.
struct Requested<'a> {
    scenario: &'a Scenario,
    plans: BTreeMap<ResourceIndex, Plan>,
    /// Where each first was, and what it cost an hour at last.
    uses: BTreeMap<ResourceIndex, (UseRecord, Rate)>,
    /// When each node began to be paid.
    started: BTreeMap<NodeIndex, Instant>,
    /// The place of the last resize of each.
    last_resizes: BTreeMap<ResourceIndex, usize>,
}

impl Requested<'_> {
    fn line(&self, (position, request): (usize, &IndexedRequest), said: &Said, cost: Option<Money>) -> QuotedRequest {
        let scenario = self.scenario;
        let plan = self.plans.get(&request.resource);
        let flavor = &scenario.flavors[request.flavor.usize()];
        let create = plan.filter(|_| request.operation == Operation::Create);
        let first = self.uses.get(&request.resource).filter(|_| create.is_some()).map(|(first, _)| first);
        let group = |group: NodeGroupIndex| scenario.fleet.node_groups[group.usize()].name.clone();
        QuotedRequest {
            id: said.id.clone(),
            operation: request.operation,
            tenant: scenario.tenants[request.tenant.usize()].name.clone(),
            resource: said.resource.clone(),
            flavor: flavor.name.clone(),
            requested: flavor.requested,
            state: self.state(position, request).to_owned(),
            reason: create.and_then(|plan| plan.state.refusal()),
            node_group: first.and_then(|first| first.node_group).map(group),
            on_new_node: first.and_then(|first| first.node).is_some_and(|node| self.is_new(node, request.at)),
            ready_after_s: create.and_then(|plan| Some((plan.ready? - plan.arrived).seconds())),
            price_per_hour: self.uses.get(&request.resource).filter(|_| create.is_some()).map(|(_, last)| *last),
            cost,
        }
    }

    /// Whether a node was not there at the start, nor when a request was made.
    fn is_new(&self, node: NodeIndex, made: Instant) -> bool {
        let there = self.scenario.start.nodes.binary_search_by_key(&node, |node| node.index).is_ok();
        !there && self.started.get(&node).is_some_and(|&started| started >= made)
    }

    fn state(&self, position: usize, request: &IndexedRequest) -> &'static str {
        let Some(plan) = self.plans.get(&request.resource) else { return "refused" };
        match request.operation {
            Operation::Create => plan.state.as_str(),
            Operation::Resize if self.last_resizes.get(&request.resource) != Some(&position) => "superseded",
            Operation::Resize if plan.flavor == request.flavor => "resized",
            Operation::Resize => "not_resized",
            Operation::Delete if plan.released.is_some() => "released",
            Operation::Delete => "under_way",
        }
    }
}

impl QuotedRequest {
    /// Whether it has no use: it was refused, or waits for room when the window ends.
    pub fn gets_nothing(&self) -> bool {
        self.ready_after_s.is_none() && matches!(self.state.as_str(), "refused" | "pending" | "not_resized")
    }
}

fn started(records: &MeteringRecords) -> BTreeMap<NodeIndex, Instant> {
    let mut started = BTreeMap::new();
    for node in &records.nodes {
        started.entry(node.node).or_insert(node.from);
    }
    started
}

fn last_resizes(requests: &[IndexedRequest]) -> BTreeMap<ResourceIndex, usize> {
    let resizes = requests.iter().enumerate().filter(|(_, request)| request.operation == Operation::Resize);
    resizes.map(|(position, request)| (request.resource, position)).collect()
}
