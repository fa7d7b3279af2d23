//! What a bill says that the tenants of a scenario cost in its window, so that a prediction can be held against it.

use std::collections::{BTreeMap, BTreeSet};

use super::days::within;
use super::resources::lived;
use super::{Bill, BilledResources, ExchangeError, ExchangeRates, Payer, Payers, Unallocated};
use crate::allocation::{ActualCost, Basis, Status};
use crate::control_plane::Billing;
use crate::cost::{AccountCost, CostBreakdown};
use crate::pricing::{DatedRate, Egress, PriceBook, TypePrice};
use crate::request::{RequestLog, ResourceClass};
use crate::scenario::Scenario;
use crate::trace::charge::Charge;
use crate::trace::mapping::Mapping;
use crate::units::{Duration, FlavorIndex, LedgerUnits, Rate, TenantIndex, Window};

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
/// The breakdown and what is left out add up to the effective cost of all charges in the window, exactly.
#[derive(Clone, Debug)]
pub struct BilledWindow {
    /// By who caused it.
    pub breakdown: CostBreakdown,
    /// How it is known.
    pub basis: Basis,
    /// Whether it may still change.
    pub status: Status,
    /// The scenario's prices, with what was charged for the flavors of resources that the bill names; none where no price
    /// can be told from the bill.
    pub price_book: Option<PriceBook>,
    /// How much of it is of resources that the requests name.
    pub matched: LedgerUnits,
    /// What is not in the breakdown.
    pub left_out: BTreeMap<LeftOut, LedgerUnits>,
    /// The time of the charges within the window, from the first one's beginning to the last one's end; none where the bill
    /// has no charge there.
    pub charged: Option<Window>,
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
    /// divided by the time that they lived in the window.
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
            let reaches = charge.period.start < window.end && charge.period.end > window.start;
            if part == LedgerUnits::ZERO && !reaches {
                continue;
            }
            let (part, _) = context.rates.convert(part, (charge.currency, to), charge.period.start)?;
            sums.converted += u64::from(charge.currency != to);
            sums.add(charge, payers.of(charge), part);
        }
        Ok(sums.finish(bill.basis, bill.status()))
    }

    /// For a variance.
    pub fn actual(&self) -> ActualCost<'_> {
        ActualCost { breakdown: &self.breakdown, basis: self.basis, status: self.status }
    }
}

/// What is added up.
struct Sums<'a> {
    context: &'a ActualContext<'a>,
    resources: BilledResources<'a>,
    tenants: BTreeMap<&'a str, TenantIndex>,
    /// The scenario's flavor of each of the log's.
    flavors: Vec<Option<FlavorIndex>>,
    accounts: BTreeMap<(TenantIndex, FlavorIndex), LedgerUnits>,
    idle: LedgerUnits,
    left_out: BTreeMap<LeftOut, LedgerUnits>,
    /// What was charged for the resources of a flavor, and which they are.
    charged: BTreeMap<FlavorIndex, (LedgerUnits, BTreeSet<usize>)>,
    within: Option<Window>,
    converted: u64,
}

impl<'a> Sums<'a> {
    fn new(context: &'a ActualContext<'a>) -> Self {
        let of = context.scenario;
        let tenants = of.tenants.iter().enumerate();
        let flavor = |flavor| of.flavors.iter().position(|known| known == flavor).map(FlavorIndex::from_usize);
        Self {
            context,
            resources: BilledResources::new(context.log),
            tenants: tenants.map(|(at, tenant)| (tenant.name.as_str(), TenantIndex::from_usize(at))).collect(),
            flavors: context.log.flavors.iter().map(flavor).collect(),
            accounts: BTreeMap::new(),
            idle: LedgerUnits::ZERO,
            left_out: BTreeMap::new(),
            charged: BTreeMap::new(),
            within: None,
            converted: 0,
        }
    }

    fn add(&mut self, charge: &Charge, payer: Payer, part: LedgerUnits) {
        let window = self.context.scenario.window;
        let (start, end) = (charge.period.start.max(window.start), charge.period.end.min(window.end));
        let before = self.within.unwrap_or(Window { start, end });
        self.within = Some(Window { start: before.start.min(start), end: before.end.max(end) });
        let named = match payer {
            Payer::Tenant(tenant) => self.tenants.get(tenant).copied().map(|index| (tenant, index)),
            Payer::Unallocated(_) => None,
        };
        if payer == Payer::Unallocated(Unallocated::Idle) && self.context.scenario.billing == Billing::Fleet {
            self.idle += part;
            return;
        }
        // Whose tenant is known pays; otherwise the resource says whose it is.
        let life = self.resources.life_of(charge, named.map(|(tenant, _)| tenant));
        let of_life = life.map(|at| self.context.log.tenants.name(self.context.log.lives[at].tenant.0));
        let tenant = named.map(|(_, index)| index).or(of_life.and_then(|name| self.tenants.get(name)).copied());
        let Some(tenant) = tenant else {
            let why = match payer {
                Payer::Tenant(tenant) => LeftOut::UnknownTenant(tenant.to_owned()),
                Payer::Unallocated(reason) => LeftOut::Unallocated(reason),
            };
            *self.left_out.entry(why).or_default() += part;
            return;
        };
        let of_life = life.and_then(|at| self.flavors[self.context.log.lives[at].flavor.usize()].map(|of| (of, at)));
        if let Some((flavor, at)) = of_life {
            let charged = self.charged.entry(flavor).or_default();
            charged.0 += part;
            charged.1.insert(at);
        }
        let flavor = of_life.map_or_else(|| self.of_class(charge.class), |(flavor, _)| flavor);
        *self.accounts.entry((tenant, flavor)).or_default() += part;
    }

    /// The first flavor of a class, or of all.
    fn of_class(&self, class: Option<ResourceClass>) -> FlavorIndex {
        let class = class.unwrap_or(ResourceClass::Compute);
        let found = self.context.scenario.flavors.iter().position(|flavor| flavor.class == class);
        FlavorIndex::from_usize(found.unwrap_or(0))
    }

    fn finish(self, basis: Basis, status: Status) -> BilledWindow {
        let accounts = self.accounts.iter().filter(|(_, workload)| **workload != LedgerUnits::ZERO);
        let accounts = accounts.map(|(&(tenant, flavor), &workload)| AccountCost { tenant, flavor, workload });
        let breakdown = CostBreakdown { accounts: accounts.collect(), idle: self.idle, ..CostBreakdown::default() };
        BilledWindow {
            breakdown,
            basis,
            status,
            price_book: self.price_book(),
            matched: self.charged.values().map(|(charged, _)| *charged).sum(),
            left_out: self.left_out,
            charged: self.within,
            converted: self.converted,
        }
    }

    fn price_book(&self) -> Option<PriceBook> {
        let of = self.context.scenario;
        if of.billing != Billing::PerResource {
            return None;
        }
        // What a bill charges for a flavor holds what it sent.
        let mut book = PriceBook { egress: Egress::default(), ..of.price_book.clone() };
        let mut by_name: BTreeMap<&str, (LedgerUnits, Duration)> = BTreeMap::new();
        for (flavor, (charged, lives)) in &self.charged {
            let sum = by_name.entry(&of.flavors[flavor.usize()].name).or_default();
            sum.0 += *charged;
            for &at in lives {
                let time = lived(&self.context.log.lives[at], of.window).unwrap_or_default();
                sum.1 = sum.1 + time;
            }
        }
        let mut told = false;
        for (name, (charged, time)) in by_name {
            let Some(rate) = rate(charged, time) else { continue };
            told = true;
            let prices = Vec::from([DatedRate { from: of.window.start, rate }]);
            match book.types.binary_search_by(|entry| entry.name.as_str().cmp(name)) {
                Ok(at) => book.types[at].prices = prices,
                Err(at) => book.types.insert(at, TypePrice { name: name.to_owned(), shape: None, prices }),
            }
        }
        told.then_some(book)
    }
}

/// Money over time, rounded to a nano-unit an hour; none where no time passed or the money is a credit.
fn rate(charged: LedgerUnits, time: Duration) -> Option<Rate> {
    let micros = i128::from(time.micros());
    if micros <= 0 || charged < LedgerUnits::ZERO {
        return None;
    }
    i64::try_from((charged.0 + micros / 2) / micros).ok().map(Rate::from_nanos)
}
