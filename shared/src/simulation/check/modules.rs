//! The modules of an outcome held to their settings: no more work than workers, no failure where there is none.

use super::Violation;
use crate::scenario::Scenario;
use crate::simulation::{ModuleOutcome, RunOutcome};

/// Every rule that the modules of one run break.
pub fn check_modules(scenario: &Scenario, outcome: &RunOutcome) -> Vec<Violation> {
    outcome.modules.iter().flat_map(|module| check_module(scenario, module)).collect()
}

fn check_module(scenario: &Scenario, did: &ModuleOutcome) -> Vec<Violation> {
    let settings = &scenario.modules[did.module];
    let window = scenario.window.length().micros() as u128;
    let mut found = Vec::new();
    let mut wrong = |wrong: bool, what| {
        if wrong {
            found.push(Violation::Module { module: did.module, what });
        }
    };
    wrong(u128::from(did.busy_micros) > window * u128::from(settings.workers), "worked longer than its workers can");
    wrong(u128::from(did.queued_micros) > window * u128::from(did.queue_max), "let more wait than its longest queue");
    wrong(did.waiting > u64::from(did.queue_max), "has more waiting at the end than in its longest queue");
    wrong(did.failed > 0 && settings.failures.is_none(), "failed, and cannot");
    wrong(did.failed > did.service.count(), "failed more often than it was asked");
    wrong(did.failed_micros > did.busy_micros, "failed for longer than it worked");
    found
}
