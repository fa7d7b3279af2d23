//! Why a request got what it got: the order, and the answer in names, the same here and on the command line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::explanation::{
    DecisionSeen, Departure, Displaced, Explanation, FailedAttempts, Fix, ResizePlan, Setting, WaitsFor,
};
use crate::request::{IndexedRequest, Module, Operation};
use crate::scenario::{Edit, Scenario};
use crate::simulation::{Plan, Refusal};
use crate::units::{Instant, Money, NodeIndex, Resources};

/// A request that someone wants to have explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplanationOrder {
    /// The id of a create or a resize of the log, whose day is run up to the clock's now on what the service assumes; of a
    /// scenario its place in the run, counted from 0, or its id in a predicted stream, such as `p-000041`.
    pub request: String,
    /// Content hash of a saved scenario that the request is in, instead of the log.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Which run of the scenario, counted from 0.
    #[serde(default)]
    pub run: u32,
}

/// One ordered explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplanationRun {
    /// State and failure; its id is that of the explanation.
    pub job: Job,
    /// What was ordered.
    pub order: ExplanationOrder,
    /// The answer, once there is one; only in the answer about one explanation.
    pub explanation: Option<ExplanationView>,
}

/// What became of a create or a resize, what the control plane saw when it decided, and what would have helped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplanationView {
    /// Its place in the run, counted from 0.
    pub request: u64,
    /// `create` or `resize`.
    pub operation: Operation,
    /// Who asked.
    pub tenant: String,
    /// The shape that was asked for.
    pub flavor: String,
    /// What it amounts to.
    pub requested: Resources,
    /// The shape of the resource before a resize.
    pub resized_from: Option<String>,
    /// How urgent a create is; 0 where nothing was said.
    pub priority: Option<i32>,
    /// The priority class that stands for that number, where it is known.
    pub priority_class: Option<String>,
    /// At the end of the window: of a create `admitted`, `pending`, `placed`, `ready`, `released` or `refused`; of a resize
    /// `admitted`, `pending` (it has the new shape, and no node), `resized`, `passed_over` or `refused`.
    pub state: String,
    /// Why it was refused.
    pub reason: Option<Refusal>,
    /// By which module.
    pub refused_by: Option<Module>,
    /// Modules that failed with it.
    pub failed: Vec<FailedAttempts>,
    /// The module in whose queue it is when the window ends.
    #[serde(default)]
    pub waits_for: Option<WaitsFor>,
    /// The plan of the resource.
    pub plan: Plan,
    /// What was decided for a resize.
    pub resize: Option<ResizePlan>,
    /// The names of the node groups, by index.
    pub node_groups: Vec<String>,
    /// The names of the pools, by index.
    #[serde(default)]
    pub pools: Vec<String>,
    /// The names of the nodes that it tells of, by index, as plans have them; none where they are not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<u32, String>,
    /// The decision that mattered.
    pub decision: Option<DecisionSeen>,
    /// Nodes that the resource had to leave.
    pub departures: Vec<Departure>,
    /// Less urgent resources whose place it took.
    #[serde(default)]
    pub displaced: Vec<Displaced>,
    /// The cheapest change that lets it in.
    pub fix: Option<FixView>,
    /// How many changes were tried.
    pub tried: u32,
}

/// A change that lets a request in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FixView {
    /// In words.
    pub changes: Vec<String>,
    /// Those that are edits, as `--edits` takes them.
    pub edits: Vec<Edit>,
    /// Those that are not: settings of the scenario itself.
    pub settings: Vec<Setting>,
    /// When the resource can be used then, or has its new shape.
    pub ready: Option<Instant>,
    /// By how much the run costs more.
    pub cost_change: Money,
}

impl ExplanationView {
    /// The same with the name of its priority class, if one of these has its number; of several the first by name.
    #[must_use]
    pub fn with_class(self, classes: &BTreeMap<String, i32>) -> Self {
        let is_its = |number: &i32| Some(*number) == self.priority;
        let class = classes.iter().find(|(_, number)| is_its(number)).map(|(name, _)| name.clone());
        Self { priority_class: class, ..self }
    }

    /// The same with the names of the nodes that it tells of, as far as they are known.
    #[must_use]
    pub fn with_nodes(self, names: &BTreeMap<NodeIndex, String>) -> Self {
        let known = self.told_of().into_iter().filter_map(|node| Some((node.0, names.get(&node)?.clone())));
        Self { nodes: known.collect(), ..self }
    }

    /// What a node is called.
    pub fn node(&self, node: NodeIndex) -> String {
        self.nodes.get(&node.0).cloned().unwrap_or_else(|| node.0.to_string())
    }

    /// The nodes that it tells of.
    fn told_of(&self) -> Vec<NodeIndex> {
        let left = self.departures.iter().flat_map(|left| [Some(left.node), left.again.map(|again| again.node)]);
        let taken = self.displaced.iter().map(|taken| Some(taken.node));
        let seen = self.decision.iter().flat_map(|decision| {
            let best = decision.survey.groups.iter().map(|group| group.best.as_ref().map(|best| best.node));
            best.chain([decision.survey.in_place.as_ref().map(|place| place.node)])
        });
        left.chain(taken).chain(seen).chain([self.plan.node]).flatten().collect()
    }

    /// An explanation of the request at `position` of a scenario, in names.
    pub fn new(scenario: &Scenario, position: usize, request: &IndexedRequest, explanation: Explanation) -> Self {
        let flavor = |index: crate::units::FlavorIndex| &scenario.flavors[index.usize()];
        let (state, reason) = (explanation.state().to_owned(), explanation.refusal());
        let Explanation { plan, resize, refused_by, failed, waits_for, decision, departures, displaced, fix, tried } =
            explanation;
        let asked = resize.map_or(request.flavor, |resize| resize.to);
        let terms = request.terms.map(|terms| &scenario.terms[terms.usize()]);
        Self {
            request: position as u64,
            operation: request.operation,
            tenant: scenario.tenants[plan.tenant.usize()].name.clone(),
            flavor: flavor(asked).name.clone(),
            requested: flavor(asked).requested,
            resized_from: resize.and_then(|resize| resize.from).map(|from| flavor(from).name.clone()),
            priority: resize.is_none().then(|| terms.map_or(0, |terms| terms.priority)),
            priority_class: None,
            state,
            reason,
            refused_by,
            failed,
            waits_for,
            plan,
            resize,
            node_groups: scenario.fleet.node_groups.iter().map(|group| group.name.clone()).collect(),
            pools: scenario.fleet.pools.iter().map(|pool| pool.name.clone()).collect(),
            nodes: BTreeMap::new(),
            decision,
            departures,
            displaced,
            fix: fix.map(|fix| FixView::new(scenario, fix)),
            tried,
        }
    }
}

impl FixView {
    /// A change in words.
    pub(super) fn new(scenario: &Scenario, fix: Fix) -> Self {
        let changes = fix.describe(scenario);
        let Fix { edits, settings, ready, cost_change } = fix;
        Self { changes, edits, settings, ready, cost_change: cost_change.to_money(scenario.price_book.currency) }
    }
}
