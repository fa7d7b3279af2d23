//! What a bill says that the tenants of a scenario cost in its window, so that a prediction can be held against it.

mod sums;

use std::collections::{BTreeMap, BTreeSet};

use self::sums::Sums;
use super::days::within;
use super::{Bill, CoveredHours, Credited, ExchangeError, ExchangeRates, Payers, Unallocated};
use crate::allocation::{ActualCost, Basis, Status};
use crate::cost::CostBreakdown;
use crate::pricing::PriceBook;
use crate::request::RequestLog;
use crate::scenario::Scenario;
use crate::simulation::Outcome;
use crate::trace::mapping::Mapping;
use crate::units::{LedgerUnits, TenantIndex};

/// What a bill is held against.
#[derive(Clone, Copy, Debug)]
pub struct ActualContext<'a> {
    /// The scenario that predicted the window, with everybody who appeared in it.
    pub scenario: &'a Scenario,
    /// The requests that really came.
    pub log: &'a RequestLog,
    /// Who is which tenant.
    pub mapping: Option<&'a Mapping>,
    /// The rates to convert to the currency of the scenario's prices with.
    pub rates: &'a ExchangeRates,
}

/// The effective cost of a window by tenant and flavor, as a bill says it.
///
/// The breakdown, the credits and what is left out add up to the effective cost of all charges in the window, exactly.
#[derive(Clone, Debug)]
pub struct BilledWindow {
    /// By who caused it, without what was credited.
    pub breakdown: CostBreakdown,
    /// What was credited, by tenant.
    pub credits: BTreeMap<String, Credited>,
    /// How many charges of the breakdown are below zero.
    pub negative: u64,
    /// The tenants who asked for something in the window, and of whom the bill has no line at any time: what they cost is
    /// not known, which is not 0.
    pub not_on_bill: BTreeSet<TenantIndex>,
    /// How it is known.
    pub basis: Basis,
    /// Whether it may still change: where the bill may, and where it covers a part of the window alone.
    pub status: Status,
    /// The hours in which it charges for use, or in which there is nothing to charge the tenants on it for.
    pub covered: CoveredHours,
    /// The scenario's prices, with what was charged for the flavors of resources that the bill names; none where no price
    /// can be told from the bill.
    pub price_book: Option<PriceBook>,
    /// How much of it is of resources that the requests name.
    pub matched: LedgerUnits,
    /// What is not in the breakdown.
    pub left_out: BTreeMap<LeftOut, LedgerUnits>,
    /// Whether the bill has any charge there.
    pub is_charged: bool,
    /// How many of its charges were in another currency.
    pub converted: u64,
}

/// Why money of a window is not held against the prediction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// No tenant pays it.
    Unallocated(Unallocated),
    /// The requests have no such tenant.
    UnknownTenant(String),
}

impl BilledWindow {
    /// Sums the charges that reach into the scenario's window, those that reach out of it in proportion to time.
    ///
    /// A charge is its payer's; where a mapping says nothing of it, it is the tenant's whose resource it names. Idle cost
    /// is idle where the scenario pays for nodes. What a tenant pays for no resource of the requests counts as a flavor of
    /// the same class. Where resources pay for themselves, the price of a flavor is what was charged for its resources,
    /// divided by the time that they lived in the hours that the bill covers.
    ///
    /// # Errors
    /// Where a rate is missing for a charge in another currency.
    pub fn new(bill: &Bill, context: &ActualContext) -> Result<Self, ExchangeError> {
        let window = context.scenario.window;
        let mut sums = Sums::new(context);
        let payers = Payers::new(context.mapping, &bill.charges);
        let to = context.scenario.price_book.currency;
        for charge in &bill.charges {
            let part = within(charge, charge.effective.0, window);
            let owner = sums.owner(charge, payers.of(charge));
            sums.named.extend(owner.tenant);
            let reaches = charge.period.start < window.end && charge.period.end > window.start;
            if part == LedgerUnits::ZERO && !reaches {
                continue;
            }
            let (part, _) = context.rates.convert(part, (charge.currency, to), charge.period.start)?;
            sums.converted += u64::from(charge.currency != to);
            sums.add(charge, &owner, part);
        }
        Ok(sums.finish(bill.basis, bill.status()))
    }

    /// For a variance.
    pub fn actual(&self) -> ActualCost<'_> {
        ActualCost { breakdown: &self.breakdown, basis: self.basis, status: self.status }
    }

    /// What is predicted, without the workload of tenants who are not on the bill.
    pub fn comparable(&self, mut predicted: Outcome) -> Outcome {
        for run in &mut predicted.runs {
            run.cost.accounts.retain(|account| !self.not_on_bill.contains(&account.tenant));
        }
        predicted
    }
}
