//! What the control plane sees when it decides about a create or a resize: for people who ask why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ControlPlane;
use crate::control_plane::devices::Room;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::Slot;
use crate::control_plane::placement::left;
use crate::control_plane::pools::Offer;
use crate::control_plane::rules::{Candidate, Forbidding};
use crate::control_plane::settings::CapacityPool;
use crate::control_plane::transition::{PlanState, Transition};
use crate::request::{Domain, GroupRule, Module, Operation, SpreadRule};
use crate::units::{Dimension, FlavorIndex, Instant, NodeGroupIndex, NodeIndex, PoolIndex, ResourceIndex, Resources};

/// What a resource could have got at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Survey {
    /// What its tenant held, without it; what does not fit an amount is the largest there is.
    pub held: Resources,
    /// Every node group, in order; none where the resource needs no node.
    pub groups: Vec<GroupSurvey>,
    /// The node that it is on, where it is on one.
    pub in_place: Option<InPlace>,
    /// The pools that have any of what it asks for beside nodes, in order.
    #[serde(default)]
    pub pools: Vec<PoolSurvey>,
}

/// What one pool had to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoolSurvey {
    /// Which one: its place in the scenario's fleet, counted from 0.
    pub pool: PoolIndex,
    /// Whether it is in the zone that was asked for.
    pub in_zone: bool,
    /// Whether the resource is in it already: a resize moves nothing.
    pub is_its_own: bool,
    /// What was free in it of what is asked for, without the resource; what does not fit an amount is the largest there is.
    pub free: Resources,
    /// What is missing; nothing where it fits.
    pub lacking: Resources,
    /// Since when its zone is lost, where it is: it takes nothing.
    pub lost_since: Option<Instant>,
}

/// What the node had to offer that a resource is on already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InPlace {
    /// Which one.
    pub node: NodeIndex,
    /// Its group.
    pub node_group: NodeGroupIndex,
    /// What would be free on it without the resource.
    pub free: Resources,
    /// What is missing for the shape that was asked for; nothing where it fits.
    pub lacking: Resources,
}

/// What one node group had to offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupSurvey {
    /// Whether it is in the zone that was asked for.
    pub in_zone: bool,
    /// Whether an empty node of it holds the resource.
    pub holds: bool,
    /// Nodes that are paid and not being given back, without the one that the resource is on.
    pub nodes: u32,
    /// Those of them with enough room.
    pub with_room: u32,
    /// Those with room that the rules about other resources permit.
    pub permitted: u32,
    /// Paid nodes, being given back or not: what counts against the most that there may be.
    pub paid: u32,
    /// Which rules forbid the others of those with room, each node counted for the first that does.
    #[serde(default)]
    pub forbidden: Vec<Forbidden>,
    /// Whether the rules permit a new node of it.
    pub growth_permitted: bool,
    /// Which rule does not.
    #[serde(default)]
    pub growth_forbidden_by: Option<Rule>,
    /// The node that the placement policy ranks first, of those that are permitted.
    pub best: Option<Best>,
    /// What is missing on the node where the least is, where none has room.
    pub lacking: Option<Resources>,
    /// Since when its zone is lost, where it is: its nodes are gone, and there are no new ones.
    pub lost_since: Option<Instant>,
}

/// Nodes that one rule forbids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forbidden {
    /// Which one.
    pub rule: Rule,
    /// How many.
    pub nodes: u32,
}

/// A rule about who else is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Rule {
    /// It wants to be near a group, of which nobody is there.
    Affinity(GroupRule),
    /// It wants to be apart from a group, of which somebody is there.
    AntiAffinity(GroupRule),
    /// Somebody there wants to be apart from its group.
    KeptAway(Domain),
    /// More of its group are there than the emptiest place has and the rule allows.
    Spread(SpreadRule),
}

/// A request on its way, for those who look on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Underway {
    /// What it is about.
    pub resource: ResourceIndex,
    /// What it does.
    pub operation: Operation,
    /// The shape that it asks for.
    pub flavor: FlavorIndex,
    /// When it was made.
    pub arrived: Instant,
    /// The module that it is about to leave; none where it enters one.
    pub leaves: Option<Module>,
}

/// A node that a policy prefers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Best {
    /// Which one.
    pub node: NodeIndex,
    /// What would be left on it: the shares of its dimensions, added up.
    pub left: f64,
    /// What the policy made of it; none where it goes by the order of the nodes alone. Best fit wants the least to be
    /// left, worst fit the most; fragmentation-aware placement the fewest milli-GPU to become useless; the others have
    /// scores of their own, and want the highest.
    pub score: Option<f64>,
}

impl ControlPlane<'_> {
    /// The request that a transition takes on its way; none where it is about a machine, or the request is void.
    pub fn underway(&self, transition: &Transition) -> Option<Underway> {
        let (Transition::Enter { call, module } | Transition::Leave { call, module }) = *transition else {
            return None;
        };
        let leaves = matches!(transition, Transition::Leave { .. }).then_some(module);
        let call = self.calls.get(call);
        let live = self.lives.get(call.live);
        (!Self::is_void(&call, live)).then_some(Underway {
            resource: live.resource,
            operation: call.operation,
            flavor: call.flavor,
            arrived: call.arrived,
            leaves,
        })
    }

    /// What a resource could get now if it were of this flavor, or as it is; none where it does not live.
    pub fn survey(&self, now: Instant, resource: ResourceIndex, flavor: Option<FlavorIndex>) -> Option<Survey> {
        let live = self.lives.get(self.lives.find(resource)?);
        let requested = self.on_node(flavor.unwrap_or(live.flavor));
        let asked = if self.needs_node(live.flavor) { self.settings.fleet.node_groups.len() } else { 0 };
        let groups = (0..asked).map(|group| self.survey_group(now, live, requested, NodeGroupIndex::from_usize(group)));
        let in_place = live.slot.map(|slot| {
            let node = self.nodes.slot(slot).node;
            let mut room = self.nodes.room(slot);
            room.give(self.on_node(live.flavor), live.devices);
            let lacking = lacking(requested, &room);
            InPlace { node: node.index, node_group: node.node_group, free: room.free, lacking }
        });
        Some(Survey {
            held: self.quotas.held_without(live.tenant, live.held),
            groups: groups.collect(),
            in_place,
            pools: self.survey_pools(now, live, flavor.unwrap_or(live.flavor)),
        })
    }

    fn survey_pools(&self, now: Instant, live: &Live, flavor: FlavorIndex) -> Vec<PoolSurvey> {
        let zone = live.terms.and_then(|terms| self.settings.terms[terms.usize()].zone.as_deref());
        let pools = self.settings.fleet.pools.iter().enumerate();
        let survey = |(position, settings): (usize, &CapacityPool)| {
            let pool = PoolIndex::from_usize(position);
            let Offer { free, lacking } = self.pools.offer(pool, flavor, (live.pools, live.flavor))?;
            Some(PoolSurvey {
                pool,
                in_zone: settings.is_in(zone),
                is_its_own: [live.pools.storage, live.pools.network].contains(&Some(pool)),
                free,
                lacking,
                lost_since: self.zone_lost_since(now, settings.zone.as_deref()),
            })
        };
        pools.filter_map(survey).collect()
    }

    /// The shape of a resource; none where it does not live.
    pub fn flavor(&self, resource: ResourceIndex) -> Option<FlavorIndex> {
        self.lives.find(resource).map(|live| self.lives.get(live).flavor)
    }

    /// Whether a resource waits for a node.
    pub fn is_pending(&self, resource: ResourceIndex) -> bool {
        self.lives.find(resource).is_some_and(|live| self.lives.get(live).state == PlanState::Pending)
    }

    /// The node at a position among the machines of the run, and its group.
    pub fn node_at(&self, slot: u32) -> (NodeIndex, NodeGroupIndex) {
        let node = self.nodes.slot(slot).node;
        (node.index, node.node_group)
    }

    /// Since when the zone of a group is lost, where it is.
    pub fn lost_since(&self, now: Instant, node_group: NodeGroupIndex) -> Option<Instant> {
        self.zone_lost_since(now, self.settings.fleet.node_groups[node_group.usize()].zone.as_deref())
    }

    fn zone_lost_since(&self, now: Instant, zone: Option<&str>) -> Option<Instant> {
        let lost = self.settings.fleet.outages.iter().filter(|outage| Some(outage.zone.as_str()) == zone);
        lost.filter(|outage| outage.is_on(now)).map(|outage| outage.from).min()
    }

    fn survey_group(&self, now: Instant, live: &Live, requested: Resources, node_group: NodeGroupIndex) -> GroupSurvey {
        let of_group = |(position, slot): &(u32, &Slot)| {
            slot.node.node_group == node_group && slot.node.gone.is_none() && live.slot != Some(*position)
        };
        let nodes: Vec<(u32, &Slot)> = self.nodes.iter_paid().filter(of_group).collect();
        let forbidding = |slot: Option<u32>| self.rules.forbidding(live, Candidate { slot, node_group }, &self.nodes);
        let with_room: Vec<u32> =
            nodes.iter().map(|&(slot, _)| slot).filter(|&slot| self.nodes.has_room(slot, requested)).collect();
        let in_zone = self.rules.is_open(live.terms, node_group.usize());
        let mut forbidden = BTreeMap::new();
        for rule in with_room.iter().filter(|_| in_zone).filter_map(|&slot| forbidding(Some(slot))) {
            *forbidden.entry(rule).or_insert(0_u32) += 1;
        }
        let permitted = if in_zone { with_room.len() as u32 - forbidden.values().sum::<u32>() } else { 0 };
        let only_here = |group: usize| in_zone && group == node_group.usize();
        let elsewhere = |slot: u32| live.slot != Some(slot) && forbidding(Some(slot)).is_none();
        let best = self.nodes.choose(requested, only_here, elsewhere).map(|slot| {
            let score = self.nodes.shown(self.settings.placement, slot, requested);
            let slot = self.nodes.slot(slot);
            let rest = slot.free.checked_sub(requested).expect("it has room");
            Best { node: slot.node.index, left: left(rest, slot.capacity), score }
        });
        let group = &self.settings.fleet.node_groups[node_group.usize()];
        let lacking = nodes.iter().map(|&(slot, _)| lacking(requested, &self.nodes.room(slot)));
        let least = |amount: &Resources| (left(*amount, group.schedulable()) * 1e9) as u64;
        GroupSurvey {
            in_zone,
            holds: group.holds(requested),
            nodes: nodes.len() as u32,
            with_room: with_room.len() as u32,
            permitted,
            forbidden: forbidden
                .into_iter()
                .map(|(rule, nodes)| Forbidden { rule: self.rule(live, rule), nodes })
                .collect(),
            paid: self.nodes.paid(node_group),
            growth_permitted: self.rules.permit_new(live, node_group, &self.nodes),
            growth_forbidden_by: forbidding(None).map(|rule| self.rule(live, rule)),
            best,
            lacking: lacking.min_by_key(least).filter(|lacking| !lacking.is_zero()),
            lost_since: self.lost_since(now, node_group),
        }
    }

    /// A rule of a resource, or of others about it, as its terms have it.
    fn rule(&self, live: &Live, rule: Forbidding) -> Rule {
        let row = live.terms.expect("rules are part of terms");
        let terms = &self.settings.terms[row.usize()];
        match rule {
            Forbidding::Affinity(position) => Rule::Affinity(terms.affinity[position].clone()),
            Forbidding::AntiAffinity(position) => Rule::AntiAffinity(terms.anti_affinity[position].clone()),
            Forbidding::KeptAway(domain) => Rule::KeptAway(domain),
            Forbidding::Spread(position) => Rule::Spread(terms.spread[position]),
        }
    }
}

/// By how much more is asked for than is free, of GPUs on devices that would do.
fn lacking(requested: Resources, room: &Room) -> Resources {
    let amounts = Dimension::ALL.map(|dimension| requested[dimension].saturating_sub(room.free[dimension]));
    let devices = room.devices.lacking(requested[Dimension::Gpu]);
    Resources::from_array(amounts).max(Resources::ZERO.with(Dimension::Gpu, devices))
}
