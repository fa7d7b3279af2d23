//! Budgets held against each forecast.

use shared::allocation::{BudgetOutlook, BudgetWatch, Metering, ResourceLabels, unknown_beginnings};
use shared::api::BudgetList;
use shared::request::{Received, RequestLog};
use shared::scenario::{Problems, Scenario, ValidScenario};
use shared::shadow::Known;
use shared::simulation::{RunOptions, simulate_metered};
use shared::units::{ResourceIndex, Window};

use super::primary::{Played, folded, observed_before};
use crate::config::ShadowingConfig;
use crate::ensemble;

/// The key of the newest outlook.
pub(crate) const OUTLOOK: &str = "newest";

/// What was spent of each budget by the start of a predicted scenario, and when its runs spend more; `lives` are the ids of
/// the creates of what lives then.
///
/// # Errors
/// When what is assumed cannot run.
pub(super) fn outlook(
    config: &ShadowingConfig,
    log: &RequestLog,
    received: &[Received],
    predicted: &ValidScenario,
    lives: &[String],
) -> Result<BudgetList, Problems> {
    let window = predicted.scenario().window;
    let known = Known::new(log, None, window.start);
    let past = spent(config, log, &known, received)?;
    let live = known.lives_of(lives).unwrap_or_default();
    let labels = ResourceLabels::of_lives(log, live);
    let watch = BudgetWatch::new(&config.budgets.budgets, &past, &config.zone(), window);
    let run = |run| {
        let requests = predicted.requests(run);
        let (_, records) = simulate_metered(predicted, &requests, RunOptions { run, ..RunOptions::default() });
        let labels = labels.with_drawn(predicted, &requests, run);
        watch.run(&Metering::of_run(predicted.scenario(), &requests, &records, &labels))
    };
    let threads = ensemble::available_threads();
    let runs = ensemble::in_parallel(predicted.scenario().runs, threads, &|_, _| true, run).unwrap_or_default();
    let outlook = watch.outlook(&runs, config.budgets.sure_percent);
    Ok(BudgetList {
        origin: Some(window.start),
        horizon: Some(window.length()),
        notices: notices(config, log, &past, &outlook),
        budgets: outlook,
        not_ready: None,
    })
}

/// What was metered up to the origin, on the machines that were observed where enough was, at the prices that were paid.
fn spent(
    config: &ShadowingConfig,
    log: &RequestLog,
    known: &Known<'_>,
    received: &[Received],
) -> Result<Metering, Problems> {
    if let Some(start) = config.kept_from() {
        let window = Window { start, end: known.origin };
        let known = known.at(start);
        return Ok(Played::new(config, &known, received, window, None)?.metering(log, &known));
    }
    let folded = folded(config, known, received, known.origin);
    let price_book = config.bill.as_ref().unwrap_or(&config.assumed.price_book).clone();
    let (valid, requests) = known.past(&Scenario { price_book, ..config.assumed.clone() })?;
    let options = RunOptions { observed: observed_before(&folded, known.origin), ..RunOptions::default() };
    let (_, records) = simulate_metered(&valid, &requests, options);
    let labels = ResourceLabels::of_lives(log, (0..log.lives.len()).map(ResourceIndex::from_usize));
    Ok(Metering::of_run(valid.scenario(), &requests, &records, &labels))
}

/// What to know before it is believed.
fn notices(config: &ShadowingConfig, log: &RequestLog, past: &Metering, outlook: &[BudgetOutlook]) -> Vec<String> {
    let mut notices = Vec::new();
    if config.start.as_ref().is_some_and(|beginning| beginning.carried.is_none()) {
        notices.push("what ran before the log did is left out of what was spent".to_owned());
    }
    let unknown = config.budgets.budgets.iter().filter_map(|budget| budget.scope.tenant.as_deref());
    for tenant in unknown.filter(|name| !log.tenants.iter().any(|tenant| tenant == *name)) {
        notices.push(format!("nobody is called {tenant} yet, of whom there is a budget"));
    }
    let unknown = config.budgets.budgets.iter().filter_map(|budget| budget.scope.unknown_label(past));
    notices.extend(unknown.map(|label| format!("nothing has the label {label} yet, of which there is a budget")));
    notices.extend(unknown_beginnings(outlook));
    notices
}
