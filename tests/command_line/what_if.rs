//! Fleets, edits and nodes that are ordered ahead, as a user calls them.

use std::fs;

use serde_json::Value;
use shared::scenario::{Edit, Scenario};
use shared::units::TenantIndex;
use tests::root;

use super::{answer, day, example_requests};
use crate::shadowplane::Folder;

/// The README's table of edits: what is in its first column.
fn edits_of_the_readme() -> Vec<Value> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let cells = readme.lines().filter(|line| line.starts_with("| `{")).filter_map(|line| line.split(" | ").next());
    let texts = cells.flat_map(|cell| cell.split('`').filter(|part| part.starts_with('{')).collect::<Vec<_>>());
    texts.map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
}

fn scenario(folder: &Folder) -> String {
    let path = root().join("tests/scenarios/zone-outage/input.json");
    let mut scenario: Scenario = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    scenario.edits = Vec::new();
    folder.write("scenario.json", serde_json::to_string(&scenario).unwrap());
    "scenario.json".to_owned()
}

#[test]
fn every_edit_of_the_readme_changes_a_scenario() {
    let folder = Folder::new();
    let path = scenario(&folder);
    let edits = edits_of_the_readme();
    assert_eq!(edits.len(), 26);
    for edit in &edits {
        // Its own scenario has nodes of m5.2xlarge only, and no pools.
        let others = ["instance_type", "pool_capacity", "pool_over_commit"];
        if others.iter().any(|name| edit.get(name).is_some()) {
            let _: Edit = serde_json::from_value(edit.clone()).unwrap();
            continue;
        }
        folder.write("edits.json", serde_json::to_string(&[edit]).unwrap());
        let edited = answer(&folder, &["shadow", "--scenario", &path, "--edits", "edits.json", "--check", "--json"]);
        assert!(edited["checked"].is_object(), "{edit}");
        let stated: Edit = serde_json::from_value(edited["edits"][0]["edit"].clone()).unwrap();
        assert_eq!(stated, serde_json::from_value(edit.clone()).unwrap());
    }
    folder.write("edits.json", r#"[{"scale_demand":{"tenant":7,"percent":100}},{"zone_outage":{"zone":"c","from":"2026-03-02T01:00:00Z","until":"2026-03-02T01:00:00Z"}}]"#);
    folder.run(["shadow", "--scenario", &path, "--edits", "edits.json"]).assert_failed(
        1,
        &["edits.json: ", "[0].tenant", "[1].zone", "in which no node group is; there are a, b", "[1].until"],
    );
    folder.write("edits.json", r#"[{"burst":{"tenant":0,"flavor":9,"at":"2026-03-02T01:00:00Z","over":"400d","count":0,"lifetime":"106751991d"}}]"#);
    folder
        .run(["shadow", "--scenario", &path, "--edits", "edits.json"])
        .assert_failed(1, &["[0].flavor", "[0].count", "[0].over", "[0].lifetime", "expected 0 to a year"]);
    folder.write("edits.json", r#"[{"scale_demand":{"percent":100}},{"halve":{}}]"#);
    folder.run(["shadow", "--scenario", &path, "--edits", "edits.json"]).assert_failed(1, &["edits.json", "halve"]);
}

/// Half of the demand of one tenant is what the service and the Lab make of the same edit.
#[test]
fn an_edit_of_a_file_is_one_of_the_scenario() {
    let folder = Folder::new();
    let path = scenario(&folder);
    let edits = vec![Edit::ScaleDemand { tenant: Some(TenantIndex(1)), percent: 0 }];
    let mut edited: Scenario = serde_json::from_str(&folder.read(&path)).unwrap();
    edited.edits = edits.clone();
    folder.write("edited.json", serde_json::to_string(&edited).unwrap());
    folder.write("edits.json", serde_json::to_string(&edits).unwrap());
    let digest = |arguments: &[&str]| answer(&folder, arguments)["digest"].clone();
    let by_file = digest(&["shadow", "--scenario", &path, "--edits", "edits.json", "--json"]);
    assert_eq!(by_file, digest(&["shadow", "--scenario", "edited.json", "--json"]));
    assert_ne!(by_file, digest(&["shadow", "--scenario", &path, "--json"]));
}

/// The fleet that the README shows.
#[test]
fn the_fleet_of_the_readme_runs() {
    let folder = Folder::new();
    let requests = "requests.ndjson";
    example_requests(&folder, 0..3);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme
        .lines()
        .skip_while(|line| !line.starts_with("`--fleet F` reads"))
        .skip(2)
        .take_while(|line| !line.is_empty());
    let mut fleet: Value = serde_json::from_str(&block.collect::<Vec<_>>().join("\n")).unwrap();
    // The example asks for more than eight vCPU at once.
    fleet["node_groups"][0]["instance_type"] = "m5.16xlarge".into();
    fleet["node_groups"][0]["capacity"] = serde_json::json!({"vcpu": 64, "memory_gib": 256});
    folder.write("fleet.json", fleet.to_string());
    let arguments = ["shadow", "--requests", requests, "--fleet", "fleet.json", "--runs", "2", "--check", "--json"];
    let run = answer(&folder, &arguments);
    // A node of this group lasts for twenty hours on average, and there are three days.
    assert!(run["evicted"].as_array().unwrap().iter().any(|row| row["reason"] == "interrupted"), "{run}");
    folder.write("fleet.json", r#"{"node_groups":[{"name":"x","instance_type":"unheard-of","capacity":{"vcpu":64,"memory_gib":256},"min":0,"max":9,"boot":"2m"}]}"#);
    folder
        .run(["shadow", "--requests", requests, "--fleet", "fleet.json"])
        .assert_failed(1, &["fleet.json", "node_groups[0].instance_type", "unheard-of"]);
    folder.write("fleet.json", r#"{"node_groups":[],"outage":[]}"#);
    folder.run(["shadow", "--requests", requests, "--fleet", "fleet.json"]).assert_failed(1, &["fleet.json", "outage"]);
}

/// Who finds a node that was ordered ahead does not wait for it to boot.
#[test]
fn nodes_that_are_ordered_ahead_are_there_when_they_are_needed() {
    let folder = Folder::new();
    let requests = "requests.ndjson";
    example_requests(&folder, 0..9);
    let shadow = |more: &[&str]| {
        let origin = day(8);
        let arguments = ["shadow", "--requests", requests, "--origin", &origin, "--horizon", "6h", "--json"];
        answer(&folder, &[&arguments[..], &["--model", "seasonal-naive", "--runs", "8"], more].concat())
    };
    let (plain, ahead) = (shadow(&[]), shadow(&["--predictive-scaling", "90"]));
    let p99 = |answer: &Value| answer["latency_ms"]["p99"].as_f64().unwrap();
    assert!(p99(&ahead) < p99(&plain), "{} and {}", p99(&ahead), p99(&plain));
    folder.run(["shadow", "--requests", requests, "--predictive-scaling", "90"]).assert_failed(2, &["--origin"]);
}

/// What an older engine made is run by this one, as in the Lab; a newer one's is not.
#[test]
fn a_scenario_of_an_older_engine_runs_and_says_so() {
    let folder = Folder::new();
    let path = scenario(&folder);
    let now = answer(&folder, &["shadow", "--scenario", &path, "--json"]);
    let mut old: serde_json::Value = serde_json::from_str(&folder.read(&path)).unwrap();
    old["engine"] = 1.into();
    folder.write("old.json", old.to_string());
    let ran = folder.run(["shadow", "--scenario", "old.json", "--json"]);
    assert!(ran.stderr.contains("old.json was made for engine 1, and is run by engine "), "{}", ran.stderr);
    let ran: serde_json::Value = serde_json::from_str(&ran.success()).unwrap();
    assert_eq!(ran["digest"], now["digest"]);
    old["engine"] = 99.into();
    folder.write("new.json", old.to_string());
    folder.run(["shadow", "--scenario", "new.json"]).assert_failed(1, &["engine: is 99"]);
}

/// Edits of a file are counted in that file, whatever edits the scenario has of its own.
#[test]
fn a_wrong_edit_is_one_of_its_file() {
    let folder = Folder::new();
    let mut own: Scenario = serde_json::from_str(&folder.read(&scenario(&folder))).unwrap();
    own.edits = vec![Edit::ScaleDemand { tenant: None, percent: 100 }; 3];
    folder.write("own.json", serde_json::to_string(&own).unwrap());
    folder.write("edits.json", r#"[{"scale_demand":{"tenant":9,"percent":150}}]"#);
    let said = folder.run(["shadow", "--scenario", "own.json", "--edits", "edits.json"]);
    said.assert_failed(1, &["edits.json: ", "`[0].tenant`: is 9"]);
}

/// A price below zero is wrong where it is read, a module without workers where it is checked: both are told.
#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let folder = Folder::new();
    let path = scenario(&folder);
    let mut wrong: serde_json::Value = serde_json::from_str(&folder.read(&path)).unwrap();
    wrong["price_book"]["types"][0]["prices"][0]["rate"] = "-0.1".into();
    wrong["modules"][0]["workers"] = 0.into();
    folder.write("wrong.json", wrong.to_string());
    let said = folder.run(["shadow", "--scenario", "wrong.json"]);
    said.assert_failed(1, &["wrong.json: ", "price_book.types[0].prices[0].rate", "modules[0] (gateway).workers"]);
    folder.write("edits.json", r#"[{"halve":{}},{"scale_demand":{"tenant":0,"percent":-5}}]"#);
    let said = folder.run(["shadow", "--scenario", &path, "--edits", "edits.json"]);
    said.assert_failed(1, &["halve", "`[1].scale_demand.percent`: is the number -5"]);
}
