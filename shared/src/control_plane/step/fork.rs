//! From a state to a running control plane, and back.

use std::collections::{BTreeSet, VecDeque};

use super::{ControlPlane, ResourceRecord};
use crate::control_plane::call::{Call, Calls};
use crate::control_plane::nodes::{Nodes, Slot};
use crate::control_plane::observed::{ObservedFleet, ObservedNode};
use crate::control_plane::quota::Quotas;
use crate::control_plane::settings::Settings;
use crate::control_plane::stage::Stage;
use crate::control_plane::state::{InFlight, LiveResource, Node, State};
use crate::control_plane::transition::{Effect, Output, Phase, PlanState, Scheduled, Transition};
use crate::request::{Module, Operation};
use crate::units::{Instant, NodeGroupIndex, NodeIndex, ResourceIndex, Resources};

impl<'a> ControlPlane<'a> {
    /// Goes on from `state` at `now`; `out` gets what is on its way, and the effects of what is there already.
    ///
    /// With an observed fleet, its first nodes are those of the state, in order, and say how they go on.
    ///
    /// # Panics
    /// When the state does not fit the settings, which scenario validation refuses.
    pub fn resume(
        settings: Settings<'a>,
        state: &State,
        observed: Option<&'a ObservedFleet>,
        now: Instant,
        out: &mut Output,
    ) -> Self {
        let stages = core::array::from_fn(|module| Stage::new(settings.modules.0[module], &state.busy_until[module]));
        let mut plane = Self {
            settings,
            observed,
            stages,
            nodes: Nodes::new(settings.fleet.node_groups.len(), NodeIndex(state.nodes_started)),
            quotas: Quotas::new(settings.tenants),
            calls: Calls::default(),
            resources: Vec::with_capacity(state.live.len()),
            pending: VecDeque::new(),
            live: state.live.len() as u32,
        };
        for node in &state.nodes {
            plane.restore_node(node, now, out);
        }
        plane.restore_live(state);
        for &in_flight in &state.in_flight {
            plane.restore_call(in_flight, out);
        }
        for &resource in &state.pending {
            let record = plane.record_mut(resource);
            record.state = PlanState::Pending;
            let (flavor, arrived) = (record.flavor, record.created);
            let call = plane.calls.begin(Call { resource, operation: Operation::Create, flavor, arrived });
            plane.pending.push_back(call);
        }
        for position in 0..plane.resources.len() {
            if plane.resources[position].is_some_and(|record| record.in_use) {
                let current = plane.current_use(ResourceIndex::from_usize(position));
                out.effects.push(Effect::UseBegins(current));
            }
        }
        match observed {
            Some(fleet) => plane.announce(fleet, state.nodes.len(), out),
            None => plane.order_minimum(now, out),
        }
        plane
    }

    /// What is there at `now`, with the old index of each live resource; `scheduled` is what is on its way, in order.
    pub fn fork(&self, now: Instant, scheduled: &[Scheduled]) -> (State, Vec<ResourceIndex>) {
        let is_live = |record: &ResourceRecord| !matches!(record.state, PlanState::Released | PlanState::Refused(_));
        let mut new_index = vec![None; self.resources.len()];
        let mut old_index = Vec::new();
        let mut state = State { nodes_started: self.nodes.next().0, ..State::default() };
        for (position, record) in self.resources.iter().enumerate() {
            let Some(record) = record.as_ref().filter(|record| is_live(record)) else { continue };
            new_index[position] = Some(ResourceIndex::from_usize(state.live.len()));
            old_index.push(ResourceIndex::from_usize(position));
            state.live.push(LiveResource {
                tenant: record.tenant,
                flavor: record.flavor,
                node: record.node,
                created: record.created,
                ready: record.ready,
                draw_key: record.draw_key,
            });
        }
        // One that was seen to go while somebody is on it is still there; it goes as soon as they do.
        let still_there = |node: Node| Node { gone: node.gone.map(|gone| gone.max(now)), ..node };
        state.nodes = self.nodes.iter_paid().map(|(_, slot)| still_there(slot.node)).collect();
        let waiting = self.pending.iter().map(|&call| self.calls.get(call).resource);
        state.pending = waiting.filter_map(|resource| new_index[resource.usize()]).collect();
        state.in_flight = scheduled.iter().filter_map(|event| self.in_flight(event, &new_index)).collect();
        state.busy_until = core::array::from_fn(|module| self.stages[module].busy_after(now));
        (state, old_index)
    }

    /// The machines of this run and who went where, as an observer would have noted them.
    pub fn fleet_seen(&self) -> ObservedFleet {
        let nodes: Vec<&Slot> = self.nodes.iter().collect();
        let placement = |(position, record): (usize, &Option<ResourceRecord>)| {
            let index = record.as_ref()?.node?;
            let slot = nodes.partition_point(|slot| slot.node.index < index);
            Some((ResourceIndex::from_usize(position), slot as u32))
        };
        ObservedFleet {
            placements: self.resources.iter().enumerate().filter_map(placement).collect(),
            // What the quota refused it refuses again.
            refused: BTreeSet::new(),
            nodes: nodes
                .iter()
                .map(|slot| ObservedNode {
                    node_group: slot.node.node_group,
                    ordered: slot.node.ordered,
                    ready: slot.node.ready,
                    drains: slot.drains,
                    gone: slot.node.gone,
                })
                .collect(),
        }
    }

    fn in_flight(&self, event: &Scheduled, new_index: &[Option<ResourceIndex>]) -> Option<InFlight> {
        let (call, module, entered) = match event.transition {
            Transition::Enter { call, module } => (call, module, false),
            Transition::Leave { call, module } => (call, module, true),
            _ => return None,
        };
        let Call { resource, operation, flavor, arrived } = self.calls.get(call);
        let resource = new_index[resource.usize()]?;
        Some(InFlight { resource, operation, flavor, arrived, module, entered, at: event.at })
    }

    fn restore_node(&mut self, node: &Node, now: Instant, out: &mut Output) {
        let slot = self.nodes.restore(*node, self.settings.fleet);
        out.effects.push(Effect::NodeOrdered(node.node_group));
        if node.ready > now {
            out.schedule(node.ready, Phase::Node, Transition::NodeReady { slot });
        } else {
            out.effects.push(Effect::NodeReady(node.node_group));
        }
        if let Some(gone) = node.gone {
            out.effects.push(Effect::NodeDrains(node.node_group));
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
        } else if let Some(since) = node.empty_since.filter(|_| self.observed.is_none()) {
            let at = (since + self.settings.autoscaling.empty_for).max(now).max(node.ready);
            out.schedule(at, Phase::Node, Transition::NodeIdle { slot, since });
        }
    }

    fn restore_live(&mut self, state: &State) {
        for live in &state.live {
            let node = live.node.map(|index| {
                let position = state.nodes.partition_point(|node| node.index < index);
                (position as u32, state.nodes[position])
            });
            let requested = self.requested(live.flavor);
            if let Some((slot, _)) = node {
                self.nodes.take(slot, requested);
            }
            self.quotas.restore(live.tenant, requested);
            self.resources.push(Some(ResourceRecord {
                tenant: live.tenant,
                flavor: live.flavor,
                created: live.created,
                ready: live.ready,
                released: None,
                node: live.node,
                state: if live.ready.is_some() { PlanState::Ready } else { PlanState::Placed },
                draw_key: live.draw_key,
                slot: node.map(|(slot, _)| slot),
                held: requested,
                in_use: node.is_some() || live.ready.is_some(),
            }));
        }
    }

    fn restore_call(&mut self, in_flight: InFlight, out: &mut Output) {
        let InFlight { resource, operation, flavor, arrived, module, entered, at } = in_flight;
        let call = self.calls.begin(Call { resource, operation, flavor, arrived });
        if operation == Operation::Create {
            let record = *self.record(resource);
            let before_quota = module < Module::Quota || (module == Module::Quota && entered);
            if before_quota {
                self.quotas.exchange(record.tenant, record.held, Resources::ZERO);
            }
            let record = self.record_mut(resource);
            if before_quota {
                record.held = Resources::ZERO;
            }
            if module < Module::Provisioner {
                record.state = PlanState::Admitted;
            }
            if !entered {
                record.in_use = false;
            }
        } else if operation == Operation::Resize && module > Module::Quota {
            let record = *self.record(resource);
            let both = record.held.max(self.requested(flavor));
            self.quotas.restore(record.tenant, both.checked_sub(record.held).expect("the larger of both"));
            self.record_mut(resource).held = both;
        }
        let phase = if operation == Operation::Delete { Phase::Release } else { Phase::Arrival };
        let transition = if entered { Transition::Leave { call, module } } else { Transition::Enter { call, module } };
        out.schedule(at, phase, transition);
    }

    /// Makes the machines of an observed fleet known, those of the state first.
    fn announce(&mut self, fleet: &ObservedFleet, known: usize, out: &mut Output) {
        for (position, seen) in fleet.nodes.iter().enumerate() {
            let slot = if position < known {
                position as u32
            } else {
                let index = self.nodes.next();
                let node = Node {
                    index,
                    node_group: seen.node_group,
                    ordered: seen.ordered,
                    ready: seen.ready,
                    empty_since: Some(seen.ordered),
                    gone: None,
                };
                let slot = self.nodes.announce(node, self.settings.fleet);
                out.schedule(seen.ordered, Phase::Node, Transition::NodeOrdered { slot });
                out.schedule(seen.ready, Phase::Node, Transition::NodeReady { slot });
                slot
            };
            let Some(gone) = seen.gone.filter(|_| self.nodes.slot(slot).node.gone.is_none()) else { continue };
            let drains = seen.drains.unwrap_or(gone);
            out.schedule(drains, Phase::Node, Transition::NodeDrains { slot, gone });
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
        }
    }

    fn order_minimum(&mut self, now: Instant, out: &mut Output) {
        for (position, group) in self.settings.fleet.node_groups.iter().enumerate() {
            let index = NodeGroupIndex::from_usize(position);
            while self.nodes.kept(index) < group.min {
                self.order_node(now, index, out);
            }
        }
    }
}
