//! How many machines there should be: by what is asked of them, by the time of the week, by a forecast.

use super::ControlPlane;
use crate::control_plane::autoscaling;
use crate::control_plane::settings::LocalMinute;
use crate::control_plane::transition::{Output, Phase, Transition};
use crate::units::{Instant, NodeGroupIndex};

impl ControlPlane<'_> {
    /// Orders what there has to be from the start, and says what is known to happen to the fleet.
    pub(super) fn begin_fleet(&mut self, now: Instant, out: &mut Output) {
        for (position, outage) in self.settings.fleet.outages.iter().enumerate().filter(|(_, it)| it.until > now) {
            let outage_of = position as u32;
            if outage.from > now {
                out.schedule(outage.from, Phase::Node, Transition::ZoneFails { outage: outage_of });
            } else {
                self.lose_zone(now, outage_of, out);
            }
            out.schedule(outage.until, Phase::Node, Transition::ZoneReturns { outage: outage_of });
        }
        if self.settings.is_looked_over() {
            self.look_over(now, out);
        } else {
            self.order_wanted(now, out);
            // What there is may be more than it was when they began to wait.
            self.place_pending(now, out);
        }
    }

    /// Looks at every group, and comes back at the next full step of the clock.
    pub(super) fn look_over(&mut self, now: Instant, out: &mut Output) {
        let every = self.settings.autoscaling.every;
        let groups = &self.settings.fleet.node_groups;
        let local = self.time_zone.offsets_s(now).map(|offset_s| LocalMinute::at(now, offset_s));
        let requested = autoscaling::requested(&self.nodes, groups.len());
        for (position, (group, requested)) in groups.iter().zip(&requested).enumerate() {
            let wanted = autoscaling::wanted(group, requested, now, local, every);
            self.nodes.want(NodeGroupIndex::from_usize(position), wanted);
        }
        self.order_wanted(now, out);
        self.consolidate(now, out);
        self.watch_surplus(now, out);
        self.place_pending(now, out);
        let next = (now.micros().div_euclid(every.micros()) + 1) * every.micros();
        out.schedule(Instant::from_micros(next), Phase::Node, Transition::LookOver);
    }

    /// Orders what is missing of the nodes that there should be.
    pub(super) fn order_wanted(&mut self, now: Instant, out: &mut Output) {
        let fleet = self.settings.fleet;
        for (position, group) in fleet.node_groups.iter().enumerate() {
            let index = NodeGroupIndex::from_usize(position);
            let wanted = self.nodes.wanted(index, fleet);
            while self.nodes.kept(index) < wanted && self.nodes.paid(index) < group.max && !self.nodes.is_lost(index) {
                self.order_node(now, index, out);
            }
        }
    }

    /// Has somebody see to the empty nodes of groups that have more than they should.
    fn watch_surplus(&mut self, now: Instant, out: &mut Output) {
        let fleet = self.settings.fleet;
        let surplus = self.nodes.iter_paid().filter_map(|(position, slot)| {
            let since = slot.node.empty_since.filter(|_| !slot.watched && slot.node.gone.is_none())?;
            let due = (since + self.settings.autoscaling.empty_for).max(now).max(slot.node.ready);
            autoscaling::may_shrink(fleet, &self.nodes, slot.node.node_group).then_some((position, due))
        });
        for (slot, due) in surplus.collect::<Vec<_>>() {
            self.watch(due, slot, out);
        }
    }
}
