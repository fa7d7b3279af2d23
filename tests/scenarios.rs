//! Golden scenarios: every folder of `tests/scenarios` with an `input.json` is run, and its outcome compared.
//!
//! `UPDATE_EXPECTED=1 cargo test -p tests scenarios` writes what came out; read the difference before you commit it.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, thread};

use shared::api::OutcomeView;
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::{
    self, Outcome, PlanState, Refusal, RunOptions, RunOutcome, check, check_modules, simulate_to_fork,
};
use shared::units::{Dimension, Duration, Instant, TenantIndex};
use tests::root;

#[test]
fn every_scenario_comes_to_its_expected_outcome() {
    let mut checked = 0;
    let folders = fs::read_dir(root().join("tests/scenarios")).unwrap();
    for folder in folders.map(|entry| entry.unwrap().path()).filter(|path| path.join("input.json").exists()) {
        expect(&folder);
        checked += 1;
    }
    assert!(checked >= 7, "only {checked} scenarios were found");
}

fn expect(folder: &Path) {
    let scenario: Scenario = serde_json::from_str(&fs::read_to_string(folder.join("input.json")).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let valid = ValidScenario::new(scenario).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert_no_rule_is_broken(folder, &valid);
    let outcome = on_threads(&valid, 1);
    assert_eq!(on_threads(&valid, 4).digest, outcome.digest, "{}: threads change the digest", folder.display());
    let view = OutcomeView::new(valid.scenario(), &outcome);
    let text = serde_json::to_string_pretty(&view).unwrap() + "\n";
    let expected = folder.join("expected.json");
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &text).unwrap();
    }
    let expected = fs::read_to_string(&expected).unwrap();
    assert_eq!(as_json(&text), as_json(&expected), "{}", folder.display());
}

/// What the checker, which shares no code with the simulator, says of every run.
fn assert_no_rule_is_broken(folder: &Path, valid: &ValidScenario) {
    for run in 0..valid.scenario().runs {
        let requests = valid.requests(run);
        let end = simulate_to_fork(valid, &requests, RunOptions { run, keep_plans: true, observed: None });
        let mut found = check(valid.scenario(), &requests, &end.outcome.plans, &end.fleet);
        found.extend(check_modules(valid.scenario(), &end.outcome));
        assert_eq!(found, [], "{}, run {run}", folder.display());
    }
}

/// The only run of a golden scenario, with its plans.
fn only_run(name: &str) -> RunOutcome {
    let text = fs::read_to_string(root().join("tests/scenarios").join(name).join("input.json")).unwrap();
    let valid = ValidScenario::new(serde_json::from_str(&text).unwrap()).unwrap();
    simulation::run(&valid, 0, true)
}

/// Of eight that come at once one is served, and two may wait: five are turned away.
#[test]
fn a_full_queue_turns_away_what_a_hand_calculation_says() {
    assert_eq!(only_run("full-queue").refused, BTreeMap::from([(Refusal::Overloaded, 5)]));
}

/// Two of three quarters of a GPU take the two devices of the only node; half of one waits until the first is deleted at
/// 1:00:00, which the modules before the provisioner take 20 ms to tell, and is ready 20 s after.
#[test]
fn parts_of_gpus_lie_as_a_hand_calculation_says() {
    let plans = only_run("gpus").plans;
    let states: Vec<PlanState> = plans.iter().map(|plan| plan.state).collect();
    assert_eq!(states, [PlanState::Released, PlanState::Ready, PlanState::Ready]);
    let ready = plans[2].ready.expect("it is ready") - golden_start();
    assert!(ready >= Duration::HOUR && ready < Duration::HOUR + Duration::from_minutes(1), "{ready}");
}

/// When the golden scenarios begin.
fn golden_start() -> Instant {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// The figures of `tests/scenarios/pools`, reckoned by hand.
#[test]
fn pools_come_to_what_a_hand_calculation_says() {
    let text = fs::read_to_string(root().join("tests/scenarios/pools/input.json")).unwrap();
    let valid = ValidScenario::new(serde_json::from_str(&text).unwrap()).unwrap();
    let view = OutcomeView::new(valid.scenario(), &on_threads(&valid, 1));
    let share = |pool: usize, of: Dimension| (view.pools[pool].taken[&of].mean, view.pools[pool].taken[&of].peak);
    // ssd-a, 100 GiB of which 150 may be requested: 60 from 0:00, 120 from 0:30, 140 from 1:30 when one becomes 80, and from
    // 3:00 80 + 60, as one of 60 goes and another comes. (60 × ½ + 120 + 140 × 2½) ÷ (100 × 4) = 500 ÷ 400.
    assert_eq!(share(0, Dimension::Storage), (1.25, 1.4));
    // 300 IOPS from 0:00, 600 from 0:30: (150 + 2,100) ÷ 4,000.
    assert_eq!(share(0, Dimension::Iops), (0.5625, 0.6));
    // ssd-b: 60 of 150 GiB from 1:00 on, of who asks for no zone and finds 150 free there and 30 in a: 180 ÷ 600.
    assert_eq!(share(1, Dimension::Storage), (0.3, 0.4));
    // edge: two balancers of 400 Mbps from 2:00, 1,600 ÷ 4,000; their addresses and, from 2:30, those of two machines:
    // (2 × ½ + 4 × 1½) ÷ (4 × 4) = 7 ÷ 16.
    assert_eq!(share(2, Dimension::Network), (0.4, 0.8));
    assert_eq!(share(2, Dimension::Addresses), (0.4375, 1.0));
    // A volume at 1:00 for which a has 30 GiB left, a resize by 20 at 2:00 for which it has 10; the third balancer, the third
    // machine; who asks for zone b while it is lost, which cuts off the one that is there.
    let refused: Vec<(&str, f64)> =
        view.refused.iter().map(|refusal| (refusal.reason.as_str(), refusal.count)).collect();
    let expected =
        [("no_pool", 1.0), ("no_storage_capacity", 2.0), ("no_network_capacity", 1.0), ("no_address_capacity", 1.0)];
    assert_eq!(refused, expected);
    assert_eq!(view.pools.iter().map(|pool| pool.cut_off).collect::<Vec<_>>(), [0.0, 1.0, 0.0]);
}

/// The figures of `tests/scenarios/tiers`, reckoned by hand. A volume of 730 GiB fills a GiB-month an hour, at 7.30, 3.65
/// beyond four and 0.73 beyond six, which are reached at 20:00 and 22:00; then there are two. In March, from 24:00 on, two
/// fill four in two hours and six in three. Half of 1,000 Mbps are 209.547… GiB an hour at 0.10; 1,000 GiB are sent after
/// 4.772… hours, and the rest of February costs half; March's 838 GiB do not reach a tier.
#[test]
fn tiers_come_to_what_a_hand_calculation_says() {
    let text = fs::read_to_string(root().join("tests/scenarios/tiers/input.json")).unwrap();
    let valid = ValidScenario::new(serde_json::from_str(&text).unwrap()).unwrap();
    let outcome = on_threads(&valid, 1);
    let of = |tenant: u32| outcome.runs[0].cost.tenant(TenantIndex(tenant)).to_f64();
    let acme = 4.0 * 7.3 + 2.0 * 3.65 + 2.0 * 0.73 + 2.0 * 7.3 + 3.65 + 0.73;
    assert!((of(0) - acme).abs() < 1e-6, "{}", of(0));
    let an_hour = 450e9 * 0.5 / f64::from(1 << 30);
    let egress = 1_000.0 * 0.1 + (8.0 * an_hour - 1_000.0) * 0.05 + 4.0 * an_hour * 0.1;
    let zeta = 2.0 * 0.73 + 2.0 * 7.3 + 3.65 + 0.73 + egress;
    assert!((of(1) - zeta).abs() < 1e-6, "{} is not {zeta}", of(1));
}

/// Field by field, whatever the order that a build prints them in.
fn as_json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn on_threads(valid: &ValidScenario, threads: u32) -> Outcome {
    let runs = valid.scenario().runs;
    let one = |first: u32| (first..runs).step_by(threads as usize).map(|run| simulation::run(valid, run, false));
    let outcomes = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|first| scope.spawn(move || one(first).collect::<Vec<_>>())).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    Outcome::collect(outcomes)
}
