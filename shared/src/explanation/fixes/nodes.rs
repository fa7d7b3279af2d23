//! Changes of nodes, of what they are, and of how they are chosen.

use super::change::{at_most, kept, types_that_hold};
use super::{Fix, Trials};
use crate::control_plane::{Eviction, Purchase};
use crate::explanation::Departure;
use crate::scenario::{Edit, PlacementPolicy};
use crate::units::NodeGroupIndex;

impl Trials<'_> {
    /// Nodes of a group that do not fail, or are not taken back, where the resource lost its own so.
    pub(super) fn nodes_kept(&mut self) -> Vec<Fix> {
        let kept = |left: &Departure| match left.eviction {
            Eviction::NodeFailed if left.zone_lost_since.is_none() => {
                Some(Edit::NodeFailures { node_group: left.node_group, fails_after: None })
            }
            Eviction::Interrupted => Some(Edit::Purchase { node_group: left.node_group, purchase: Purchase::OnDemand }),
            _ => None,
        };
        let mut edits: Vec<Edit> = Vec::new();
        for edit in self.explanation.departures.iter().filter_map(kept) {
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        edits.into_iter().filter_map(|edit| self.attempt(vec![edit])).collect()
    }

    /// Further nodes of each group that could hold the resource: ordered for who waits, or kept where none are ordered.
    pub(super) fn more_nodes(&mut self) -> Vec<Fix> {
        let (valid, mut found) = (self.valid, Vec::new());
        for position in self.open(|group| group.holds) {
            let ordered = self.smallest(|more| (vec![at_most(valid, position, more)], Vec::new()));
            let or_kept = ordered.or_else(|| self.smallest(|more| (kept(valid, position, more), Vec::new())));
            found.extend(or_kept);
        }
        found
    }

    /// Machines that could hold the resource, in place of those of each group in its zone.
    pub(super) fn larger_nodes(&mut self) -> Vec<Fix> {
        let types = types_that_hold(self.valid.scenario(), self.requested().on_node());
        let open = self.open(|_| true);
        open.into_iter().flat_map(|position| self.other_types(position, &types)).collect()
    }

    /// Machines with room for it beside those who took that of the ones that could hold it.
    pub(super) fn roomier_nodes(&mut self) -> Vec<Fix> {
        let scenario = self.valid.scenario();
        let surveyed = self.explanation.decision.iter().flat_map(|decision| decision.survey.groups.iter().enumerate());
        let full = surveyed.filter(|(_, group)| group.in_zone && group.holds && group.lost_since.is_none());
        let lacking: Vec<_> = full.filter_map(|(position, group)| Some((position, group.lacking?))).collect();
        let mut found = Vec::new();
        for (position, lacking) in lacking {
            if let Some(needed) = scenario.fleet.node_groups[position].capacity.checked_add(lacking) {
                found.extend(self.other_types(position, &types_that_hold(scenario, needed)));
            }
        }
        found
    }

    fn other_types(&mut self, position: usize, types: &[String]) -> Vec<Fix> {
        let node_group = NodeGroupIndex::from_usize(position);
        let has = &self.valid.scenario().fleet.node_groups[position].instance_type;
        let types = types.iter().filter(|name| *name != has);
        let edit = |name: &String| vec![Edit::InstanceType { node_group, instance_type: name.clone() }];
        types.filter_map(|name| self.attempt(edit(name))).collect()
    }

    /// Room for a resize on the node that its resource is on: larger machines, another one that takes those who came
    /// later, or another way to choose them.
    pub(super) fn room_in_place(&mut self) -> Vec<Fix> {
        let place = self.explanation.decision.as_ref().and_then(|decision| decision.survey.in_place.as_ref());
        let Some(place) = place else { return Vec::new() };
        let scenario = self.valid.scenario();
        let position = place.node_group.usize();
        let capacity = scenario.fleet.node_groups[position].capacity;
        let needed = capacity.checked_add(place.lacking).unwrap_or(capacity);
        let mut found = self.other_types(position, &types_that_hold(scenario, needed));
        found.extend(self.more_nodes());
        found.extend(self.other_policies());
        found
    }

    /// Other ways to choose nodes, which may leave room together that is now in pieces.
    pub(super) fn other_policies(&mut self) -> Vec<Fix> {
        let placement = self.valid.scenario().placement;
        let others = PlacementPolicy::ALL.into_iter().filter(|policy| *policy != placement);
        others.filter_map(|policy| self.attempt(vec![Edit::Placement { policy }])).collect()
    }
}
