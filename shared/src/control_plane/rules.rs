//! Where a resource may go by its terms: zones, and rules about who is there already.

use std::collections::{BTreeMap, BTreeSet};

use super::lives::Live;
use super::nodes::Nodes;
use super::settings::{Fleet, NodeGroup};
use crate::request::{Domain, GroupRule, Terms};
use crate::units::{NodeGroupIndex, Resources, TenantIndex, TermsIndex};

/// The terms of a scenario, made ready to be asked, and who of which group is where.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    terms: Vec<Ready>,
    /// By node group.
    zones: Vec<Zone>,
    /// By node group, whether nodes may be ordered for it.
    may_grow: Vec<bool>,
    /// Placed members by group, everywhere.
    sizes: BTreeMap<Group, u32>,
    /// Placed members by group and place.
    members: BTreeMap<(Group, Place), u32>,
    /// Placed resources that keep a group away, by group and place.
    keepers: BTreeMap<(Group, Place), u32>,
}

/// A zone of the fleet; node groups without one share one that has no name.
type Zone = u32;

/// A group of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    tenant: TenantIndex,
    name: u32,
}

/// Where members are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Node(u32),
    Zone(Zone),
}

/// One row of terms, its names replaced by numbers.
#[derive(Clone, Debug)]
struct Ready {
    priority: i32,
    /// By node group, whether its zone is one that was asked for; none where any is.
    open: Option<Vec<bool>>,
    group: Option<u32>,
    affinity: Vec<(Domain, u32)>,
    anti_affinity: Vec<(Domain, u32)>,
    spread: Vec<(Domain, u32)>,
}

/// Where a resource might go: a node that there is, or one that a group would order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) slot: Option<u32>,
    pub(super) node_group: NodeGroupIndex,
}

/// What does not let a resource go somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Forbidding {
    /// The affinity at this position of its terms: no member of the group is there.
    Affinity(usize),
    /// The anti-affinity at this position: a member is there.
    AntiAffinity(usize),
    /// One that is there keeps the resource's group away.
    KeptAway(Domain),
    /// The spread at this position: too many of the group are there already.
    Spread(usize),
}

impl Rules {
    pub(super) fn new(terms: &[Terms], fleet: &Fleet) -> Self {
        let names: BTreeSet<&str> = terms.iter().flat_map(Terms::groups).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let number = |name: &str| names.binary_search(&name).expect("it is among all names") as u32;
        let rules = |rules: &[GroupRule]| rules.iter().map(|rule| (rule.domain, number(&rule.group))).collect();
        let of_groups: BTreeSet<Option<&str>> = fleet.node_groups.iter().map(|group| group.zone.as_deref()).collect();
        let zone = |group: &NodeGroup| of_groups.iter().take_while(|zone| **zone < group.zone.as_deref()).count();
        let ready = |terms: &Terms| Ready {
            priority: terms.priority,
            open: terms.zone.as_deref().map(|zone| fleet.node_groups.iter().map(|g| g.is_in(Some(zone))).collect()),
            group: terms.group.as_deref().map(number),
            affinity: rules(&terms.affinity),
            anti_affinity: rules(&terms.anti_affinity),
            spread: terms.spread.iter().map(|rule| (rule.domain, rule.ahead)).collect(),
        };
        Self {
            terms: terms.iter().map(ready).collect(),
            zones: fleet.node_groups.iter().map(|group| zone(group) as Zone).collect(),
            may_grow: fleet.node_groups.iter().map(|group| group.max > 0).collect(),
            sizes: BTreeMap::new(),
            members: BTreeMap::new(),
            keepers: BTreeMap::new(),
        }
    }

    /// How urgent a resource with these terms is.
    #[inline]
    pub(super) fn priority(&self, terms: Option<TermsIndex>) -> i32 {
        terms.map_or(0, |terms| self.terms[terms.usize()].priority)
    }

    /// Whether a node group is in the zone that was asked for.
    pub(super) fn is_open(&self, terms: Option<TermsIndex>, node_group: usize) -> bool {
        let Some(terms) = terms else { return true };
        self.terms[terms.usize()].open.as_ref().is_none_or(|open| open[node_group])
    }

    /// Whether it matters who is there already.
    #[inline]
    pub(super) fn binds(&self, terms: Option<TermsIndex>) -> bool {
        terms.is_some_and(|terms| {
            let terms = &self.terms[terms.usize()];
            terms.group.is_some() || !terms.affinity.is_empty() || !terms.anti_affinity.is_empty()
        })
    }

    /// Whether a later change of who is where may let a resource in, though its node has no more room than before.
    pub(super) fn waits_for_others(&self, terms: Option<TermsIndex>) -> bool {
        terms.is_some_and(|terms| {
            let terms = &self.terms[terms.usize()];
            !terms.affinity.is_empty() || !terms.spread.is_empty()
        })
    }

    /// The machine that the policy wants for a resource, of those that its terms permit.
    pub(super) fn choose(&self, live: &Live, requested: Resources, nodes: &Nodes) -> Option<u32> {
        let open = |group: usize| self.is_open(live.terms, group);
        if !self.binds(live.terms) {
            return nodes.choose(requested, open, |_| true);
        }
        let permitted = |slot: u32| {
            let node_group = nodes.slot(slot).node.node_group;
            self.permit(live, Candidate { slot: Some(slot), node_group }, nodes)
        };
        nodes.choose(requested, open, permitted)
    }

    /// Whether a group may order a node for a resource, as far as its terms and the group's zone are concerned.
    pub(super) fn permit_new(&self, live: &Live, node_group: NodeGroupIndex, nodes: &Nodes) -> bool {
        !nodes.is_lost(node_group)
            && self.is_open(live.terms, node_group.usize())
            && self.permit(live, Candidate { slot: None, node_group }, nodes)
    }

    /// Whether the rules, of the resource and of those who are there, let it go there.
    pub(super) fn permit(&self, live: &Live, at: Candidate, nodes: &Nodes) -> bool {
        self.forbidding(live, at, nodes).is_none()
    }

    /// The first of the rules, of the resource and of those who are there, that does not let it go there.
    pub(super) fn forbidding(&self, live: &Live, at: Candidate, nodes: &Nodes) -> Option<Forbidding> {
        let row = live.terms?;
        let terms = &self.terms[row.usize()];
        let group = |name: u32| Group { tenant: live.tenant, name };
        let is_far = |&(domain, name): &(Domain, u32)| {
            let first_of_its_own = terms.group == Some(name) && self.size(group(name)) == 0;
            !first_of_its_own && self.count(&self.members, group(name), domain, at) == 0
        };
        let is_there = |&(domain, name): &(Domain, u32)| self.count(&self.members, group(name), domain, at) > 0;
        let keeps_away =
            |&domain: &Domain| terms.group.is_some_and(|name| self.count(&self.keepers, group(name), domain, at) > 0);
        let is_ahead = |&(domain, ahead): &(Domain, u32)| {
            let own = group(terms.group.expect("validated: who spreads is in a group"));
            self.count(&self.members, own, domain, at) >= self.fewest(own, row, domain, nodes).saturating_add(ahead)
        };
        let affinity = || terms.affinity.iter().position(is_far).map(Forbidding::Affinity);
        let anti_affinity = || terms.anti_affinity.iter().position(is_there).map(Forbidding::AntiAffinity);
        let kept_away = || [Domain::Node, Domain::Zone].into_iter().find(keeps_away).map(Forbidding::KeptAway);
        let spread = || terms.spread.iter().position(is_ahead).map(Forbidding::Spread);
        affinity().or_else(anti_affinity).or_else(kept_away).or_else(spread)
    }

    /// Takes note of a resource on its node.
    pub(super) fn arrive(&mut self, live: &Live, slot: u32, node_group: NodeGroupIndex) {
        self.change(live, slot, node_group, |count| count + 1);
    }

    /// Takes note of one that is not there any more.
    pub(super) fn depart(&mut self, live: &Live, slot: u32, node_group: NodeGroupIndex) {
        self.change(live, slot, node_group, |count| count - 1);
    }

    fn change(&mut self, live: &Live, slot: u32, node_group: NodeGroupIndex, change: impl Fn(u32) -> u32) {
        let Some(row) = live.terms.filter(|_| self.binds(live.terms)) else { return };
        let terms = &self.terms[row.usize()];
        let places = [(Domain::Node, Place::Node(slot)), (Domain::Zone, Place::Zone(self.zones[node_group.usize()]))];
        if let Some(name) = terms.group {
            let own = Group { tenant: live.tenant, name };
            adjust(&mut self.sizes, own, &change);
            places.iter().for_each(|&(_, place)| adjust(&mut self.members, (own, place), &change));
        }
        for &(domain, name) in &terms.anti_affinity {
            let group = Group { tenant: live.tenant, name };
            let place = places.iter().find(|(of, _)| *of == domain).map(|&(_, place)| place);
            adjust(&mut self.keepers, (group, place.expect("there are two domains")), &change);
        }
    }

    fn size(&self, group: Group) -> u32 {
        self.sizes.get(&group).copied().unwrap_or(0)
    }

    fn count(&self, of: &BTreeMap<(Group, Place), u32>, group: Group, domain: Domain, at: Candidate) -> u32 {
        let place = match (domain, at.slot) {
            (Domain::Zone, _) => Place::Zone(self.zones[at.node_group.usize()]),
            (Domain::Node, Some(slot)) => Place::Node(slot),
            // Nobody is on a node that is yet to be ordered.
            (Domain::Node, None) => return 0,
        };
        of.get(&(group, place)).copied().unwrap_or(0)
    }

    /// The members in the emptiest of the places that the terms leave open: of the zones where nodes are or may come to be,
    /// of the nodes that are kept.
    fn fewest(&self, group: Group, row: TermsIndex, domain: Domain, nodes: &Nodes) -> u32 {
        let open = || (0..self.zones.len()).filter(|&node_group| self.is_open(Some(row), node_group));
        let is_there = |&node_group: &usize| {
            let group = NodeGroupIndex::from_usize(node_group);
            nodes.kept(group) > 0 || self.may_grow[node_group] && !nodes.is_lost(group)
        };
        match domain {
            Domain::Zone => {
                let count = |node_group: usize| {
                    self.members.get(&(group, Place::Zone(self.zones[node_group]))).copied().unwrap_or(0)
                };
                open().filter(is_there).map(count).min().unwrap_or(0)
            }
            Domain::Node => {
                let kept: u32 = open().map(|node_group| nodes.kept(NodeGroupIndex::from_usize(node_group))).sum();
                let on_nodes = (group, Place::Node(0))..=(group, Place::Node(u32::MAX));
                let taking = |(_, place): &(Group, Place)| match *place {
                    Place::Node(slot) => {
                        let node = nodes.slot(slot).node;
                        node.gone.is_none() && self.is_open(Some(row), node.node_group.usize())
                    }
                    Place::Zone(_) => false,
                };
                let counts = self.members.range(on_nodes).filter(|(key, _)| taking(key)).map(|(_, &count)| count);
                let counts: Vec<u32> = counts.collect();
                // A node that is not listed has none.
                if counts.len() < kept as usize { 0 } else { counts.into_iter().min().unwrap_or(0) }
            }
        }
    }
}

fn adjust<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, change: impl Fn(u32) -> u32) {
    let count = change(counts.get(&key).copied().unwrap_or(0));
    if count == 0 {
        counts.remove(&key);
    } else {
        counts.insert(key, count);
    }
}
