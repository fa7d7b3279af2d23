//! Checks of a bill: how much of its money has an owner, what it does not cover, and what it covers beyond the requests.

use std::fmt::{self, Write};

use serde::Serialize;
use shared::allocation::Status;
use shared::bill::{
    Bill, BillConfig, BillKey, BillRow, CurrencyBill, ExchangeError, ExchangeRates, Gaps, Outside, gaps, outside,
    report,
};
use shared::pricing::PriceBook;
use shared::request::RequestLog;
use shared::trace::mapping::Mapping;
use shared::units::{Currency, Window};

use super::report::{Input, Report, counts};
use crate::output::{counted, cut, some};

/// Tenants that the text shows; JSON has all of them.
const SHOWN: usize = 20;

/// What a bill comes to, for one currency.
#[derive(Debug, Serialize)]
pub(super) struct Coverage {
    #[serde(flatten)]
    bill: CurrencyBill,
    /// By category of charge.
    categories: Vec<BillRow>,
    /// Money beyond the requests, where there are requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    outside_of_requests: Option<Outside>,
}

/// The bill by itself, and against the requests and the prices.
pub(super) fn check(
    into: &mut Report,
    file: &str,
    bill: &Bill,
    mapping: Option<&Mapping>,
    log: Option<&RequestLog>,
    prices: Option<&PriceBook>,
) -> Result<(), ExchangeError> {
    let by =
        |by: &[BillKey]| report(bill, &BillConfig { mapping, by, currency: None, rates: &ExchangeRates::default() });
    let (by_tenant, by_category) = (by(&[BillKey::Tenant])?, by(&[BillKey::Category])?);
    let tenants = by_tenant.bills.iter().flat_map(|bill| &bill.rows).filter(|row| row.unallocated.is_none());
    let standing = bill.statements.iter().filter(|statement| statement.replaced.is_none()).count();
    into.inputs.push(Input {
        kind: "bill",
        file: file.to_owned(),
        rows: bill.statements.iter().map(|statement| statement.charges).sum(),
        from: bill.charges.iter().map(|charge| charge.period.start).min(),
        to: bill.charges.iter().map(|charge| charge.period.end).max(),
        counts: counts([
            ("tenants", tenants.count() as u64),
            ("statements", standing as u64),
            ("negative", by_tenant.bills.iter().map(|bill| bill.negative).sum()),
        ]),
    });
    let requests = log.and_then(|log| Some(Window { start: log.first()?, end: log.last()? }));
    let mut beyond = requests.map(|requests| outside(&bill.charges, requests)).unwrap_or_default();
    check_statements(into, bill);
    for bill in &by_tenant.bills {
        check_unallocated(into, bill);
        check_outside(into, beyond.get(&bill.currency));
        check_currency(into, bill.currency, prices);
    }
    if let Some(gaps) = gaps(&bill.charges) {
        check_gaps(into, &gaps);
        into.bill_gaps = Some(gaps);
    }
    let coverage = by_tenant.bills.into_iter().zip(by_category.bills).map(|(bill, by_category)| Coverage {
        outside_of_requests: beyond.remove(&bill.currency),
        bill,
        categories: by_category.rows,
    });
    into.bills = coverage.collect();
    Ok(())
}

fn check_statements(into: &mut Report, bill: &Bill) {
    let replaced: Vec<String> = bill
        .statements
        .iter()
        .filter_map(|statement| {
            let later = statement.replaced?;
            let totals: Vec<String> =
                statement.totals.iter().map(|total| format!("{} {}", total.billed, total.currency)).collect();
            let period = statement.billing_period.start;
            Some(format!("{} of {period} stated {} by that of {later}", totals.join(" and "), statement.stated))
        })
        .collect();
    if !replaced.is_empty() {
        let found = format!("replaced by a later statement: {}", some(replaced.iter().map(String::as_str)));
        into.find("restated", found, "nothing: the latest statement of each billing period stands");
    }
    let corrections: u64 =
        bill.statements.iter().filter(|of| of.replaced.is_none()).map(|statement| statement.corrections).sum();
    if corrections > 0 {
        into.find(
            "corrections",
            format!("{} of earlier invoices, which count beside what they correct", counted(corrections, "charge")),
            "days that were compared with the earlier invoice: compare them again",
        );
    }
    let equal: u64 = bill.statements.iter().filter(|of| of.replaced.is_none()).map(|statement| statement.equal).sum();
    if equal > 0 {
        into.find(
            "equal",
            format!(
                "{} like another one of its statement in every field, counted all the same",
                counted(equal, "charge")
            ),
            "the costs, where a bill was imported twice with the same --stated: import it once",
        );
    }
    if bill.status() == Status::Provisional {
        into.find(
            "provisional",
            "a billing period was not over when the bill was made".to_owned(),
            "accuracy: what is held against this bill may still change",
        );
    }
}

fn check_unallocated(into: &mut Report, bill: &CurrencyBill) {
    if bill.unallocated.is_empty() {
        return;
    }
    let reasons: Vec<String> =
        bill.unallocated.iter().map(|row| format!("{} {}", row.reason, row.billed.amount)).collect();
    let found = format!(
        "{} of {} {} billed is no tenant's: {}",
        bill.not_allocated.amount,
        bill.billed.amount,
        bill.currency,
        reasons.join(", ")
    );
    into.find("unallocated", found, "cost per tenant; rules of a file given with --mapping say whose it is");
}

fn check_outside(into: &mut Report, beyond: Option<&Outside>) {
    let Some(beyond) = beyond else { return };
    let sides = [
        ("charges before the requests", beyond.charges_before, beyond.before, "ended before the first request"),
        ("charges after the requests", beyond.charges_after, beyond.after, "began after the last request"),
    ];
    for (kind, count, money, when) in sides {
        if count > 0 {
            let found = format!("{money} in {} {when}", counted(count, "charge"));
            into.find(kind, found, "comparing predicted with billed cost: the requests do not say what these are for");
        }
    }
}

fn check_currency(into: &mut Report, currency: Currency, prices: Option<&PriceBook>) {
    let Some(book) = prices.filter(|book| book.currency != currency) else { return };
    let found = format!("the bill has charges in {currency}, the prices are in {}", book.currency);
    into.find("currency", found, "comparing predicted with billed cost: nothing is converted without --exchange-rates");
}

fn check_gaps(into: &mut Report, gaps: &Gaps) {
    let window = |window: &Window| format!("{} for {}", window.start, window.length());
    if !gaps.days.is_empty() {
        let days: Vec<String> = gaps.days.iter().map(window).collect();
        let found = format!("no use charged from {}", some(days.iter().map(String::as_str)));
        into.find("days without charges", found, "cost of these days, if a part of the bill is missing");
    }
    if let Some(longest) = gaps.longest.filter(|_| gaps.hours > 0) {
        let found = format!(
            "no use charged in {} of {} hours of days that have some; the longest run is from {}",
            gaps.hours,
            gaps.of_hours,
            window(&longest)
        );
        into.find("hours without charges", found, "cost of these hours, if something ran in them");
    }
}

impl Coverage {
    /// Who pays how much, what nobody does, and what kinds of charges there are.
    pub(super) fn write(&self, text: &mut String) -> fmt::Result {
        let bill = &self.bill;
        let row = |text: &mut String, name: &str, charges: u64, billed: &str, effective: &str| {
            writeln!(text, "{:<40}{charges:>9}{billed:>18}{effective:>18}", cut(name, 39))
        };
        writeln!(
            text,
            "\n{:<40}{:>9}{:>18}{:>18}",
            format!("bill in {}", bill.currency),
            "charges",
            "billed",
            "effective"
        )?;
        let (tenants, others): (Vec<_>, Vec<_>) = bill.rows.iter().partition(|row| row.unallocated.is_none());
        for of in tenants.iter().take(SHOWN).chain(&others) {
            let (billed, effective) = (of.billed.amount.to_string(), of.effective.amount.to_string());
            row(text, &of.keys[0], of.charges, &billed, &effective)?;
        }
        if tenants.len() > SHOWN {
            writeln!(text, "… and {} more tenants, smaller ones", tenants.len() - SHOWN)?;
        }
        let (billed, effective) = (bill.billed.amount.to_string(), bill.effective.amount.to_string());
        row(text, "total", bill.charges, &billed, &effective)?;
        for of in &self.categories {
            let (billed, effective) = (of.billed.amount.to_string(), of.effective.amount.to_string());
            row(text, &format!("  {}", of.keys[0]), of.charges, &billed, &effective)?;
        }
        Ok(())
    }
}
