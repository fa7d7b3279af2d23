//! What is taken of each pool, and which one a resource goes to.

use core::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::settings::{CapacityPool, InPools, POOLED, Parts, Settings};
use super::transition::Refusal;
use crate::units::{DIMENSIONS, Dimension, FlavorIndex, Instant, PoolIndex, Resources, TermsIndex};

/// The pools of a fleet, and what is taken of them.
#[derive(Clone, Debug)]
pub(super) struct Pools<'a> {
    settings: Settings<'a>,
    /// What may be requested of each.
    limits: Vec<Amounts>,
    /// What each flavor takes; empty where there is no pool.
    parts: Vec<Parts>,
    levels: Vec<PoolLevel>,
}

type Amounts = [u64; DIMENSIONS];

/// What is taken of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PoolLevel {
    held: Amounts,
    /// Up to when `counted` counts.
    until: Instant,
    residents: u32,
    /// How many outages its zone is in.
    outages: u32,
    counted: PoolUse,
}

/// What was taken of one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUse {
    /// The most at once, in each dimension.
    pub peak: [u64; DIMENSIONS],
    /// What was held × microseconds.
    pub held_micros: [u128; DIMENSIONS],
    /// Resources that were in it when its zone was lost; what they hold is there when the zone is again.
    pub cut_off: u64,
}

/// What a pool has to offer for a resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// What is free in it, without the resource itself.
    pub(super) free: Resources,
    /// What is missing for it; nothing where it fits.
    pub(super) lacking: Resources,
}

impl<'a> Pools<'a> {
    /// Pools of which nothing is taken at `now`.
    pub(super) fn new(settings: Settings<'a>, now: Instant) -> Self {
        let level = |_: &CapacityPool| PoolLevel {
            held: [0; DIMENSIONS],
            until: now,
            residents: 0,
            outages: 0,
            counted: PoolUse::default(),
        };
        Self::saved(settings, settings.fleet.pools.iter().map(level).collect())
    }

    pub(super) fn saved(settings: Settings<'a>, levels: Vec<PoolLevel>) -> Self {
        let pools = &settings.fleet.pools;
        let limited = if pools.is_empty() { &[] } else { settings.flavors };
        Self {
            settings,
            limits: pools.iter().map(CapacityPool::schedulable).collect(),
            parts: limited.iter().map(|flavor| settings.fleet.parts(flavor)).collect(),
            levels,
        }
    }

    pub(super) fn save(&self) -> &[PoolLevel] {
        &self.levels
    }

    /// Whether nothing is limited.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Finds pools for a flavor that have room for it.
    ///
    /// As Cinder's capacity filter and weigher do: of the pools in the zone that have room the one with the most free, in
    /// the first dimension that is asked for; ties go to the first in order.
    pub(super) fn choose(&self, flavor: FlavorIndex, terms: Option<TermsIndex>) -> Result<InPools, Refusal> {
        let [storage, network] = self.parts[flavor.usize()];
        Ok(InPools { storage: self.choose_one(storage, terms)?, network: self.choose_one(network, terms)? })
    }

    /// The pools that a resource is in once it has another flavor: those that it is in already, which have to have room for
    /// the difference, and others for what it had nothing of.
    pub(super) fn choose_again(
        &self,
        (pools, old): (InPools, FlavorIndex),
        new: FlavorIndex,
        terms: Option<TermsIndex>,
    ) -> Result<InPools, Refusal> {
        let choose = |place: usize| {
            let (had, part) = (self.parts[old.usize()][place], self.parts[new.usize()][place]);
            match pools.in_order()[place] {
                _ if part.is_zero() => Ok(None),
                None => self.choose_one(part, terms),
                Some(pool) => match self.lacking(pool.usize(), had, part) {
                    None => Ok(Some(pool)),
                    Some(dimension) => Err(no_capacity(dimension)),
                },
            }
        };
        Ok(InPools { storage: choose(0)?, network: choose(1)? })
    }

    /// Finds pools for what was let in before, whether they have room or not; none where its zone has none at all.
    pub(super) fn choose_for_resident(&self, flavor: FlavorIndex, terms: Option<TermsIndex>) -> InPools {
        let choose = |part: Resources| {
            let has = |&pool: &usize| offered(part, &self.limits[pool]);
            let most = self.in_zone(terms).filter(has).max_by_key(|&pool| self.rank(pool, part));
            most.filter(|_| !part.is_zero()).map(PoolIndex::from_usize)
        };
        let [storage, network] = self.parts[flavor.usize()];
        InPools { storage: choose(storage), network: choose(network) }
    }

    /// Takes what a flavor takes of the pools.
    pub(super) fn take(&mut self, now: Instant, pools: InPools, flavor: FlavorIndex) {
        for (pool, part) in pools.in_order().into_iter().zip(self.parts[flavor.usize()]) {
            let Some(pool) = pool else { continue };
            let level = self.levels[pool.usize()].at(now);
            level.residents += 1;
            for (i, amount) in part.to_array().into_iter().enumerate() {
                level.held[i] += u64::from(amount);
                level.counted.peak[i] = level.counted.peak[i].max(level.held[i]);
            }
        }
    }

    /// Gives it back.
    pub(super) fn give(&mut self, now: Instant, pools: InPools, flavor: FlavorIndex) {
        for (pool, part) in pools.in_order().into_iter().zip(self.parts[flavor.usize()]) {
            let Some(pool) = pool else { continue };
            let level = self.levels[pool.usize()].at(now);
            level.residents -= 1;
            for (held, amount) in level.held.iter_mut().zip(part.to_array()) {
                *held = held.checked_sub(u64::from(amount)).expect("what is given back was taken");
            }
        }
    }

    /// Notes that an outage of a zone begins or ends: meanwhile nothing comes into its pools, and what is there keeps its
    /// room.
    pub(super) fn outage(&mut self, zone: &str, begins: bool) {
        let pools = self.settings.fleet.pools.iter().zip(&mut self.levels);
        for (_, level) in pools.filter(|(pool, _)| pool.zone.as_deref() == Some(zone)) {
            level.outages = if begins { level.outages + 1 } else { level.outages - 1 };
            if begins && level.outages == 1 {
                level.counted.cut_off += u64::from(level.residents);
            }
        }
    }

    /// What was taken of each up to `now`.
    pub(super) fn uses(&self, now: Instant) -> Vec<PoolUse> {
        self.levels.iter().map(|level| level.clone().at(now).counted.clone()).collect()
    }

    /// What a pool has to offer for a flavor, for a resource of another flavor that is in some already; none where nothing of
    /// what it has is asked for.
    pub(super) fn offer(&self, pool: PoolIndex, flavor: FlavorIndex, own: (InPools, FlavorIndex)) -> Option<Offer> {
        let (held, limit) = (&self.levels[pool.usize()].held, &self.limits[pool.usize()]);
        let (mut free, mut lacking) = (Resources::ZERO, Resources::ZERO);
        let mut is_asked = false;
        let parts = self.parts[flavor.usize()].into_iter().zip(self.parts[own.1.usize()]);
        for ((part, had), seat) in parts.zip(own.0.in_order()) {
            // What another pool is for is not asked of this one.
            if !POOLED.into_iter().any(|of| part[of] > 0 && limit[of as usize] > 0) {
                continue;
            }
            is_asked = true;
            for of in POOLED.into_iter().filter(|&of| part[of] > 0) {
                let own = if seat == Some(pool) { u64::from(had[of]) } else { 0 };
                let left = limit[of as usize].saturating_sub(held[of as usize] - own);
                free[of] = u32::try_from(left).unwrap_or(u32::MAX);
                lacking[of] = part[of].saturating_sub(free[of]);
            }
        }
        is_asked.then_some(Offer { free, lacking })
    }

    /// Whether an outage of its zone is on.
    fn is_lost(&self, pool: usize) -> bool {
        self.levels[pool].outages > 0
    }

    fn choose_one(&self, part: Resources, terms: Option<TermsIndex>) -> Result<Option<PoolIndex>, Refusal> {
        if part.is_zero() {
            return Ok(None);
        }
        let possible = self.in_zone(terms).filter(|&pool| !self.is_lost(pool) && fits(part, &self.limits[pool]));
        let best = possible.max_by_key(|&pool| self.rank(pool, part)).ok_or(Refusal::NoPool)?;
        match self.lacking(best, Resources::ZERO, part) {
            None => Ok(Some(PoolIndex::from_usize(best))),
            Some(dimension) => Err(no_capacity(dimension)),
        }
    }

    /// The pools that may be asked, in order.
    fn in_zone(&self, terms: Option<TermsIndex>) -> impl Iterator<Item = usize> {
        let zone = terms.and_then(|terms| self.settings.terms[terms.usize()].zone.as_deref());
        let pools = self.settings.fleet.pools.iter().enumerate();
        pools.filter(move |(_, pool)| pool.is_in(zone)).map(|(position, _)| position)
    }

    /// What makes a pool better than others: that there is room, then how much is free, then its place.
    fn rank(&self, pool: usize, part: Resources) -> (bool, u64, Reverse<usize>) {
        let first = POOLED.into_iter().find(|&of| part[of] > 0).map_or(0, |of| of as usize);
        let free = self.limits[pool][first].saturating_sub(self.levels[pool].held[first]);
        (self.lacking(pool, Resources::ZERO, part).is_none(), free, Reverse(pool))
    }

    /// The first dimension in which a pool has no room for a part in place of another; what does not grow always has.
    fn lacking(&self, pool: usize, old: Resources, new: Resources) -> Option<Dimension> {
        let (held, limit) = (&self.levels[pool].held, &self.limits[pool]);
        POOLED.into_iter().find(|&of| {
            let more = u64::from(new[of].saturating_sub(old[of]));
            more > 0 && held[of as usize] + more > limit[of as usize]
        })
    }
}

impl PoolLevel {
    /// The same, counted up to `now`.
    fn at(&mut self, now: Instant) -> &mut Self {
        let micros = (now - self.until).micros() as u128;
        if micros > 0 {
            for (sum, held) in self.counted.held_micros.iter_mut().zip(self.held) {
                *sum += u128::from(held) * micros;
            }
            self.until = now;
        }
        self
    }
}

fn fits(part: Resources, amounts: &Amounts) -> bool {
    part.to_array().into_iter().zip(amounts).all(|(asked, &has)| u64::from(asked) <= has)
}

/// Whether some is there of all that is asked for.
fn offered(part: Resources, limit: &Amounts) -> bool {
    part.to_array().into_iter().zip(limit).all(|(asked, &has)| asked == 0 || has > 0)
}

fn no_capacity(dimension: Dimension) -> Refusal {
    match dimension {
        Dimension::Iops => Refusal::NoIopsCapacity,
        Dimension::Network => Refusal::NoNetworkCapacity,
        Dimension::Addresses => Refusal::NoAddressCapacity,
        _ => Refusal::NoStorageCapacity,
    }
}
