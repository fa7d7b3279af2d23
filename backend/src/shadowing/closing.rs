//! The close of a window: actual against predicted, cause by cause.

use core::convert::Infallible;

use shared::allocation::{
    ActualCost, AllocationReport, Basis, Grouping, PredictionAccuracy, ReportContext, Status, allocate,
};
use shared::recommendation::{Thresholds, attach, recommend};
use shared::request::RequestLog;
use shared::scenario::{Demand, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{Outcome, RunEnd, RunOptions, simulate_to_fork};
use shared::units::{LedgerUnits, TenantIndex, Window};
use shared::variance::{Actual, Replay, decompose, explain};

use crate::config::ShadowingConfig;
use crate::ensemble;

/// What was predicted for a window when it began.
#[derive(Clone, Debug)]
pub(super) struct Predicted {
    pub(super) scenario: ValidScenario,
    pub(super) outcome: Outcome,
    pub(super) model: String,
}

/// A closed window.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    /// One report a grouping.
    pub(super) reports: Vec<AllocationReport>,
    /// Predicted mean and actual workload of each tenant, and then of all that is shared.
    pub(super) accounts: Vec<(LedgerUnits, LedgerUnits)>,
}

/// Compares what a window cost with what was predicted, and replays the difference in the shadow.
///
/// Nothing where the log has changed so that the prediction's indices no longer hold.
pub(super) fn close(
    config: &ShadowingConfig,
    log: &RequestLog,
    window: Window,
    predicted: &Predicted,
    accuracy: &mut PredictionAccuracy,
) -> Option<Closed> {
    let known = Known::new(log, None, window.start);
    let primary = known.primary(&config.primary).ok()?;
    let valid = ValidScenario::new(known.actual(&config.primary, &primary, window.length())).ok()?;
    let with_newcomers = ValidScenario::new(known.with_newcomers(predicted.scenario.original())).ok()?;
    if primary.state != predicted.scenario.original().start {
        // Requests from before the window came in after the prediction: its fork is not that of the log any more.
        return None;
    }
    let Demand::Requests(requests) = &valid.original().demand else { return None };
    let end: RunEnd = simulate_to_fork(&valid, requests, RunOptions::default());
    let basis = if config.observed { Basis::Metered } else { Basis::Simulated };
    let cost = ActualCost { breakdown: &end.outcome.cost, basis, status: Status::Final };
    let actual = Actual {
        requests,
        fleet: config.observed.then_some(&end.fleet),
        price_book: config.observed.then_some(&config.primary.price_book),
        cost,
    };
    let replay = |replay: Replay<'_>| -> Result<Outcome, Infallible> {
        let runs =
            ensemble::in_parallel(replay.runs(), ensemble::available_threads(), &|_, _| true, |run| replay.run(run));
        Ok(Outcome::collect(runs.unwrap_or_default()))
    };
    let Ok(decomposition) = decompose(&with_newcomers, &predicted.outcome, &actual, replay);
    accuracy.update(decomposition.predicted, decomposition.actual);
    let try_out = |changed: &ValidScenario| -> Result<Outcome, Infallible> {
        let runs = ensemble::run(changed, ensemble::available_threads(), false, &|_, _| true);
        Ok(runs.unwrap_or_else(|| Outcome::collect(Vec::new())))
    };
    let Ok(advice) = recommend(&predicted.scenario, &predicted.outcome, &Thresholds::default(), try_out);
    let of = with_newcomers.scenario();
    let breakdowns: Vec<_> = predicted.outcome.runs.iter().map(|run| &run.cost).collect();
    let report = |grouping| {
        let context = ReportContext {
            tenants: &of.tenants,
            flavors: &of.flavors,
            currency: of.price_book.currency,
            window,
            horizon: config.horizon,
            grouping,
        };
        let mut report = allocate(&context, &breakdowns, Some(cost), Some(accuracy));
        explain(&mut report, &decomposition, &of.tenants);
        attach(&mut report, &advice, of);
        report
    };
    let reports = [Grouping::Tenant, Grouping::Module, Grouping::Flavor, Grouping::Class].map(report).into();
    let runs = predicted.outcome.runs.len().max(1) as i128;
    let mean = |of: &dyn Fn(&shared::cost::CostBreakdown) -> LedgerUnits| {
        LedgerUnits(breakdowns.iter().map(|breakdown| of(breakdown).0).sum::<i128>() / runs)
    };
    let tenants = (0..of.tenants.len()).map(TenantIndex::from_usize);
    let mut accounts: Vec<_> =
        tenants.map(|tenant| (mean(&|cost| cost.tenant(tenant)), end.outcome.cost.tenant(tenant))).collect();
    accounts
        .push((mean(&|cost| cost.total() - cost.workload()), end.outcome.cost.total() - end.outcome.cost.workload()));
    Some(Closed { reports, accounts })
}
