//! What a bill says of the window of a report, beside what was predicted for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::coverage::covered;
use super::days::within;
use super::{Bill, CoveredHours, Credited, Credits, Payer, Payers, Unallocated};
use crate::allocation::{AllocationReport, AllocationRow, Basis, PredictionAccuracy, RowKind, Status};
use crate::trace::charge::{Charge, ChargeCategory};
use crate::trace::mapping::Mapping;
use crate::units::{Currency, LedgerUnits, Money, Window, apportion};

/// The workload of tenants, predicted and billed, without what was credited. Predicted, billed and variance add up over the
/// rows, and are of nobody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BilledReport {
    /// The window.
    pub window: Window,
    /// Billed, or metered by OpenCost.
    pub basis: Basis,
    /// Whether the bill may still change: it also may where it covers a part of the window alone.
    pub status: Status,
    /// The hours of the window in which the bill charges for use.
    pub covered: CoveredHours,
    /// The tenants that both name, by name, and those of the prediction who are not on the bill and cost nothing in the
    /// window.
    pub rows: Vec<BilledRow>,
    /// What they were predicted to cost, the mean over the runs.
    pub predicted: Money,
    /// What they cost by the bill, after discounts.
    pub billed: Money,
    /// Billed − predicted.
    pub variance: Money,
    /// 1 − |variance ÷ billed|; none where nothing was billed.
    pub prediction_accuracy: Option<f64>,
    /// What the bill grants these tenants; none where it grants nothing.
    pub credits: Option<Credits>,
    /// Tenants of whom the bill has no line at any time: what they were billed is not known, which is not 0.
    pub not_on_bill: Vec<NotOnBill>,
    /// Tenants of the bill of whom the report has no request; they are not compared.
    pub without_requests: Vec<WithoutRequests>,
    /// What the bill has that no tenant pays, by reason; it is not compared.
    pub unallocated: Vec<UnallocatedMoney>,
    /// What was predicted that no account of a bill pays: idle, overhead, modules and commitments; it is not compared.
    pub not_billed: Money,
    /// What the bill has in other currencies, which is not compared.
    pub other_currencies: Vec<Money>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BilledRow {
    /// Who.
    pub tenant: String,
    /// The mean over the runs.
    pub predicted: Money,
    /// By the bill, after discounts.
    pub billed: Money,
    /// Billed − predicted.
    pub variance: Money,
    /// 1 − |variance ÷ billed|; none where nothing was billed.
    pub prediction_accuracy: Option<f64>,
}

/// A tenant who is not on the bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotOnBill {
    /// Who.
    pub tenant: String,
    /// The mean over the runs.
    pub predicted: Money,
}

/// A tenant who is on the bill alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithoutRequests {
    /// Who.
    pub tenant: String,
    /// After discounts and credits.
    pub effective: Money,
}

/// Money that no tenant pays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnallocatedMoney {
    /// Why.
    pub reason: Unallocated,
    /// After discounts.
    pub effective: Money,
}

/// What is added up of a bill in one currency.
#[derive(Default)]
struct Billed<'a> {
    tenants: BTreeMap<&'a str, LedgerUnits>,
    credits: BTreeMap<&'a str, Credited>,
    unallocated: BTreeMap<Unallocated, LedgerUnits>,
}

/// Sets a bill beside a report by tenant; none where the bill has no charge in the report's window.
///
/// Charges that reach out of the window count in proportion to time, at their effective cost.
pub fn beside(report: &AllocationReport, bill: &Bill, mapping: Option<&Mapping>) -> Option<BilledReport> {
    let window = report.window;
    let payers = Payers::new(mapping, &bill.charges);
    let reaches = |charge: &&Charge| charge.period.start < window.end && charge.period.end > window.start;
    let mut currencies: BTreeMap<Currency, Billed<'_>> = BTreeMap::new();
    let on_bill: BTreeSet<&str> = bill.charges.iter().filter_map(|charge| tenant(payers.of(charge))).collect();
    for charge in bill.charges.iter().filter(reaches) {
        currencies.entry(charge.currency).or_default().add(charge, payers.of(charge), window);
    }
    if currencies.is_empty() {
        return None;
    }
    let Billed { mut tenants, mut credits, unallocated } = currencies.remove(&report.currency).unwrap_or_default();
    let of_report = |row: &&AllocationRow| row.kind == RowKind::Tenant;
    let asked: BTreeSet<&str> = report.rows.iter().filter(of_report).map(|row| row.name.as_str()).collect();
    let strangers = without_requests(&mut tenants, &mut credits, &asked, report.currency);
    // Who cost nothing has nothing to be billed for.
    let is_missing = |row: &&AllocationRow| {
        !on_bill.contains(&*row.name) && row.actual.is_none_or(|actual| !actual.amount.is_zero())
    };
    let (missing, compared): (Vec<&AllocationRow>, Vec<_>) = report.rows.iter().filter(of_report).partition(is_missing);
    let by_name: BTreeMap<&str, Money> = compared.iter().map(|row| (row.name.as_str(), row.predicted.mean)).collect();
    let amounts: Vec<LedgerUnits> = by_name.keys().map(|name| tenants.get(name).copied().unwrap_or_default()).collect();
    let (billed, column) = apportion(&amounts, report.currency);
    let row = |((name, predicted), billed): ((&str, Money), Money)| BilledRow {
        tenant: name.to_owned(),
        predicted,
        billed,
        variance: difference(billed, predicted),
        prediction_accuracy: PredictionAccuracy::of_one(predicted, billed, bill.basis),
    };
    let rows: Vec<BilledRow> = by_name.into_iter().zip(column).map(row).collect();
    let none = LedgerUnits::ZERO.to_money(report.currency);
    let sum = |amounts: &mut dyn Iterator<Item = Money>| Money { amount: amounts.map(|of| of.amount).sum(), ..none };
    let total = sum(&mut rows.iter().map(|row| row.predicted));
    let of_tenants = sum(&mut report.rows.iter().filter(of_report).map(|row| row.predicted.mean));
    let others = currencies.into_iter().map(|(currency, of)| of.total().to_money(currency));
    let used = bill.charges.iter().filter(|charge| charge.category == ChargeCategory::Usage);
    let covered = covered(&used.map(|charge| charge.period).collect::<Vec<_>>(), None, window);
    Some(BilledReport {
        window,
        basis: bill.basis,
        status: if covered.is_whole() { bill.status() } else { Status::Provisional },
        covered,
        predicted: total,
        billed,
        variance: difference(billed, total),
        prediction_accuracy: PredictionAccuracy::of_one(total, billed, bill.basis),
        rows,
        credits: Credits::new(&credits, report.currency),
        not_on_bill: missing
            .into_iter()
            .map(|row| NotOnBill { tenant: row.name.clone(), predicted: row.predicted.mean })
            .collect(),
        without_requests: strangers,
        unallocated: unallocated
            .into_iter()
            .map(|(reason, of)| UnallocatedMoney { reason, effective: of.to_money(report.currency) })
            .collect(),
        not_billed: difference(report.total.predicted.mean, of_tenants),
        other_currencies: others.collect(),
    })
}

impl<'a> Billed<'a> {
    fn add(&mut self, charge: &Charge, payer: Payer<'a>, window: Window) {
        let part = within(charge, charge.effective.0, window);
        match payer {
            Payer::Tenant(tenant) if charge.category == ChargeCategory::Credit => {
                self.credits.entry(tenant).or_default().add(part);
            }
            Payer::Tenant(tenant) => *self.tenants.entry(tenant).or_default() += part,
            Payer::Unallocated(reason) => *self.unallocated.entry(reason).or_default() += part,
        }
    }

    fn total(self) -> LedgerUnits {
        let credits = self.credits.into_values().map(|credited| credited.amount);
        self.tenants.into_values().chain(credits).chain(self.unallocated.into_values()).sum()
    }
}

fn tenant(payer: Payer<'_>) -> Option<&str> {
    match payer {
        Payer::Tenant(tenant) => Some(tenant),
        Payer::Unallocated(_) => None,
    }
}

/// Takes out who `asked` for nothing, with what they are billed, credits included.
fn without_requests(
    tenants: &mut BTreeMap<&str, LedgerUnits>,
    credits: &mut BTreeMap<&str, Credited>,
    asked: &BTreeSet<&str>,
    currency: Currency,
) -> Vec<WithoutRequests> {
    let mut strangers: BTreeMap<String, LedgerUnits> = BTreeMap::new();
    let mut take = |name: &str, amount: LedgerUnits| {
        let is_known = asked.contains(name);
        if !is_known {
            *strangers.entry(name.to_owned()).or_default() += amount;
        }
        is_known
    };
    tenants.retain(|name, amount| take(name, *amount));
    credits.retain(|name, credited| take(name, credited.amount));
    let stranger = |(tenant, of): (String, LedgerUnits)| WithoutRequests { tenant, effective: of.to_money(currency) };
    strangers.into_iter().map(stranger).collect()
}

fn difference(of: Money, less: Money) -> Money {
    Money { amount: of.amount - less.amount, ..of }
}
