//! A bill by whatever somebody wants to see it by; every column adds up to the total of the charges.

use core::fmt;
use core::str::FromStr;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;

use super::rows::{BillRow, Line, RowKey, rows};
use super::{Bill, ExchangeError, ExchangeRates, Payer, Payers, Statement, Unallocated, spread};
use crate::allocation::{Basis, Status};
use crate::trace::charge::Charge;
use crate::trace::mapping::Mapping;
use crate::units::{Currency, Duration, Instant, LedgerUnits, Money, Window};

/// What a report of a bill goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillKey {
    /// Who pays.
    Tenant,
    /// The UTC day; charges of several days are spread over them.
    Day,
    /// What was bought.
    Service,
    /// Usage, purchase, tax, credit or adjustment.
    Category,
    /// The class of resource.
    Class,
    /// The account that it was used in.
    Account,
    /// Which resource, by its id, or by its name where it has none.
    Resource,
    /// Where.
    Region,
    /// The value of a tag.
    Label(String),
}

/// How a report is made.
#[derive(Clone, Copy, Debug)]
pub struct BillConfig<'a> {
    /// Who is which tenant.
    pub mapping: Option<&'a Mapping>,
    /// What the rows go by, the first first.
    pub by: &'a [BillKey],
    /// The currency of the report; each charge in its own where none is said.
    pub currency: Option<Currency>,
    /// The rates to convert with.
    pub rates: &'a ExchangeRates,
}

/// A bill, by who pays and whatever else was asked for.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BillReport {
    /// What the rows go by.
    pub by: Vec<String>,
    /// How the costs are known.
    pub basis: Basis,
    /// Whether they may still change.
    pub status: Status,
    /// The charges in each currency.
    pub bills: Vec<CurrencyBill>,
    /// The first and the last date of the exchange rates that were used, and of the pairs.
    pub exchanged: Vec<Exchanged>,
    /// Every statement, those that a later one replaced too.
    pub statements: Vec<Statement>,
}

/// Money of another currency in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exchanged {
    /// What it was in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub from: Currency,
    /// What it became.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub to: Currency,
    /// The lowest rate that was used.
    pub lowest: String,
    /// The highest.
    pub highest: String,
    /// The date of the earliest rate that was used.
    pub first: Instant,
    /// The date of the latest.
    pub last: Instant,
    /// How much was billed in that currency.
    pub billed: Money,
}

/// The charges in one currency.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurrencyBill {
    /// Which currency.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// How many charges there are.
    pub charges: u64,
    /// How many of them are negative: credits, and what is taken back.
    pub negative: u64,
    /// From the first start to the last end.
    pub period: Window,
    /// The whole of what is on the invoice.
    pub billed: Money,
    /// The whole after discounts, with what was paid ahead spread over its use.
    pub effective: Money,
    /// What tenants pay of what is billed.
    pub allocated: Money,
    /// What nobody in particular does.
    pub not_allocated: Money,
    /// That by reason.
    pub unallocated: Vec<ReasonRow>,
    /// By what was asked for.
    pub rows: Vec<BillRow>,
}

/// Money that no tenant pays.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonRow {
    /// Why.
    pub reason: Unallocated,
    /// How many charges.
    pub charges: u64,
    /// On the invoice.
    pub billed: Money,
    /// After discounts.
    pub effective: Money,
}

/// Which rates were used for a pair of currencies, and for how much.
#[derive(Default)]
struct Rates {
    dates: BTreeSet<Instant>,
    rates: BTreeSet<Decimal>,
    billed: LedgerUnits,
}

/// What is added up for one currency.
struct Sums {
    charges: u64,
    negative: u64,
    period: Window,
    lines: BTreeMap<RowKey, Line>,
    payers: BTreeMap<Option<Unallocated>, Line>,
}

/// Makes the report of the charges that stand.
///
/// Billed and effective cost add up to those of the charges, exactly, in every grouping; amounts are rounded to six decimals
/// by largest remainder.
///
/// # Errors
/// Where a rate is missing for a charge in another currency than that of the report.
pub fn report(bill: &Bill, config: &BillConfig) -> Result<BillReport, ExchangeError> {
    let payers = Payers::new(config.mapping, &bill.charges);
    let mut sums: BTreeMap<Currency, Sums> = BTreeMap::new();
    let mut exchanged: BTreeMap<(Currency, Currency), Rates> = BTreeMap::new();
    for charge in &bill.charges {
        let currency = config.currency.unwrap_or(charge.currency);
        let convert = |of| config.rates.convert(of, (charge.currency, currency), charge.period.start);
        let (billed, date) = convert(charge.billed.0)?;
        let (effective, _) = convert(charge.effective.0)?;
        if let Some(date) = date {
            let pair = (charge.currency, currency);
            let of = exchanged.entry(pair).or_default();
            of.dates.insert(date);
            of.rates.insert(config.rates.rate(pair, charge.period.start)?.0);
            of.billed += charge.billed.0;
        }
        let sums = sums.entry(currency).or_insert_with(|| Sums::new(charge.period));
        sums.add(charge, config.by, payers.of(charge), (billed, effective));
    }
    let exchanged = exchanged.into_iter().filter_map(|((from, to), Rates { dates, rates, billed })| {
        let (first, last) = (*dates.first()?, *dates.last()?);
        let [lowest, highest] = [rates.first()?, rates.last()?].map(|rate| rate.normalize().to_string());
        Some(Exchanged { from, to, lowest, highest, first, last, billed: billed.to_money(from) })
    });
    Ok(BillReport {
        by: config.by.iter().map(ToString::to_string).collect(),
        basis: bill.basis,
        status: bill.status(),
        exchanged: exchanged.collect(),
        bills: sums.into_iter().map(|(currency, sums)| sums.finish(currency, config.by)).collect(),
        statements: bill.statements.clone(),
    })
}

impl Sums {
    fn new(period: Window) -> Self {
        Self { charges: 0, negative: 0, period, lines: BTreeMap::new(), payers: BTreeMap::new() }
    }

    fn add(&mut self, charge: &Charge, by: &[BillKey], payer: Payer, (billed, effective): (LedgerUnits, LedgerUnits)) {
        self.charges += 1;
        self.negative += u64::from(billed < LedgerUnits::ZERO);
        self.period.start = self.period.start.min(charge.period.start);
        self.period.end = self.period.end.max(charge.period.end);
        let reason = match payer {
            Payer::Tenant(_) => None,
            Payer::Unallocated(reason) => Some(reason),
        };
        self.payers.entry(reason).or_default().add(billed, effective);
        let parts = if by.contains(&BillKey::Day) {
            spread(charge, billed, effective)
        } else {
            Vec::from([(charge.period.start, billed, effective)])
        };
        // Who pays is told apart in rows only where rows go by it.
        let told = reason.filter(|_| by.contains(&BillKey::Tenant));
        for (day, billed, effective) in parts {
            let keys = by.iter().map(|key| value(key, charge, payer, day)).collect();
            self.lines.entry((told, keys)).or_default().add(billed, effective);
        }
    }

    fn finish(self, currency: Currency, by: &[BillKey]) -> CurrencyBill {
        let reasons: Vec<(Option<Unallocated>, Line)> = self.payers.into_iter().collect();
        let lines: Vec<&Line> = reasons.iter().map(|(_, line)| line).collect();
        let (billed, effective) = Line::money(&lines, currency);
        let none = LedgerUnits::ZERO.to_money(currency);
        let allocated = reasons.iter().position(|(reason, _)| reason.is_none()).map_or(none, |at| billed.1[at]);
        let row = |(at, (reason, line)): (usize, &(Option<Unallocated>, Line))| {
            let reason = (*reason)?;
            Some(ReasonRow { reason, charges: line.charges, billed: billed.1[at], effective: effective.1[at] })
        };
        CurrencyBill {
            currency,
            charges: self.charges,
            negative: self.negative,
            period: self.period,
            billed: billed.0,
            effective: effective.0,
            allocated,
            not_allocated: Money { amount: billed.0.amount - allocated.amount, currency },
            unallocated: reasons.iter().enumerate().filter_map(row).collect(),
            rows: rows(self.lines, currency, by.contains(&BillKey::Day)),
        }
    }
}

/// What a charge is in one respect; `-` where it has no such thing.
fn value(key: &BillKey, charge: &Charge, payer: Payer, day: Instant) -> String {
    let found = match key {
        BillKey::Tenant => match payer {
            Payer::Tenant(tenant) => return tenant.to_owned(),
            Payer::Unallocated(reason) => return format!("unallocated: {reason}"),
        },
        BillKey::Day => return day.floor(Duration::DAY).to_string().chars().take(10).collect(),
        BillKey::Category => return charge.category.as_str().to_owned(),
        BillKey::Class => return charge.class.map_or("other", |class| class.as_str()).to_owned(),
        BillKey::Service => charge.service.as_ref(),
        BillKey::Account => charge.sub_account.as_ref().or(charge.billing_account.as_ref()),
        BillKey::Resource => charge.resource.as_ref().or(charge.resource_name.as_ref()),
        BillKey::Region => charge.region.as_ref(),
        BillKey::Label(label) => charge.tags.get(label),
    };
    found.map_or("-", String::as_str).to_owned()
}

impl FromStr for BillKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "tenant" => Self::Tenant,
            "day" => Self::Day,
            "service" => Self::Service,
            "category" => Self::Category,
            "class" => Self::Class,
            "account" => Self::Account,
            "resource" => Self::Resource,
            "region" => Self::Region,
            _ => match text.strip_prefix("label:").filter(|label| !label.is_empty()) {
                Some(label) => Self::Label(label.to_owned()),
                None => {
                    return Err(format!(
                        "expected tenant, day, service, category, class, account, resource, region or label:NAME, not \
                         `{text}`"
                    ));
                }
            },
        })
    }
}

impl fmt::Display for BillKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::Day => f.write_str("day"),
            Self::Service => f.write_str("service"),
            Self::Category => f.write_str("category"),
            Self::Class => f.write_str("class"),
            Self::Account => f.write_str("account"),
            Self::Resource => f.write_str("resource"),
            Self::Region => f.write_str("region"),
            Self::Label(label) => write!(f, "label:{label}"),
        }
    }
}
