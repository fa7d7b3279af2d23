//! One run: requests through a control plane, in virtual time, with everything counted and charged.

use super::queue::EventQueue;
use super::recorder::Recorder;
use super::{Digest, Plan, RunOutcome};
use crate::control_plane::{ControlPlane, ObservedFleet, Output, Phase, ResourceRecord, State, Transition};
use crate::cost::{Meter, Rates};
use crate::request::{IndexedRequest, MODULES, Module, Operation};
use crate::scenario::{Scenario, ValidScenario};
use crate::units::{Duration, Instant, LedgerUnits, ResourceIndex};

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

/// A run that has come to the end of its window, with what is there.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// What it yields.
    pub outcome: RunOutcome,
    /// The fork of the control plane at the end of the window.
    pub fork: Fork,
    /// The machines of the run, and who went where.
    pub fleet: ObservedFleet,
    /// By resource, the time that its create has spent in each module; empty unless plans are kept.
    pub module_times: Vec<[Duration; MODULES]>,
}

/// A control plane at one instant, and who its live resources are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fork {
    /// What is there.
    pub state: State,
    /// The index of each live resource in the run that the fork was taken from.
    pub lives: Vec<ResourceIndex>,
}

/// Run `run` of a scenario, on requests of its own demand.
pub fn run(valid: &ValidScenario, run: u32, keep_plans: bool) -> RunOutcome {
    let requests = valid.requests(run);
    simulate(valid, &requests, RunOptions { run, keep_plans, observed: None })
}

/// Simulates `requests`, which are in order of time and inside the scenario's window, instead of its demand.
pub fn simulate(valid: &ValidScenario, requests: &[IndexedRequest], options: RunOptions<'_>) -> RunOutcome {
    let mut run = Run::new(valid, options);
    run.play(requests);
    run.outcome(options.keep_plans)
}

/// As [`simulate`], and forks the control plane at the end.
pub fn simulate_to_fork(valid: &ValidScenario, requests: &[IndexedRequest], options: RunOptions<'_>) -> RunEnd {
    let mut run = Run::new(valid, options);
    run.play(requests);
    let end = valid.scenario().window.end;
    let (state, lives) = run.plane.fork(end, &core::mem::take(&mut run.queue).into_ordered());
    let fleet = run.plane.fleet_seen();
    let module_times = run.recorder.module_times.take().unwrap_or_default();
    RunEnd { outcome: run.outcome(options.keep_plans), fork: Fork { state, lives }, fleet, module_times }
}

/// A run on its way.
struct Run<'a> {
    scenario: &'a Scenario,
    plane: ControlPlane<'a>,
    queue: EventQueue,
    meter: Meter<'a>,
    recorder: Recorder,
    out: Output,
    /// Instants at which a price that matters changes, latest first.
    price_changes: Vec<Instant>,
    run: u32,
    events: u64,
    requests: u64,
    creates: u64,
}

impl<'a> Run<'a> {
    fn new(valid: &'a ValidScenario, options: RunOptions<'a>) -> Self {
        let scenario = valid.scenario();
        let start = scenario.window.start;
        let mut out = Output::default();
        let plane =
            ControlPlane::resume(valid.settings(options.run), &scenario.start, options.observed, start, &mut out);
        let mut run = Self {
            scenario,
            plane,
            queue: EventQueue::default(),
            meter: Meter::new(&scenario.fleet, &scenario.flavors, rates(scenario, start), start),
            recorder: Recorder::new(scenario.window, scenario.bin, options.keep_plans),
            out,
            price_changes: price_changes(scenario),
            run: options.run,
            events: 0,
            requests: 0,
            creates: 0,
        };
        run.drain(start);
        run
    }

    fn play(&mut self, requests: &[IndexedRequest]) {
        let end = self.scenario.window.end;
        let mut arrivals = requests.iter().take_while(|request| request.at < end).peekable();
        loop {
            let queued = self.queue.peek().filter(|(at, _)| *at < end);
            let arriving = arrivals.peek().map(|request| (request.at, phase(request)));
            let from_queue = match (queued, arriving) {
                (Some(queued), Some(arriving)) => queued <= arriving,
                (queued, _) => queued.is_some(),
            };
            let (at, transition) = if from_queue {
                let scheduled = self.queue.pop().expect("it was peeked at");
                (scheduled.at, scheduled.transition)
            } else if let Some(request) = arrivals.next() {
                self.requests += 1;
                (request.at, Transition::Arrive(*request))
            } else {
                break;
            };
            self.advance(at);
            if let Transition::Arrive(IndexedRequest { operation: Operation::Create, .. }) = transition {
                self.creates += 1;
                self.recorder.create();
            }
            self.events += 1;
            self.plane.step(at, transition, &mut self.out);
            self.drain(at);
        }
        self.advance(end);
    }

    /// Closes the bins and changes the prices up to and including `now`.
    fn advance(&mut self, now: Instant) {
        loop {
            let bin_end = self.recorder.bin_end_by(now);
            let change = self.price_changes.last().copied().filter(|&at| at <= now);
            match (bin_end, change) {
                (Some(at), change) if change.is_none_or(|change| at <= change) => {
                    let paid = self.meter.advance(at) + self.modules_until(at);
                    self.recorder.close_bin(paid, &self.plane);
                }
                (_, Some(at)) => {
                    self.price_changes.pop();
                    self.meter.change_rates(at, rates(self.scenario, at));
                }
                _ => break,
            }
        }
    }

    /// Takes in what a step said.
    fn drain(&mut self, now: Instant) {
        for scheduled in self.out.scheduled.drain(..) {
            self.queue.push(scheduled);
        }
        for effect in self.out.effects.drain(..) {
            self.meter.observe(now, effect);
            self.recorder.observe(effect);
        }
        self.recorder.peaks(&self.plane);
    }

    fn modules_until(&self, at: Instant) -> LedgerUnits {
        module_costs(self.scenario, at - self.scenario.window.start).into_iter().sum()
    }

    fn outcome(self, keep_plans: bool) -> RunOutcome {
        let Self { scenario, plane, meter, recorder, run, events, requests, creates, .. } = self;
        let modules = module_costs(scenario, scenario.window.length());
        let (cost, utilisation) = meter.close(scenario.window.end, modules);
        let plans = plane.resources().iter().enumerate().filter_map(|(i, record)| Some(plan(i, record.as_ref()?)));
        let outcome = RunOutcome {
            run,
            digest: Digest([0; 32]),
            events,
            requests,
            creates,
            cost,
            modules: recorder.modules,
            latency: recorder.latency,
            refused: recorder.refused,
            utilisation,
            peak_live: recorder.peak_live,
            peak_nodes: recorder.peak_nodes,
            anomalies: recorder.anomalies.len() as u64,
            timeline: recorder.timeline,
            plans: if keep_plans { plans.clone().collect() } else { Vec::new() },
        };
        outcome.digested(plans)
    }
}

fn phase(request: &IndexedRequest) -> Phase {
    if request.operation == Operation::Delete { Phase::Release } else { Phase::Arrival }
}

fn rates(scenario: &Scenario, at: Instant) -> Rates {
    Rates::new(&scenario.price_book, scenario.billing, &scenario.fleet, &scenario.flavors, at)
}

/// When a price of an instance type or flavor in use changes inside the window, latest first.
fn price_changes(scenario: &Scenario) -> Vec<Instant> {
    let types = scenario.fleet.node_groups.iter().map(|group| group.instance_type.as_str());
    let used = types.chain(scenario.flavors.iter().map(|flavor| flavor.name.as_str()));
    let mut changes: Vec<Instant> = used
        .filter_map(|name| scenario.price_book.get(name))
        .flat_map(|entry| entry.prices.iter().map(|dated| dated.from))
        .filter(|&from| from > scenario.window.start && from < scenario.window.end)
        .collect();
    changes.sort_unstable_by_key(|&at| core::cmp::Reverse(at));
    changes.dedup();
    changes
}

/// Worker-hours of every module over `span`.
fn module_costs(scenario: &Scenario, span: Duration) -> [LedgerUnits; MODULES] {
    Module::ALL.map(|module| {
        let settings = &scenario.modules[module];
        LedgerUnits((settings.rate * span).0 * i128::from(settings.workers))
    })
}

fn plan(position: usize, record: &ResourceRecord) -> Plan {
    Plan {
        resource: ResourceIndex::from_usize(position),
        tenant: record.tenant,
        flavor: record.flavor,
        arrived: record.created,
        node: record.node,
        ready: record.ready,
        released: record.released,
        state: record.state,
    }
}
