//! Changes that might let a request in, tried one by one.

mod change;
mod nodes;

use change::Change;

use super::setting::make;
use super::witness::{Seen, watch};
use super::{DecisionSeen, Explanation, Fix, Setting, WaitsFor};
use crate::control_plane::{CapacityPool, GroupSurvey, PoolSurvey};
use crate::request::{IndexedRequest, Module};
use crate::scenario::{Edit, ValidScenario};
use crate::simulation::Refusal;
use crate::units::{Dimension, FlavorIndex, LedgerUnits, Resources, TenantIndex};

/// The most nodes, retries or times as many workers that are tried.
const MOST: u32 = 64;
/// How many things in turn may stand in the way of a request, each of which shows only when the one before is mended.
const OBSTACLES: u32 = 6;

/// The cheapest change that lets the request in, and how many were tried; nothing where the watcher says no to the next one.
///
/// Where no single change is enough, the cheapest of those after which something else stands in its way is kept, and what
/// mends that is tried with it.
pub(super) fn cheapest(
    valid: &ValidScenario,
    run: u32,
    request: &IndexedRequest,
    explanation: &Explanation,
    (before, go_on): (LedgerUnits, &mut dyn FnMut(u32) -> bool),
) -> Option<(Option<Fix>, u32)> {
    let (explanation, made) = (explanation.clone(), Change::default());
    let mut trials =
        Trials { valid, run, request, explanation, made, further: None, before, go_on, cancelled: false, tried: 0 };
    let mut found = trials.of_obstacle();
    for _ in 1..OBSTACLES {
        if !found.is_empty() || trials.cancelled {
            break;
        }
        let Some(Further { change, explanation, .. }) = trials.further.take() else { break };
        (trials.made, trials.explanation) = (change, explanation);
        found = trials.of_obstacle();
    }
    (!trials.cancelled).then(|| (found.into_iter().min_by_key(|fix| fix.cost_change), trials.tried))
}

/// A change after which something else stands in the way.
struct Further {
    change: Change,
    explanation: Explanation,
    cost: LedgerUnits,
}

struct Trials<'a> {
    valid: &'a ValidScenario,
    run: u32,
    request: &'a IndexedRequest,
    /// What stands in the way, with what is changed already.
    explanation: Explanation,
    made: Change,
    further: Option<Further>,
    /// What the run costs as it is.
    before: LedgerUnits,
    go_on: &'a mut dyn FnMut(u32) -> bool,
    cancelled: bool,
    tried: u32,
}

impl Trials<'_> {
    /// Whatever may mend what stands in the way, as far as it lets the request in.
    fn of_obstacle(&mut self) -> Vec<Fix> {
        match self.explanation.refusal() {
            Some(Refusal::Quota) => self.more_quota(),
            Some(Refusal::NoSuchNode) => self.larger_nodes(),
            Some(Refusal::NoRoomToResize) => self.room_in_place(),
            Some(Refusal::Overloaded) => self.shorter_queue(),
            Some(Refusal::Failed) => self.more_retries(),
            Some(Refusal::Observed) => Vec::new(),
            Some(
                Refusal::NoPool
                | Refusal::NoStorageCapacity
                | Refusal::NoIopsCapacity
                | Refusal::NoNetworkCapacity
                | Refusal::NoAddressCapacity,
            ) => {
                let mut found = self.zones_kept();
                found.extend(self.larger_pools());
                found
            }
            None if let Some(WaitsFor { module, .. }) = self.explanation.waits_for => self.more_workers(module),
            None => {
                let mut found = self.zones_kept();
                found.extend(self.nodes_kept());
                found.extend(self.more_nodes());
                found.extend(self.roomier_nodes());
                found.extend(self.other_policies());
                found
            }
        }
    }

    /// Runs the scenario with other edits; a fix where the request gets in.
    fn attempt(&mut self, edits: Vec<Edit>) -> Option<Fix> {
        self.attempt_all(edits, Vec::new())
    }

    /// What becomes of the request with other edits and settings; nothing where they cannot be made, or where nobody wants to
    /// know any more.
    fn seen_with(&mut self, edits: Vec<Edit>, settings: Vec<Setting>) -> Option<(Change, Seen)> {
        let change = self.made.and(edits, settings);
        let mut changed = self.valid.original().clone();
        make(&change.edits, &change.settings, &mut changed);
        let changed = ValidScenario::of_accepted(changed).ok()?;
        self.cancelled |= !(self.go_on)(self.tried);
        if self.cancelled {
            return None;
        }
        self.tried += 1;
        Some((change, watch(&changed, &changed.requests(self.run), self.run, *self.request)))
    }

    fn attempt_all(&mut self, edits: Vec<Edit>, settings: Vec<Setting>) -> Option<Fix> {
        let (change, Seen { explanation, cost }) = self.seen_with(edits, settings)?;
        if explanation.is_in() {
            let Change { edits, settings } = change;
            return Some(Fix { edits, settings, ready: explanation.ready(), cost_change: cost - self.before });
        }
        let obstacle = |of: &Explanation| (of.refusal(), of.refused_by, of.waits_for.map(|waits| waits.module));
        let is_cheaper = self.further.as_ref().is_none_or(|further| cost < further.cost);
        if obstacle(&explanation) != obstacle(&self.explanation) && is_cheaper {
            self.further = Some(Further { change, explanation, cost });
        }
        None
    }

    /// The smallest of 1 to [`MOST`] that is enough, by doubling and then halving the step: more never harms.
    fn smallest(&mut self, change: impl Fn(u32) -> (Vec<Edit>, Vec<Setting>)) -> Option<Fix> {
        let mut attempt = |more| {
            let (edits, settings) = change(more);
            self.attempt_all(edits, settings)
        };
        let mut enough = 1;
        let mut found = loop {
            match attempt(enough) {
                Some(fix) => break fix,
                None if enough == MOST => return None,
                None => enough *= 2,
            }
        };
        let mut too_few = enough / 2;
        while enough - too_few > 1 {
            let middle = too_few + (enough - too_few) / 2;
            match attempt(middle) {
                Some(fix) => (found, enough) = (fix, middle),
                None => too_few = middle,
            }
        }
        Some(found)
    }

    /// As much more quota as was missing; where those who were refused before would take it, as much as all hold by then whom
    /// no quota refuses, or as many times what was missing where that is less.
    fn more_quota(&mut self) -> Vec<Fix> {
        let scenario = self.valid.scenario();
        let tenant = self.explanation.plan.tenant;
        let Some((quota, DecisionSeen { survey, .. })) =
            scenario.tenants[tenant.usize()].quota.zip(self.explanation.decision.as_ref())
        else {
            return Vec::new();
        };
        let of = |flavor: FlavorIndex| scenario.flavors[flavor.usize()].requested;
        // A resize holds both shapes until it is done.
        let from = self.explanation.resize.and_then(|resize| resize.from).map_or(Resources::ZERO, of);
        let (requested, held) = (self.requested().max(from), survey.held);
        let raised = |times: u32| {
            let amount = |d: Dimension| match requested[d] {
                // What is not asked for is not held against the tenant.
                0 => quota[d],
                asked => quota[d].max(held[d].saturating_add(asked.saturating_mul(times))),
            };
            Edit::Quota { tenant, quota: Some(Resources::from_array(Dimension::ALL.map(amount))) }
        };
        if let Some(fix) = self.attempt(vec![raised(1)]) {
            return vec![fix];
        }
        let held_by_all = self.held_without_quota(tenant);
        let for_all = held_by_all.map(|held| {
            let amount = |d: Dimension| {
                if requested[d] == 0 { quota[d] } else { quota[d].max(held[d].saturating_add(requested[d])) }
            };
            Edit::Quota { tenant, quota: Some(Resources::from_array(Dimension::ALL.map(amount))) }
        });
        let for_all = for_all.and_then(|edit| self.attempt(vec![edit]));
        let by_times = self.smallest(|times| (vec![raised(times)], Vec::new()));
        // In times what is asked for.
        let more = |of: &Fix| match of.edits.last() {
            Some(Edit::Quota { quota: Some(raised), .. }) => {
                let times = |d: Dimension| f64::from(raised[d] - quota[d]) / f64::from(requested[d].max(1));
                Dimension::ALL.map(times).iter().sum()
            }
            _ => f64::INFINITY,
        };
        for_all.into_iter().chain(by_times).min_by(|a, b| more(a).total_cmp(&more(b))).into_iter().collect()
    }

    /// What a tenant holds when it is decided about the request and no quota refuses it anything.
    fn held_without_quota(&mut self, tenant: TenantIndex) -> Option<Resources> {
        let unlimited = Edit::Quota { tenant, quota: None };
        let (_, Seen { explanation, .. }) = self.seen_with(vec![unlimited], Vec::new())?;
        explanation.decision.map(|decision| decision.survey.held)
    }

    /// The zones kept that were lost when it was decided.
    fn zones_kept(&mut self) -> Vec<Fix> {
        let Some(DecisionSeen { at, .. }) = self.explanation.decision else { return Vec::new() };
        let lost = self.open(|group| group.holds && group.lost_since.is_some());
        let pools = self.explanation.decision.iter().flat_map(|decision| &decision.survey.pools);
        let lost_pools = pools.filter(|pool| pool.in_zone && pool.lost_since.is_some());
        let fleet = &self.valid.scenario().fleet;
        let of_pools = lost_pools.filter_map(|pool| fleet.pools[pool.pool.usize()].zone.as_deref());
        let of_groups = lost.into_iter().filter_map(|group| fleet.node_groups[group].zone.as_deref());
        let mut zones: Vec<&str> = of_groups.chain(of_pools).collect();
        zones.dedup();
        let kept = |zone: &str| -> Vec<Setting> {
            let lost = fleet.outages.iter().filter(|outage| outage.zone == zone && outage.is_on(at));
            lost.cloned().map(Setting::NoOutage).collect()
        };
        zones.into_iter().filter_map(|zone| self.attempt_all(Vec::new(), kept(zone))).collect()
    }

    /// More of what was missing of each pool that may be asked, as many times as it takes: whoever was refused before gets in
    /// then, too.
    fn larger_pools(&mut self) -> Vec<Fix> {
        let surveyed = self.explanation.decision.iter().flat_map(|decision| &decision.survey.pools);
        // A resize moves nothing to another pool.
        let stays = surveyed.clone().any(|pool| pool.is_its_own);
        let may_be_asked = |pool: &&PoolSurvey| pool.in_zone && pool.lost_since.is_none() && !pool.lacking.is_zero();
        let lacking: Vec<PoolSurvey> =
            surveyed.filter(|pool| pool.is_its_own == stays).filter(may_be_asked).copied().collect();
        let scenario = self.valid.scenario();
        let made = self.made.clone();
        let larger = |PoolSurvey { pool, lacking, .. }: PoolSurvey, times: u32| {
            let CapacityPool { capacity, over_commit_percent, .. } = &scenario.fleet.pools[pool.usize()];
            let capacity = made.capacity_of(pool).unwrap_or(*capacity);
            let amount = |of: Dimension| {
                let percent = u64::from(over_commit_percent.get(&of).copied().unwrap_or(100));
                let more = (u64::from(lacking[of]) * u64::from(times) * 100).div_ceil(percent);
                u32::try_from(u64::from(capacity[of]) + more).unwrap_or(u32::MAX)
            };
            Edit::PoolCapacity { pool, capacity: Resources::from_array(Dimension::ALL.map(amount)) }
        };
        lacking.into_iter().filter_map(|pool| self.smallest(|times| (vec![larger(pool, times)], Vec::new()))).collect()
    }

    /// More workers, or a longer queue, where too many waited.
    fn shorter_queue(&mut self) -> Vec<Fix> {
        let Some(module) = self.explanation.refused_by else { return Vec::new() };
        let settings = &self.valid.scenario().modules[module];
        let limit = settings.queue_limit.unwrap_or(0);
        let more_workers = self.more_workers(module);
        let longer = |more: u32| Setting::QueueLimit { module, queue_limit: limit.saturating_add(more) };
        let longer_queue = self.smallest(|more| (Vec::new(), vec![longer(more)]));
        more_workers.into_iter().chain(longer_queue).collect()
    }

    fn more_workers(&mut self, module: Module) -> Vec<Fix> {
        let workers = self.valid.scenario().modules[module].workers;
        let more = |more: u32| vec![Edit::Workers { module, workers: workers.saturating_add(more) }];
        self.smallest(|count| (more(count), Vec::new())).into_iter().collect()
    }

    /// More retries of the module that gave up.
    fn more_retries(&mut self) -> Vec<Fix> {
        let Some(module) = self.explanation.refused_by else { return Vec::new() };
        let failures = self.valid.scenario().modules[module].failures;
        let retries = failures.map_or(0, |failures| failures.retries);
        let more = |more: u32| Setting::Retries { module, retries: retries.saturating_add(more) };
        self.smallest(|count| (Vec::new(), vec![more(count)])).into_iter().collect()
    }

    /// What the request asks for.
    fn requested(&self) -> Resources {
        self.valid.scenario().flavors[self.request.flavor.usize()].requested
    }

    /// The groups in the zone that was asked for that are like this.
    fn open(&self, like: impl Fn(&GroupSurvey) -> bool) -> Vec<usize> {
        let groups = self.explanation.decision.iter().flat_map(|decision| decision.survey.groups.iter().enumerate());
        groups.filter(|(_, group)| group.in_zone && like(group)).map(|(position, _)| position).collect()
    }
}
