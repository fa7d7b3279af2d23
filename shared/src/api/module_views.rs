//! What the modules of the control plane did and cost.

use serde::{Deserialize, Serialize};

use super::summary::{mean, merged};
use super::{DurationsView, MoneyBand};
use crate::request::Module;
use crate::scenario::Scenario;
use crate::simulation::{ModuleOutcome, RunOutcome};
use crate::units::{LedgerUnits, Money};

/// What one module did and cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModuleView {
    /// Which one.
    pub module: Module,
    /// Its worker-hours.
    pub cost: MoneyBand,
    /// From entering its queue to the start of service, of those whose service began inside the window.
    pub wait_ms: DurationsView,
    /// From the start of service to its end, of those that ended inside the window.
    pub service_ms: DurationsView,
    /// Requests that passed it per second of the window, however many attempts each took.
    pub throughput_per_s: f64,
    /// How much of its workers' time was service, from 0 to 1.
    #[serde(default)]
    pub utilisation: f64,
    /// How many requests waited.
    #[serde(default)]
    pub queue: QueueView,
    /// Attempts that failed and were made again or given up, per run on average.
    #[serde(default)]
    pub failed: f64,
    /// What the workers cost in the time of attempts that failed; it is part of `cost`.
    #[serde(default)]
    pub cost_of_failures: Option<Money>,
    /// Requests that it turned away, per run on average.
    #[serde(default)]
    pub refused: f64,
    /// `cost` ÷ the requests that passed it, however many attempts each took; none where none did.
    #[serde(default)]
    pub cost_per_request: Option<Money>,
}

/// How many requests waited for a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueView {
    /// On average over the window and the runs.
    pub mean: f64,
    /// Most at once in any run.
    pub max: u32,
    /// How many wait when the window ends, per run on average.
    #[serde(default)]
    pub at_end: f64,
}

/// The modules in the order of a request's way.
pub(super) fn module_views(scenario: &Scenario, runs: &[RunOutcome]) -> Vec<ModuleView> {
    Module::ALL.into_iter().map(|module| module_view(module, scenario, runs)).collect()
}

/// The modules for which somebody waited, longest queue first; of equals the busier one, then the earlier one.
pub(super) fn bottlenecks(modules: &[ModuleView]) -> Vec<Module> {
    let mut waited: Vec<&ModuleView> = modules.iter().filter(|module| module.queue.mean > 0.0).collect();
    let held_up = |module: &ModuleView| (module.queue.mean, module.utilisation);
    waited.sort_by(|a, b| held_up(b).partial_cmp(&held_up(a)).unwrap_or(core::cmp::Ordering::Equal));
    waited.into_iter().map(|module| module.module).collect()
}

fn module_view(module: Module, scenario: &Scenario, runs: &[RunOutcome]) -> ModuleView {
    let outcomes = || runs.iter().filter_map(|run| run.modules.iter().find(|outcome| outcome.module == module));
    let total = |of: fn(&ModuleOutcome) -> u64| outcomes().map(of).sum::<u64>();
    let (settings, currency) = (&scenario.modules[module], scenario.price_book.currency);
    let passed = total(|outcome| outcome.service.count() - outcome.failed);
    let micros = scenario.window.length().micros() as f64 * runs.len().max(1) as f64;
    let cost: LedgerUnits = runs.iter().map(|run| run.cost.modules[module as usize]).sum();
    let average = |sum: LedgerUnits, parts: u64| sum.0.checked_div(i128::from(parts)).map(LedgerUnits);
    let wasted = LedgerUnits(i128::from(settings.rate.nanos()) * i128::from(total(|outcome| outcome.failed_micros)));
    ModuleView {
        module,
        cost: MoneyBand::over_runs(runs.iter().map(|run| run.cost.modules[module as usize]), currency),
        wait_ms: DurationsView::new(&merged(outcomes().map(|outcome| &outcome.wait))),
        service_ms: DurationsView::new(&merged(outcomes().map(|outcome| &outcome.service))),
        throughput_per_s: mean([passed].into_iter(), runs.len()) / scenario.window.length().seconds(),
        utilisation: total(|outcome| outcome.busy_micros) as f64 / (micros * f64::from(settings.workers)),
        queue: QueueView {
            mean: total(|outcome| outcome.queued_micros) as f64 / micros,
            max: outcomes().map(|outcome| outcome.queue_max).max().unwrap_or(0),
            at_end: mean(outcomes().map(|outcome| outcome.waiting), runs.len()),
        },
        failed: mean(outcomes().map(|outcome| outcome.failed), runs.len()),
        cost_of_failures: average(wasted, runs.len() as u64).map(|cost| cost.to_money(currency)),
        refused: mean(outcomes().map(|outcome| outcome.refused), runs.len()),
        cost_per_request: average(cost, passed).map(|cost| cost.to_money(currency)),
    }
}
