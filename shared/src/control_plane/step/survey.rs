//! What the control plane sees when it decides about a create: for people who ask why.

use serde::{Deserialize, Serialize};

use super::ControlPlane;
use crate::control_plane::devices::Room;
use crate::control_plane::lives::Live;
use crate::control_plane::nodes::Slot;
use crate::control_plane::placement::left;
use crate::control_plane::rules::Candidate;
use crate::control_plane::transition::Transition;
use crate::request::{Module, Operation};
use crate::units::{Dimension, NodeGroupIndex, NodeIndex, ResourceIndex, Resources};

/// What a resource could have got at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// What its tenant held, without it; what does not fit an amount is the largest there is.
    pub held: Resources,
    /// Every node group, in order; none where the resource needs no node.
    pub groups: Vec<GroupSurvey>,
}

/// What one node group had to offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSurvey {
    /// Whether it is in the zone that was asked for.
    pub in_zone: bool,
    /// Whether an empty node of it holds the resource.
    pub holds: bool,
    /// Nodes that are paid and not being given back.
    pub nodes: u32,
    /// Those of them with enough room.
    pub with_room: u32,
    /// Those with room that the rules about other resources permit.
    pub permitted: u32,
    /// Paid nodes, being given back or not: what counts against the most that there may be.
    pub paid: u32,
    /// Whether the rules permit a new node of it.
    pub growth_permitted: bool,
    /// The node that the placement policy ranks first, of those that are permitted.
    pub best: Option<Best>,
    /// What is missing on the node where the least is, where none has room.
    pub lacking: Option<Resources>,
}

/// A node that a policy prefers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What a create in the modules is about, and the module that it is about to leave.
    pub fn about_to_leave(&self, transition: &Transition) -> Option<(ResourceIndex, Module)> {
        let Transition::Leave { call, module } = *transition else { return None };
        let call = self.calls.get(call);
        (call.operation == Operation::Create).then(|| (self.lives.get(call.live).resource, module))
    }

    /// What a resource could get now; none where it does not live.
    pub fn survey(&self, resource: ResourceIndex) -> Option<Survey> {
        let live = self.lives.get(self.lives.find(resource)?);
        let requested = self.on_node(live.flavor);
        let asked = if self.needs_node(live.flavor) { self.settings.fleet.node_groups.len() } else { 0 };
        let groups = (0..asked).map(|group| self.survey_group(live, requested, NodeGroupIndex::from_usize(group)));
        Some(Survey { held: self.quotas.held_without(live.tenant, live.held), groups: groups.collect() })
    }

    fn survey_group(&self, live: &Live, requested: Resources, node_group: NodeGroupIndex) -> GroupSurvey {
        let of_group = |(_, slot): &(u32, &Slot)| slot.node.node_group == node_group && slot.node.gone.is_none();
        let nodes: Vec<(u32, &Slot)> = self.nodes.iter_paid().filter(of_group).collect();
        let permit = |slot: u32| self.rules.permit(live, Candidate { slot: Some(slot), node_group }, &self.nodes);
        let with_room: Vec<u32> =
            nodes.iter().map(|&(slot, _)| slot).filter(|&slot| self.nodes.has_room(slot, requested)).collect();
        let in_zone = self.rules.is_open(live.terms, node_group.usize());
        let permitted = with_room.iter().filter(|&&slot| in_zone && permit(slot)).count() as u32;
        let only_here = |group: usize| in_zone && group == node_group.usize();
        let best = self.nodes.choose(requested, only_here, permit).map(|slot| {
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
            paid: self.nodes.paid(node_group),
            growth_permitted: self.rules.permit_new(live, node_group, &self.nodes),
            best,
            lacking: lacking.min_by_key(least).filter(|lacking| !lacking.is_zero()),
        }
    }
}

/// By how much more is asked for than is free, of GPUs on devices that would do.
fn lacking(requested: Resources, room: &Room) -> Resources {
    let amounts = Dimension::ALL.map(|dimension| requested[dimension].saturating_sub(room.free[dimension]));
    let devices = room.devices.lacking(requested[Dimension::Gpu]);
    Resources::from_array(amounts).max(Resources::ZERO.with(Dimension::Gpu, devices))
}
