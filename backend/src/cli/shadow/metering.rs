//! What `--metering` writes: who used what from when to when, and what was paid for nodes and modules.

use std::io;

use shared::allocation::{Metering, MeteringNames, UsageBeyond, with_usage, write_metering};
use shared::cost::MeteringRecords;
use shared::scenario::{Billing, Demand, ValidScenario};
use shared::simulation::{Outcome, RunOptions, simulate_metered};
use shared::units::{LedgerUnits, NodeIndex};

use super::plans::Named;
use crate::cli::CliError;
use crate::output;

/// What a run metered.
pub(in crate::cli) struct Metered {
    pub(in crate::cli) metering: Metering,
    records: MeteringRecords,
    /// What to know about use beyond what was requested, where readings were given.
    pub(in crate::cli) notice: Option<String>,
}

/// Writes what run 0 metered; gives what to know about it.
pub(super) fn write(path: &str, valid: &ValidScenario, names: &Named) -> Result<Option<String>, CliError> {
    let Metered { metering, records, notice } = metered(valid, 0, names, None);
    let nodes = records.names_of_nodes(&valid.scenario().fleet, &names.nodes);
    let node = |_, node: NodeIndex| nodes[&node].clone();
    let names = MeteringNames { resource: &names.of_resources(valid), node: &node };
    output::write_lines(Some(path), |out| {
        write_metering::<io::Error>(&metering, &records, &names, |line| out.write_all(line.as_bytes()))
    })?;
    Ok(notice)
}

/// What a run metered; `quantile` is the level of all runs' costs that it stands for.
pub(in crate::cli) fn metered(valid: &ValidScenario, run: u32, names: &Named, quantile: Option<f64>) -> Metered {
    let requests = valid.requests(run);
    let (outcome, records) = simulate_metered(valid, &requests, RunOptions { run, ..RunOptions::default() });
    let (records, notice) = beyond_requested(records, valid, names);
    let labels = names.labels.with_drawn(valid, &requests, run);
    let mut metering = Metering::of_run(valid.scenario(), &requests, &records, &labels);
    metering.source.insert("run".to_owned(), outcome.digest.to_string());
    if let Demand::Forecast(_) = valid.original().demand {
        metering.source.insert("horizon".to_owned(), metering.window.length().to_string());
        metering.source.extend(quantile.map(|level| ("quantile".to_owned(), level.to_string())));
    }
    Metered { metering, records, notice }
}

/// The same records where whoever used more than they requested pays for it, and what to know about that.
fn beyond_requested(
    records: MeteringRecords,
    valid: &ValidScenario,
    names: &Named,
) -> (MeteringRecords, Option<String>) {
    if names.usage.is_empty() {
        return (records, None);
    }
    if valid.scenario().billing == Billing::PerResource {
        let notice = "resources have prices of their own: --usage changes nothing of what is metered";
        return (records, Some(notice.to_owned()));
    }
    let (records, UsageBeyond { resources, unknown }) =
        with_usage(valid, records, &names.usage, names.of_resources(valid));
    let mut notice = match resources {
        0 => "nobody is known to have used more than they requested".to_owned(),
        1 => "1 resource used more than it requested, and pays for what it used in what is metered".to_owned(),
        many => {
            format!("{many} resources used more than they requested, and pay for what they used in what is metered")
        }
    };
    if unknown > 0 {
        let of = names.usage.len();
        notice +=
            &format!("; {unknown} of {of} readings are of no resource that runs here, or of several tenants\u{2019}");
    }
    (records, Some(notice))
}

/// The run whose cost is at a level of the costs of all runs: the nearest rank, the first of equals.
pub(in crate::cli) fn stands_for(outcome: &Outcome, quantile: f64) -> u32 {
    let mut by_cost: Vec<(LedgerUnits, u32)> = outcome.runs.iter().map(|run| (run.cost.total(), run.run)).collect();
    by_cost.sort_unstable();
    let rank = (quantile * by_cost.len() as f64).ceil().max(1.0) as usize;
    by_cost[rank.min(by_cost.len()) - 1].1
}
