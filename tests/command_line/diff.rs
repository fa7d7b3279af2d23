//! Two scenarios beside each other, as a user compares them.

use std::fs;

use serde_json::{Value, json};
use shared::link::{LINK_ROUTE, SharedScenario};
use shared::scenario::{Scenario, ValidScenario};
use shared::simulation::{Outcome, run};
use tests::root;

use super::answer;
use crate::shadowplane::Folder;

/// Writes `a.json` and `b.json`: two hours of one node, on which the price or whatever else differs.
fn two(folder: &Folder, change: impl FnOnce(&mut Value)) -> Scenario {
    let path = root().join("tests/scenarios/quota/input.json");
    let mut scenario: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    folder.write("a.json", scenario.to_string());
    let before = serde_json::from_value(scenario.clone()).unwrap();
    change(&mut scenario);
    folder.write("b.json", scenario.to_string());
    before
}

fn field(found: &Value, path: &str) -> Value {
    let changes = found["changes"].as_array().unwrap();
    changes.iter().find(|change| change["field"] == path).unwrap_or_else(|| panic!("{path}: {found}")).clone()
}

fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}

/// Micro-units.
fn micros(money: &Value) -> i64 {
    (amount(money) * 1e6).round() as i64
}

#[test]
fn a_difference_is_that_of_two_shadows_run_by_run() {
    let folder = Folder::new();
    two(&folder, |scenario| {
        scenario["edits"] = json!([{"price": {"name": "m5.2xlarge", "percent": 200}}]);
        scenario["tenants"][0]["quota"]["vcpu"] = json!(8);
        scenario["fleet"]["node_groups"][0]["max"] = json!(12);
    });
    let diff = ["diff", "a.json", "b.json", "--runs", "4", "--seed", "7"];
    let found = answer(&folder, &[&diff[..], &["--json"]].concat());
    assert_eq!(field(&found, "tenants[acme].quota.vcpu")["after"], "8");
    let max = field(&found, "fleet.node_groups[general].max");
    assert_eq!((&max["before"], &max["after"]), (&json!("10"), &json!("12")));
    assert_eq!(field(&found, "edits")["after"], "200 % of the price of `m5.2xlarge`");
    assert_eq!(found["changes"].as_array().unwrap().len(), 3, "{found}");

    // The same scenarios with those draws, each by itself.
    for (side, file) in [("a", "a.json"), ("b", "b.json")] {
        let mut scenario: Value = serde_json::from_str(&folder.read(file)).unwrap();
        (scenario["runs"], scenario["seed"]) = (json!(4), json!(7));
        folder.write("alone.json", scenario.to_string());
        let alone = answer(&folder, &["shadow", "--scenario", "alone.json", "--json"]);
        assert_eq!(alone["digest"], found[side]["digest"]);
        assert_eq!(alone["cost"]["mean"], found["cost"]["total"][side]);
        assert_eq!(alone["latency_ms"], found[side]["latency_ms"]);
        assert_eq!(alone["refused"], found[side]["refused"]);
    }

    // Every column adds up, and what differs is the difference.
    let (rows, total) = (found["cost"]["rows"].as_array().unwrap(), &found["cost"]["total"]);
    for column in ["a", "b", "difference"] {
        assert_eq!(rows.iter().map(|row| micros(&row[column])).sum::<i64>(), micros(&total[column]), "{column}");
    }
    assert_eq!(micros(&total["b"]) - micros(&total["a"]), micros(&total["difference"]));
    assert_eq!((&found["cost"]["level"], &found["cost"]["paired_runs"]), (&json!(0.8), &json!(4)));
    assert_eq!(found["cost"]["dearer_runs"], 4, "twice the price");
    assert!(amount(&total["low"]) > 0.0 && amount(&total["low"]) <= amount(&total["high"]));

    let text = folder.run(diff).success();
    for part in [
        "## Shadow of a.json → b.json",
        "| fleet.node\\_groups\\[general\\].max | 10 | 12 |",
        "In the middle 80 % of 4 runs on the same draws",
        "| of | A | B | B − A | middle 80 % of runs |",
        "| **total** |",
        "| refused: quota |",
        "| p99 to ready |",
        "shadowplane diff a.json b.json --runs 4 --seed 7",
        found["a"]["digest"].as_str().unwrap(),
        found["b"]["digest"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "expected `{part}` in {text}");
    }
    assert_eq!(folder.run(diff).success(), text, "it comes to the same again");
    let threads = [&diff[..], &["--threads", "1"]].concat();
    assert_eq!(folder.run(threads).success(), text);
}

#[test]
fn the_same_twice_differs_in_nothing() {
    let folder = Folder::new();
    two(&folder, |_| {});
    let text = folder.run(["diff", "a.json", "b.json", "--fail-above", "0"]).success();
    assert!(text.contains("### What differs in the scenario\n\nNothing."), "{text}");
    assert!(text.contains(": 0.00.** ") && text.contains("It costs more in 0 of 2 runs."), "{text}");
}

#[test]
fn growth_beyond_the_limit_fails_after_the_comparison() {
    let folder = Folder::new();
    two(&folder, |scenario| scenario["edits"] = json!([{"price": {"name": "m5.2xlarge", "percent": 200}}]));
    let failed = folder.run(["diff", "a.json", "b.json", "--fail-above", "5"]);
    assert_eq!(failed.status, 1);
    assert!(failed.stdout.contains("| **total** |"), "the comparison is there all the same: {}", failed.stdout);
    assert!(failed.stderr.contains("error: the cost grows by ") && failed.stderr.contains("--fail-above allows 5 %"));
    folder.run(["diff", "a.json", "b.json", "--fail-above", "100"]).success();
    folder.run(["diff", "b.json", "a.json", "--fail-above", "0"]).success();
    folder
        .run(["diff", "a.json", "b.json", "--fail-above", "much"])
        .assert_failed(2, &["`much` is no percentage; expected a number from 0 to 10000"]);
}

#[test]
fn links_files_of_the_lab_and_outcomes_are_taken() {
    let folder = Folder::new();
    let scenario = two(&folder, |scenario| {
        scenario["runs"] = json!(3);
        scenario["seed"] = json!(9);
    });
    let valid = ValidScenario::new(scenario.clone()).unwrap();
    let outcome = Outcome::collect((0..scenario.runs).map(|i| run(&valid, i, false)).collect());
    let shared = SharedScenario { scenario, digest: outcome.digest };
    let link = format!("https://shadowplane.example/{LINK_ROUTE}{}", shared.to_link().unwrap());
    folder.write("link.txt", format!("{}\n", shared.to_link().unwrap()));
    folder.write("lab.shadow", shared.to_bytes());
    for source in [link.as_str(), "link.txt", "lab.shadow"] {
        let found = answer(&folder, &["diff", "a.json", source, "--json"]);
        assert_eq!((&found["changes"], &found["notices"]), (&json!([]), &json!([])), "{source}");
        assert_eq!(found["b"]["digest"], outcome.digest.to_string());
        let alone = answer(&folder, &["shadow", "--scenario", source, "--json"]);
        assert_eq!(alone["digest"], outcome.digest.to_string());
    }
    let cut = &link[..link.len() - 40];
    folder.run(["diff", "a.json", cut]).assert_failed(1, &["error: the link: ", "cut"]);

    // B has another seed and other numbers of runs: A's are taken, which is said.
    let found = answer(&folder, &["diff", "a.json", "b.json", "--json"]);
    assert_eq!(found["a"]["digest"], found["b"]["digest"]);
    let notice = "B says 3 runs and the seed 9; 2 runs and the seed 1 are taken, as for the other";
    assert_eq!(found["notices"], json!([notice]));

    folder.write("outcome.json", folder.run(["shadow", "--scenario", "a.json", "--json"]).success());
    let found = answer(&folder, &["diff", "outcome.json", "b.json", "--runs", "2", "--seed", "1", "--json"]);
    assert_eq!((&found["changes"], &found["cost"]["total"]["low"]), (&Value::Null, &Value::Null));
    assert_eq!(found["cost"]["total"]["difference"]["amount"], "0.000000");
    let text = folder.run(["diff", "outcome.json", "outcome.json"]).success();
    assert!(text.contains("> note: an outcome has no scenario and no single runs: only means are compared"), "{text}");
    folder
        .run(["diff", "outcome.json", "outcome.json", "--seed", "4"])
        .assert_failed(2, &["--seed has no effect on two outcomes"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = Folder::new();
    two(&folder, |scenario| {
        scenario["price_book"]["currency"] = json!("EUR");
        scenario["modules"].as_array_mut().unwrap().iter_mut().for_each(|module| module["rate"] = json!("0"));
    });
    folder.run(["diff", "a.json", "b.json"]).assert_failed(1, &["A is in USD and B in EUR"]);
    folder.run(["diff", "-", "-"]).assert_failed(2, &["A and B both read stdin"]);
    folder.run(["diff", "a.json"]).assert_failed(2, &["<B>"]);
    folder.write("b.json", r#"{"name":"b"}"#);
    folder.run(["diff", "a.json", "b.json"]).assert_failed(1, &["b.json: ", "field `engine`: is missing"]);
    folder.write("b.json", folder.read("a.json").replace(r#""max":10"#, r#""max":2000000"#));
    folder.run(["diff", "a.json", "b.json"]).assert_failed(1, &["b.json: ", "fleet.node_groups[0].max"]);
    let piped = folder.run_with_stdin(["diff", "-", "a.json"], folder.read("a.json").as_bytes()).success();
    assert!(piped.contains("## Shadow of stdin → a.json"), "{piped}");
}
