//! Quotas that nobody comes near, and the one that refuses most.

use std::collections::BTreeMap;

use crate::request::{IndexedRequest, Operation};
use crate::scenario::{Edit, Scenario, ValidScenario};
use crate::units::{DIMENSIONS, Dimension, ResourceIndex, Resources, TenantIndex};

/// A quota is lowered where less than this part of it is held in every run, in percent.
const UNUSED_PERCENT: u64 = 50;
/// It is lowered to the most that is held, times this, in percent: demand may grow.
const ROOM_PERCENT: u64 = 150;

/// What a tenant holds where nothing is refused.
#[derive(Clone, Copy, Default)]
struct Held {
    now: [u64; DIMENSIONS],
    most: [u64; DIMENSIONS],
    /// Creates that came when the quota was full.
    beyond: u64,
}

/// The quota that stands in the way of most creates raised to what is asked for, and the one of which least is used
/// lowered.
///
/// What a tenant holds is counted on the requests alone, as if everything were admitted and carried out at once: whether
/// that is right is for the replay to say.
pub(super) fn quotas(scenario: &ValidScenario) -> Vec<Edit> {
    let of = scenario.scenario();
    let limited: Vec<(TenantIndex, Resources)> = of
        .tenants
        .iter()
        .enumerate()
        .filter_map(|(position, tenant)| Some((TenantIndex::from_usize(position), tenant.quota?)))
        .collect();
    if limited.is_empty() {
        return Vec::new();
    }
    let held = held(scenario);
    let of_tenant = |tenant: TenantIndex| held[tenant.usize()];
    let refusing = limited.iter().filter(|(tenant, _)| of_tenant(*tenant).beyond > 0);
    let raised = refusing.max_by_key(|(tenant, _)| of_tenant(*tenant).beyond).map(|&(tenant, quota)| {
        let needed = resources(of_tenant(tenant).most);
        Edit::Quota { tenant, quota: Some(quota.max(needed)) }
    });
    let unused = limited.iter().filter(|(tenant, quota)| is_unused(*quota, &of_tenant(*tenant)));
    let lowered = unused.min_by(|(a, quota_a), (b, quota_b)| {
        share(*quota_a, &of_tenant(*a)).total_cmp(&share(*quota_b, &of_tenant(*b)))
    });
    let lowered = lowered.map(|&(tenant, quota)| {
        let mut lower = quota.min(resources(of_tenant(tenant).most.map(|amount| amount * ROOM_PERCENT / 100)));
        for dimension in Dimension::ALL {
            // What is not limited stays so, and what is not used may be used one day.
            if quota[dimension] == u32::MAX || of_tenant(tenant).most[dimension as usize] == 0 {
                lower[dimension] = quota[dimension];
            }
        }
        Edit::Quota { tenant, quota: Some(lower) }
    });
    raised.into_iter().chain(lowered).collect()
}

fn resources(amounts: [u64; DIMENSIONS]) -> Resources {
    Resources::from_array(amounts.map(|amount| u32::try_from(amount).unwrap_or(u32::MAX)))
}

/// Whether less than half of every amount that is limited is held, and something is.
fn is_unused(quota: Resources, held: &Held) -> bool {
    let mut limited = quota.to_array().into_iter().zip(held.most).filter(|&(quota, most)| quota < u32::MAX && most > 0);
    let mut all = limited.clone();
    limited.next().is_some() && all.all(|(quota, most)| most * 100 < u64::from(quota) * UNUSED_PERCENT)
}

fn share(quota: Resources, held: &Held) -> f64 {
    let amounts = quota.to_array().into_iter().zip(held.most).filter(|(quota, _)| (1..u32::MAX).contains(quota));
    amounts.map(|(quota, most)| most as f64 / f64::from(quota)).fold(0.0, f64::max)
}

/// What every tenant holds over all runs.
fn held(scenario: &ValidScenario) -> Vec<Held> {
    let of = scenario.scenario();
    let mut begun = vec![Held::default(); of.tenants.len()];
    let lives: Vec<(TenantIndex, Resources)> =
        of.start.live.iter().map(|live| (live.tenant, of.flavors[live.flavor.usize()].requested)).collect();
    lives.iter().for_each(|&(tenant, requested)| begun[tenant.usize()].hold(requested, None));
    let mut all = begun.clone();
    for run in 0..of.runs {
        let mut held = begun.clone();
        let mut live: BTreeMap<ResourceIndex, Resources> =
            (0..).map(ResourceIndex).zip(lives.iter().map(|&(_, requested)| requested)).collect();
        for request in scenario.requests(run) {
            follow(of, &request, &mut held[request.tenant.usize()], &mut live);
        }
        for (sum, held) in all.iter_mut().zip(held) {
            sum.beyond += held.beyond;
            sum.most.iter_mut().zip(held.most).for_each(|(sum, most)| *sum = (*sum).max(most));
        }
    }
    all
}

fn follow(of: &Scenario, request: &IndexedRequest, held: &mut Held, live: &mut BTreeMap<ResourceIndex, Resources>) {
    let requested = of.flavors[request.flavor.usize()].requested;
    if let Some(had) = live.remove(&request.resource) {
        held.now.iter_mut().zip(had.to_array()).for_each(|(now, had)| *now -= u64::from(had));
    }
    if request.operation != Operation::Delete {
        live.insert(request.resource, requested);
        held.hold(requested, of.tenants[request.tenant.usize()].quota);
    }
}

impl Held {
    fn hold(&mut self, requested: Resources, quota: Option<Resources>) {
        for (position, dimension) in Dimension::ALL.into_iter().enumerate() {
            self.now[position] += u64::from(requested[dimension]);
            self.most[position] = self.most[position].max(self.now[position]);
        }
        let beyond = |quota: Resources| {
            let asks = |dimension: Dimension| requested[dimension] > 0;
            Dimension::ALL.into_iter().any(|of| asks(of) && self.now[of as usize] > u64::from(quota[of]))
        };
        self.beyond += u64::from(quota.is_some_and(beyond));
    }
}
