//! Metering records: who used what from when to when, and what each node was paid for, to the microsecond.

use std::collections::BTreeMap;

use super::crowds::over_commits;
use super::{Covered, Rates};
use crate::control_plane::{Effect, Fleet, Use};
use crate::request::Flavor;
use crate::units::{
    FlavorIndex, Instant, LedgerUnits, NodeGroupIndex, NodeIndex, Rate, ResourceIndex, Resources, TenantIndex, Window,
};

/// A stretch of time in which a resource was used at one rate; another rate begins another record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseRecord {
    /// Which one.
    pub resource: ResourceIndex,
    /// Who pays.
    pub tenant: TenantIndex,
    /// The shape.
    pub flavor: FlavorIndex,
    /// The group of its node; none where the resource needs no node.
    pub node_group: Option<NodeGroupIndex>,
    /// Its node.
    pub node: Option<NodeIndex>,
    /// First instant of the stretch.
    pub from: Instant,
    /// First instant after it.
    pub until: Instant,
    /// What it costs an hour: its share of the node, or its own price.
    pub rate: Rate,
}

/// What a node is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeState {
    /// Ordered and not ready: overhead.
    Booting,
    /// There to be used: what nobody asks for is idle.
    Serving,
    /// Being given back: overhead.
    Draining,
}

/// A stretch of time in which a node was in one state at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// What it was paid for.
    pub state: NodeState,
    /// First instant of the stretch.
    pub from: Instant,
    /// First instant after it.
    pub until: Instant,
    /// What it costs an hour.
    pub rate: Rate,
}

/// What a commitment covered of one line in an hour, or in the part of one that prices held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveredRecord {
    /// When.
    pub window: Window,
    /// What.
    pub covered: Covered,
}

/// All records of a run, each kind in order of its beginning; they add up to the breakdown of its cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeteringRecords {
    /// Of resources.
    pub uses: Vec<UseRecord>,
    /// Of nodes.
    pub nodes: Vec<NodeRecord>,
    /// Of commitments.
    pub covered: Vec<CoveredRecord>,
}

impl MeteringRecords {
    /// What the nodes are called: `names` has those of an inventory by group, whose nodes are there from the start, in its
    /// order; any other has the name of its group, and its number.
    pub fn names_of_nodes(&self, fleet: &Fleet, names: &[Vec<String>]) -> BTreeMap<NodeIndex, String> {
        let groups: BTreeMap<NodeIndex, NodeGroupIndex> =
            self.nodes.iter().map(|record| (record.node, record.node_group)).collect();
        let mut seen = vec![0; fleet.node_groups.len()];
        let named = groups.into_iter().map(|(node, group)| {
            let known = names.get(group.usize()).and_then(|names| names.get(seen[group.usize()]));
            seen[group.usize()] += 1;
            let by_number = || format!("{}-{}", fleet.node_groups[group.usize()].name, node.0);
            (node, known.cloned().unwrap_or_else(by_number))
        });
        named.collect()
    }
}

/// Watches effects beside a [`Meter`](super::Meter), and notes what begins and ends.
#[derive(Clone, Debug, Default)]
pub struct MeteringLog {
    records: MeteringRecords,
    /// The record of each resource that is in use now, by resource.
    in_use: Vec<Option<u32>>,
    /// The record of each node that is paid now, by its position.
    paid: BTreeMap<u32, usize>,
    /// Who is on each node of a group that over-commits, by the node's position.
    crowds: BTreeMap<u32, Crowd>,
}

/// Who shares a node of a group.
#[derive(Clone, Debug)]
struct Crowd {
    node_group: NodeGroupIndex,
    residents: Vec<ResourceIndex>,
}

/// What rates depend on.
type Context<'a> = (&'a Fleet, &'a [Flavor], &'a Rates);

/// The end of what has not ended.
const NOT_YET: Instant = Instant::from_micros(i64::MAX);

impl NodeState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Booting, Self::Serving, Self::Draining];

    /// The name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}

impl UseRecord {
    /// What the stretch cost.
    pub fn cost(&self) -> LedgerUnits {
        self.rate * (self.until - self.from)
    }
}

impl NodeRecord {
    /// What the stretch cost.
    pub fn cost(&self) -> LedgerUnits {
        self.rate * (self.until - self.from)
    }
}

impl MeteringLog {
    /// Takes note of what happened at `now`, at the rates that hold then.
    #[cold]
    pub fn observe(&mut self, now: Instant, effect: &Effect, context: Context<'_>) {
        match *effect {
            Effect::UseBegins { resource, what, slot } => self.begin_use(now, resource, what, slot, context),
            Effect::UseEnds { resource, slot, .. } => self.end_use(now, resource, slot, context),
            Effect::NodeOrdered { node_group, slot, node } => {
                let rate = context.2.node[node_group.usize()];
                let state = NodeState::Booting;
                self.begin_node(slot, NodeRecord { node, node_group, state, from: now, until: NOT_YET, rate });
            }
            Effect::NodeReady { slot, .. } => self.become_state(now, slot, NodeState::Serving),
            Effect::NodeDrains { slot, .. } => self.become_state(now, slot, NodeState::Draining),
            Effect::NodeGone { slot, .. } => {
                let record = self.paid.remove(&slot).expect("a node is paid before it is gone");
                self.records.nodes[record].until = now;
            }
            _ => {}
        }
    }

    /// From `now` on, other rates hold.
    pub fn change_rates(&mut self, now: Instant, context: Context<'_>) {
        for position in 0..self.in_use.len() {
            let Some(record) = self.in_use[position] else { continue };
            let UseRecord { flavor, node_group, .. } = self.records.uses[record as usize];
            self.re_rate(now, ResourceIndex::from_usize(position), context.2.of(flavor, node_group));
        }
        let crowded: Vec<u32> = self.crowds.keys().copied().collect();
        crowded.into_iter().for_each(|slot| self.share(now, slot, context));
        let paid: Vec<(u32, usize)> = self.paid.iter().map(|(&slot, &record)| (slot, record)).collect();
        for (slot, record) in paid {
            let old = self.records.nodes[record];
            let rate = context.2.node[old.node_group.usize()];
            if rate != old.rate {
                self.records.nodes[record].until = now;
                self.begin_node(slot, NodeRecord { from: now, rate, ..old });
            }
        }
    }

    /// Takes note of what commitments covered in an hour that closes.
    pub fn cover(&mut self, (window, covered): (Window, Vec<Covered>)) {
        self.records.covered.extend(covered.into_iter().map(|covered| CoveredRecord { window, covered }));
    }

    /// Ends what has not ended at `end`, and gives all records but those of no length.
    pub fn close(mut self, end: Instant) -> MeteringRecords {
        let MeteringRecords { uses, nodes, .. } = &mut self.records;
        uses.iter_mut().for_each(|record| record.until = record.until.min(end));
        nodes.iter_mut().for_each(|record| record.until = record.until.min(end));
        uses.retain(|record| record.from < record.until);
        nodes.retain(|record| record.from < record.until);
        self.records
    }

    fn begin_use(&mut self, now: Instant, resource: ResourceIndex, what: Use, slot: Option<u32>, context: Context<'_>) {
        let Use { tenant, flavor, node_group } = what;
        let rate = context.2.of(flavor, node_group);
        // A node that was seen may be used before it was seen to be paid.
        let node = slot.and_then(|slot| self.paid.get(&slot)).map(|&record| self.records.nodes[record].node);
        if self.in_use.len() <= resource.usize() {
            self.in_use.resize(resource.usize() + 1, None);
        }
        self.in_use[resource.usize()] = Some(self.records.uses.len() as u32);
        let record = UseRecord { resource, tenant, flavor, node_group, node, from: now, until: NOT_YET, rate };
        self.records.uses.push(record);
        if let Some((slot, group)) = slot.zip(node_group)
            && over_commits(&context.0.node_groups[group.usize()])
            && context.2.node[group.usize()] > Rate::ZERO
        {
            let empty = || Crowd { node_group: group, residents: Vec::new() };
            self.crowds.entry(slot).or_insert_with(empty).residents.push(resource);
            self.share(now, slot, context);
        }
    }

    fn end_use(&mut self, now: Instant, resource: ResourceIndex, slot: Option<u32>, context: Context<'_>) {
        let record = self.in_use[resource.usize()].take().expect("a use ends after it began");
        self.records.uses[record as usize].until = now;
        let Some((slot, crowd)) = slot.and_then(|slot| Some((slot, self.crowds.get_mut(&slot)?))) else { return };
        crowd.residents.retain(|&other| other != resource);
        if crowd.residents.is_empty() {
            self.crowds.remove(&slot);
        } else {
            self.share(now, slot, context);
        }
    }

    /// Shares the price of a node among all who are on it.
    fn share(&mut self, now: Instant, slot: u32, (fleet, flavors, rates): Context<'_>) {
        let Crowd { node_group, residents: crowd } = self.crowds[&slot].clone();
        let amount = |resource: &ResourceIndex| {
            let record = self.in_use[resource.usize()].expect("who is on a node is in use");
            (flavors[self.records.uses[record as usize].flavor.usize()].requested, 1)
        };
        let residents: Vec<(Resources, u32)> = crowd.iter().map(amount).collect();
        let shares = rates.of_residents(node_group, fleet.node_groups[node_group.usize()].capacity, &residents);
        for (resource, share) in crowd.into_iter().zip(shares) {
            self.re_rate(now, resource, share);
        }
    }

    /// Has a resource in use cost another rate from `now` on.
    fn re_rate(&mut self, now: Instant, resource: ResourceIndex, rate: Rate) {
        let record = self.in_use[resource.usize()].expect("only what is in use has a rate");
        let old = &mut self.records.uses[record as usize];
        if old.from == now || old.rate == rate {
            old.rate = rate;
            return;
        }
        old.until = now;
        let next = UseRecord { from: now, until: NOT_YET, rate, ..*old };
        self.in_use[resource.usize()] = Some(self.records.uses.len() as u32);
        self.records.uses.push(next);
    }

    fn begin_node(&mut self, slot: u32, record: NodeRecord) {
        self.paid.insert(slot, self.records.nodes.len());
        self.records.nodes.push(record);
    }

    fn become_state(&mut self, now: Instant, slot: u32, state: NodeState) {
        let old = &mut self.records.nodes[self.paid[&slot]];
        old.until = now;
        let next = NodeRecord { state, from: now, until: NOT_YET, ..*old };
        self.begin_node(slot, next);
    }
}
