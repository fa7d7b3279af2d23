//! A decomposition in the words of an allocation report.

use super::{CauseLine, Decomposition, Finding, Part, PartLine};
use crate::allocation::{
    AllocationReport, AllocationRow, Cause, CauseAmount, EarlierVariance, Grouping, MoneyBand, OptimizationArea,
    RowKind,
};
use crate::request::{Flavor, Tenant};
use crate::units::{LedgerUnits, Money, apportion};

/// How many optimization areas a report names.
const AREAS: usize = 10;

/// Amounts below this part of the actual cost are no area: a thousandth.
const SMALLEST_PART: i128 = 1_000;

/// What the indices of a decomposition stand for.
#[derive(Clone, Copy, Debug)]
pub struct PartNames<'a> {
    /// Tenants by index.
    pub tenants: &'a [Tenant],
    /// Flavors by index.
    pub flavors: &'a [Flavor],
}

/// Puts the causes of its variance, as a whole and row by row, and the areas where most of it lies, into a report of
/// the same window.
///
/// Every row has the causes of its own variance, read from the same replays. They add up both ways, to the last decimal: the
/// causes of a row to its variance, and each cause over the rows to that of the whole; what rounding leaves over goes to
/// the residual. Who had a cost in a replay on the way alone gets a row of nothing, whose causes cancel each other out. Areas
/// have no recommendations and no history yet.
pub fn explain(report: &mut AllocationReport, decomposition: &Decomposition, names: PartNames<'_>) {
    let currency = report.currency;
    add_rows_on_the_way(report, decomposition, names);
    let lines: Vec<Option<&PartLine>> = report
        .rows
        .iter()
        .map(|row| {
            let of_row = |line: &&PartLine| describe(line.part, names) == (row.kind, row.name.as_str());
            decomposition.parts.iter().find(of_row)
        })
        .collect();
    report.causes.clear();
    for CauseLine { cause, finding } in &decomposition.causes {
        let found = match finding {
            Finding::Observed { .. } => {
                let amount = |line: &Option<&PartLine>| line.and_then(|line| line.amounts[*cause as usize]);
                let amounts: Vec<LedgerUnits> = lines.iter().map(|line| amount(line).unwrap_or_default()).collect();
                Ok(apportion(&amounts, currency))
            }
            Finding::NotObserved { reason } => Err(reason.to_string()),
        };
        let rows = report.rows.iter_mut().enumerate().filter(|(position, _)| lines[*position].is_some());
        for (position, row) in rows {
            let amount = found.as_ref().ok().map(|(_, column)| column[position]);
            row.causes.push(CauseAmount { cause: *cause, amount, not_observed: None });
        }
        let (amount, not_observed) = match found {
            Ok((whole, _)) => (Some(whole), None),
            Err(reason) => (None, Some(reason)),
        };
        report.causes.push(CauseAmount { cause: *cause, amount, not_observed });
    }
    settle(&mut report.causes, report.variance);
    report.rows.iter_mut().for_each(|row| settle(&mut row.causes, row.variance));
    report.optimization_areas = areas(decomposition)
        .into_iter()
        .map(|(part, cause, amount)| {
            let (kind, name) = describe(part, names);
            OptimizationArea {
                kind,
                name: name.to_owned(),
                cause,
                variance: amount.to_money(currency),
                recommendations: Vec::new(),
                history: Vec::new(),
            }
        })
        .collect();
}

/// Adds a row of nothing for each part of the report's grouping that was neither predicted nor there, and that a replay
/// between the two charged.
fn add_rows_on_the_way(report: &mut AllocationReport, decomposition: &Decomposition, names: PartNames<'_>) {
    let (currency, runs) = (report.currency, report.runs as usize);
    let workload = match report.grouping {
        Grouping::Tenant => RowKind::Tenant,
        Grouping::Module => RowKind::Workload,
        Grouping::Flavor => RowKind::Flavor,
        Grouping::Class => RowKind::Class,
    };
    for PartLine { part, amounts, .. } in &decomposition.parts {
        let (kind, name) = describe(*part, names);
        let is_of_report = kind == workload || matches!(kind, RowKind::CommitmentDiscount | RowKind::UnusedCommitment);
        let is_charged = amounts.iter().flatten().any(|amount| *amount != LedgerUnits::ZERO);
        let is_there = report.rows.iter().any(|row| (row.kind, row.name.as_str()) == (kind, name));
        if !is_of_report || !is_charged || is_there {
            continue;
        }
        let nothing = report.variance.map(|_| LedgerUnits::ZERO.to_money(currency));
        let row = AllocationRow {
            kind,
            name: name.to_owned(),
            predicted: MoneyBand::over_runs(core::iter::repeat_n(LedgerUnits::ZERO, runs), currency),
            actual: nothing,
            variance: nothing,
            causes: Vec::new(),
        };
        let place = report.rows.partition_point(|row| row.kind <= kind);
        report.rows.insert(place, row);
    }
}

/// Tells the optimization areas of a report what the same lines were in earlier windows, which are given by tenant and
/// in order of time.
///
/// Windows of another length or currency tell nothing. Who has no row in an earlier report was neither predicted nor
/// there: the variance was 0.
pub fn recall<'r>(report: &mut AllocationReport, earlier: impl IntoIterator<Item = &'r AllocationReport>) {
    let (currency, window) = (report.currency, report.window);
    let alike = |earlier: &&AllocationReport| {
        let precedes = earlier.window.end <= window.start && earlier.window.length() == window.length();
        precedes && earlier.currency == currency && earlier.grouping == Grouping::Tenant
    };
    for earlier in earlier.into_iter().filter(alike) {
        for area in &mut report.optimization_areas {
            let row = earlier.rows.iter().find(|row| row.kind == area.kind && row.name == area.name);
            let line = row.map(|row| row.causes.iter().find(|line| line.cause == area.cause));
            let variance = match line {
                None => Some(LedgerUnits::ZERO.to_money(currency)),
                Some(line) => line.and_then(|line| line.amount),
            };
            area.history.push(EarlierVariance { window: earlier.window, variance });
        }
    }
}

/// Corrects the residual by what rounding each amount on its own left over.
fn settle(causes: &mut [CauseAmount], variance: Option<Money>) {
    let Some(variance) = variance else { return };
    let sum: rust_decimal::Decimal = causes.iter().filter_map(|line| line.amount).map(|money| money.amount).sum();
    let missing = variance.amount - sum;
    let residual = causes.iter_mut().find(|line| line.cause == Cause::Residual);
    if let Some(amount) = residual.and_then(|line| line.amount.as_mut()) {
        *amount = Money { amount: amount.amount + missing, ..*amount };
    }
}

/// The largest amounts; what is the tenants' money once more is left out.
fn areas(decomposition: &Decomposition) -> Vec<(Part, Cause, LedgerUnits)> {
    let lines = decomposition.parts.iter().filter(|line| !line.part.repeats_tenants());
    let mut areas: Vec<(Part, Cause, LedgerUnits)> = lines
        .flat_map(|line| Cause::ALL.into_iter().zip(line.amounts).map(|(cause, amount)| (line.part, cause, amount)))
        .filter_map(|(part, cause, amount)| Some((part, cause, amount?)))
        .filter(|(_, _, amount)| amount.0 != 0 && amount.0.abs() >= decomposition.actual.0.abs() / SMALLEST_PART)
        .collect();
    areas.sort_by_key(|(_, _, amount)| core::cmp::Reverse(amount.0.abs()));
    areas.truncate(AREAS);
    areas
}

fn describe(part: Part, names: PartNames<'_>) -> (RowKind, &str) {
    match part {
        Part::Tenant(tenant) => (RowKind::Tenant, &names.tenants[tenant.usize()].name),
        Part::Class(class) => (RowKind::Class, class.as_str()),
        Part::Flavor(flavor) => (RowKind::Flavor, &names.flavors[flavor.usize()].name),
        Part::Workload => (RowKind::Workload, ""),
        Part::Idle => (RowKind::Idle, ""),
        Part::Overhead => (RowKind::Overhead, ""),
        Part::CommitmentDiscount => (RowKind::CommitmentDiscount, ""),
        Part::UnusedCommitment => (RowKind::UnusedCommitment, ""),
        Part::Module(module) => (RowKind::Module, module.as_str()),
    }
}
