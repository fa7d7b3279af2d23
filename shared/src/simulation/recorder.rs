//! Counts what happens in a run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Histogram, ModuleOutcome, TimelineBin};
use crate::control_plane::{ControlPlane, Effect, Refusal};
use crate::request::Module;
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
    bins: usize,
    bin_end: Instant,
    creates_in_bin: u32,
    paid_before: LedgerUnits,
}

impl Recorder {
    pub(super) fn new(window: Window, bin: Duration) -> Self {
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
            bins: window.bins(bin),
            bin_end: (window.start + bin).min(window.end),
            creates_in_bin: 0,
            paid_before: LedgerUnits::ZERO,
        }
    }

    pub(super) fn observe(&mut self, effect: Effect) {
        match effect {
            Effect::Served { module, start, wait, service } => {
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
