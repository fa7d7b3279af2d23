//! The resources that a control plane knows of: those that live, and those that requests on their way are about.

use serde::{Deserialize, Serialize};

use super::devices::DeviceSet;
use super::pages::Pages;
use super::settings::InPools;
use super::transition::PlanState;
use crate::request::IndexedRequest;
use crate::units::{FlavorIndex, Instant, ResourceIndex, Resources, TenantIndex, TermsIndex};

/// Marks a resource that is not known.
const NOBODY: u32 = u32::MAX;

/// Resources by position. What is over and has no request on its way any more leaves its position to others, so that
/// memory follows what lives; of what ever was, four bytes stay.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lives {
    records: Pages<Live>,
    free: Vec<u32>,
    /// Position by resource.
    positions: Pages<u32>,
    live: u32,
}

/// What is known of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) resource: ResourceIndex,
    pub(super) tenant: TenantIndex,
    pub(super) flavor: FlavorIndex,
    /// Where its tenant wants it.
    pub(super) terms: Option<TermsIndex>,
    /// The slot of its node.
    pub(super) slot: Option<u32>,
    /// Which GPUs of its node it holds.
    pub(super) devices: DeviceSet,
    /// The pools that it is in.
    pub(super) pools: InPools,
    pub(super) created: Instant,
    pub(super) ready: Option<Instant>,
    /// Keys its random draws.
    pub(super) draw_key: u64,
    /// What counts against its tenant's quota.
    pub(super) held: Resources,
    pub(super) state: PlanState,
    pub(super) in_use: bool,
    /// Requests on their way that are about it.
    pub(super) calls: u32,
    /// How often it had to leave its node.
    pub(super) evictions: u32,
}

impl Live {
    pub(super) fn new(request: &IndexedRequest) -> Self {
        Self {
            resource: request.resource,
            tenant: request.tenant,
            flavor: request.flavor,
            terms: request.terms,
            slot: None,
            devices: DeviceSet::default(),
            pools: InPools::default(),
            created: request.at,
            ready: None,
            draw_key: request.draw_key,
            held: Resources::ZERO,
            state: PlanState::Admitted,
            in_use: false,
            calls: 0,
            evictions: 0,
        }
    }

    /// Whether it was released or refused.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, PlanState::Released | PlanState::Refused(_))
    }
}

impl Lives {
    /// Resources that were created and not released or refused.
    #[inline]
    pub(super) fn live(&self) -> u32 {
        self.live
    }

    /// Adds a resource that lives from now on; inlined, so that its record is made where it stays.
    #[inline(always)]
    pub(super) fn begin(&mut self, live: Live) -> u32 {
        while self.positions.len() <= live.resource.usize() {
            self.positions.push(NOBODY);
        }
        let position = match self.free.pop() {
            Some(position) => {
                *self.records.get_mut(position as usize) = live;
                position
            }
            None => {
                self.records.push(live);
                (self.records.len() - 1) as u32
            }
        };
        *self.positions.get_mut(live.resource.usize()) = position;
        self.live += 1;
        position
    }

    /// Where a resource is that lives.
    #[inline]
    pub(super) fn find(&self, resource: ResourceIndex) -> Option<u32> {
        let known = resource.usize() < self.positions.len();
        known.then(|| *self.positions.get(resource.usize())).filter(|&position| position != NOBODY)
    }

    #[inline]
    pub(super) fn get(&self, position: u32) -> &Live {
        self.records.get(position as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: u32) -> &mut Live {
        self.records.get_mut(position as usize)
    }

    /// Notes that a resource was released or refused; requests about it still find it at its position.
    pub(super) fn end(&mut self, position: u32, state: PlanState) {
        let live = self.records.get_mut(position as usize);
        live.state = state;
        let (resource, calls) = (live.resource, live.calls);
        *self.positions.get_mut(resource.usize()) = NOBODY;
        self.live -= 1;
        if calls == 0 {
            self.free.push(position);
        }
    }

    /// Notes that a request is on its way.
    #[inline]
    pub(super) fn call_begins(&mut self, position: u32) {
        self.records.get_mut(position as usize).calls += 1;
    }

    /// Notes that a request is not on its way any more.
    #[inline]
    pub(super) fn call_ends(&mut self, position: u32) {
        let live = self.records.get_mut(position as usize);
        live.calls -= 1;
        if live.calls == 0 && live.is_over() {
            self.free.push(position);
        }
    }

    /// Positions of what lives, in order of the resource.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.positions.iter().copied().filter(|&position| position != NOBODY)
    }

    pub(super) fn share(&mut self) {
        self.records.share();
        self.positions.share();
    }
}
