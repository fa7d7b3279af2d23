//! `report budgets`: what was spent of each budget, and when a prediction passes it.

mod text;

use std::collections::BTreeSet;

use shared::allocation::{Budget, BudgetScope, BudgetWatch, Metering, ResourceLabels, unknown_beginnings};
use shared::api::BudgetList;
use shared::features::TimeZone;
use shared::simulation::{RunOptions, simulate_metered};
use shared::units::ResourceIndex;

use crate::cli::budget_file::read_budgets;
use crate::cli::demand::Demand;
use crate::cli::shadow::{Predicted, Prepared, RunArgs, metered};
use crate::cli::{CliError, Global};
use crate::{ensemble, output};

/// Say what was spent of each budget by an origin, and when the prediction from there passes it
///
/// What was spent is metered from the requests before the origin; what will be is metered in every run of the ensemble, to
/// the microsecond. A budget counts as breached by the instant at which so many of all runs as --sure says have spent more.
/// Nothing is said of what comes after the horizon.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Budgets, CSV `name,amount,currency,period[,tenant][,label]`: period is day, week or month on the clock of --time-zone,
    /// label is KEY=VALUE. Without tenant and label all that is paid counts, otherwise the workload of whom they name
    #[arg(long, value_name = "FILE")]
    budgets: String,
    /// How many percent of the runs have to breach a budget for its breach to be sure
    #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    sure: u8,
}

const EXAMPLES: &str = "\
Examples:
  shadowplane report budgets --requests requests.ndjson --origin 2026-03-11T00:00:00Z --budgets budgets.csv --horizon 7d
  shadowplane report budgets --requests requests.ndjson --origin 2026-03-11T00:00:00Z --budgets budgets.csv \\
      --inventory nodes.csv --prices prices.csv --time-zone Europe/Berlin --sure 95 --json

  name,amount,currency,period,tenant,label          such a file
  shop,1200,EUR,month,web-shop,
  team web,40,EUR,day,,team=web
  everything,9000,EUR,month,,";

impl Args {
    /// Runs the report.
    ///
    /// # Errors
    /// When an input is wrong, or what is asked for cannot be predicted or run.
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let Prepared { valid, mut notices, names, demand, predicted, .. } =
            self.run.prepare("report budgets", |base| base)?;
        let Some((predicted, demand)) = predicted.zip(demand) else {
            let message = "report budgets needs --origin: what was spent by then, and what is predicted from there";
            return Err(CliError::Usage(message.to_owned()));
        };
        let scenario = valid.scenario();
        let budgets = read_budgets(&self.budgets, scenario.price_book.currency)?;
        let past = past(&demand, &predicted)?;
        self.check_tenants(&budgets, &past)?;
        self.check_labels(&budgets, &past)?;
        let zone: TimeZone = scenario.time_zone.parse().unwrap_or_default();
        let watch = BudgetWatch::new(&budgets, &past, &zone, scenario.window);
        let shown = |done, total| {
            output::progress(&format!("metering run {done} of {total}"));
            true
        };
        let runs = ensemble::in_parallel(scenario.runs, self.run.threads(), &shown, |run| {
            watch.run(&metered(&valid, run, &names, None).metering)
        });
        let runs = runs.ok_or_else(|| CliError::Data("cancelled".to_owned()))?;
        let outlook = watch.outlook(&runs, self.sure);
        output::progress_done();
        notices.extend(unknown_beginnings(&outlook));
        let list = BudgetList {
            origin: Some(predicted.origin),
            horizon: Some(scenario.window.length()),
            budgets: outlook,
            notices,
            not_ready: None,
        };
        if global.json { output::print_json(&list) } else { output::print(&text::table(&list, &zone)) }
    }

    /// Refuses budgets of tenants that nobody has heard of.
    fn check_tenants(&self, budgets: &[Budget], past: &Metering) -> Result<(), CliError> {
        let unknown = |budget: &&Budget| {
            let name = budget.scope.tenant.as_ref();
            name.is_some_and(|name| !past.tenants.iter().any(|tenant| tenant.name == *name))
        };
        let wrong: Vec<String> = budgets
            .iter()
            .filter(unknown)
            .map(|budget| format!("`{}` of budget `{}`", budget.scope, output::in_line(&budget.name)))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let known = output::some(past.tenants.iter().map(|tenant| tenant.name.as_str()));
        let file = crate::input::name(&self.budgets);
        Err(CliError::Data(format!("{file}: no tenant has these names: {}; the tenants are {known}", wrong.join(", "))))
    }

    /// Refuses budgets of labels that nothing has, which nothing would ever count against.
    fn check_labels(&self, budgets: &[Budget], past: &Metering) -> Result<(), CliError> {
        let unknown = budgets.iter().filter_map(|budget| Some((budget, budget.scope.unknown_label(past)?)));
        let named = unknown
            .map(|(budget, label)| (format!("`{label}` of budget `{}`", output::in_line(&budget.name)), &budget.scope));
        let (wrong, scopes): (Vec<String>, Vec<&BudgetScope>) = named.unzip();
        if wrong.is_empty() {
            return Ok(());
        }
        let known: BTreeSet<String> = scopes.iter().flat_map(|scope| scope.labels_in(past)).collect();
        let there = match known.len() {
            0 => "there are none".to_owned(),
            _ => format!("there are {}", output::some(known.iter().map(String::as_str))),
        };
        let file = crate::input::name(&self.budgets);
        Err(CliError::Data(format!("{file}: nothing has these labels: {}; {there}", wrong.join(", "))))
    }
}

/// What was metered up to the origin.
fn past(demand: &Demand, predicted: &Predicted) -> Result<Metering, CliError> {
    output::progress("metering what was spent");
    let known = demand.known(predicted.origin);
    let (valid, requests) = known.past(&predicted.base).map_err(|problems| CliError::Data(problems.to_string()))?;
    let (_, records) = simulate_metered(&valid, &requests, RunOptions::default());
    let lives = (0..demand.log.lives.len()).map(ResourceIndex::from_usize);
    let labels = ResourceLabels::of_lives(&demand.log, lives);
    Ok(Metering::of_run(valid.scenario(), &requests, &records, &labels))
}
