//! What `diff` says.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::api::{DurationsView, EvictionView, OutcomeView, PoolView, RefusalView};
use shared::comparison::{Change, CostComparison, CostDifference, CostPart, INTERVAL_LEVEL};
use shared::scenario::ValidScenario;
use shared::simulation::{Digest, Outcome};
use shared::units::{Currency, Dimension, LedgerUnits, Money, Window, apportion_to};

/// The two beside each other.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) a: SideView,
    pub(super) b: SideView,
    /// What differs in the scenarios; none where one is only known by its outcome.
    pub(super) changes: Option<Vec<Change>>,
    pub(super) cost: CostsView,
    pub(super) notices: Vec<String>,
    /// The command that comes to the same.
    pub(super) reproduce: String,
}

/// What came of one of the two, but for its cost.
#[derive(Debug, Serialize)]
pub(super) struct SideView {
    /// `A` or `B`.
    #[serde(skip)]
    pub(super) label: &'static str,
    /// Where it comes from.
    pub(super) source: String,
    /// What people call the scenario.
    pub(super) name: Option<String>,
    pub(super) engine: u32,
    pub(super) digest: Digest,
    pub(super) window: Window,
    pub(super) runs: u32,
    #[serde(skip)]
    pub(super) currency: Currency,
    /// Per run on average, as refusals, evictions and those who wait at the end.
    pub(super) requests: f64,
    pub(super) latency_ms: DurationsView,
    pub(super) refused: Vec<RefusalView>,
    pub(super) evicted: Vec<EvictionView>,
    pub(super) pending: f64,
    pub(super) utilisation: BTreeMap<Dimension, f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pools: Vec<PoolView>,
    pub(super) peak_live: u32,
    pub(super) peak_nodes: u32,
}

/// What both cost: means over the runs.
#[derive(Debug, Serialize)]
pub(super) struct CostsView {
    pub(super) currency: Currency,
    /// Of the intervals, over the runs' differences.
    pub(super) level: f64,
    /// Pairs of runs with the same draws; none where there are no runs to pair.
    pub(super) paired_runs: Option<u32>,
    /// In how many of them B costs more.
    pub(super) dearer_runs: Option<u32>,
    pub(super) rows: Vec<CostRow>,
    pub(super) total: DifferenceView,
}

/// One part of the cost.
#[derive(Debug, Serialize)]
pub(super) struct CostRow {
    pub(super) part: CostPart,
    #[serde(flatten)]
    pub(super) difference: DifferenceView,
}

/// Before, after, and by how much they differ.
#[derive(Debug, Serialize)]
pub(super) struct DifferenceView {
    pub(super) a: Option<Money>,
    pub(super) b: Option<Money>,
    pub(super) difference: Money,
    /// Of what A costs.
    pub(super) growth_percent: Option<f64>,
    /// The lower end of the interval.
    pub(super) low: Option<Money>,
    /// The upper end of the interval.
    pub(super) high: Option<Money>,
}

impl SideView {
    pub(super) fn new(
        label: &'static str,
        source: String,
        name: Option<String>,
        currency: Currency,
        outcome: OutcomeView,
    ) -> Self {
        Self {
            label,
            source,
            name,
            engine: outcome.engine,
            digest: outcome.digest,
            window: outcome.window,
            runs: outcome.runs,
            currency,
            requests: outcome.requests,
            latency_ms: outcome.latency_ms,
            refused: outcome.refused,
            evicted: outcome.evicted,
            pending: outcome.pending,
            utilisation: outcome.utilisation,
            pools: outcome.pools,
            peak_live: outcome.peak_live,
            peak_nodes: outcome.peak_nodes,
        }
    }

    pub(super) fn of_run(label: &'static str, source: String, valid: &ValidScenario, outcome: &Outcome) -> Self {
        let scenario = valid.scenario();
        let view = OutcomeView::new(scenario, outcome);
        Self::new(label, source, Some(scenario.name.clone()), scenario.price_book.currency, view)
    }
}

impl CostsView {
    /// In money, so that every column adds up.
    pub(super) fn new(compared: &CostComparison, paired_runs: Option<u32>, currency: Currency) -> Self {
        let CostComparison { parts, total, dearer_runs } = compared;
        let column = |of: fn(&CostDifference) -> Option<LedgerUnits>| -> Vec<Money> {
            let amounts: Vec<LedgerUnits> = parts.iter().map(|(_, part)| of(part).unwrap_or_default()).collect();
            apportion_to(of(total).unwrap_or_default().to_money(currency), &amounts)
        };
        let (before, after) = (column(|part| part.before), column(|part| part.after));
        let row = |(i, (part, difference)): (usize, &(CostPart, CostDifference))| CostRow {
            part: part.clone(),
            difference: DifferenceView::new(difference, (before[i], after[i])),
        };
        let [a, b] = [total.before, total.after].map(|amount| amount.unwrap_or_default().to_money(currency));
        Self {
            currency,
            level: INTERVAL_LEVEL,
            paired_runs,
            dearer_runs: *dearer_runs,
            rows: parts.iter().enumerate().map(row).collect(),
            total: DifferenceView::new(total, (a, b)),
        }
    }
}

impl DifferenceView {
    fn new(of: &CostDifference, (a, b): (Money, Money)) -> Self {
        let currency = a.currency;
        Self {
            a: of.before.map(|_| a),
            b: of.after.map(|_| b),
            difference: Money { amount: b.amount - a.amount, currency },
            growth_percent: of.growth_percent(),
            low: of.interval.map(|(low, _)| low.to_money(currency)),
            high: of.interval.map(|(_, high)| high.to_money(currency)),
        }
    }
}
