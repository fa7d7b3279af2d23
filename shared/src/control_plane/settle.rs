//! Puts resources that are known to live onto the machines of a control plane: where they were seen, or where the policy
//! wants them.

use std::collections::{BTreeMap, BTreeSet};

use super::autoscaling;
use super::devices::DeviceSet;
use super::lives::Live;
use super::nodes::Nodes;
use super::rules::Rules;
use super::settings::Settings;
use super::state::{InFlight, LiveResource, Node, State};
use crate::request::{IndexedRequest, Module, Operation, ResourceClass};
use crate::units::{Instant, NodeGroupIndex, NodeIndex, ResourceIndex, Resources};

/// What is known of those who live, by their position in [`State::live`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// Who is known to live, whatever the state says of them.
    pub known: BTreeSet<ResourceIndex>,
    /// Who was seen on which machine, of which group.
    pub seen: BTreeMap<ResourceIndex, (String, NodeGroupIndex)>,
    /// Who was seen without one.
    pub waiting: BTreeSet<ResourceIndex>,
}

/// Where everybody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The state.
    pub state: State,
    /// The names of its nodes; empty where a node has none.
    pub names: Vec<String>,
    /// Who could not be where they were seen, as others were there.
    pub crowded_out: Vec<ResourceIndex>,
}

/// Settles everybody at `at`: those who are seen first, then those who were on a machine, then the others in the order of
/// the state, by the policy; who finds no room waits.
///
/// `names` are those of each group's nodes, in order; who was seen on a machine of another name has one added. The nodes
/// that a group always has are there from the start.
pub fn settle(settings: Settings<'_>, state: State, at: Instant, names: &[Vec<String>], seats: &Seats) -> Settled {
    let first = state.live.iter().map(|live| live.ready.unwrap_or(live.created)).fold(at, Instant::min);
    let mut settling = Settling::new(settings, state, first, names);
    settling.add_minimum(names);
    settling.add_seen(seats);
    settling.forget_simulated(&seats.known);
    let crowded_out = settling.place_residents(seats);
    settling.place_others(at, seats);
    settling.provision(at, seats);
    settling.finish(at, crowded_out)
}

struct Settling<'a> {
    settings: Settings<'a>,
    state: State,
    /// Machines by the position of their node in the state.
    nodes: Nodes,
    rules: Rules,
    names: Vec<String>,
    /// Since when machines are there that are added.
    first: Instant,
}

impl<'a> Settling<'a> {
    fn new(settings: Settings<'a>, state: State, first: Instant, names: &[Vec<String>]) -> Self {
        let groups = settings.fleet.node_groups.len();
        let mut nodes = Nodes::new(groups, NodeIndex(state.nodes_started), settings.placement);
        let mut of_group = vec![0; groups];
        let name = |node: &Node| {
            nodes.restore(*node, settings.fleet);
            let group = node.node_group.usize();
            of_group[group] += 1;
            names.get(group).and_then(|names| names.get(of_group[group] - 1)).cloned().unwrap_or_default()
        };
        let names = state.nodes.iter().map(name).collect();
        for flavor in state.live.iter().map(|live| &settings.flavors[live.flavor.usize()]) {
            if flavor.class == ResourceClass::Compute {
                nodes.note(|| flavor.requested.on_node());
            }
        }
        let rules = Rules::new(settings.terms, settings.fleet);
        Self { settings, state, nodes, rules, names, first }
    }

    fn add(&mut self, node_group: NodeGroupIndex, name: String) -> u32 {
        let index = self.nodes.next();
        let (ordered, ready, empty_since) = (self.first, self.first, Some(self.first));
        let node = Node { index, node_group, ordered, ready, empty_since, gone: None };
        self.state.nodes.push(node);
        self.names.push(name);
        self.nodes.restore(node, self.settings.fleet)
    }

    /// Adds the machines that each group has at least.
    fn add_minimum(&mut self, names: &[Vec<String>]) {
        for (position, group) in self.settings.fleet.node_groups.iter().enumerate() {
            let index = NodeGroupIndex::from_usize(position);
            while self.nodes.kept(index) < group.min {
                let there = self.state.nodes.iter().filter(|node| node.node_group == index).count();
                let name = names.get(position).and_then(|names| names.get(there)).cloned();
                self.add(index, name.unwrap_or_default());
            }
        }
    }

    /// Adds the machines that somebody was seen on and that are not there yet.
    fn add_seen(&mut self, seats: &Seats) {
        let named: BTreeSet<&str> = self.names.iter().map(String::as_str).collect();
        let missing: BTreeSet<(NodeGroupIndex, &str)> = seats
            .seen
            .values()
            .filter(|(name, _)| !named.contains(name.as_str()))
            .map(|(name, group)| (*group, name.as_str()))
            .collect();
        for (group, name) in missing {
            self.add(group, name.to_owned());
        }
    }

    /// Who is known to live is not on the way, whatever was simulated of it.
    fn forget_simulated(&mut self, known: &BTreeSet<ResourceIndex>) {
        self.state.in_flight.retain(|call| call.operation != Operation::Create || !known.contains(&call.resource));
        self.state.pending.retain(|resource| !known.contains(resource));
    }

    fn requested(&self, live: &LiveResource) -> Resources {
        self.settings.flavors[live.flavor.usize()].requested.on_node()
    }

    /// Takes the room of a resource on a machine, where there is enough.
    fn take(&mut self, resource: usize, slot: u32) -> bool {
        let requested = self.requested(&self.state.live[resource]);
        let fits = requested.fits(self.nodes.slot(slot).offered()) && self.nodes.has_room(slot, requested);
        if fits {
            self.settle(resource, slot, requested, DeviceSet::default());
        } else {
            self.unsettle(resource);
        }
        fits
    }

    fn unsettle(&mut self, resource: usize) {
        let live = &mut self.state.live[resource];
        (live.node, live.devices) = (None, DeviceSet::default());
    }

    fn settle(&mut self, resource: usize, slot: u32, requested: Resources, wanted: DeviceSet) {
        let devices = self.nodes.take(slot, requested, wanted);
        let node = self.nodes.slot(slot).node;
        let live = &mut self.state.live[resource];
        (live.node, live.devices) = (Some(node.index), devices);
        self.rules.arrive(&as_the_rules_see(resource, &self.state.live[resource]), slot, node.node_group);
    }

    /// Puts everybody where they were seen, then where they were; says who was seen where there is no room any more.
    fn place_residents(&mut self, seats: &Seats) -> Vec<ResourceIndex> {
        let slots: BTreeMap<String, u32> =
            self.names.iter().cloned().zip(0..).filter(|(name, _)| !name.is_empty()).collect();
        let mut crowded_out = Vec::new();
        for (resource, (name, _)) in &seats.seen {
            if !self.take(resource.usize(), slots[name]) {
                crowded_out.push(*resource);
            }
        }
        for resource in 0..self.state.live.len() {
            let seen = seats.seen.contains_key(&ResourceIndex::from_usize(resource));
            if let Some(node) = self.state.live[resource].node.filter(|_| !seen) {
                let slot = self.state.nodes.partition_point(|other| other.index < node);
                self.keep(resource, slot as u32);
            }
        }
        crowded_out
    }

    /// Leaves a resource on its machine, even one that is being given back, where there is room.
    fn keep(&mut self, resource: usize, slot: u32) {
        let requested = self.requested(&self.state.live[resource]);
        if self.nodes.has_room(slot, requested) {
            self.settle(resource, slot, requested, self.state.live[resource].devices);
        } else {
            self.unsettle(resource);
        }
    }

    /// Places by the policy whoever has no machine and is not on the way to one.
    fn place_others(&mut self, at: Instant, seats: &Seats) {
        let mut on_the_way: BTreeSet<ResourceIndex> = self.state.pending.iter().copied().collect();
        on_the_way.extend(
            self.state.in_flight.iter().filter(|call| call.module < Module::Provisioner).map(|call| call.resource),
        );
        for position in 0..self.state.live.len() {
            let resource = ResourceIndex::from_usize(position);
            let live = self.state.live[position];
            let class = self.settings.flavors[live.flavor.usize()].class;
            if class != ResourceClass::Compute || live.node.is_some() || on_the_way.contains(&resource) {
                continue;
            }
            let requested = self.requested(&live);
            let waits = seats.waiting.contains(&resource);
            let seen = as_the_rules_see(position, &live);
            match self.rules.choose(&seen, requested, &self.nodes) {
                Some(slot) if !waits => {
                    self.take(position, slot);
                }
                Some(_) => self.schedule(resource, live, at),
                None => match self.group_to_grow(&seen, requested) {
                    Some(group) if !waits => {
                        let slot = self.add(group, String::new());
                        self.take(position, slot);
                    }
                    Some(_) => self.schedule(resource, live, at),
                    None => {
                        self.state.live[position].ready = None;
                        self.state.pending.push(resource);
                    }
                },
            }
        }
    }

    /// The group that may have one more machine for a resource.
    fn group_to_grow(&self, live: &Live, requested: Resources) -> Option<NodeGroupIndex> {
        let permitted = |node_group| self.rules.permit_new(live, node_group, &self.nodes);
        autoscaling::group_to_grow(self.settings.fleet, &self.nodes, requested, permitted)
    }

    /// Has the scheduler place one that waited, now that there may be a machine for it.
    fn schedule(&mut self, resource: ResourceIndex, live: LiveResource, at: Instant) {
        self.state.live[resource.usize()].ready = None;
        self.create(resource, live, (Module::Scheduler, true), at);
    }

    /// Has a create go on in a module, which it has entered or is about to.
    fn create(&mut self, resource: ResourceIndex, live: LiveResource, (module, entered): (Module, bool), at: Instant) {
        let LiveResource { flavor, created: arrived, .. } = live;
        let operation = Operation::Create;
        self.state.in_flight.push(InFlight { resource, operation, flavor, arrived, module, entered, at, attempt: 0 });
    }

    /// Has the provisioner begin with those who were seen on a machine and never ready: nothing more is known of how far it is.
    fn provision(&mut self, at: Instant, seats: &Seats) {
        for (&resource, _) in seats.seen.iter().filter(|(resource, _)| seats.known.contains(resource)) {
            let live = self.state.live[resource.usize()];
            let on_the_way = self.state.in_flight.iter().any(|call| call.resource == resource);
            if live.node.is_some() && live.ready.is_none() && !on_the_way {
                self.create(resource, live, (Module::Provisioner, false), at);
            }
        }
    }

    /// The state, whose machines were there as soon as anybody was ready on them.
    fn finish(mut self, at: Instant, crowded_out: Vec<ResourceIndex>) -> Settled {
        for (position, node) in self.state.nodes.iter_mut().enumerate() {
            let slot = self.nodes.slot(position as u32);
            let empty_since = slot.node.empty_since.or(node.empty_since).unwrap_or(at);
            node.empty_since = (slot.residents == 0).then_some(empty_since);
        }
        for live in &self.state.live {
            let (Some(index), Some(ready)) = (live.node, live.ready) else { continue };
            let position = self.state.nodes.partition_point(|node| node.index < index);
            let node = &mut self.state.nodes[position];
            node.ready = node.ready.min(ready);
            node.ordered = node.ordered.min(node.ready);
        }
        self.state.nodes_started = self.nodes.next().0;
        Settled { state: self.state, names: self.names, crowded_out }
    }
}

/// A resource of the state as rules about others know it.
fn as_the_rules_see(position: usize, live: &LiveResource) -> Live {
    let LiveResource { tenant, flavor, terms, created, draw_key, .. } = *live;
    Live::new(&IndexedRequest {
        at: created,
        operation: Operation::Create,
        tenant,
        resource: ResourceIndex::from_usize(position),
        flavor,
        batch: None,
        lifetime: None,
        terms,
        draw_key,
    })
}
