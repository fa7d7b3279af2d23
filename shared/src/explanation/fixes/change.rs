//! What may be changed of a scenario so that a request gets in.

use super::super::Setting;
use crate::scenario::{Edit, NodeGroup, Scenario, ValidScenario};
use crate::units::{NodeGroupIndex, PoolIndex, Resources};

/// How many instance types are tried for a group, the cheapest first.
const TYPES: usize = 3;

/// What is changed in a scenario.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) edits: Vec<Edit>,
    pub(super) settings: Vec<Setting>,
}

impl Change {
    /// With further ones, which take the place of those that set the same.
    pub(super) fn and(&self, edits: Vec<Edit>, settings: Vec<Setting>) -> Self {
        let kept = self.edits.iter().filter(|old| !edits.iter().any(|new| sets_the_same(new, old)));
        let mut all = Self { edits: kept.cloned().collect(), settings: self.settings.clone() };
        all.settings.retain(|old| !settings.iter().any(|new| new.sets_the_same(old)));
        all.edits.extend(edits);
        all.settings.extend(settings);
        all
    }

    /// What a pool has by it, where it says so.
    pub(super) fn capacity_of(&self, of: PoolIndex) -> Option<Resources> {
        self.edits.iter().rev().find_map(|edit| match edit {
            Edit::PoolCapacity { pool, capacity } if *pool == of => Some(*capacity),
            _ => None,
        })
    }
}

/// Whether two edits set the same, so that the later one holds.
fn sets_the_same(a: &Edit, b: &Edit) -> bool {
    match (a, b) {
        (Edit::Quota { tenant: a, .. }, Edit::Quota { tenant: b, .. }) => a == b,
        (Edit::MaxNodes { node_group: a, .. }, Edit::MaxNodes { node_group: b, .. })
        | (Edit::MinNodes { node_group: a, .. }, Edit::MinNodes { node_group: b, .. })
        | (Edit::InstanceType { node_group: a, .. }, Edit::InstanceType { node_group: b, .. }) => a == b,
        (Edit::PoolCapacity { pool: a, .. }, Edit::PoolCapacity { pool: b, .. }) => a == b,
        (Edit::Workers { module: a, .. }, Edit::Workers { module: b, .. }) => a == b,
        (Edit::Placement { .. }, Edit::Placement { .. }) => true,
        _ => false,
    }
}

/// An edit that lets a group have more nodes.
pub(super) fn at_most(valid: &ValidScenario, position: usize, more: u32) -> Edit {
    let NodeGroup { max, .. } = valid.scenario().fleet.node_groups[position];
    Edit::MaxNodes { node_group: NodeGroupIndex::from_usize(position), max: max.saturating_add(more) }
}

/// Edits that have a group keep more nodes, whether they are used or not.
pub(super) fn kept(valid: &ValidScenario, position: usize, more: u32) -> Vec<Edit> {
    let node_group = NodeGroupIndex::from_usize(position);
    let NodeGroup { min, max, .. } = valid.scenario().fleet.node_groups[position];
    let min = min.saturating_add(more);
    let larger = (min > max).then_some(Edit::MaxNodes { node_group, max: min });
    larger.into_iter().chain([Edit::MinNodes { node_group, min }]).collect()
}

/// The cheapest machines that hold so much.
pub(super) fn types_that_hold(scenario: &Scenario, requested: Resources) -> Vec<String> {
    let at = scenario.window.start;
    let entries = scenario.price_book.types.iter();
    let mut found: Vec<_> = entries.filter(|entry| entry.shape.is_some_and(|shape| requested.fits(shape))).collect();
    found.sort_by_key(|entry| (entry.rate(at), &entry.name));
    found.into_iter().take(TYPES).map(|entry| entry.name.clone()).collect()
}
