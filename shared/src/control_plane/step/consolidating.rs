//! Emptying machines that have little to do.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::devices::{DeviceSet, Room};
use crate::control_plane::nodes::Slot;
use crate::control_plane::placement::share;
use crate::control_plane::transition::{Eviction, Output};
use crate::units::Instant;

impl ControlPlane<'_> {
    /// Gives one node back that has had little to do for long enough, where all that is on it fits on others; it moves
    /// there. The least used one goes first; ties go to the youngest.
    pub(super) fn consolidate(&mut self, now: Instant, out: &mut Output) {
        let Some(percent) = self.settings.autoscaling.consolidate_below_percent else { return };
        let serves =
            |(_, slot): &(u32, &Slot)| slot.residents > 0 && slot.node.gone.is_none() && slot.node.ready <= now;
        let serving: Vec<(u32, Slot)> =
            self.nodes.iter_paid().filter(serves).map(|(position, slot)| (position, *slot)).collect();
        let mut due: Vec<(u32, Slot)> = Vec::new();
        for (position, slot) in serving {
            let since = autoscaling::is_underused(&slot, percent).then(|| slot.underused_since.unwrap_or(now));
            self.nodes.underused(position, since);
            if since.is_some_and(|since| since + self.settings.autoscaling.empty_for <= now) {
                due.push((position, slot));
            }
        }
        due.sort_by_key(|(position, slot)| (share(slot.taken(), slot.capacity), Reverse(*position)));
        let fleet = self.settings.fleet;
        let may_go = |(position, slot): &&(u32, Slot)| {
            autoscaling::may_shrink(fleet, &self.nodes, slot.node.node_group) && self.fits_elsewhere(*position, now)
        };
        if let Some(&(position, _)) = due.iter().find(may_go) {
            self.lose(now, position, now + self.settings.autoscaling.drain, Eviction::Consolidated, out);
        }
    }

    /// Whether everybody on a node would find room on others that serve already, one after the other; who has rules about
    /// others stays where it is.
    fn fits_elsewhere(&self, leaving: u32, now: Instant) -> bool {
        let mut rooms: BTreeMap<u32, Room> = BTreeMap::new();
        self.residents_of(leaving).into_iter().all(|resident| {
            let live = self.lives.get(resident);
            if self.rules.binds(live.terms) {
                return false;
            }
            let requested = self.on_node(live.flavor);
            let left = |slot: u32| rooms.get(&slot).copied().unwrap_or_else(|| self.nodes.room(slot));
            let takes =
                |slot: u32| slot != leaving && self.nodes.slot(slot).node.ready <= now && left(slot).holds(requested);
            let open = |group: usize| self.rules.is_open(live.terms, group);
            let Some(slot) = self.nodes.choose(requested, open, takes) else { return false };
            let mut room = left(slot);
            room.take(requested, DeviceSet::default()).expect("it fits there");
            rooms.insert(slot, room);
            true
        })
    }
}
