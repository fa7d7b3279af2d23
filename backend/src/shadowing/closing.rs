//! The close of a window: actual against predicted, cause by cause.

use core::convert::Infallible;
use std::collections::BTreeMap;

use shared::allocation::{
    ActualCost, AllocationReport, Basis, Cause, Grouping, KeptVariance, PredictionAccuracy, ReportContext,
    StatementError, Status, allocate,
};
use shared::api::{AdviceView, ObservedView, WindowReport};
use shared::feedback::ledger::{AmountOf, actual_series};
use shared::feedback::{AnomalyCase, AnomalyReport, PastErrors, anomalies};
use shared::recommendation::attach;
use shared::request::{Received, RequestLog};
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::Outcome;
use shared::units::{LedgerUnits, Window};
use shared::variance::{Actual, Decomposition, Part, PartLine, PartNames, Replay, decompose, explain, recall};

use super::compared::{Compared, NotCompared};
use super::kept_variance::{MeteredSteps, kept_variance};
use super::primary::{Forked, Played, observed_after};
use crate::config::ShadowingConfig;

/// The accuracy by how actual costs are known: bases are never mixed.
pub(super) type Accuracies = BTreeMap<Basis, PredictionAccuracy>;

/// What was predicted for a window when it began.
#[derive(Clone, Debug)]
pub(super) struct Predicted {
    pub(super) scenario: ValidScenario,
    pub(super) outcome: Outcome,
    pub(super) model: String,
    /// Who its fork's live resources are: the ids of their creates.
    pub(super) lives: Vec<String>,
    /// The observed names of its fork's nodes; empty where its placements were simulated.
    pub(super) nodes: Vec<String>,
}

/// A closed window.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    /// One report a grouping.
    pub(super) reports: Vec<AllocationReport>,
    /// What was observed in the window.
    pub(super) observed: ObservedView,
    /// Predicted mean and actual workload of each tenant, and then of all that is shared, at the predicted prices.
    pub(super) accounts: Vec<(LedgerUnits, LedgerUnits)>,
    /// What it cost, for the forecast ledger.
    pub(super) actual: Charged,
    /// What of it cost something else than expected.
    pub(super) anomalies: AnomalyReport,
    /// What is kept of it for variances by any groups; an error where what was metered contradicts itself.
    pub(super) variance: Result<KeptVariance, StatementError>,
}

/// What was known of a window before it closed, and of the windows before it.
#[derive(Debug)]
pub(super) struct Before<'a> {
    /// How wrong their forecasts were: what is expected of its cost follows from it.
    pub(super) errors: PastErrors,
    /// What was worth changing in what was predicted.
    pub(super) found: Option<&'a AdviceView>,
    /// Their reports by tenant, in order of time.
    pub(super) reports: Vec<WindowReport>,
}

/// What a closed window cost.
#[derive(Clone, Debug)]
pub(super) struct Charged {
    pub(super) window: Window,
    pub(super) basis: Basis,
    pub(super) series: Vec<AmountOf>,
}

/// Compares what a window cost with what was predicted, and replays the difference in the shadow.
///
/// # Errors
/// When the prediction can no longer be held against the log.
pub(super) fn close(
    config: &ShadowingConfig,
    log: &RequestLog,
    received: &[Received],
    predicted: &Predicted,
    before: &Before<'_>,
    accuracies: &mut Accuracies,
) -> Result<Closed, NotCompared> {
    let original = predicted.scenario.original();
    let window = original.window;
    let Compared { known, fork, wider, requests } = Compared::new(config, log, original, &predicted.lives)?;
    let played = Played::new(config, &known, received, window, Some(&original.fleet))?;
    let variance = kept_variance(log, predicted, &fork.lives, &played.metering(log, &known), played.basis());
    let metered = played.metered();
    let from = Forked { fork, nodes: predicted.nodes.clone() };
    let fleet = observed_after(&known, &metered.folded, window, &from);
    let cost = metered.actual_cost(Status::Final);
    let fleet = fleet.as_ref().map_err(Clone::clone);
    let actual = Actual { requests: &requests, fleet, price_book: config.bill.as_ref(), cost };
    let mut steps = MeteredSteps::default();
    let replay = |replay: Replay<'_>| -> Result<Outcome, Infallible> { Ok(steps.run(replay)) };
    let Ok(decomposition) = decompose(&wider, &predicted.outcome, &actual, replay);
    let variance = variance.and_then(|variance| steps.kept_with(variance, &decomposition));
    let accuracy = accuracies.entry(cost.basis).or_insert_with(|| PredictionAccuracy::new(cost.basis));
    accuracy.update(decomposition.predicted, decomposition.actual);
    let reports = reports(wider.scenario(), predicted, cost, &decomposition, accuracy, before);
    let anomalies = anomalies(&AnomalyCase {
        scenario: &wider,
        predicted: &predicted.outcome,
        actual: &requests,
        ids: &known.create_ids_in(window, &from.fork.lives),
        cost,
        prices: config.bill.as_ref(),
        decomposition: &decomposition,
        past: &before.errors,
    });
    Ok(Closed {
        reports,
        observed: ObservedView::new(&metered.folded, window, metered.end.outcome.anomalies),
        accounts: accounts(&decomposition),
        actual: charged(wider.scenario(), cost),
        anomalies,
        variance,
    })
}

/// One report a grouping, with the causes of its variance, the advice that stood the test of a replay, and what was so
/// before.
fn reports(
    of: &Scenario,
    predicted: &Predicted,
    cost: ActualCost<'_>,
    decomposition: &Decomposition,
    accuracy: &PredictionAccuracy,
    before: &Before<'_>,
) -> Vec<AllocationReport> {
    let found = before.found.map_or(&[][..], |advice| &advice.recommendations);
    let breakdowns: Vec<_> = predicted.outcome.runs.iter().map(|run| &run.cost).collect();
    let report = |grouping| {
        let context = ReportContext {
            tenants: &of.tenants,
            flavors: &of.flavors,
            currency: of.price_book.currency,
            window: of.window,
            horizon: of.window.length(),
            grouping,
        };
        let mut report = allocate(&context, &breakdowns, Some(cost), Some(accuracy));
        explain(&mut report, decomposition, PartNames { tenants: &of.tenants, flavors: &of.flavors });
        attach(&mut report, found.iter().map(|found| (&*found.edits, found.text.clone())), of);
        recall(&mut report, before.reports.iter().map(|window| &window.report));
        report
    };
    [Grouping::Tenant, Grouping::Module, Grouping::Flavor, Grouping::Class].map(report).into()
}

/// What the window of a scenario cost, by its tenants and flavors.
pub(super) fn charged(of: &Scenario, cost: ActualCost<'_>) -> Charged {
    let series = actual_series(cost.breakdown, (&of.tenants, &of.flavors), of.price_book.currency);
    Charged { window: of.window, basis: cost.basis, series }
}

/// Predicted mean and actual workload of each tenant, and then of all that is shared, both at the prices that were
/// predicted: no training learns prices.
fn accounts(decomposition: &Decomposition) -> Vec<(LedgerUnits, LedgerUnits)> {
    let price = Cause::ALL.iter().position(|cause| *cause == Cause::Price);
    let of = |line: &PartLine| {
        let dearer = price.and_then(|price| line.amounts[price]).unwrap_or(LedgerUnits(0));
        (line.predicted, line.actual - dearer)
    };
    let is_tenant = |line: &&PartLine| matches!(line.part, Part::Tenant(_));
    let by_tenant = decomposition.parts.iter().filter(is_tenant).map(of);
    let is_other = |line: &&PartLine| !matches!(line.part, Part::Tenant(_)) && !line.part.repeats_tenants();
    let others = decomposition.parts.iter().filter(is_other);
    let sum = |(predicted, actual): (LedgerUnits, LedgerUnits), more: (LedgerUnits, LedgerUnits)| {
        (predicted + more.0, actual + more.1)
    };
    let shared = others.map(of).fold((LedgerUnits(0), LedgerUnits(0)), sum);
    by_tenant.chain([shared]).collect()
}
