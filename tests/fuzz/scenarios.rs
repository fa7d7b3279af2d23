//! Whatever can be read as a scenario either has its problems named, or runs and breaks no rule.

#![no_main]

mod mutation;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use shared::api::SavedScenario;
use shared::link::Limits;
use shared::scenario::ValidScenario;
use shared::simulation::{RunOptions, check, simulate_to_fork};

/// What runs in a moment.
const SMALL: Limits = Limits {
    bytes: 1 << 20,
    runs: 1_000,
    tenants: 100,
    requests: 100_000,
    requests_of_run: 100_000,
    bins: 2_000,
    workers: 2_000,
};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(SavedScenario { scenario, .. }) = SavedScenario::from_json(text) else { return };
    if SMALL.check(&scenario).is_err() {
        return;
    }
    let Ok(valid) = ValidScenario::new(scenario) else { return };
    let requests = valid.requests(0);
    let options = RunOptions { keep_plans: true, ..RunOptions::default() };
    let end = simulate_to_fork(&valid, &requests, options);
    assert_eq!(check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet), []);
    let cost = &end.outcome.cost;
    let by_bin: shared::units::LedgerUnits = end.outcome.timeline.iter().map(|bin| bin.cost).sum();
    assert_eq!(by_bin, cost.total(), "the bins of the timeline add up to the cost");
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutated(data, size, max_size, seed, fuzzer_mutate)
});
