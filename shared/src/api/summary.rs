//! An outcome in names and money, for people and programs.

use std::collections::BTreeMap;

use super::module_views::{bottlenecks, module_views};
use super::{
    CommitmentView, CommitmentsView, DurationsView, EvictionView, Labels, MoneyBand, OutcomeView, PoolShare, PoolView,
    RefusalView, RunTimelineBin, TenantBand,
};
use crate::control_plane::{CapacityPool, POOLED};
use crate::cost::CommitmentCost;
use crate::pricing::CommitmentDiscount;
use crate::scenario::Scenario;
use crate::simulation::{Eviction, Histogram, Outcome, Refusal, RunOutcome, TimelineBin};
use crate::units::{Dimension, LedgerUnits, TenantIndex};

impl OutcomeView {
    /// Sums up an outcome of `scenario`.
    pub fn new(scenario: &Scenario, outcome: &Outcome) -> Self {
        let runs = &outcome.runs;
        let band = |amount: &dyn Fn(&RunOutcome) -> LedgerUnits| {
            MoneyBand::over_runs(runs.iter().map(amount), scenario.price_book.currency)
        };
        let tenants = scenario.tenants.iter().enumerate().map(|(i, tenant)| TenantBand {
            tenant: tenant.name.clone(),
            workload: band(&|run| run.cost.tenant(TenantIndex::from_usize(i))),
        });
        let modules = module_views(scenario, runs);
        Self {
            engine: outcome.engine,
            digest: outcome.digest,
            window: scenario.window,
            runs: runs.len() as u32,
            events: runs.iter().map(|run| run.events).sum(),
            requests: mean(runs.iter().map(|run| run.requests), runs.len()),
            cost: band(&|run| run.cost.total()),
            workload: band(&|run| run.cost.workload()),
            tenants: tenants.collect(),
            idle: band(&|run| run.cost.idle),
            overhead: band(&|run| run.cost.overhead),
            commitments: commitments(scenario, runs),
            bottlenecks: bottlenecks(&modules),
            modules,
            latency_ms: DurationsView::new(&merged(runs.iter().map(|run| &run.latency))),
            refused: refusals(runs),
            evicted: evictions(runs),
            pending: mean(runs.iter().map(pending_at_the_end), runs.len()),
            labels: Labels::default(),
            utilisation: utilisation(runs),
            pools: pools(scenario, runs),
            peak_live: runs.iter().map(|run| run.peak_live).max().unwrap_or(0),
            peak_nodes: runs.iter().map(|run| run.peak_nodes).max().unwrap_or(0),
            timeline: timeline(scenario, runs),
        }
    }
}

impl DurationsView {
    /// The mean and the quantiles of a histogram.
    pub fn new(histogram: &Histogram) -> Self {
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|level| histogram.quantile_ms(level));
        Self { mean: histogram.mean_ms(), p50, p90, p99 }
    }
}

pub(super) fn merged<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Histogram {
    histograms.fold(Histogram::default(), |mut all, histogram| {
        all.merge(histogram);
        all
    })
}

fn commitments(scenario: &Scenario, runs: &[RunOutcome]) -> Option<CommitmentsView> {
    let (book, currency) = (&scenario.price_book, scenario.price_book.currency);
    let band = |amounts: &dyn Fn(&RunOutcome) -> LedgerUnits| MoneyBand::over_runs(runs.iter().map(amounts), currency);
    let view = |(i, commitment): (usize, &CommitmentDiscount)| {
        let all: CommitmentCost = runs.iter().map(|run| run.commitments[i]).sum();
        let cost = all.used + all.unused;
        CommitmentView {
            name: commitment.name.clone(),
            cost: band(&|run| run.commitments[i].used + run.commitments[i].unused),
            net_saving: band(&|run| -run.commitments[i].net()),
            utilisation: (cost != LedgerUnits::ZERO).then(|| all.used.to_f64() / cost.to_f64()),
        }
    };
    (!book.commitments.is_empty()).then(|| CommitmentsView {
        discount: band(&|run| -run.cost.commitments.saved),
        unused: band(&|run| run.cost.commitments.unused),
        each: book.commitments.iter().enumerate().map(view).collect(),
    })
}

fn evictions(runs: &[RunOutcome]) -> Vec<EvictionView> {
    let view = |reason| {
        let counts = runs.iter().map(|run| run.evicted.get(&reason).copied().unwrap_or(0));
        EvictionView { reason, count: mean(counts, runs.len()) }
    };
    Eviction::ALL.into_iter().map(view).filter(|view| view.count > 0.0).collect()
}

fn refusals(runs: &[RunOutcome]) -> Vec<RefusalView> {
    Refusal::ALL
        .into_iter()
        .map(|reason| {
            let counts = runs.iter().map(|run| run.refused.get(&reason).copied().unwrap_or(0));
            RefusalView { reason, count: mean(counts, runs.len()) }
        })
        .filter(|refusal| refusal.count > 0.0)
        .collect()
}

fn pending_at_the_end(run: &RunOutcome) -> u64 {
    run.timeline.last().map_or(0, |bin| u64::from(bin.pending))
}

fn utilisation(runs: &[RunOutcome]) -> BTreeMap<Dimension, f64> {
    let share = |dimension: Dimension| {
        let requested: u128 = runs.iter().map(|run| run.utilisation.requested[dimension as usize]).sum();
        let capacity: u128 = runs.iter().map(|run| run.utilisation.capacity[dimension as usize]).sum();
        (capacity > 0).then(|| (dimension, requested as f64 / capacity as f64))
    };
    Dimension::ALL.into_iter().filter_map(share).collect()
}

fn pools(scenario: &Scenario, runs: &[RunOutcome]) -> Vec<PoolView> {
    let micros = scenario.window.length().micros() as f64 * runs.len().max(1) as f64;
    let view = |(i, pool): (usize, &CapacityPool)| {
        let uses = || runs.iter().map(move |run| &run.pools[i]);
        let share = |of: &Dimension| {
            let (has, of) = (f64::from(pool.capacity[*of]), *of as usize);
            let held: u128 = uses().map(|taken| taken.held_micros[of]).sum();
            let peak = uses().map(|taken| taken.peak[of]).max().unwrap_or(0);
            PoolShare { mean: held as f64 / (has * micros), peak: peak as f64 / has }
        };
        let has = POOLED.into_iter().filter(|of| pool.capacity[*of] > 0);
        PoolView {
            pool: pool.name.clone(),
            zone: pool.zone.clone(),
            taken: has.map(|of| (of, share(&of))).collect(),
            cut_off: mean(uses().map(|taken| taken.cut_off), runs.len()),
        }
    };
    scenario.fleet.pools.iter().enumerate().map(view).collect()
}

fn timeline(scenario: &Scenario, runs: &[RunOutcome]) -> Vec<RunTimelineBin> {
    let bins = runs.iter().map(|run| run.timeline.len()).max().unwrap_or(0);
    let mut at = scenario.window.start;
    (0..bins)
        .map(|bin| {
            let steps = || runs.iter().filter_map(move |run| run.timeline.get(bin));
            let average = |of: fn(&TimelineBin) -> u32| mean(steps().map(|step| u64::from(of(step))), runs.len());
            let view = RunTimelineBin {
                at,
                cost: MoneyBand::over_runs(steps().map(|step| step.cost), scenario.price_book.currency),
                creates: average(|step| step.creates),
                live: average(|step| step.live),
                nodes: average(|step| step.nodes),
            };
            at += scenario.bin;
            view
        })
        .collect()
}

pub(super) fn mean(counts: impl Iterator<Item = u64>, runs: usize) -> f64 {
    counts.sum::<u64>() as f64 / runs.max(1) as f64
}
