//! What `shadow --actual` says of the bill beside what is compared.

use std::fmt::Write;

use serde::Serialize;
use shared::allocation::{AllocationReport, AllocationRow, ReportContext, RowKind, allocate};
use shared::bill::{BilledWindow, CoveredHours, Credits};
use shared::cost::CostBreakdown;
use shared::simulation::Outcome;
use shared::units::{LedgerUnits, Money};

use crate::output;

/// What credits make of what was used, who is compared, and how much of the window the bill covers.
#[derive(Debug, Serialize)]
pub(super) struct BillView {
    /// The hours of the window that it covers.
    covered: CoveredHours,
    /// What it grants the tenants; none where it grants nothing.
    credits: Option<Credits>,
    /// How many charges that are compared are below zero.
    negative: u64,
    /// The actual cost, less the credits.
    actual_with_credits: Money,
    /// Actual − predicted mean, less the credits: the causes and the credits add up to it.
    variance_with_credits: Money,
    /// How many tenants with a cost the total is of.
    tenants_compared: usize,
    /// Who asked for something and is not on the bill: no cost of theirs is known, and they are not compared.
    not_on_bill: Vec<String>,
}

impl BillView {
    /// What a bill says beside a report of what is compared; none where the report has no actual cost.
    pub(super) fn new(billed: &BilledWindow, report: &AllocationReport, context: &ReportContext<'_>) -> Option<Self> {
        let credits = Credits::new(&billed.credits, context.currency);
        let granted = credits.as_ref().map_or(LedgerUnits::ZERO.to_money(context.currency), |credits| credits.amount);
        let with = |of: Money| Money { amount: of.amount + granted.amount, ..of };
        Some(Self {
            covered: billed.covered.clone(),
            credits,
            negative: billed.negative,
            actual_with_credits: with(report.total.actual?),
            variance_with_credits: with(report.variance?),
            tenants_compared: report.rows.iter().filter(|row| is_compared(row)).count(),
            not_on_bill: billed.not_on_bill.iter().map(|of| context.tenants[of.usize()].name.clone()).collect(),
        })
    }

    /// What the total is called: whose it is, where it is not everybody's.
    pub(super) fn total(&self) -> String {
        let compared = output::counted(self.tenants_compared as u64, "tenant");
        if self.not_on_bill.is_empty() { "total".to_owned() } else { format!("total of {compared} on the bill") }
    }

    /// Writes the credits below the causes, which add up to `variance` as it is shown, and what both come to.
    pub(super) fn write_credits(&self, out: &mut String, variance: Money) -> std::fmt::Result {
        let Some(credits) = &self.credits else { return Ok(()) };
        let (used, granted) = (variance.rounded(), credits.amount.rounded());
        let charges = output::counted(credits.charges, "charge");
        writeln!(out, "  {:<12}{used:>14.2}", "of usage")?;
        writeln!(out, "  {:<12}{granted:>14.2}  {charges}", "credits")?;
        writeln!(out, "  {:<12}{:>14.2}", "with credits", used + granted)
    }
}

/// Whether a row is of a tenant with an actual cost.
fn is_compared(row: &AllocationRow) -> bool {
    row.kind == RowKind::Tenant && row.actual.is_some()
}

/// Adds a row without an actual cost for each tenant who was predicted and is not on the bill.
pub(super) fn add_those_not_on_bill(
    report: &mut AllocationReport,
    billed: &BilledWindow,
    outcome: &Outcome,
    context: &ReportContext<'_>,
) {
    let of_them = |cost: &CostBreakdown| {
        let accounts = cost.accounts.iter().filter(|account| billed.not_on_bill.contains(&account.tenant));
        CostBreakdown { accounts: accounts.copied().collect(), ..CostBreakdown::default() }
    };
    let costs: Vec<CostBreakdown> = outcome.runs.iter().map(|run| of_them(&run.cost)).collect();
    let alone = allocate(context, &costs.iter().collect::<Vec<_>>(), None, None);
    let tenants = alone.rows.into_iter().filter(|row| row.kind == RowKind::Tenant);
    let after = report.rows.iter().take_while(|row| row.kind == RowKind::Tenant).count();
    report.rows.splice(after..after, tenants);
}
