//! The machines behind the nodes that were named.

use std::collections::BTreeMap;

use super::ObservedNode;
use super::boots::{ObservedBoot, observed_boot};
use super::facts::{Anomaly, AnomalyKind, Asked, Facts};
use super::requested_share::{RequestedShare, requested_shares};
use crate::control_plane::settings::{Autoscaling, Fleet};
use crate::request::Received;
use crate::trace::inventory::InventoryNode;
use crate::units::{Instant, NodeGroupIndex, ResourceIndex, Resources};

/// A machine with its name, and who was on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) node: ObservedNode,
    pub(super) residents: Vec<ResourceIndex>,
    /// How long it took to boot, where that was seen.
    pub(super) boot: Option<ObservedBoot>,
    /// How much of it was requested when each resource had come there.
    pub(super) shares: Vec<RequestedShare>,
}

/// One stay on a machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    resource: ResourceIndex,
    pub(super) requested: Resources,
    /// When it was given the machine, at the earliest.
    pub(super) scheduled: Instant,
    /// When it was there, at the latest, where that is known: the machine had booted by then.
    pub(super) on_node_by: Option<Instant>,
    /// Whether both follow from times in the modules, so that what is between them is the wait for the machine.
    pub(super) is_timed: bool,
    pub(super) until: Option<Instant>,
    /// Place of the observation that named the node.
    position: usize,
}

/// Everything but the observations that machines are inferred from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assumed<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) autoscaling: Autoscaling,
    pub(super) inventory: &'a [InventoryNode],
}

/// The machines in order of when they were ordered, then of their names.
pub(super) fn machines(
    facts: &BTreeMap<ResourceIndex, Facts<'_>>,
    lives: &BTreeMap<ResourceIndex, Asked>,
    received: &[Received],
    assumed: Assumed<'_>,
    anomalies: &mut Vec<Anomaly>,
) -> Vec<Machine> {
    let mut stays: BTreeMap<&str, Vec<Stay>> =
        assumed.inventory.iter().map(|node| (node.name.as_str(), Vec::new())).collect();
    for (resource, facts) in facts {
        let (Some((node, position)), Some(asked)) = (facts.node, lives.get(resource)) else { continue };
        let Some(requested) = asked.requested else { continue };
        stays.entry(node).or_default().push(Stay {
            resource: *resource,
            requested,
            scheduled: facts.scheduled(asked.created),
            on_node_by: facts.on_node_by(),
            is_timed: facts.is_timed(),
            until: facts.released.or(asked.deleted),
            position,
        });
    }
    let first = lives.values().map(|asked| asked.created).min();
    let one = |(name, mut stays): (&str, Vec<Stay>)| {
        stays.sort_by_key(|stay| (stay.on_node_by, stay.resource));
        let listed = assumed.inventory.iter().find(|node| node.name == name);
        let shares = requested_shares(&stays, listed, assumed.fleet);
        let group = infer_group(&mut stays, listed, assumed.fleet, |stay| {
            let Received { at, observation } = &received[stay.position];
            let request = observation.request.clone();
            anomalies.push(Anomaly {
                received: *at,
                position: stay.position,
                request,
                kind: AnomalyKind::NodeTooSmall,
            });
        })?;
        let node = match listed {
            // The machines of an inventory are there whether they are used or not.
            Some(_) => ObservedNode { node_group: group, ordered: first?, ready: first?, drains: None, gone: None },
            None => infer_life(&stays, group, assumed)?,
        };
        let boot = observed_boot(&stays, group).filter(|_| listed.is_none());
        let residents = stays.iter().map(|stay| stay.resource).collect();
        Some(Machine { name: name.to_owned(), node, residents, boot, shares })
    };
    let mut machines: Vec<Machine> = stays.into_iter().filter_map(one).collect();
    machines.sort_by(|a, b| (a.node.ordered, &a.name).cmp(&(b.node.ordered, &b.name)));
    machines
}

/// The first group whose machines hold all who were there at once; who makes it more than any machine holds is told to
/// `object` and leaves the list.
fn infer_group(
    stays: &mut Vec<Stay>,
    listed: Option<&InventoryNode>,
    fleet: &Fleet,
    mut object: impl FnMut(&Stay),
) -> Option<NodeGroupIndex> {
    let groups = fleet.node_groups.iter().enumerate();
    let possible: Vec<(usize, Resources)> = groups
        .filter(|(_, group)| listed.is_none_or(|node| group.lists(node)))
        .map(|(position, group)| (position, group.schedulable()))
        .collect();
    let holds = |peak: Resources| possible.iter().find(|(_, capacity)| peak.fits(*capacity));
    let mut peak = Resources::ZERO;
    let mut there: Vec<(Option<Instant>, Resources)> = Vec::new();
    stays.retain(|stay| {
        // Who may have waited before it went there is only known to fit by itself; those are first in the list.
        there.retain(|(until, _)| until.is_none_or(|until| stay.on_node_by.is_some_and(|from| until > from)));
        let sum = there.iter().map(|(_, requested)| *requested).try_fold(stay.requested, Resources::checked_add);
        match sum.map(|sum| peak.max(sum)).filter(|&peak| holds(peak).is_some()) {
            Some(higher) => {
                peak = higher;
                if stay.on_node_by.is_some() {
                    there.push((stay.until, stay.requested));
                }
                true
            }
            None => {
                object(stay);
                false
            }
        }
    });
    holds(peak).map(|(position, _)| NodeGroupIndex::from_usize(*position))
}

/// When a machine was paid: from its first stay on, and as long after its last one as the autoscaling waits.
///
/// In a group with a minimum nobody can tell which of the empty machines stay, so none is given back.
fn infer_life(stays: &[Stay], node_group: NodeGroupIndex, assumed: Assumed<'_>) -> Option<ObservedNode> {
    let group = &assumed.fleet.node_groups[node_group.usize()];
    let ordered = stays.iter().map(|stay| stay.scheduled).min()?;
    let booted = stays.iter().filter_map(|stay| stay.on_node_by).min();
    let ready = booted.unwrap_or(ordered + group.boot).max(ordered);
    let empty_since = stays.iter().map(|stay| stay.until).try_fold(ready, |last, until| Some(last.max(until?)));
    let drains = empty_since.filter(|_| group.min == 0).map(|since| since + assumed.autoscaling.empty_for);
    let gone = drains.map(|at| at + assumed.autoscaling.drain);
    Some(ObservedNode { node_group, ordered, ready, drains, gone })
}
