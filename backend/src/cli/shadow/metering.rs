//! What `--metering` writes: who used what from when to when, and what was paid for nodes and modules.

use std::collections::BTreeMap;
use std::io;

use shared::allocation::{Metering, MeteringNames, write_metering};
use shared::cost::MeteringRecords;
use shared::scenario::{Demand, ValidScenario};
use shared::simulation::{Outcome, RunOptions, simulate_metered};
use shared::units::{LedgerUnits, NodeGroupIndex, NodeIndex};

use super::plans::Named;
use crate::cli::CliError;
use crate::output;

/// Writes what run 0 metered.
pub(super) fn write(path: &str, valid: &ValidScenario, names: &Named) -> Result<(), CliError> {
    let (metering, records) = metered(valid, 0, names, None);
    let nodes = node_names(&records, names);
    let node = |group: NodeGroupIndex, node: NodeIndex| match nodes.get(&node) {
        Some(name) => (*name).to_owned(),
        None => format!("{}-{}", metering.node_groups[group.usize()].name, node.0),
    };
    let names = MeteringNames { resource: &names.of_resources(valid), node: &node };
    output::write_lines(Some(path), |out| {
        write_metering::<io::Error>(&metering, &records, &names, |line| out.write_all(line.as_bytes()))
    })
}

/// What a run metered; `quantile` is the level of all runs' costs that it stands for.
pub(in crate::cli) fn metered(
    valid: &ValidScenario,
    run: u32,
    names: &Named,
    quantile: Option<f64>,
) -> (Metering, MeteringRecords) {
    let requests = valid.requests(run);
    let (outcome, records) = simulate_metered(valid, &requests, RunOptions { run, ..RunOptions::default() });
    let labels = names.labels.with_drawn(valid, &requests, run);
    let mut metering = Metering::of_run(valid.scenario(), &requests, &records, &labels);
    metering.source.insert("run".to_owned(), outcome.digest.to_string());
    if !valid.scenario().price_book.commitments.is_empty() {
        metering.source.insert("commitments".to_owned(), "left out".to_owned());
    }
    if let Demand::Forecast(_) = valid.original().demand {
        metering.source.insert("horizon".to_owned(), metering.window.length().to_string());
        metering.source.extend(quantile.map(|level| ("quantile".to_owned(), level.to_string())));
    }
    (metering, records)
}

/// The run whose cost is at a level of the costs of all runs: the nearest rank, the first of equals.
pub(in crate::cli) fn stands_for(outcome: &Outcome, quantile: f64) -> u32 {
    let mut by_cost: Vec<(LedgerUnits, u32)> = outcome.runs.iter().map(|run| (run.cost.total(), run.run)).collect();
    by_cost.sort_unstable();
    let rank = (quantile * by_cost.len() as f64).ceil().max(1.0) as usize;
    by_cost[rank.min(by_cost.len()) - 1].1
}

/// The names of an inventory's nodes, which are there from the start, in its order.
fn node_names<'a>(records: &MeteringRecords, names: &'a Named) -> BTreeMap<NodeIndex, &'a str> {
    let first: BTreeMap<NodeIndex, NodeGroupIndex> =
        records.nodes.iter().map(|record| (record.node, record.node_group)).collect();
    let mut seen: BTreeMap<NodeGroupIndex, usize> = BTreeMap::new();
    let named = first.into_iter().filter_map(|(node, group)| {
        let place = seen.entry(group).or_default();
        *place += 1;
        Some((node, names.nodes.get(group.usize())?.get(*place - 1)?.as_str()))
    });
    named.collect()
}
