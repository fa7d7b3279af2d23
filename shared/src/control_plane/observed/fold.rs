//! Observations and the log, folded into the machines and placements of the primary.
//!
//! Observed are who was refused, who went to which node, and when. Inferred from that and from what is assumed of the
//! fleet are the machines: their group is the first that holds all who were there at once, they are paid from their
//! first resident on, and given back when the autoscaling would do it after the last one.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Anomaly, Asked, Facts, gather};
use super::machines::{Assumed, Machine, machines};
use super::{ObservedBoot, ObservedFleet, ObservedNode, RequestedShare};
use crate::control_plane::settings::{Autoscaling, Fleet};
use crate::control_plane::state::{Node, State};
use crate::request::Received;
use crate::trace::inventory::InventoryNode;
use crate::units::{Instant, ResourceIndex, Window};

/// What observations amount to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// The machines and placements of a control plane that begins with nothing, by the resources of the log.
    pub fleet: ObservedFleet,
    /// The names of the machines.
    pub names: Vec<String>,
    /// What was impossible.
    pub anomalies: Vec<Anomaly>,
    /// Those that something possible is known of.
    pub seen: BTreeSet<ResourceIndex>,
    /// When they were ready.
    pub ready: BTreeMap<ResourceIndex, Instant>,
    /// Those that were admitted, and seen neither on a node nor ready.
    pub waiting: BTreeSet<ResourceIndex>,
    /// How long machines took to boot, where that was seen, in order of when they were ordered.
    pub boots: Vec<ObservedBoot>,
    /// How much of its machine was requested when each resource had come there, in order of time.
    pub shares: Vec<RequestedShare>,
    /// When each create that needs a node was made, and whether its node is known.
    creates: Vec<(Instant, bool)>,
}

/// Folds observations, in order of arrival, into what they say about the requests in `asked`, by id.
///
/// Where there is an inventory, its nodes are all that there are; otherwise whatever has a name is a node.
pub fn fold(
    received: &[Received],
    asked: &BTreeMap<&str, Asked>,
    fleet: &Fleet,
    autoscaling: Autoscaling,
    inventory: &[InventoryNode],
) -> Folded {
    let listed: BTreeSet<&str> = inventory.iter().map(|node| node.name.as_str()).collect();
    let knows_node = |name: &str| listed.is_empty() || listed.contains(name);
    let (facts, mut anomalies) = gather(received, asked, knows_node);
    let lives: BTreeMap<ResourceIndex, Asked> =
        asked.values().filter(|asked| asked.is_create).map(|asked| (asked.resource, *asked)).collect();
    let machines = machines(&facts, &lives, received, Assumed { fleet, autoscaling, inventory }, &mut anomalies);
    let mut placements = BTreeMap::new();
    for (position, machine) in machines.iter().enumerate() {
        placements.extend(machine.residents.iter().map(|&resource| (resource, position as u32)));
    }
    let refused = facts.iter().filter(|(_, facts)| facts.admitted == Some(false)).map(|(&resource, _)| resource);
    let refused: BTreeSet<ResourceIndex> = refused.collect();
    let creates = lives
        .iter()
        .filter(|(resource, asked)| asked.requested.is_some() && !refused.contains(resource))
        .map(|(resource, asked)| (asked.created, placements.contains_key(resource)))
        .collect();
    let waits = |facts: &Facts<'_>| facts.admitted == Some(true) && facts.node.is_none() && facts.ready.is_none();
    let waiting = facts.iter().filter(|(_, facts)| waits(facts)).map(|(&resource, _)| resource).collect();
    let ready = facts.iter().filter_map(|(&resource, facts)| Some((resource, facts.ready?))).collect();
    let seen = facts.keys().copied().collect();
    let boots = machines.iter().filter_map(|machine| machine.boot).collect();
    let mut shares: Vec<RequestedShare> = machines.iter().flat_map(|machine| machine.shares.iter().copied()).collect();
    shares.sort_by_key(|share| share.at);
    let (names, nodes) = machines.into_iter().map(|Machine { name, node, .. }| (name, node)).unzip();
    let fleet = ObservedFleet { nodes, placements, refused, ..ObservedFleet::default() };
    Folded { fleet, names, anomalies, seen, ready, waiting, boots, shares, creates }
}

impl Folded {
    /// How many creates of a window need a node, and how many of those have an observed one.
    pub fn seen_in(&self, window: Window) -> (u64, u64) {
        let inside = || self.creates.iter().filter(|(at, _)| window.contains(*at));
        (inside().count() as u64, inside().filter(|(_, seen)| *seen).count() as u64)
    }

    /// The names of the nodes of a fork of the control plane that ran on this fleet.
    pub fn names_of(&self, state: &State) -> Vec<String> {
        let name = |node: &Node| self.names.get(node.index.usize()).cloned().unwrap_or_default();
        state.nodes.iter().map(name).collect()
    }

    /// The names of the machines of [`Folded::after`], in its order.
    pub fn names_after(&self, start: Instant, names: &[String]) -> Vec<String> {
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let is_new = |(name, seen): &(&String, &ObservedNode)| {
            !known.contains(name.as_str()) && seen.gone.is_none_or(|gone| gone > start)
        };
        let new = self.names.iter().zip(&self.fleet.nodes).filter(is_new).map(|(name, _)| name.clone());
        names.iter().cloned().chain(new).collect()
    }

    /// The same facts for a run that goes on from a fork at `start`: its own machines first, by the names that they
    /// had, and resources by its own indices.
    ///
    /// Facts may have come in since the fork was made; what they say about the time before it is too late.
    pub fn after(
        &self,
        start: Instant,
        state: &State,
        names: &[String],
        index: impl Fn(ResourceIndex) -> Option<ResourceIndex>,
    ) -> ObservedFleet {
        let late = |at: Instant| at.max(start);
        let positions: BTreeMap<&str, usize> =
            self.names.iter().enumerate().map(|(position, name)| (name.as_str(), position)).collect();
        let mut new_position: Vec<Option<u32>> = vec![None; self.names.len()];
        let mut nodes = Vec::with_capacity(self.names.len());
        for (node, name) in state.nodes.iter().zip(names) {
            let known = positions.get(name.as_str()).copied();
            let seen = known.map(|position| self.fleet.nodes[position]);
            if let Some(position) = known {
                new_position[position] = Some(nodes.len() as u32);
            }
            nodes.push(ObservedNode {
                node_group: node.node_group,
                ordered: node.ordered,
                ready: node.ready,
                drains: seen.and_then(|seen| seen.drains).map(late),
                gone: seen.and_then(|seen| seen.gone).map(late),
            });
        }
        for (position, seen) in self.fleet.nodes.iter().enumerate() {
            let over = seen.gone.is_some_and(|gone| gone <= start);
            if new_position[position].is_none() && !over {
                new_position[position] = Some(nodes.len() as u32);
                nodes.push(ObservedNode {
                    ordered: late(seen.ordered),
                    ready: late(seen.ready),
                    drains: seen.drains.map(late),
                    ..*seen
                });
            }
        }
        let placement =
            |(&resource, &position): (&ResourceIndex, &u32)| Some((index(resource)?, new_position[position as usize]?));
        ObservedFleet {
            placements: self.fleet.placements.iter().filter_map(placement).collect(),
            refused: self.fleet.refused.iter().filter_map(|&resource| index(resource)).collect(),
            nodes,
            ..ObservedFleet::default()
        }
    }
}
