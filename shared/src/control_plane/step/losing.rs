//! How machines end before their time: taken back by who sold them, failed, lost with their zone.

use super::ControlPlane;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::settings::{Outage, Spot};
use crate::control_plane::transition::{Effect, Eviction, Output, Phase, Transition};
use crate::units::{Duration, Instant, NodeGroupIndex};

/// The draws of a node, by what ends it.
const INTERRUPTION: u64 = 0;
const FAILURE: u64 = 1;

impl ControlPlane<'_> {
    /// Draws when a node is going to be taken back or to fail. Neither has a memory (both are exponential), so that for a
    /// node that has served for a while the draw is the same.
    pub(super) fn foresee_loss(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let node = self.nodes.slot(slot).node;
        let group = &self.settings.fleet.node_groups[node.node_group.usize()];
        let draws = self.draws.node_loss.of(u64::from(node.index.0));
        let from = node.ready.max(now);
        let after = |mean: Duration, number| {
            from + Duration::from_micros((mean.micros() as f64 * draws.exponential(number)) as i64)
        };
        if let Some(mean) = group.purchase.spot().and_then(|spot| spot.interrupted_after) {
            out.schedule(after(mean, INTERRUPTION), Phase::Node, Transition::NodeInterrupted { slot });
        }
        if let Some(mean) = group.fails_after {
            out.schedule(after(mean, FAILURE), Phase::Node, Transition::NodeFails { slot });
        }
    }

    /// A spot node is taken back: everybody leaves it at once, and it is gone when its notice is over.
    pub(super) fn node_interrupted(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let group = self.nodes.slot(slot).node.node_group;
        let purchase = &self.settings.fleet.node_groups[group.usize()].purchase;
        let notice = purchase.spot().map_or(Duration::ZERO, |&Spot { notice, .. }| notice);
        self.lose(now, slot, now + notice, Eviction::Interrupted, out);
        self.make_up(now, out);
    }

    /// A node fails: it and everybody's place on it are gone at once.
    pub(super) fn node_fails(&mut self, now: Instant, slot: u32, out: &mut Output) {
        self.lose(now, slot, now, Eviction::NodeFailed, out);
        self.make_up(now, out);
    }

    /// A zone is lost, and what that takes is made up for elsewhere.
    pub(super) fn zone_fails(&mut self, now: Instant, outage: u32, out: &mut Output) {
        self.lose_zone(now, outage, out);
        self.make_up(now, out);
    }

    /// All nodes of a zone fail, and no more are ordered there; its pools take nothing.
    pub(super) fn lose_zone(&mut self, now: Instant, outage: u32, out: &mut Output) {
        self.pools.outage(&self.settings.fleet.outages[outage as usize].zone, true);
        let lost = self.groups_of(outage);
        lost.iter().for_each(|&group| self.nodes.outage(group, true));
        let of_zone = self.nodes.iter_paid().filter(|(_, slot)| lost.contains(&slot.node.node_group));
        for slot in of_zone.map(|(slot, _)| slot).collect::<Vec<_>>() {
            self.lose(now, slot, now, Eviction::NodeFailed, out);
        }
    }

    /// A zone is there again.
    pub(super) fn zone_returns(&mut self, now: Instant, outage: u32, out: &mut Output) {
        self.pools.outage(&self.settings.fleet.outages[outage as usize].zone, false);
        for group in self.groups_of(outage) {
            self.nodes.outage(group, false);
        }
        self.make_up(now, out);
    }

    /// The groups that an outage concerns.
    fn groups_of(&self, outage: u32) -> Vec<NodeGroupIndex> {
        let Outage { zone, .. } = &self.settings.fleet.outages[outage as usize];
        let groups = self.settings.fleet.node_groups.iter().enumerate();
        let of_zone = groups.filter(|(_, group)| group.zone.as_ref() == Some(zone));
        of_zone.map(|(position, _)| NodeGroupIndex::from_usize(position)).collect()
    }

    /// Has everybody leave a node, which takes nobody any more and is no longer paid from `gone` on. One that is being
    /// given back anyway stays as it is.
    pub(super) fn lose(&mut self, now: Instant, slot: u32, gone: Instant, eviction: Eviction, out: &mut Output) {
        let node = *self.nodes.slot(slot);
        if node.life != NodeLife::Paid || node.node.gone.is_some() {
            return;
        }
        self.nodes.drain(slot, now, gone);
        for resident in self.residents_of(slot) {
            self.evict(now, resident, eviction, out);
        }
        // What boots has been overhead all along.
        if node.booted {
            out.effects.push(Effect::NodeDrains { node_group: node.node.node_group, slot });
        }
        if gone <= now {
            self.end_node(now, slot, out);
        } else {
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
        }
    }

    /// Positions of who is on a node, in order of the resource, whatever the order that they came in.
    pub(super) fn residents_of(&self, slot: u32) -> Vec<u32> {
        let mut residents = self.residents.of(slot).to_vec();
        residents.sort_unstable_by_key(|&resident| self.lives.get(resident).resource);
        residents
    }

    /// Orders what the groups should have at least, and places who waits.
    fn make_up(&mut self, now: Instant, out: &mut Output) {
        self.order_wanted(now, out);
        self.place_pending(now, out);
    }
}
