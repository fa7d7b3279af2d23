//! `report recommendations` and its exports, as a user calls them.

use serde_json::{Value, json};
use shared::example;
use tests::root;

use super::answer;
use crate::shadowplane::Folder;

/// Forty m5.2xlarge are kept for four hours, in which nobody asks for anything.
fn kept_nodes(folder: &Folder) {
    let path = root().join("tests/scenarios/commitments/input.json");
    let mut scenario: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    scenario["fleet"]["node_groups"][0]["min"] = 40.into();
    scenario["fleet"]["node_groups"][0]["max"] = 40.into();
    scenario["demand"] = json!({ "requests": [] });
    scenario["price_book"]["commitments"] = json!([]);
    folder.write("scenario.json", scenario.to_string());
}

/// A manifest below its comments, which begin with who applies it.
fn manifest(folder: &Folder, file: &str) -> Value {
    let text = folder.read(file);
    assert!(text.starts_with("# Written by shadowplane, which never applies it."), "{text}");
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    serde_json::from_str(&body.concat()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn spot_nodes_are_exported_as_a_node_pool() {
    let folder = Folder::new();
    kept_nodes(&folder);
    let report = ["report", "recommendations", "--scenario", "scenario.json"];
    let export = [&report[..], &["--export", "karpenter", "-o", "pools"]].concat();
    let found = answer(&folder, &[&export[..], &["--json"]].concat());
    let all = found["recommendations"].as_array().unwrap();
    let spot = all.iter().find(|it| !it["edits"][0]["purchase"].is_null()).unwrap_or_else(|| panic!("{found}"));
    assert_eq!((&spot["effort"], &spot["interval_percent"]), (&json!("rollout"), &json!(80)));
    assert_eq!(spot["risks"][0]["kind"], "interruption");
    let file = |rank: &Value| {
        let files = found["export"]["files"].as_array().unwrap();
        files.iter().find(|file| file["rank"] == *rank).map(|file| file["name"].as_str().unwrap().to_owned())
    };
    let pool = manifest(&folder, &format!("pools/{}", file(&spot["rank"]).unwrap()));
    assert_eq!((&pool["apiVersion"], &pool["kind"]), (&json!("karpenter.sh/v1"), &json!("NodePool")));
    let requirements = pool["spec"]["template"]["spec"]["requirements"].as_array().unwrap();
    assert_eq!(requirements[0]["values"], json!(["m5.2xlarge"]));
    assert_eq!(requirements[1], json!({"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}));
    // Forty nodes of 8 vCPU and 32 GiB.
    assert_eq!(pool["spec"]["limits"], json!({"cpu": "320000m", "memory": "1310720Mi"}));
    // Nodes that are kept are no matter of a NodePool: that recommendation is left out.
    let fewer = all.iter().find(|it| !it["edits"][0]["min_nodes"].is_null()).unwrap();
    assert_eq!(file(&fewer["rank"]), None);
    let left_out = found["export"]["left_out"].as_array().unwrap();
    assert!(left_out.iter().any(|it| it["rank"] == fewer["rank"]), "{left_out:?}");
    // A second export replaces the first; a folder of something else stays.
    let table = folder.run(&export).success();
    assert!(
        table.contains("written, and not applied") && table.contains("left out: no field of a NodePool"),
        "{table}"
    );
    folder.run([&report[..], &["--export", "karpenter"]].concat()).assert_failed(2, &["--output"]);
    let markdown = folder.run([&report[..], &["--format", "markdown"]].concat()).success();
    assert!(markdown.contains("| # | change | saving | middle 80 % |"), "{markdown}");
}

/// Machines of the example that are said to use 0.1 vCPU and 256 MiB of what they ask for, on small nodes.
#[test]
fn requested_amounts_are_exported_as_commands() {
    let folder = Folder::new();
    let text = super::example_requests(&folder, 0..3);
    let (mut usage, mut labelled) = ("at,resource,vcpu,memory_gib\n".to_owned(), String::new());
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if line["op"] == "create" && line["class"] == "compute" {
            line["labels"] = json!({"kubernetes/owner": "Deployment/it's web"});
            usage += &format!("{},{},0.1,0.25\n", line["at"].as_str().unwrap(), line["resource"].as_str().unwrap());
        }
        labelled += &format!("{line}\n");
    }
    let group = json!({
        "name": "general", "instance_type": "m5.2xlarge", "capacity": {"vcpu": 8, "memory_gib": 32},
        "min": 0, "max": 500, "boot": "2m",
    });
    folder.write("fleet.json", json!({ "node_groups": [group] }).to_string());
    folder.write("requests.ndjson", &labelled);
    folder.write("usage.csv", &usage);
    let origin = example::day_window(2).start.to_string();
    let inputs =
        ["--requests", "requests.ndjson", "--usage", "usage.csv", "--fleet", "fleet.json", "--origin", &origin];
    let question = ["--model", "seasonal-naive", "--runs", "2", "--horizon", "6h"];
    let export = ["--export", "kubectl", "-o", "commands", "--json"];
    let found = answer(&folder, &[&["report", "recommendations"][..], &inputs, &question, &export].concat());
    let all = found["recommendations"].as_array().unwrap();
    let smaller = all.iter().find(|it| !it["edits"][0]["requested"].is_null()).unwrap_or_else(|| panic!("{found}"));
    assert_eq!(smaller["risks"][0]["kind"], "usage_grows");
    let files = found["export"]["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["rank"] == smaller["rank"]).unwrap();
    let script = folder.read(&format!("commands/{}", file["name"].as_str().unwrap()));
    assert!(script.starts_with("#!/bin/sh\n# Written by shadowplane, which never applies it."), "{script}");
    // 15 % more than is used: 115 of 1,000, and 294.4 MiB, rounded up.
    let command = r"set resources 'deployment/it'\''s web' --requests=cpu=115m,memory=295Mi";
    let is_it = |line: &str| line.starts_with("kubectl --namespace ") && line.ends_with(command);
    assert!(script.lines().any(is_it), "{script}");
    let left_out = found["export"]["left_out"].as_array().unwrap();
    assert_eq!(files.len() + left_out.len(), all.len(), "{left_out:?}");
}
