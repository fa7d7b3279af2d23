//! Nodes of which more may be requested than they have: who is on each, and how much less than alone each of them pays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rates;
use crate::control_plane::{Fleet, NodeGroup, Use};
use crate::request::Flavor;
use crate::units::Resources;

/// The residents of every node of a group that over-commits, by the node's position.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Crowds {
    by_node: BTreeMap<u32, Crowd>,
}

/// Residents of one node, by who they are: how many, and by how much less each pays than it would on an emptier node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Crowd(Vec<(Use, u32, i64)>);

/// What the discount of all uses of a kind changes by, in nano-units an hour.
pub(super) type Change = (Use, i64);

/// Whether more may be requested of a group's nodes than they have.
pub(super) fn over_commits(group: &NodeGroup) -> bool {
    !group.over_commit_percent.is_empty() && !group.schedulable().fits(group.capacity)
}

impl Crowds {
    /// Takes note of somebody who comes to a node or leaves it; gives what that changes for everybody there.
    pub(super) fn change(
        &mut self,
        node: u32,
        what: Use,
        change: i64,
        (fleet, flavors, rates): (&Fleet, &[Flavor], &Rates),
    ) -> Vec<Change> {
        let crowd = self.by_node.entry(node).or_default();
        let mut changes: Vec<Change> = crowd.discounts().map(|(what, discount)| (what, -discount)).collect();
        match crowd.0.binary_search_by_key(&what, |(known, ..)| *known) {
            Ok(place) => {
                crowd.0[place].1 = crowd.0[place].1.checked_add_signed(change as i32).expect("who leaves came")
            }
            Err(place) => crowd.0.insert(place, (what, 1, 0)),
        }
        crowd.0.retain(|(_, count, _)| *count > 0);
        crowd.weigh(fleet, flavors, rates);
        changes.extend(crowd.discounts());
        if crowd.0.is_empty() {
            self.by_node.remove(&node);
        }
        changes
    }

    /// The discounts of all nodes at other prices.
    pub(super) fn at(&mut self, fleet: &Fleet, flavors: &[Flavor], rates: &Rates) -> Vec<Change> {
        self.by_node.values_mut().for_each(|crowd| crowd.weigh(fleet, flavors, rates));
        self.by_node.values().flat_map(Crowd::discounts).collect()
    }
}

impl Crowd {
    fn weigh(&mut self, fleet: &Fleet, flavors: &[Flavor], rates: &Rates) {
        let Some(group) = self.0.first().and_then(|(what, ..)| what.node_group) else { return };
        let amount = |what: &Use| flavors[what.flavor.usize()].requested;
        let residents: Vec<(Resources, u32)> = self.0.iter().map(|(what, count, _)| (amount(what), *count)).collect();
        let capacity = fleet.node_groups[group.usize()].capacity;
        let shares = rates.of_residents(group, capacity, &residents);
        for ((what, _, discount), share) in self.0.iter_mut().zip(shares) {
            *discount = rates.of(what.flavor, Some(group)).nanos() - share.nanos();
        }
    }

    /// What all of a kind pay less together.
    fn discounts(&self) -> impl Iterator<Item = Change> + '_ {
        self.0.iter().map(|(what, count, discount)| (*what, i64::from(*count) * discount))
    }
}
