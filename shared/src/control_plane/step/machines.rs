//! How machines leave: empty for long enough, drained, gone.

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::nodes::NodeLife;
use crate::control_plane::settings::Settings;
use crate::control_plane::transition::{Effect, Output, Phase, Transition};
use crate::units::Instant;

impl ControlPlane<'_> {
    /// Notices that a node may have become empty.
    pub(super) fn emptied(&mut self, now: Instant, slot: u32, out: &mut Output) {
        let node = self.nodes.slot(slot);
        let Some(since) = node.node.empty_since else { return };
        if let Some(gone) = node.node.gone {
            out.effects.push(Effect::NodeDrains(node.node.node_group));
            if gone <= now {
                self.node_gone(now, slot, out);
            }
        } else if self.observed.is_none() {
            let at = (now + self.settings.autoscaling.empty_for).max(node.node.ready);
            out.schedule(at, Phase::Node, Transition::NodeIdle { slot, since });
        }
    }

    pub(super) fn node_idle(&mut self, now: Instant, slot: u32, since: Instant, out: &mut Output) {
        let Settings { autoscaling, fleet, .. } = self.settings;
        if let Some(gone) = autoscaling::gone_at(autoscaling, fleet, &self.nodes, slot, since, now) {
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
            self.drain(now, slot, gone, out);
        }
    }

    pub(super) fn drain(&mut self, now: Instant, slot: u32, gone: Instant, out: &mut Output) {
        self.nodes.drain(slot, now, gone);
        if self.nodes.slot(slot).residents == 0 {
            out.effects.push(Effect::NodeDrains(self.nodes.slot(slot).node.node_group));
        }
    }

    /// A node is no longer paid; one that was seen to go while somebody is on it goes when they do.
    pub(super) fn node_gone(&mut self, now: Instant, slot: u32, out: &mut Output) {
        if self.nodes.slot(slot).residents > 0 || self.nodes.slot(slot).life == NodeLife::Gone {
            return;
        }
        self.nodes.remove(slot, now);
        out.effects.push(Effect::NodeGone(self.nodes.slot(slot).node.node_group));
        self.place_pending(now, out);
    }
}
