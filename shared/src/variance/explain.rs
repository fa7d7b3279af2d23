//! A decomposition in the words of an allocation report.

use super::{Decomposition, Finding, Part, PartLine};
use crate::allocation::{AllocationReport, Cause, CauseAmount, EarlierVariance, Grouping, OptimizationArea, RowKind};
use crate::request::Tenant;
use crate::units::{LedgerUnits, Money};

/// How many optimization areas a report names.
const AREAS: usize = 10;

/// Amounts below this part of the actual cost are no area: a thousandth.
const SMALLEST_PART: i128 = 1_000;

/// Puts the causes of its variance, as a whole and row by row, and the areas where most of it lies, into a report of
/// the same window.
///
/// The amounts of the causes add up to the variance to the last decimal: what rounding leaves over goes to
/// the residual. Rows of flavors, and of everyone's workload, have none. Areas have no
/// recommendations and no history yet.
pub fn explain(report: &mut AllocationReport, decomposition: &Decomposition, tenants: &[Tenant]) {
    let currency = report.currency;
    report.causes = decomposition
        .causes
        .iter()
        .map(|line| match &line.finding {
            Finding::Observed { amount, .. } => {
                CauseAmount { cause: line.cause, amount: Some(amount.to_money(currency)), not_observed: None }
            }
            Finding::NotObserved { reason } => {
                CauseAmount { cause: line.cause, amount: None, not_observed: Some(reason.to_string()) }
            }
        })
        .collect();
    settle(&mut report.causes, report.variance);
    for row in &mut report.rows {
        let of_row = |line: &&PartLine| describe(line.part, tenants) == (row.kind, row.name.clone());
        if let Some(line) = decomposition.parts.iter().find(of_row) {
            let amounts = Cause::ALL.into_iter().zip(line.amounts);
            let amount = |amount: LedgerUnits| amount.to_money(currency);
            row.causes = amounts
                .map(|(cause, found)| CauseAmount { cause, amount: found.map(amount), not_observed: None })
                .collect();
            settle(&mut row.causes, row.variance);
        }
    }
    report.optimization_areas = areas(decomposition)
        .into_iter()
        .map(|(part, cause, amount)| {
            let (kind, name) = describe(part, tenants);
            OptimizationArea {
                kind,
                name,
                cause,
                variance: amount.to_money(currency),
                recommendations: Vec::new(),
                history: Vec::new(),
            }
        })
        .collect();
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

/// The largest amounts, classes left out since tenants hold the same money.
fn areas(decomposition: &Decomposition) -> Vec<(Part, Cause, LedgerUnits)> {
    let lines = decomposition.parts.iter().filter(|line| !matches!(line.part, Part::Class(_)));
    let mut areas: Vec<(Part, Cause, LedgerUnits)> = lines
        .flat_map(|line| Cause::ALL.into_iter().zip(line.amounts).map(|(cause, amount)| (line.part, cause, amount)))
        .filter_map(|(part, cause, amount)| Some((part, cause, amount?)))
        .filter(|(_, _, amount)| amount.0 != 0 && amount.0.abs() >= decomposition.actual.0.abs() / SMALLEST_PART)
        .collect();
    areas.sort_by_key(|(_, _, amount)| core::cmp::Reverse(amount.0.abs()));
    areas.truncate(AREAS);
    areas
}

fn describe(part: Part, tenants: &[Tenant]) -> (RowKind, String) {
    match part {
        Part::Tenant(tenant) => (RowKind::Tenant, tenants[tenant.usize()].name.clone()),
        Part::Class(class) => (RowKind::Class, class.as_str().to_owned()),
        Part::Idle => (RowKind::Idle, String::new()),
        Part::Overhead => (RowKind::Overhead, String::new()),
        Part::CommitmentDiscount => (RowKind::CommitmentDiscount, String::new()),
        Part::UnusedCommitment => (RowKind::UnusedCommitment, String::new()),
        Part::Module(module) => (RowKind::Module, module.as_str().to_owned()),
    }
}
