//! How machines come and leave: booted, empty for long enough, drained, gone.

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::settings::Settings;
use crate::control_plane::transition::{Effect, Output, Phase, Transition};
use crate::units::Instant;

impl ControlPlane<'_> {
    /// Says that a node is paid from now on.
    pub(super) fn say_ordered(&self, slot: u32, out: &mut Output) {
        let node = self.nodes.slot(slot).node;
        out.effects.push(Effect::NodeOrdered { node_group: node.node_group, slot, node: node.index });
    }

    /// A node has booted, if it was not lost meanwhile.
    pub(super) fn node_ready(&mut self, slot: u32, out: &mut Output) {
        let node = *self.nodes.slot(slot);
        if node.life == NodeLife::Paid {
            self.nodes.boot(slot);
            out.effects.push(Effect::NodeReady { node_group: node.node.node_group, slot });
        }
    }

    /// Notices that a node may have become empty.
    pub(super) fn emptied(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let node = self.nodes.slot(slot);
        if node.node.empty_since.is_none() {
            return;
        }
        if let Some(gone) = node.node.gone {
            out.effects.push(Effect::NodeDrains { node_group: node.node.node_group, slot });
            if gone <= now {
                self.node_gone(now, slot, out);
            }
        } else if self.observed.is_none() && !node.watched {
            self.watch((now + self.settings.autoscaling.empty_for).max(node.node.ready), slot, out);
        }
    }

    /// Has somebody see at `at` if a node has been empty for long enough; one who does is enough.
    pub(super) fn watch(&mut self, at: Instant, slot: u32, out: &mut Output) {
        self.nodes.watch(slot, true);
        out.schedule(at, Phase::Node, Transition::NodeIdle { slot });
    }

    pub(super) fn node_idle(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let Settings { autoscaling, fleet, .. } = self.settings;
        self.nodes.watch(slot, false);
        let node = self.nodes.slot(slot).node;
        let Some(since) = node.empty_since.filter(|_| node.gone.is_none()) else { return };
        let due = (since + autoscaling.empty_for).max(node.ready);
        if due > now {
            self.watch(due, slot, out);
        } else if autoscaling::may_shrink(fleet, &self.nodes, node.node_group) {
            let gone = now + autoscaling.drain;
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
            self.drain(now, slot, gone, out);
        }
    }

    /// A node is being given back because that was observed.
    pub(super) fn node_drains(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let seen = self.observed.and_then(|fleet| fleet.nodes[slot as usize].gone);
        self.drain(now, slot, seen.expect("only machines that were seen to go drain by themselves"), out);
    }

    pub(super) fn drain(&mut self, now: Instant, slot: u32, gone: Instant, out: &mut Output) {
        self.nodes.drain(slot, now, gone);
        if self.nodes.slot(slot).residents == 0 {
            out.effects.push(Effect::NodeDrains { node_group: self.nodes.slot(slot).node.node_group, slot });
        }
    }

    /// A node is no longer paid; one that was seen to go while somebody is on it goes when they do.
    pub(super) fn node_gone(&mut self, now: Instant, slot: u32, out: &mut Output) {
        if self.nodes.slot(slot).residents > 0 || self.nodes.slot(slot).life == NodeLife::Gone {
            return;
        }
        self.end_node(now, slot, out);
        if self.observed.is_none() {
            self.order_wanted(now, out);
        }
        self.place_pending(now, out);
    }

    /// From now on a node is not paid.
    pub(super) fn end_node(&mut self, now: Instant, slot: u32, out: &mut Output) {
        self.nodes.remove(slot, now);
        out.effects.push(Effect::NodeGone { node_group: self.nodes.slot(slot).node.node_group, slot });
    }
}
