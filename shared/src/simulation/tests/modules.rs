//! What the modules count: queues, limits, failures.

use proptest::prelude::*;

use super::{HOUR, Life, keep, lives, requests, scenario, settings, troubled, valid};
use crate::control_plane::{Failures, ModuleSettings, PlanState, Refusal, ServiceTime};
use crate::request::Module;
use crate::scenario::PlacementPolicy;
use crate::simulation::{RunOptions, RunOutcome, simulate};
use crate::units::{Duration, Rate};

/// So many volumes, one every second from the first hour on: they need no node, and nothing else is in their way.
fn every_second(count: i64) -> Vec<Life> {
    (0..count).map(|i| (HOUR + i * 1_000_000, 20 * HOUR, 0, 3, None)).collect()
}

fn run_with(module: Module, settings: ModuleSettings, count: i64) -> RunOutcome {
    let mut scenario = scenario((PlacementPolicy::FirstFit, 0, 1, false, false));
    scenario.modules = super::instant_modules();
    scenario.modules[module] = settings;
    simulate(&valid(scenario), &requests(&every_second(count)), keep())
}

fn constant(workers: u32, seconds: i64) -> ModuleSettings {
    ModuleSettings::new(workers, ServiceTime::Constant(Duration::from_seconds(seconds)), Rate::ZERO)
}

/// One worker of 10 s, one request a second: the first is served at once, two wait, and the fourth is turned away, and so
/// on until the first leaves after 10 s. Of 20 requests those of seconds 0, 1, 2, 10 and 11..19 less those turned away:
/// at 10 the second begins and one place is free; at 11 nobody leaves. So 4 get in by second 19.
#[test]
fn a_full_queue_turns_requests_away() {
    let settings = ModuleSettings { queue_limit: Some(2), ..constant(1, 10) };
    let outcome = run_with(Module::Quota, settings, 20);
    assert_eq!(outcome.refused.get(&Refusal::Overloaded), Some(&16));
    let quota = &outcome.modules[Module::Quota as usize];
    assert_eq!((quota.refused, quota.queue_max, quota.service.count()), (16, 2, 4));
    let refused = |state| state == PlanState::Refused(Refusal::Overloaded);
    assert_eq!(outcome.plans.iter().filter(|plan| refused(plan.state)).count(), 16);
    // They wait from second 1 to 10, 2 to 20, and 10 to 30.
    assert_eq!(quota.queued_micros, (9 + 18 + 20) * 1_000_000);
}

/// One worker of 100 s, one request a second for 500 s from the first hour of eight on. By the end of the window 252 have
/// begun, the k-th after 99·k s of waiting, and ended; 248 have waited from second i of that hour on.
#[test]
fn who_waits_at_the_end_was_not_served() {
    let outcome = run_with(Module::Quota, constant(1, 100), 500);
    let quota = &outcome.modules[Module::Quota as usize];
    assert_eq!((quota.wait.count(), quota.service.count(), quota.waiting), (252, 252, 248));
    // 99 · (0 + … + 251) s; 248 · 25,200 s less 252 + … + 499.
    let (served, waiting) = (3_130_974, 6_156_476);
    assert_eq!(quota.wait.sum_micros(), served * 1_000_000);
    assert_eq!(quota.queued_micros, (served + waiting) * 1_000_000);
    // The last of them is done as the window ends, and goes no further.
    assert_eq!(outcome.modules[Module::Scheduler as usize].service.count(), 251);
}

/// Nine attempts in ten fail: without retries a tenth gets through; every attempt takes its second of a worker.
#[test]
fn failed_attempts_are_counted() {
    let failures = |retries| Some(Failures { per_million: 900_000, retries, back_off: Duration::from_seconds(1) });
    let settings = ModuleSettings { failures: failures(0), ..constant(10, 1) };
    let outcome = run_with(Module::Admission, settings, 2_000);
    let admission = &outcome.modules[Module::Admission as usize];
    // Binomial(2,000, 0.9): 1,800 with a standard deviation of 13.4.
    assert!((1_746..=1_854).contains(&admission.failed), "{}", admission.failed);
    assert_eq!(outcome.refused.get(&Refusal::Failed), Some(&admission.failed));
    assert_eq!(admission.failed_micros, admission.failed * 1_000_000);
    let settings = ModuleSettings { failures: failures(1_000), ..constant(100, 1) };
    let outcome = run_with(Module::Admission, settings, 200);
    assert_eq!(outcome.refused, Default::default(), "with a thousand retries all get through");
    let admission = &outcome.modules[Module::Admission as usize];
    assert_eq!(admission.service.count(), 200 + admission.failed);
}

proptest! {
    #![proptest_config(crate::cases(500))]

    /// Little's law, L = λ W, of the queue of every module: its length is counted as it changes, and the waits are those
    /// of the requests. Exact where the window ends with nobody waiting.
    #[test]
    fn littles_law_holds_for_every_module(lives in lives(), settings in settings(), trouble in any::<bool>()) {
        let mut scenario = scenario(settings);
        if trouble {
            scenario = troubled(scenario);
        }
        let requests = requests(&lives);
        scenario.window.end = crate::units::Instant::from_micros(800 * HOUR);
        scenario.bin = Duration::HOUR;
        let outcome = simulate(&valid(scenario), &requests, RunOptions::default());
        for module in &outcome.modules {
            let waited = module.wait.sum_micros();
            prop_assert_eq!((module.queued_micros, module.waiting), (waited, 0), "{:?}", module.module);
        }
    }

    /// No queue is longer than its limit, and what was refused holds nothing.
    #[test]
    fn trouble_breaks_no_rule(lives in lives(), settings in settings()) {
        let valid = valid(troubled(scenario(settings)));
        let requests = requests(&lives);
        let end = crate::simulation::simulate_to_fork(&valid, &requests, keep());
        let found = crate::simulation::check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet);
        prop_assert_eq!(found, vec![]);
        prop_assert_eq!(crate::simulation::check_modules(valid.scenario(), &end.outcome), vec![]);
    }
}
