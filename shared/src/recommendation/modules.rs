//! Modules with too many or too few workers, that are slow, or whose attempts fail.

use super::load::{erlang, erlang_of_successes};
use crate::control_plane::Modules;
use crate::request::Module;
use crate::scenario::{Edit, Scenario};
use crate::simulation::{ModuleOutcome, Outcome};

/// Workers are sized so that they are busy for this part of their time in the busiest bin.
const TARGET: f64 = 0.6;

/// A module whose workers are busier than this in the busiest bin gets more; one whose are less busy than the other
/// fewer.
const BUSY: f64 = 0.8;
const IDLE: f64 = 0.3;

/// A module is slow where it takes so many times as long as is assumed of a mid-sized control plane.
const SLOW: f64 = 2.0;
/// It is not tried with less than this part of its time, in percent.
const LEAST_PERCENT: f64 = 10.0;

/// Failures are costly where this part of what a module does comes to nothing.
const COSTLY: f64 = 0.05;

/// Other numbers of workers, a slow module at the speed that is assumed of others, and one whose attempts fail without
/// failures.
pub(super) fn modules(scenario: &Scenario, outcome: &Outcome) -> Vec<Vec<Edit>> {
    let workers = Module::ALL.into_iter().filter_map(|module| {
        let edit = workers(scenario, module, erlang(outcome, scenario.window, module)?, false)?;
        Some(vec![edit])
    });
    workers.chain(slow(outcome)).chain(failing(scenario, outcome)).collect()
}

/// As many workers as the busiest bin needs: its load L (Erlang) at the target, and at least L + 3 √L, the square-root
/// rule for queues that stay short (Halfin and Whitt 1981), which decides where L is small. None where there are
/// roughly as many, unless it should be `exact`.
fn workers(scenario: &Scenario, module: Module, load: f64, exact: bool) -> Option<Edit> {
    let has = scenario.modules[module].workers;
    if !exact && (IDLE..=BUSY).contains(&(load / f64::from(has.max(1)))) {
        return None;
    }
    let workers = libm::ceil((load / TARGET).max(load + 3.0 * libm::sqrt(load))).clamp(1.0, f64::from(u32::MAX)) as u32;
    (workers != has).then_some(Edit::Workers { module, workers })
}

/// The slow module that holds requests up the longest, as quick as is assumed where nothing is known.
fn slow(outcome: &Outcome) -> Option<Vec<Edit>> {
    let assumed = Modules::default();
    let slow = Module::ALL.into_iter().filter_map(|module| {
        let of = |sum: fn(&ModuleOutcome) -> u64| total(outcome, module, sum) as f64;
        let (micros, count) = (of(|module| module.service.sum_micros()), of(|module| module.service.count()));
        let expected = assumed[module].service.mean_micros() * count;
        (expected > 0.0 && micros >= SLOW * expected).then_some((module, micros, expected))
    });
    let (module, micros, expected) = slow.max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)))?;
    let percent = libm::round(expected / micros * 100.0).max(LEAST_PERCENT) as u32;
    Some(vec![Edit::ServiceTimes { module, percent }])
}

/// The module that does most for nothing: without failures, and with the workers that it needs then.
fn failing(scenario: &Scenario, outcome: &Outcome) -> Option<Vec<Edit>> {
    let failing = Module::ALL.into_iter().filter_map(|module| {
        let (busy, failed) =
            (total(outcome, module, |of| of.busy_micros), total(outcome, module, |of| of.failed_micros));
        (failed as f64 > COSTLY * busy as f64).then_some((failed, module))
    });
    let (_, module) = failing.max()?;
    let fewer = erlang_of_successes(outcome, scenario.window, module)
        .and_then(|load| workers(scenario, module, load, true))
        .filter(|edit| matches!(edit, Edit::Workers { workers, .. } if *workers < scenario.modules[module].workers));
    Some([Edit::Failures { module, failures: None }].into_iter().chain(fewer).collect())
}

fn total(outcome: &Outcome, module: Module, of: impl Fn(&ModuleOutcome) -> u64) -> u64 {
    let modules = outcome.runs.iter().flat_map(|run| &run.modules);
    modules.filter(|known| known.module == module).map(of).sum()
}
