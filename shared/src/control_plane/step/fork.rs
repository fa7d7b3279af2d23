//! From a state to a running control plane, and back.

use std::collections::BTreeSet;

use super::{ControlPlane, RunDraws};
use crate::control_plane::call::{Call, Calls};
use crate::control_plane::lives::{Live, Lives};
use crate::control_plane::nodes::{Nodes, Slot};
use crate::control_plane::observed::{ObservedFleet, ObservedNode};
use crate::control_plane::pools::Pools;
use crate::control_plane::quota::Quotas;
use crate::control_plane::residents::Residents;
use crate::control_plane::rules::Rules;
use crate::control_plane::settings::Settings;
use crate::control_plane::stage::Stage;
use crate::control_plane::state::{InFlight, LiveResource, Node, State};
use crate::control_plane::transition::{Effect, Output, Phase, Placed, PlanState, Scheduled, Transition};
use crate::control_plane::waiting::Waiting;
use crate::request::{Module, Operation};
use crate::units::{Instant, NodeIndex, ResourceIndex, Resources};

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
        let stage = |module: usize| {
            Stage::new(&settings.modules.0[module], &state.busy_until[module], &state.waiting[module], now)
        };
        let groups = settings.fleet.node_groups.len();
        let mut plane = Self {
            settings,
            observed,
            stages: core::array::from_fn(stage),
            nodes: Nodes::new(groups, NodeIndex(state.nodes_started), settings.placement),
            pools: Pools::new(settings, now),
            quotas: Quotas::new(settings.tenants),
            calls: Calls::default(),
            lives: Lives::default(),
            rules: Rules::new(settings.terms, settings.fleet),
            residents: Residents::new(settings.evicts()),
            waiting: Waiting::default(),
            time_zone: Self::time_zone(&settings),
            draws: RunDraws::new(settings.seed, settings.run),
        };
        let held: BTreeSet<NodeIndex> = state.live.iter().filter_map(|live| live.node).collect();
        for node in &state.nodes {
            plane.restore_node(node, held.contains(&node.index), now, out);
        }
        plane.restore_live(state);
        plane.restore_in_pools(state, now);
        for &in_flight in &state.in_flight {
            plane.restore_call(in_flight, out);
        }
        for &resource in &state.pending {
            let live = plane.lives.find(resource).expect("what waits lives");
            let record = plane.lives.get_mut(live);
            record.state = PlanState::Pending;
            record.in_use = false;
            // Who could be used once has been evicted since.
            record.evictions = u32::from(record.ready.is_some());
            let (flavor, arrived, evictions) = (record.flavor, record.created, record.evictions);
            plane.wait(Call { live, operation: Operation::Create, flavor, arrived, attempt: 0, evictions });
        }
        let in_use = plane.lives.iter().filter(|&live| plane.lives.get(live).in_use);
        out.effects.extend(in_use.map(|live| plane.use_begins(live)));
        match observed {
            Some(fleet) => plane.announce(fleet, state.nodes.len(), out),
            None => plane.begin_fleet(now, out),
        }
        plane
    }

    /// What is there at `now`, with the old index of each live resource; `scheduled` is what is on its way, in order.
    pub fn fork(&self, now: Instant, scheduled: &[Scheduled]) -> (State, Vec<ResourceIndex>) {
        let living = || self.lives.iter().map(|position| self.lives.get(position));
        let old_index: Vec<ResourceIndex> = living().map(|live| live.resource).collect();
        let new_index = |old: ResourceIndex| old_index.binary_search(&old).ok().map(ResourceIndex::from_usize);
        let live = living().map(|live| LiveResource {
            tenant: live.tenant,
            flavor: live.flavor,
            terms: live.terms,
            node: self.placed(live).node,
            devices: live.devices,
            pools: live.pools,
            created: live.created,
            ready: live.ready,
            draw_key: live.draw_key,
        });
        // One that was seen to go while somebody is on it is still there; it goes as soon as they do.
        let still_there = |node: Node| Node { gone: node.gone.map(|gone| gone.max(now)), ..node };
        let waiting = self.waiting.in_order();
        let waiting = waiting.iter().map(|ticket| self.lives.get(self.calls.get(ticket.call).live));
        let state = State {
            nodes: self.nodes.iter_paid().map(|(_, slot)| still_there(slot.node)).collect(),
            nodes_started: self.nodes.next().0,
            live: live.collect(),
            pending: waiting.filter(|live| !live.is_over()).filter_map(|live| new_index(live.resource)).collect(),
            in_flight: scheduled.iter().filter_map(|event| self.in_flight(event, new_index)).collect(),
            busy_until: core::array::from_fn(|module| self.stages[module].busy_after(now)),
            waiting: core::array::from_fn(|module| self.stages[module].waiting_after(now)),
        };
        (state, old_index)
    }

    /// What lives, in order of the resource.
    pub fn living(&self) -> impl Iterator<Item = Placed> {
        self.lives.iter().map(|position| self.placed(self.lives.get(position)))
    }

    /// The machines of this run, as an observer would have noted them.
    pub fn machines_seen(&self) -> Vec<ObservedNode> {
        let seen = |slot: &Slot| ObservedNode {
            node_group: slot.node.node_group,
            ordered: slot.node.ordered,
            ready: slot.node.ready,
            drains: slot.drains,
            gone: slot.node.gone,
        };
        self.nodes.iter().map(seen).collect()
    }

    fn in_flight(
        &self,
        event: &Scheduled,
        new_index: impl Fn(ResourceIndex) -> Option<ResourceIndex>,
    ) -> Option<InFlight> {
        let (call, module, entered) = match event.transition {
            Transition::Enter { call, module } => (call, module, false),
            Transition::Leave { call, module } => (call, module, true),
            _ => return None,
        };
        let made = self.calls.get(call);
        let Call { live, operation, flavor, arrived, attempt, .. } = made;
        let live = self.lives.get(live);
        let resource = new_index(live.resource).filter(|_| !live.is_over() && !Self::is_void(&made, live))?;
        Some(InFlight { resource, operation, flavor, arrived, module, entered, at: event.at, attempt })
    }

    fn restore_node(&mut self, node: &Node, is_held: bool, now: Instant, out: &mut Output) {
        let slot = self.nodes.restore(*node, self.settings.fleet);
        self.say_ordered(slot, out);
        if node.ready > now {
            out.schedule(node.ready, Phase::Node, Transition::NodeReady { slot });
        } else {
            self.node_ready(slot, out);
        }
        if let Some(gone) = node.gone {
            // It serves as long as somebody is on it.
            if !is_held {
                out.effects.push(Effect::NodeDrains { node_group: node.node_group, slot });
            }
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
        } else if self.observed.is_none() {
            if let Some(since) = node.empty_since {
                self.watch((since + self.settings.autoscaling.empty_for).max(now).max(node.ready), slot, out);
            }
            self.foresee_loss(now, slot, out);
        }
    }

    fn restore_live(&mut self, state: &State) {
        for live in &state.live {
            self.note(live.flavor);
        }
        for (position, live) in state.live.iter().enumerate() {
            let slot = live.node.map(|index| state.nodes.partition_point(|node| node.index < index) as u32);
            let requested = self.requested(live.flavor);
            let take = |slot| self.nodes.take(slot, requested.on_node(), live.devices);
            let devices = slot.map(take).unwrap_or_default();
            self.quotas.restore(live.tenant, requested);
            let record = Live {
                resource: ResourceIndex::from_usize(position),
                tenant: live.tenant,
                flavor: live.flavor,
                terms: live.terms,
                slot,
                devices,
                pools: live.pools,
                created: live.created,
                ready: live.ready,
                draw_key: live.draw_key,
                held: requested,
                state: if live.ready.is_some() { PlanState::Ready } else { PlanState::Placed },
                in_use: slot.is_some() || live.ready.is_some(),
                calls: 0,
                evictions: 0,
            };
            let position = self.lives.begin(record);
            if let Some(slot) = slot {
                self.rules.arrive(&record, slot, self.nodes.slot(slot).node.node_group);
                self.residents.arrive(slot, position, self.rules.priority(record.terms));
            }
        }
    }

    /// Counts what lives in the pools that it is in, and then puts those that are in none into some, as if they came now;
    /// not those whose scheduler is still going to do it. All of them were let in before, whether there is room or not.
    fn restore_in_pools(&mut self, state: &State, now: Instant) {
        if self.pools.is_empty() {
            return;
        }
        let waits = |call: &&InFlight| call.operation == Operation::Create && call.module <= Module::Scheduler;
        let to_come: BTreeSet<ResourceIndex> = state.in_flight.iter().filter(waits).map(|call| call.resource).collect();
        let living: Vec<u32> = self.lives.iter().collect();
        let (seated, others): (Vec<u32>, Vec<u32>) =
            living.into_iter().partition(|&position| !self.lives.get(position).pools.is_empty());
        for position in seated {
            let Live { pools, flavor, .. } = *self.lives.get(position);
            self.pools.take(now, pools, flavor);
        }
        for position in others {
            let Live { resource, flavor, terms, .. } = *self.lives.get(position);
            if !to_come.contains(&resource) {
                let pools = self.pools.choose_for_resident(flavor, terms);
                self.pools.take(now, pools, flavor);
                self.lives.get_mut(position).pools = pools;
            }
        }
    }

    fn restore_call(&mut self, in_flight: InFlight, out: &mut Output) {
        let InFlight { resource, operation, flavor, arrived, module, entered, at, attempt } = in_flight;
        let position = self.lives.find(resource).expect("what a request on its way is about lives");
        let live = *self.lives.get(position);
        if operation == Operation::Create {
            if module <= Module::Quota {
                self.hold_no_more_than(position, Resources::ZERO);
            }
            let record = self.lives.get_mut(position);
            if module < Module::Provisioner {
                record.state = PlanState::Admitted;
            }
            // Its node boots; until then nobody uses it.
            if module == Module::Provisioner && !entered && attempt == 0 {
                record.in_use = false;
            }
        } else if operation == Operation::Resize && module > Module::Quota {
            let both = live.held.max(self.requested(flavor));
            self.quotas.restore(live.tenant, both.checked_sub(live.held).expect("the larger of both"));
            self.lives.get_mut(position).held = both;
        }
        self.lives.call_begins(position);
        // Who could be used once, and is created again, has been evicted since.
        let again = operation == Operation::Create && live.ready.is_some() && module <= Module::Provisioner;
        let evictions = u32::from(again);
        self.lives.get_mut(position).evictions = live.evictions.max(evictions);
        let call = Call { live: position, operation, flavor, arrived, attempt, evictions };
        let phase = call.phase();
        let call = self.calls.begin(call);
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
            out.schedule(drains, Phase::Node, Transition::NodeDrains { slot });
            out.schedule(gone, Phase::Node, Transition::NodeGone { slot });
        }
    }
}
