//! Counts what happens in a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Histogram, ModuleOutcome, Plan, PlanDigest, TimelineBin};
use crate::control_plane::{ControlPlane, Effect, Eviction, Moved, ObservedFleet, Placed, Refusal, Stay};
use crate::request::{MODULES, Module, Operation};
use crate::units::{Duration, Instant, LedgerUnits, ResourceIndex, Window};

/// Histograms, counters and the timeline of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Recorder {
    window: Window,
    bin: Duration,
    pub(super) modules: Vec<ModuleOutcome>,
    pub(super) latency: Histogram,
    pub(super) refused: BTreeMap<Refusal, u64>,
    pub(super) evicted: BTreeMap<Eviction, u64>,
    pub(super) anomalies: BTreeSet<ResourceIndex>,
    pub(super) peak_live: u32,
    pub(super) peak_nodes: u32,
    pub(super) timeline: Vec<TimelineBin>,
    /// The hash over the plans of what is over.
    pub(super) plans: PlanDigest,
    /// What is kept of each plan, where that is asked for.
    pub(super) kept: Option<Kept>,
    bins: usize,
    bin_end: Instant,
    creates_in_bin: u32,
    paid_before: LedgerUnits,
}

/// What a run remembers of every resource that ever was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Plans with the position of their node.
    pub(super) plans: Vec<(Plan, Option<u32>)>,
    /// By resource, how long its create spent in each module.
    pub(super) module_times: Vec<[Duration; MODULES]>,
    /// Where those were that had to move.
    moved: BTreeMap<ResourceIndex, Moved>,
    /// Whose plans are kept, and nothing else of them; everybody's where it does not say.
    #[serde(skip)]
    only: Option<BTreeSet<ResourceIndex>>,
}

impl Kept {
    /// Keeps nothing but the plans of these.
    pub(super) fn only(resources: impl Iterator<Item = ResourceIndex>) -> Self {
        Self { only: Some(resources.collect()), ..Self::default() }
    }

    fn keeps(&self, resource: ResourceIndex) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&resource))
    }

    /// Takes note of a resource that leaves a node; what it never could be used on is no stay.
    fn leaves(&mut self, resource: ResourceIndex, slot: u32, ready: Option<Instant>, now: Instant) {
        let moved = self.moved.entry(resource).or_default();
        let since = moved.since.take().or(ready.filter(|_| moved.earlier.is_empty()));
        moved.earlier.extend(since.map(|from| Stay { slot, from, until: now }));
    }
}

impl Recorder {
    pub(super) fn new(window: Window, bin: Duration, keep: bool) -> Self {
        Self {
            window,
            bin,
            modules: Module::ALL.into_iter().map(ModuleOutcome::new).collect(),
            latency: Histogram::default(),
            refused: BTreeMap::new(),
            evicted: BTreeMap::new(),
            anomalies: BTreeSet::new(),
            peak_live: 0,
            peak_nodes: 0,
            timeline: Vec::new(),
            plans: PlanDigest::default(),
            kept: keep.then(Kept::default),
            bins: window.bins(bin),
            bin_end: (window.start + bin).min(window.end),
            creates_in_bin: 0,
            paid_before: LedgerUnits::ZERO,
        }
    }

    #[inline]
    pub(super) fn observe(&mut self, now: Instant, effect: &Effect) {
        match *effect {
            Effect::Served { module, resource, operation, start, wait, service, failed } => {
                if operation == Operation::Create {
                    self.note_time(resource, module, wait + service);
                }
                let outcome = &mut self.modules[module as usize];
                let (end, ended) = (self.window.end, start + service);
                if start < end {
                    outcome.wait.record(wait);
                } else {
                    outcome.waiting += 1;
                }
                outcome.busy_micros += (ended.min(end) - start.min(end)).micros() as u64;
                if ended <= end {
                    outcome.service.record(service);
                    if failed {
                        outcome.failed += 1;
                        outcome.failed_micros += service.micros() as u64;
                    }
                }
            }
            Effect::Ready { latency } => self.latency.record(latency),
            Effect::Over(ref placed) => self.plan(placed),
            _ => self.observe_trouble(now, effect),
        }
    }

    /// What seldom happens, apart from what always does, whose code stays small.
    #[cold]
    fn observe_trouble(&mut self, now: Instant, effect: &Effect) {
        match *effect {
            Effect::Refused { refusal, module } => {
                *self.refused.entry(refusal).or_default() += 1;
                self.modules[module as usize].refused += 1;
            }
            Effect::Anomaly(resource) => {
                self.anomalies.insert(resource);
            }
            Effect::Evicted { resource, slot, ready, eviction } => {
                *self.evicted.entry(eviction).or_default() += 1;
                if let Some(kept) = &mut self.kept {
                    kept.leaves(resource, slot, ready, now);
                }
            }
            Effect::ReadyAgain(resource) => {
                if let Some(kept) = &mut self.kept {
                    kept.moved.entry(resource).or_default().since = Some(now);
                }
            }
            _ => {}
        }
    }

    /// Takes a plan to which nothing is added any more.
    #[inline]
    pub(super) fn plan(&mut self, placed: &Placed) {
        let plan = Plan::new(placed);
        self.plans.add(&plan);
        if let Some(kept) = self.kept.as_mut().filter(|kept| kept.keeps(plan.resource)) {
            kept.plans.push((plan, placed.slot));
        }
    }

    #[inline]
    fn note_time(&mut self, resource: ResourceIndex, module: Module, spent: Duration) {
        let Some(Kept { module_times, only: None, .. }) = &mut self.kept else { return };
        if resource.usize() >= module_times.len() {
            module_times.resize(resource.usize() + 1, [Duration::ZERO; MODULES]);
        }
        let time = &mut module_times[resource.usize()][module as usize];
        *time = *time + spent;
    }

    #[inline]
    pub(super) fn create(&mut self) {
        self.creates_in_bin += 1;
    }

    #[inline]
    pub(super) fn peaks(&mut self, plane: &ControlPlane<'_>) {
        self.peak_live = self.peak_live.max(plane.live());
        self.peak_nodes = self.peak_nodes.max(plane.paid_nodes());
    }

    /// The end of the current bin; none once all are closed.
    pub(super) fn bin_end(&self) -> Option<Instant> {
        (self.timeline.len() < self.bins).then_some(self.bin_end)
    }

    /// Closes the current bin, when `paid` has been paid in all.
    pub(super) fn close_bin(&mut self, paid: LedgerUnits, plane: &ControlPlane<'_>) {
        self.timeline.push(TimelineBin {
            cost: paid - self.paid_before,
            creates: core::mem::take(&mut self.creates_in_bin),
            live: plane.live(),
            nodes: plane.paid_nodes(),
            pending: plane.pending(),
        });
        self.paid_before = paid;
        self.bin_end = (self.bin_end + self.bin).min(self.window.end);
    }

    /// Takes what is left at the end: the plans of what lives, and how long the queues were.
    pub(super) fn close(&mut self, plane: &ControlPlane<'_>) {
        if let Some(Kept { plans, only: None, .. }) = &mut self.kept {
            plans.reserve(plane.live() as usize);
        }
        for placed in plane.living() {
            self.plan(&placed);
        }
        plane.machines().for_each(|machine| self.plans.add_machine(machine));
        for outcome in &mut self.modules {
            let depth = plane.queue_depth(outcome.module, self.window.end);
            outcome.queued_micros = depth.area_micros;
            outcome.queue_max = depth.longest;
        }
        if let Some(kept) = &mut self.kept {
            kept.plans.sort_unstable_by_key(|(plan, _)| plan.resource);
        }
    }

    /// The machines of the run and who went where, as an observer would have noted them.
    pub(super) fn fleet_seen(&self, plane: &ControlPlane<'_>) -> ObservedFleet {
        let plans = self.kept.iter().flat_map(|kept| &kept.plans);
        ObservedFleet {
            nodes: plane.machines_seen(),
            placements: plans.filter_map(|(plan, slot)| Some((plan.resource, (*slot)?))).collect(),
            // What the quota refused it refuses again.
            refused: BTreeSet::new(),
            moved: self.kept.iter().flat_map(|kept| kept.moved.clone()).collect(),
        }
    }
}
