//! Sums rates over time, exactly: `rate × microseconds`, changed only when a rate changes.

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{AccountCost, CostBreakdown, Rates};
use crate::control_plane::{Effect, Fleet, Use};
use crate::request::{Flavor, MODULES};
use crate::units::{DIMENSIONS, Instant, LedgerUnits, NodeGroupIndex, Rate};

/// Watches effects and charges for what they begin until they end it.
#[derive(Clone, Debug)]
pub struct Meter<'a> {
    fleet: &'a Fleet,
    flavors: &'a [Flavor],
    now: Instant,
    rates: Rates,
    accounts: IndexMap<Use, Account, FixedState>,
    /// Booting, serving and draining nodes by group.
    nodes: Vec<NodeCounts>,
    /// What all serving nodes cost an hour, and all others.
    serving: Flow,
    overhead: Flow,
    /// Use on nodes, and use that is paid without one.
    on_nodes: Flow,
    direct: Flow,
    utilisation: Utilisation,
    requested: [u64; DIMENSIONS],
    capacity: [u64; DIMENSIONS],
}

/// Requested and paid amounts × microseconds, per dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilisation {
    /// What resources on nodes had requested.
    pub requested: [u128; DIMENSIONS],
    /// What the nodes had, from ready until drained.
    pub capacity: [u128; DIMENSIONS],
}

/// Uses of one tenant, flavor and group: how many, and what they cost up to `since`.
#[derive(Clone, Copy, Debug)]
struct Account {
    count: u32,
    since: Instant,
    total: LedgerUnits,
}

#[derive(Clone, Copy, Debug, Default)]
struct NodeCounts {
    overhead: u32,
    serving: u32,
}

/// A rate and what has come of it.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// Nano-units per hour.
    rate: i128,
    total: LedgerUnits,
}

impl Flow {
    fn advance(&mut self, micros: i64) {
        self.total.0 += self.rate * i128::from(micros);
    }
}

impl<'a> Meter<'a> {
    /// A meter at `now`, with nothing to charge for yet.
    pub fn new(fleet: &'a Fleet, flavors: &'a [Flavor], rates: Rates, now: Instant) -> Self {
        Self {
            fleet,
            flavors,
            now,
            rates,
            accounts: IndexMap::default(),
            nodes: vec![NodeCounts::default(); fleet.node_groups.len()],
            serving: Flow::default(),
            overhead: Flow::default(),
            on_nodes: Flow::default(),
            direct: Flow::default(),
            utilisation: Utilisation::default(),
            requested: [0; DIMENSIONS],
            capacity: [0; DIMENSIONS],
        }
    }

    /// Takes note of what happened at `now`.
    pub fn observe(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::UseBegins(what) => self.change_use(now, what, 1),
            Effect::UseEnds(what) => self.change_use(now, what, -1),
            Effect::NodeOrdered(group) => self.change_nodes(now, group, 1, 0),
            Effect::NodeReady(group) => self.change_nodes(now, group, -1, 1),
            Effect::NodeDrains(group) => self.change_nodes(now, group, 1, -1),
            Effect::NodeGone(group) => self.change_nodes(now, group, -1, 0),
            Effect::Served { .. } | Effect::Ready { .. } | Effect::Refused(_) | Effect::Anomaly(_) => {}
        }
    }

    /// Charges everything up to `now`; returns all that was paid for nodes and resources so far.
    pub fn advance(&mut self, now: Instant) -> LedgerUnits {
        let micros = (now - self.now).micros();
        if micros > 0 {
            self.now = now;
            for flow in [&mut self.serving, &mut self.overhead, &mut self.on_nodes, &mut self.direct] {
                flow.advance(micros);
            }
            for (total, amount) in self.utilisation.requested.iter_mut().zip(self.requested) {
                *total += u128::from(amount) * micros as u128;
            }
            for (total, amount) in self.utilisation.capacity.iter_mut().zip(self.capacity) {
                *total += u128::from(amount) * micros as u128;
            }
        }
        self.serving.total + self.overhead.total + self.direct.total
    }

    /// From `now` on, other prices hold.
    pub fn change_rates(&mut self, now: Instant, rates: Rates) {
        self.advance(now);
        for (what, account) in &mut self.accounts {
            account.charge(now, self.rates.of(what.flavor, what.node_group));
        }
        self.rates = rates;
        self.on_nodes.rate = 0;
        self.direct.rate = 0;
        for (what, account) in &self.accounts {
            let rate = i128::from(account.count) * i128::from(self.rates.of(what.flavor, what.node_group).nanos());
            if self.is_share(what) { self.on_nodes.rate += rate } else { self.direct.rate += rate }
        }
        let of_all = |count: fn(&NodeCounts) -> u32| {
            let nodes = self.nodes.iter().zip(&self.rates.node);
            nodes.map(|(counts, rate)| i128::from(count(counts)) * i128::from(rate.nanos())).sum::<i128>()
        };
        (self.serving.rate, self.overhead.rate) = (of_all(|n| n.serving), of_all(|n| n.overhead));
    }

    /// Closes the books at `end`; `modules` is what the workers of each module cost.
    pub fn close(mut self, end: Instant, modules: [LedgerUnits; MODULES]) -> (CostBreakdown, Utilisation) {
        self.advance(end);
        let mut accounts: Vec<AccountCost> = Vec::new();
        self.accounts.sort_unstable_keys();
        for (what, mut account) in self.accounts {
            account.charge(end, self.rates.of(what.flavor, what.node_group));
            match accounts.last_mut() {
                Some(last) if (last.tenant, last.flavor) == (what.tenant, what.flavor) => {
                    last.workload += account.total;
                }
                _ => accounts.push(AccountCost { tenant: what.tenant, flavor: what.flavor, workload: account.total }),
            }
        }
        let workload: LedgerUnits = accounts.iter().map(|account| account.workload).sum();
        assert_eq!(workload, self.on_nodes.total + self.direct.total, "accounts add up to what was charged");
        let idle = self.serving.total - self.on_nodes.total;
        assert!(idle >= LedgerUnits::ZERO, "residents never pay more than their nodes");
        accounts.retain(|account| account.workload > LedgerUnits::ZERO);
        (CostBreakdown { accounts, idle, overhead: self.overhead.total, modules }, self.utilisation)
    }

    /// Whether a use is paid as a share of a node: with prices per resource, nodes are free and shares are prices.
    fn is_share(&self, what: &Use) -> bool {
        what.node_group.is_some_and(|group| self.rates.node[group.usize()] > Rate::ZERO)
    }

    fn change_use(&mut self, now: Instant, what: Use, change: i32) {
        self.advance(now);
        let rate = self.rates.of(what.flavor, what.node_group);
        let account = self.accounts.entry(what).or_insert(Account { count: 0, since: now, total: LedgerUnits::ZERO });
        account.charge(now, rate);
        account.count = account.count.checked_add_signed(change).expect("a use ends after it began");
        let difference = i128::from(change) * i128::from(rate.nanos());
        if self.is_share(&what) {
            self.on_nodes.rate += difference
        } else {
            self.direct.rate += difference
        }
        if what.node_group.is_some() {
            let amounts = self.flavors[what.flavor.usize()].requested.to_array();
            for (requested, amount) in self.requested.iter_mut().zip(amounts) {
                *requested = requested.strict_add_signed(i64::from(change) * i64::from(amount));
            }
        }
    }

    fn change_nodes(&mut self, now: Instant, group: NodeGroupIndex, overhead: i32, serving: i32) {
        self.advance(now);
        let counts = &mut self.nodes[group.usize()];
        counts.overhead = counts.overhead.checked_add_signed(overhead).expect("a node stops once");
        counts.serving = counts.serving.checked_add_signed(serving).expect("a node drains once");
        let rate = i128::from(self.rates.node[group.usize()].nanos());
        self.overhead.rate += i128::from(overhead) * rate;
        self.serving.rate += i128::from(serving) * rate;
        let amounts = self.fleet.node_groups[group.usize()].capacity.to_array();
        for (capacity, amount) in self.capacity.iter_mut().zip(amounts) {
            *capacity = capacity.strict_add_signed(i64::from(serving) * i64::from(amount));
        }
    }
}

impl Account {
    fn charge(&mut self, now: Instant, rate: Rate) {
        let each = rate * (now - self.since);
        self.total.0 += each.0 * i128::from(self.count);
        self.since = now;
    }
}
