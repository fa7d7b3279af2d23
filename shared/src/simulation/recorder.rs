//! Counts what happens in a run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Histogram, ModuleOutcome, TimelineBin};
use crate::control_plane::{ControlPlane, Effect, Refusal};
use crate::request::{MODULES, Module, Operation};
use crate::units::{Duration, Instant, LedgerUnits, ResourceIndex, Window};

/// Histograms, counters and the timeline of one run.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    window: Window,
    bin: Duration,
    pub(super) modules: Vec<ModuleOutcome>,
    pub(super) latency: Histogram,
    pub(super) refused: BTreeMap<Refusal, u64>,
    pub(super) anomalies: BTreeSet<ResourceIndex>,
    pub(super) peak_live: u32,
    pub(super) peak_nodes: u32,
    pub(super) timeline: Vec<TimelineBin>,
    /// By resource, how long its create spent in each module; only where it is asked for.
    pub(super) module_times: Option<Vec<[Duration; MODULES]>>,
    bins: usize,
    bin_end: Instant,
    creates_in_bin: u32,
    paid_before: LedgerUnits,
}

impl Recorder {
    pub(super) fn new(window: Window, bin: Duration, keep_module_times: bool) -> Self {
        let module = |module| ModuleOutcome {
            module,
            wait: Histogram::default(),
            service: Histogram::default(),
            busy_micros: 0,
        };
        Self {
            window,
            bin,
            modules: Module::ALL.into_iter().map(module).collect(),
            latency: Histogram::default(),
            refused: BTreeMap::new(),
            anomalies: BTreeSet::new(),
            peak_live: 0,
            peak_nodes: 0,
            timeline: Vec::new(),
            module_times: keep_module_times.then(Vec::new),
            bins: window.bins(bin),
            bin_end: (window.start + bin).min(window.end),
            creates_in_bin: 0,
            paid_before: LedgerUnits::ZERO,
        }
    }

    pub(super) fn observe(&mut self, effect: Effect) {
        match effect {
            Effect::Served { module, resource, operation, start, wait, service } => {
                if operation == Operation::Create {
                    self.note_time(resource, module, wait + service);
                }
                let outcome = &mut self.modules[module as usize];
                outcome.wait.record(wait);
                outcome.service.record(service);
                let inside = (start + service).min(self.window.end) - start.min(self.window.end);
                outcome.busy_micros += inside.micros() as u64;
            }
            Effect::Ready { latency } => self.latency.record(latency),
            Effect::Refused(refusal) => *self.refused.entry(refusal).or_default() += 1,
            Effect::Anomaly(resource) => {
                self.anomalies.insert(resource);
            }
            _ => {}
        }
    }

    fn note_time(&mut self, resource: ResourceIndex, module: Module, spent: Duration) {
        let Some(times) = &mut self.module_times else { return };
        if resource.usize() >= times.len() {
            times.resize(resource.usize() + 1, [Duration::ZERO; MODULES]);
        }
        times[resource.usize()][module as usize] = spent;
    }

    pub(super) fn create(&mut self) {
        self.creates_in_bin += 1;
    }

    pub(super) fn peaks(&mut self, plane: &ControlPlane<'_>) {
        self.peak_live = self.peak_live.max(plane.live());
        self.peak_nodes = self.peak_nodes.max(plane.paid_nodes());
    }

    /// The end of the current bin, while it is not later than `now`.
    pub(super) fn bin_end_by(&self, now: Instant) -> Option<Instant> {
        (self.timeline.len() < self.bins && self.bin_end <= now).then_some(self.bin_end)
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
}
