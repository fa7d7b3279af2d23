//! Golden scenarios: every folder of `tests/scenarios` with an `input.json` is run, and its outcome compared.
//!
//! `UPDATE_EXPECTED=1 cargo test -p tests scenarios` writes what came out; read the difference before you commit it.

use std::path::Path;
use std::{env, fs, thread};

use shared::api::OutcomeView;
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::{self, Outcome};
use tests::root;

#[test]
fn every_scenario_comes_to_its_expected_outcome() {
    let mut checked = 0;
    let folders = fs::read_dir(root().join("tests/scenarios")).unwrap();
    for folder in folders.map(|entry| entry.unwrap().path()).filter(|path| path.join("input.json").exists()) {
        check(&folder);
        checked += 1;
    }
    assert!(checked >= 7, "only {checked} scenarios were found");
}

fn check(folder: &Path) {
    let scenario: Scenario = serde_json::from_str(&fs::read_to_string(folder.join("input.json")).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let valid = ValidScenario::new(scenario).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
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
