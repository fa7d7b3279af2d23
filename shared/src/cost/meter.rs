//! Sums rates over time, exactly: `rate × microseconds`, changed only when a rate changes.

mod hours;
mod volumes;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use self::volumes::Volumes;
use super::commitments::DrawDown;
use super::crowds::{Crowds, over_commits};
use super::{AccountCost, CommitmentCost, CostBreakdown, Rates};
use crate::control_plane::{Billing, Effect, Fleet, Use};
use crate::pricing::PriceBook;
use crate::request::{Flavor, MODULES};
use crate::units::{DIMENSIONS, Instant, LedgerUnits, NodeGroupIndex, Rate, Resources};

/// What a meter charges for.
#[derive(Clone, Copy, Debug)]
pub struct Charges<'a> {
    /// Whether nodes are paid, or resources.
    pub billing: Billing,
    /// The machines.
    pub fleet: &'a Fleet,
    /// What a [`FlavorIndex`](crate::units::FlavorIndex) stands for.
    pub flavors: &'a [Flavor],
    /// Their prices.
    pub book: &'a PriceBook,
}

/// Watches effects and charges for what they begin until they end it.
#[derive(Clone, Debug)]
pub struct Meter<'a> {
    charges: Charges<'a>,
    rates: Rates,
    /// By tiered unit, how much of it one resource of each flavor uses.
    tiered: Vec<Vec<i64>>,
    books: Books,
}

/// What a meter has counted: everything but its prices.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Books {
    /// All instants count from here.
    start: Instant,
    accounts: IndexMap<Use, Account, FixedState>,
    crowds: Crowds,
    commitments: DrawDown,
    volumes: Volumes,
    /// Booting, serving and draining nodes by group.
    nodes: Vec<NodeCounts>,
    /// What all serving nodes cost an hour, and all others.
    serving: Flow,
    overhead: Flow,
    /// Use on nodes, and use that is paid without one.
    on_nodes: Flow,
    direct: Flow,
    /// What resources on nodes request, and what the nodes have.
    requested: [Flow; DIMENSIONS],
    capacity: [Flow; DIMENSIONS],
}

/// Requested and paid amounts × microseconds, per dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilisation {
    /// What resources on nodes had requested.
    pub requested: [u128; DIMENSIONS],
    /// What the nodes had, from ready until drained.
    pub capacity: [u128; DIMENSIONS],
}

/// Uses of one tenant, flavor and group at one price: how many there are, by how much less they pay together because
/// their nodes are crowded, and what earlier prices came to.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Account {
    count: Flow,
    discount: Flow,
    total: LedgerUnits,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct NodeCounts {
    overhead: u32,
    serving: u32,
}

/// A level and its integral over time: `level × t − before`, so that only a change of level costs anything.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Flow {
    level: i128,
    before: i128,
}

impl Flow {
    /// Changes the level at `t` microseconds.
    #[inline]
    pub(super) fn change(&mut self, t: i64, difference: i64) {
        self.level += i128::from(difference);
        self.before += product(difference, t);
    }

    /// Sets the level from `t` microseconds on.
    fn set(&mut self, t: i64, level: i128) {
        self.before += (level - self.level) * i128::from(t);
        self.level = level;
    }

    /// Forgets the integral up to `t` microseconds, and keeps the level.
    fn begin_anew(&mut self, t: i64) {
        *self = Self { level: self.level, before: self.level * i128::from(t) };
    }

    /// The integral up to `t` microseconds.
    pub(super) fn until(&self, t: i64) -> i128 {
        self.level * i128::from(t) - self.before
    }
}

impl<'a> Meter<'a> {
    /// A meter at `now`, with nothing to charge for yet; `rates` are those of then, by how many tiers were passed of each
    /// tiered unit.
    pub fn new(charges: Charges<'a>, rates: impl FnOnce(&[u32]) -> Rates, now: Instant) -> Self {
        let books = Books {
            start: now,
            accounts: IndexMap::default(),
            crowds: Crowds::default(),
            commitments: charges.draw_down(now),
            volumes: Volumes::new(&charges.book.tiers, now),
            nodes: vec![NodeCounts::default(); charges.fleet.node_groups.len()],
            serving: Flow::default(),
            overhead: Flow::default(),
            on_nodes: Flow::default(),
            direct: Flow::default(),
            requested: [Flow::default(); DIMENSIONS],
            capacity: [Flow::default(); DIMENSIONS],
        };
        Self::restore(charges, rates, books)
    }

    /// A meter that goes on with the books of another, at the prices that held for it last.
    pub fn restore(charges: Charges<'a>, rates: impl FnOnce(&[u32]) -> Rates, books: Books) -> Self {
        let rates = rates(books.volumes.passed());
        let tiered = charges.tiered_amounts();
        Self { charges, rates, tiered, books }
    }

    /// The prices that hold now.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// What it has counted.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Takes note of what happened at `now`.
    #[inline]
    pub fn observe(&mut self, now: Instant, effect: &Effect) {
        match *effect {
            Effect::UseBegins { what, slot, .. } => self.change_use(now, what, slot, 1),
            Effect::UseEnds { what, slot, .. } => self.change_use(now, what, slot, -1),
            Effect::NodeOrdered { node_group, .. } => self.change_nodes(now, node_group, 1, 0),
            Effect::NodeReady { node_group, .. } => self.change_nodes(now, node_group, -1, 1),
            Effect::NodeDrains { node_group, .. } => self.change_nodes(now, node_group, 1, -1),
            Effect::NodeGone { node_group, .. } => self.change_nodes(now, node_group, -1, 0),
            Effect::Served { .. }
            | Effect::Ready { .. }
            | Effect::Refused { .. }
            | Effect::Evicted { .. }
            | Effect::ReadyAgain(_)
            | Effect::Over(_)
            | Effect::Anomaly(_) => {}
        }
    }

    /// All that is to be paid for nodes and resources up to `now`, commitments included.
    pub fn paid(&self, now: Instant) -> LedgerUnits {
        let t = self.micros(now);
        let Books { serving, overhead, direct, .. } = &self.books;
        let full = LedgerUnits(serving.until(t) + overhead.until(t) + direct.until(t));
        full + self.commitments_until(now).into_iter().sum::<CommitmentCost>().net()
    }

    /// From `now` on, other prices hold.
    pub fn change_rates(&mut self, now: Instant, rates: Rates) {
        self.close_hour(now);
        let t = self.micros(now);
        for (what, account) in &mut self.books.accounts {
            account.charge(t, self.rates.of(what.flavor, what.node_group));
        }
        self.rates = rates;
        for (what, discount) in self.books.crowds.at(self.charges.fleet, self.charges.flavors, &self.rates) {
            self.books.accounts[&what].discount.change(t, discount);
        }
        let (mut on_nodes, mut direct) = (0, 0);
        for (what, account) in &self.books.accounts {
            let full = account.count.level * i128::from(self.rates.of(what.flavor, what.node_group).nanos());
            let rate = full - account.discount.level;
            if self.is_share(what) { on_nodes += rate } else { direct += rate }
        }
        let of_all = |count: fn(&NodeCounts) -> u32| {
            let nodes = self.books.nodes.iter().zip(&self.rates.node);
            nodes.map(|(counts, rate)| i128::from(count(counts)) * i128::from(rate.nanos())).sum::<i128>()
        };
        let (serving, overhead) = (of_all(|n| n.serving), of_all(|n| n.overhead));
        self.books.on_nodes.set(t, on_nodes);
        self.books.direct.set(t, direct);
        self.books.serving.set(t, serving);
        self.books.overhead.set(t, overhead);
    }

    /// Closes the books at `end`; `modules` is what the workers of each module cost. Beside the cost stands what each
    /// commitment came to.
    pub fn close(
        mut self,
        end: Instant,
        modules: [LedgerUnits; MODULES],
    ) -> (CostBreakdown, Vec<CommitmentCost>, Utilisation) {
        self.close_hour(end);
        let t = self.micros(end);
        let mut accounts: Vec<AccountCost> = Vec::new();
        self.books.accounts.sort_unstable_keys();
        for (what, mut account) in core::mem::take(&mut self.books.accounts) {
            account.charge(t, self.rates.of(what.flavor, what.node_group));
            match accounts.last_mut() {
                Some(last) if (last.tenant, last.flavor) == (what.tenant, what.flavor) => {
                    last.workload += account.total;
                }
                _ => accounts.push(AccountCost { tenant: what.tenant, flavor: what.flavor, workload: account.total }),
            }
        }
        let Books { serving, overhead, on_nodes, direct, requested, capacity, commitments, .. } = self.books;
        let total = |flow: Flow| LedgerUnits(flow.until(t));
        let workload: LedgerUnits = accounts.iter().map(|account| account.workload).sum();
        assert_eq!(workload, total(on_nodes) + total(direct), "accounts add up to what was charged");
        let idle = total(serving) - total(on_nodes);
        assert!(idle >= LedgerUnits::ZERO, "residents never pay more than their nodes");
        accounts.retain(|account| account.workload > LedgerUnits::ZERO);
        let amounts = |flows: [Flow; DIMENSIONS]| flows.map(|flow| flow.until(t).max(0) as u128);
        let utilisation = Utilisation { requested: amounts(requested), capacity: amounts(capacity) };
        let each = commitments.closed;
        let breakdown = CostBreakdown {
            accounts,
            idle,
            overhead: total(overhead),
            modules,
            commitments: each.iter().copied().sum(),
        };
        (breakdown, each, utilisation)
    }

    fn micros(&self, now: Instant) -> i64 {
        (now - self.books.start).micros()
    }

    /// Whether a use is paid as a share of a node: with prices per resource, nodes are free and shares are prices.
    fn is_share(&self, what: &Use) -> bool {
        what.node_group.is_some_and(|group| self.rates.node[group.usize()] > Rate::ZERO)
    }

    fn change_use(&mut self, now: Instant, what: Use, node: Option<u32>, change: i64) {
        let (t, rate, is_share) =
            (self.micros(now), self.rates.of(what.flavor, what.node_group).nanos(), self.is_share(&what));
        let account = match self.books.accounts.get_index_of(&what) {
            Some(known) => &mut self.books.accounts[known],
            None => self.books.open(what),
        };
        account.count.change(t, change);
        assert!(account.count.level >= 0, "a use ends after it began");
        let paid = if is_share { &mut self.books.on_nodes } else { &mut self.books.direct };
        paid.change(t, change * rate);
        if let Some((node, group)) = node.zip(what.node_group).filter(|_| is_share)
            && over_commits(&self.charges.fleet.node_groups[group.usize()])
        {
            self.change_crowd(t, node, what, change);
        }
        self.books.commitments.change(self.charges.line_of(&what), t, change);
        if !self.tiered.is_empty() {
            self.change_volumes(t, what, change);
        }
        if what.node_group.is_some() {
            change_amounts(&mut self.books.requested, t, change, self.charges.flavors[what.flavor.usize()].requested);
        }
    }

    #[cold]
    fn change_crowd(&mut self, t: i64, node: u32, what: Use, change: i64) {
        let Self { charges, rates, books, .. } = self;
        for (what, discount) in books.crowds.change(node, what, change, (charges.fleet, charges.flavors, rates)) {
            books.accounts[&what].discount.change(t, discount);
            books.on_nodes.change(t, -discount);
        }
    }

    fn change_nodes(&mut self, now: Instant, group: NodeGroupIndex, overhead: i32, serving: i32) {
        let (t, rate) = (self.micros(now), self.rates.node[group.usize()].nanos());
        let counts = &mut self.books.nodes[group.usize()];
        counts.overhead = counts.overhead.checked_add_signed(overhead).expect("a node stops once");
        counts.serving = counts.serving.checked_add_signed(serving).expect("a node drains once");
        self.books.overhead.change(t, i64::from(overhead) * rate);
        self.books.serving.change(t, i64::from(serving) * rate);
        self.books.commitments.change(self.charges.line_of_node(group), t, i64::from(overhead + serving));
        let capacity = self.charges.fleet.node_groups[group.usize()].capacity;
        change_amounts(&mut self.books.capacity, t, i64::from(serving), capacity);
    }
}

impl Books {
    #[cold]
    fn open(&mut self, what: Use) -> &mut Account {
        self.accounts.entry(what).or_default()
    }
}

/// `a × t`.
#[inline]
fn product(a: i64, t: i64) -> i128 {
    let halved = if cfg!(target_arch = "wasm32") { product_in_halves(a, t) } else { None };
    halved.unwrap_or_else(|| i128::from(a) * i128::from(t))
}

/// `a × t` as two products of 64 bits, where a product of 128 has no instruction of its own; none unless `a` is below
/// 2³⁹, such as a rate of 549 an hour in billionths, and `t` below 2⁴⁸, such as nine years in microseconds.
#[inline]
fn product_in_halves(a: i64, t: i64) -> Option<i128> {
    const HALF: u32 = 24;
    let fits = a.unsigned_abs() < 1 << (63 - HALF) && (0..1 << (2 * HALF)).contains(&t);
    fits.then(|| (i128::from(a * (t >> HALF)) << HALF) + i128::from(a * (t & ((1 << HALF) - 1))))
}

#[inline]
fn change_amounts(flows: &mut [Flow; DIMENSIONS], t: i64, change: i64, amounts: Resources) {
    for (flow, amount) in flows.iter_mut().zip(amounts.to_array()).filter(|(_, amount)| *amount > 0) {
        flow.change(t, change * i64::from(amount));
    }
}

impl Account {
    /// Charges what there was up to `t` at one price; another one may hold from then on.
    fn charge(&mut self, t: i64, rate: Rate) {
        self.total.0 += self.count.until(t) * i128::from(rate.nanos()) - self.discount.until(t);
        self.count.begin_anew(t);
        self.discount = Flow::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the machine's own 128 bits, on both sides of where two products of 64 do.
        #[test]
        fn products_in_halves_are_exact(a in -1_i64 << 40..1 << 40, t in -10_i64..1 << 49) {
            let fits = a.unsigned_abs() < 1 << 39 && (0..1 << 48).contains(&t);
            prop_assert_eq!(product_in_halves(a, t), fits.then(|| i128::from(a) * i128::from(t)));
        }
    }
}
