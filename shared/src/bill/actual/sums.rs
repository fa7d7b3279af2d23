//! The charges of a window, added up by who caused them.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActualContext, BilledWindow, LeftOut};
use crate::allocation::{Basis, Status};
use crate::bill::coverage::covered;
use crate::bill::resources::lived;
use crate::bill::{BilledResources, CoveredHours, Credited, Payer, Unallocated};
use crate::control_plane::Billing;
use crate::cost::{AccountCost, CostBreakdown};
use crate::pricing::{DatedRate, Egress, PriceBook, TypePrice};
use crate::request::{Life, ResourceClass};
use crate::trace::charge::{Charge, ChargeCategory};
use crate::units::{Duration, FlavorIndex, LedgerUnits, Rate, TenantIndex, Window};

/// Whose a charge is.
pub(super) struct Owner<'a> {
    payer: Payer<'a>,
    /// Who that is in the scenario.
    pub(super) tenant: Option<TenantIndex>,
    /// The life that it is of.
    life: Option<usize>,
}

/// What is added up.
pub(super) struct Sums<'a> {
    context: &'a ActualContext<'a>,
    resources: BilledResources<'a>,
    tenants: BTreeMap<&'a str, TenantIndex>,
    /// The scenario's flavor of each of the log's.
    flavors: Vec<Option<FlavorIndex>>,
    /// Who has a line on the bill, at any time.
    pub(super) named: BTreeSet<TenantIndex>,
    accounts: BTreeMap<(TenantIndex, FlavorIndex), LedgerUnits>,
    credits: BTreeMap<String, Credited>,
    negative: u64,
    idle: LedgerUnits,
    left_out: BTreeMap<LeftOut, LedgerUnits>,
    /// What was charged for the resources of a flavor, and which they are.
    charged: BTreeMap<FlavorIndex, (LedgerUnits, BTreeSet<usize>)>,
    /// When what is compared was used.
    used: Vec<Window>,
    is_charged: bool,
    pub(super) converted: u64,
}

impl<'a> Sums<'a> {
    pub(super) fn new(context: &'a ActualContext<'a>) -> Self {
        let of = context.scenario;
        let tenants = of.tenants.iter().enumerate();
        let flavor = |flavor| of.flavors.iter().position(|known| known == flavor).map(FlavorIndex::from_usize);
        Self {
            context,
            resources: BilledResources::new(context.log),
            tenants: tenants.map(|(at, tenant)| (tenant.name.as_str(), TenantIndex::from_usize(at))).collect(),
            flavors: context.log.flavors.iter().map(flavor).collect(),
            named: BTreeSet::new(),
            accounts: BTreeMap::new(),
            credits: BTreeMap::new(),
            negative: 0,
            idle: LedgerUnits::ZERO,
            left_out: BTreeMap::new(),
            charged: BTreeMap::new(),
            used: Vec::new(),
            is_charged: false,
            converted: 0,
        }
    }

    /// Whose tenant is known pays; otherwise the resource says whose it is.
    pub(super) fn owner<'c>(&self, charge: &Charge, payer: Payer<'c>) -> Owner<'c> {
        let named = match payer {
            Payer::Tenant(tenant) => self.tenants.get(tenant).copied().map(|index| (tenant, index)),
            Payer::Unallocated(_) => None,
        };
        let life = self.resources.life_of(charge, named.map(|(tenant, _)| tenant));
        let of_life = life.map(|at| self.tenant_of(at));
        let tenant = named.map(|(_, index)| index).or(of_life.and_then(|name| self.tenants.get(name)).copied());
        Owner { payer, tenant, life }
    }

    fn tenant_of(&self, life: usize) -> &'a str {
        self.context.log.tenants.name(self.context.log.lives[life].tenant.0)
    }

    pub(super) fn add(&mut self, charge: &Charge, owner: &Owner<'_>, part: LedgerUnits) {
        self.is_charged = true;
        let is_used = charge.category == ChargeCategory::Usage;
        if owner.payer == Payer::Unallocated(Unallocated::Idle) && self.context.scenario.billing == Billing::Fleet {
            self.idle += part;
            self.used.extend(is_used.then_some(charge.period));
            return;
        }
        let Some(tenant) = owner.tenant else {
            let why = match owner.payer {
                Payer::Tenant(tenant) => LeftOut::UnknownTenant(tenant.to_owned()),
                Payer::Unallocated(reason) => LeftOut::Unallocated(reason),
            };
            *self.left_out.entry(why).or_default() += part;
            return;
        };
        if charge.category == ChargeCategory::Credit {
            let name = self.context.scenario.tenants[tenant.usize()].name.clone();
            self.credits.entry(name).or_default().add(part);
            return;
        }
        self.negative += u64::from(part < LedgerUnits::ZERO);
        self.used.extend(is_used.then_some(charge.period));
        let of_life = owner.life.and_then(|at| Some((self.flavors[self.context.log.lives[at].flavor.usize()]?, at)));
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

    pub(super) fn finish(self, basis: Basis, status: Status) -> BilledWindow {
        let accounts = self.accounts.iter().filter(|(_, workload)| **workload != LedgerUnits::ZERO);
        let accounts = accounts.map(|(&(tenant, flavor), &workload)| AccountCost { tenant, flavor, workload });
        let breakdown = CostBreakdown { accounts: accounts.collect(), idle: self.idle, ..CostBreakdown::default() };
        let covered = self.covered();
        BilledWindow {
            breakdown,
            basis,
            status: if covered.is_whole() { status } else { Status::Provisional },
            price_book: self.price_book(&covered),
            not_on_bill: self.not_on_bill(),
            matched: self.charged.values().map(|(charged, _)| *charged).sum(),
            credits: self.credits,
            negative: self.negative,
            left_out: self.left_out,
            covered,
            is_charged: self.is_charged,
            converted: self.converted,
        }
    }

    /// Who asked for something that lived in the window, with what that was.
    fn lives(&self) -> impl Iterator<Item = (TenantIndex, &Life)> {
        let window = self.context.scenario.window;
        let lives = self.context.log.lives.iter().enumerate();
        let within = lives.filter(move |(_, life)| lived(life, window).is_some());
        within.filter_map(|(at, life)| Some((*self.tenants.get(self.tenant_of(at))?, life)))
    }

    fn not_on_bill(&self) -> BTreeSet<TenantIndex> {
        self.lives().map(|(tenant, _)| tenant).filter(|tenant| !self.named.contains(tenant)).collect()
    }

    /// Nodes are paid all the time, and resources as long as they live.
    fn covered(&self) -> CoveredHours {
        let of = self.context.scenario;
        let lives = self.lives().filter(|(tenant, _)| self.named.contains(tenant));
        let lives = lives.map(|(_, life)| Window { start: life.created, end: life.deleted.unwrap_or(of.window.end) });
        let lives: Option<Vec<Window>> = (of.billing == Billing::PerResource).then(|| lives.collect());
        covered(&self.used, lives.as_deref(), of.window)
    }

    fn price_book(&self, covered: &CoveredHours) -> Option<PriceBook> {
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
                let life = &self.context.log.lives[at];
                let times = covered.windows.iter().filter_map(|window| lived(life, *window));
                sum.1 = times.fold(sum.1, |sum, time| sum + time);
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
