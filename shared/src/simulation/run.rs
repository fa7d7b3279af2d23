//! One run: requests through a control plane, in virtual time, with everything counted and charged.

use serde::{Deserialize, Serialize};

use super::prices::{charges, module_costs, price_changes, rates};
use super::queue::{EventQueue, SavedQueue};
use super::recorder::{Kept, Recorder};
use super::simulate::{Fork, RunEnd};
use super::watch::Watch;
use super::{Digest, ModuleOutcome, RunOutcome};
use crate::control_plane::{ControlPlane, ObservedFleet, Output, Phase, SavedPlane};
use crate::cost::{Books, Meter, MeteringLog, MeteringRecords, Usage};
use crate::request::{IndexedRequest, Operation};
use crate::scenario::{Scenario, ValidScenario};
use crate::units::{Instant, LedgerUnits, ResourceIndex, Window};

/// How a run differs from the plain run 0 of its scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions<'a> {
    /// Which run of the ensemble.
    pub run: u32,
    /// Whether the outcome keeps its plans.
    pub keep_plans: bool,
    /// Machines and placements that were seen and are replayed.
    pub observed: Option<&'a ObservedFleet>,
}

/// A run on its way. After [`Run::share`] a copy is a fork: what neither of the two writes they have in common.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    scenario: &'a Scenario,
    plane: ControlPlane<'a>,
    queue: EventQueue,
    meter: Meter<'a>,
    recorder: Recorder,
    metering: Option<MeteringLog>,
    out: Output,
    /// Instants at which a price that matters changes, latest first.
    price_changes: Vec<Instant>,
    /// Nothing is to be closed or changed before this.
    due: Instant,
    now: Instant,
    run: u32,
    events: u64,
    requests: u64,
    creates: u64,
}

/// A run that was saved on its way, to go on elsewhere or later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedRun {
    plane: SavedPlane,
    queue: SavedQueue,
    books: Books,
    recorder: Recorder,
    now: Instant,
    run: u32,
    events: u64,
    requests: u64,
    creates: u64,
}

impl SavedRun {
    /// Which run of the ensemble it is.
    pub(super) fn run(&self) -> u32 {
        self.run
    }

    /// Up to when it was played.
    pub(super) fn at(&self) -> Instant {
        self.now
    }
}

impl<'a> Run<'a> {
    /// A run at the start of its scenario's window.
    pub fn new(valid: &'a ValidScenario, options: RunOptions<'a>) -> Self {
        Self::start(valid, options, None)
    }

    /// As [`Run::new`], with a log of what is metered from the first effect on.
    pub(super) fn metered(valid: &'a ValidScenario, options: RunOptions<'a>) -> Self {
        Self::start(valid, options, Some(MeteringLog::default()))
    }

    fn start(valid: &'a ValidScenario, options: RunOptions<'a>, metering: Option<MeteringLog>) -> Self {
        let scenario = valid.scenario();
        let start = scenario.window.start;
        let mut out = Output::default();
        let plane =
            ControlPlane::resume(valid.settings(options.run), &scenario.start, options.observed, start, &mut out);
        let mut run = Self {
            scenario,
            plane,
            queue: EventQueue::default(),
            meter: Meter::new(charges(scenario), |passed| rates(scenario, start, passed), start),
            recorder: Recorder::new(scenario.window, scenario.bin, options.keep_plans),
            metering,
            out,
            price_changes: price_changes(scenario, start),
            due: start,
            now: start,
            run: options.run,
            events: 0,
            requests: 0,
            creates: 0,
        };
        run.drain(start);
        // It said all that is there; a step says little.
        run.out = Output::default();
        run
    }

    /// Goes on up to `until`, or to the end of the window, with `requests` from where it is.
    pub fn play(&mut self, requests: &[IndexedRequest], until: Instant) {
        self.play_watched(requests, until, &mut ());
    }

    /// As [`Run::play`], while somebody looks on.
    pub fn play_watched(&mut self, requests: &[IndexedRequest], until: Instant, watch: &mut impl Watch) {
        let until = until.min(self.scenario.window.end);
        let mut coming = requests;
        while self.turn(&mut coming, until, watch) {}
        self.advance(until, watch);
    }

    /// Takes what comes first before `until`, from the queue or of those that are `coming`, if anything does.
    ///
    /// A browser replaces a function by its optimised code at the next call, so the loop is not in here.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn turn(&mut self, coming: &mut &[IndexedRequest], until: Instant, watch: &mut impl Watch) -> bool {
        let queued = self.queue.peek().filter(|(at, _)| *at < until);
        let arriving = coming.split_first().filter(|(request, _)| request.at < until);
        let from_queue = match (queued, arriving) {
            (Some(queued), Some((request, _))) => queued <= (request.at, phase(request)),
            (queued, _) => queued.is_some(),
        };
        let at = if from_queue {
            let scheduled = self.queue.pop().expect("it was peeked at");
            self.advance(scheduled.at, watch);
            watch.before(&self.plane, &scheduled);
            self.plane.step(scheduled.at, scheduled.transition, &mut self.out);
            scheduled.at
        } else if let Some((request, behind)) = arriving {
            self.plane.fetch(coming);
            *coming = behind;
            self.advance(request.at, watch);
            watch.arrives(request);
            self.arrive(request);
            request.at
        } else {
            return false;
        };
        self.events += 1;
        watch.after(&self.plane, at, &self.out.effects);
        self.drain(at);
        true
    }

    fn arrive(&mut self, request: &IndexedRequest) {
        self.requests += 1;
        if request.operation == Operation::Create {
            self.creates += 1;
            self.recorder.create();
        }
        self.plane.arrive(request, &mut self.out);
    }

    /// What each module did so far, but for the length of its queue.
    pub fn modules(&self) -> &[ModuleOutcome] {
        &self.recorder.modules
    }

    /// Nodes of each group that somebody is on.
    pub fn occupied(&self) -> Vec<u32> {
        self.plane.occupied()
    }

    /// What was used so far of what commitments may cover, where the scenario has none.
    pub fn usage(&self) -> Vec<Usage<'a>> {
        self.meter.usage(self.now)
    }

    /// Live resources.
    pub fn live(&self) -> u32 {
        self.plane.live()
    }

    /// From now on copies are forks: they share what neither writes.
    pub fn share(&mut self) {
        self.plane.share();
    }

    /// From now on this is run `run` of the ensemble.
    pub fn set_run(&mut self, run: u32) {
        self.run = run;
        self.plane.set_run(run);
    }

    /// All that is needed to go on from here, but for what was metered.
    pub fn save(&self) -> SavedRun {
        SavedRun {
            plane: self.plane.save(),
            queue: self.queue.save(),
            books: self.meter.books().clone(),
            recorder: self.recorder.clone(),
            now: self.now,
            run: self.run,
            events: self.events,
            requests: self.requests,
            creates: self.creates,
        }
    }

    /// Goes on from what was saved of a run of the same scenario: exactly as if it had never stopped.
    pub fn restore(valid: &'a ValidScenario, saved: SavedRun, observed: Option<&'a ObservedFleet>) -> Self {
        let scenario = valid.scenario();
        let SavedRun { plane, queue, books, recorder, now, run, events, requests, creates } = saved;
        Self {
            scenario,
            plane: ControlPlane::restore(valid.settings(run), plane, observed),
            queue: EventQueue::restore(queue),
            meter: Meter::restore(charges(scenario), |passed| rates(scenario, now, passed), books),
            recorder,
            metering: None,
            out: Output::default(),
            price_changes: price_changes(scenario, now),
            due: now,
            now,
            run,
            events,
            requests,
            creates,
        }
    }

    #[inline]
    fn advance(&mut self, now: Instant, watch: &mut impl Watch) {
        self.now = now;
        if self.due <= now {
            self.close_due(now, watch);
        }
    }

    /// Closes the bins and the hours of commitments, and changes the prices, up to and including `now`.
    #[cold]
    fn close_due(&mut self, now: Instant, watch: &mut impl Watch) {
        while self.due <= now {
            let (bin_end, hour_end) = (self.recorder.bin_end(), self.meter.hour_end());
            let (change, tier) = (self.price_changes.last().copied(), self.meter.tier_due());
            let next = [bin_end, hour_end, change, tier].into_iter().flatten().min();
            self.due = next.unwrap_or(Window::ALWAYS.end);
            let Some(at) = next.filter(|&at| at <= now) else { break };
            if bin_end == Some(at) {
                let paid = self.meter.paid(at) + self.modules_until(at);
                self.recorder.close_bin(paid, &self.plane);
                watch.bin_ends(&self.plane, at);
            } else if hour_end == Some(at) {
                self.note_covered(at);
                self.meter.close_hour(at);
            } else {
                if change == Some(at) {
                    self.price_changes.pop();
                }
                self.change_rates(at);
            }
        }
    }

    /// From `at` on, the prices of then hold, in the tiers that were passed.
    fn change_rates(&mut self, at: Instant) {
        self.note_covered(at);
        self.meter.pass_tiers(at);
        self.meter.change_rates(at, rates(self.scenario, at, self.meter.passed_tiers()));
        if let Some(log) = &mut self.metering {
            log.change_rates(at, (&self.scenario.fleet, &self.scenario.flavors, self.meter.rates()));
        }
    }

    /// Has the log take note of what commitments cover in the hour that closes.
    fn note_covered(&mut self, at: Instant) {
        if let Some(log) = &mut self.metering {
            log.cover(self.meter.covered(at));
        }
    }

    /// Takes in what a step said.
    fn drain(&mut self, now: Instant) {
        for scheduled in self.out.scheduled.drain(..) {
            self.queue.push(scheduled);
        }
        for effect in &self.out.effects {
            self.meter.observe(now, effect);
            self.recorder.observe(now, effect);
            if let Some(log) = &mut self.metering {
                log.observe(now, effect, (&self.scenario.fleet, &self.scenario.flavors, self.meter.rates()));
            }
        }
        self.out.effects.clear();
        self.recorder.peaks(&self.plane);
        if let Some(tier) = self.meter.tier_due() {
            self.due = self.due.min(tier);
        }
    }

    fn modules_until(&self, at: Instant) -> LedgerUnits {
        module_costs(self.scenario, at - self.scenario.window.start).into_iter().sum()
    }

    /// From now on only the plans of these resources are kept.
    pub(super) fn keep_only(&mut self, resources: impl Iterator<Item = ResourceIndex>) {
        self.recorder.kept = Some(Kept::only(resources));
    }

    /// What was metered up to `end`, of a run that has a log of it.
    pub(super) fn take_metered(&mut self, end: Instant) -> MeteringRecords {
        self.note_covered(end);
        self.metering.take().map(|log| log.close(end)).unwrap_or_default()
    }

    /// The end of a run that kept its plans, at `end`; the plans are in the outcome.
    pub(super) fn into_end(mut self, end: Instant) -> RunEnd {
        let (state, lives) = self.plane.fork(end, &self.queue.ordered());
        let used_of_tiers = self.meter.used_of_tiers(end);
        self.recorder.close(&self.plane);
        let fleet = self.recorder.fleet_seen(&self.plane);
        let times = |kept: &mut Kept| core::mem::take(&mut kept.module_times);
        let module_times = self.recorder.kept.as_mut().map(times).unwrap_or_default();
        RunEnd { outcome: self.closed(), fork: Fork { state, lives, used_of_tiers }, fleet, module_times }
    }

    /// What the run yields, once it has come to the end of its window.
    pub fn outcome(mut self) -> RunOutcome {
        self.recorder.close(&self.plane);
        self.closed()
    }

    fn closed(self) -> RunOutcome {
        let Self { scenario, plane, meter, recorder, run, events, requests, creates, .. } = self;
        let modules = module_costs(scenario, scenario.window.length());
        let (cost, commitments, utilisation) = meter.close(scenario.window.end, modules);
        let Kept { plans, .. } = recorder.kept.unwrap_or_default();
        RunOutcome {
            run,
            digest: Digest([0; 32]),
            events,
            requests,
            creates,
            cost,
            commitments,
            modules: recorder.modules,
            latency: recorder.latency,
            refused: recorder.refused,
            evicted: recorder.evicted,
            utilisation,
            pools: plane.pool_uses(scenario.window.end),
            peak_live: recorder.peak_live,
            peak_nodes: recorder.peak_nodes,
            anomalies: recorder.anomalies.len() as u64,
            timeline: recorder.timeline,
            plans: plans.into_iter().map(|(plan, _)| plan).collect(),
        }
        .digested(&recorder.plans)
    }
}

fn phase(request: &IndexedRequest) -> Phase {
    if request.operation == Operation::Delete { Phase::Release } else { Phase::Arrival }
}
