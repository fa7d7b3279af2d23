//! What a bill says of the window of a report, beside what was predicted for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::days::within;
use super::{Bill, Payer, Payers, Unallocated};
use crate::allocation::{AllocationReport, Basis, PredictionAccuracy, RowKind, Status};
use crate::trace::charge::Charge;
use crate::trace::mapping::Mapping;
use crate::units::{Currency, LedgerUnits, Money, Window, apportion};

/// The workload of tenants, predicted and billed. Predicted, billed and variance add up over the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BilledReport {
    /// The window.
    pub window: Window,
    /// Billed, or metered by OpenCost.
    pub basis: Basis,
    /// Whether the bill may still change.
    pub status: Status,
    /// The tenants that either names, by name.
    pub rows: Vec<BilledRow>,
    /// What they were predicted to cost, the mean over the runs.
    pub predicted: Money,
    /// What they cost by the bill, after discounts.
    pub billed: Money,
    /// Billed − predicted.
    pub variance: Money,
    /// 1 − |variance ÷ billed|; none where nothing was billed.
    pub prediction_accuracy: Option<f64>,
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
    for charge in bill.charges.iter().filter(reaches) {
        let of = currencies.entry(charge.currency).or_default();
        let part = within(charge, charge.effective.0, window);
        match payers.of(charge) {
            Payer::Tenant(tenant) => *of.tenants.entry(tenant).or_default() += part,
            Payer::Unallocated(reason) => *of.unallocated.entry(reason).or_default() += part,
        }
    }
    if currencies.is_empty() {
        return None;
    }
    let Billed { tenants, unallocated } = currencies.remove(&report.currency).unwrap_or_default();
    let of_tenants = report.rows.iter().filter(|row| row.kind == RowKind::Tenant);
    let predicted: BTreeMap<&str, Money> = of_tenants.map(|row| (row.name.as_str(), row.predicted.mean)).collect();
    let names: BTreeSet<&str> = predicted.keys().chain(tenants.keys()).copied().collect();
    let none = LedgerUnits::ZERO.to_money(report.currency);
    let amounts: Vec<LedgerUnits> = names.iter().map(|name| tenants.get(name).copied().unwrap_or_default()).collect();
    let (billed, column) = apportion(&amounts, report.currency);
    let rows: Vec<BilledRow> = names
        .iter()
        .zip(column)
        .map(|(name, billed)| {
            let predicted = predicted.get(name).copied().unwrap_or(none);
            let (variance, prediction_accuracy) =
                (difference(billed, predicted), PredictionAccuracy::of_one(predicted, billed, bill.basis));
            BilledRow { tenant: (*name).to_owned(), predicted, billed, variance, prediction_accuracy }
        })
        .collect();
    let sum =
        |amounts: &mut dyn Iterator<Item = Money>| Money { amount: amounts.map(|money| money.amount).sum(), ..none };
    let total = sum(&mut rows.iter().map(|row| row.predicted));
    let others = currencies.into_iter().map(|(currency, of)| {
        let all = of.tenants.into_values().chain(of.unallocated.into_values()).sum::<LedgerUnits>();
        all.to_money(currency)
    });
    Some(BilledReport {
        window,
        basis: bill.basis,
        status: bill.status(),
        predicted: total,
        billed,
        variance: difference(billed, total),
        prediction_accuracy: PredictionAccuracy::of_one(total, billed, bill.basis),
        rows,
        unallocated: unallocated
            .into_iter()
            .map(|(reason, of)| UnallocatedMoney { reason, effective: of.to_money(report.currency) })
            .collect(),
        not_billed: difference(report.total.predicted.mean, total),
        other_currencies: others.collect(),
    })
}

fn difference(of: Money, less: Money) -> Money {
    Money { amount: of.amount - less.amount, ..of }
}
