//! What is on no node, from a file of pools to what is said of it.

use serde_json::{Value, json};

use super::answer;
use crate::shadowplane::Folder;

const POOLS: &str = "pool,zone,storage_gib,iops,addresses,storage_gib_over_commit_percent\n\
                     ssd-a,a,100,2000,,150\nssd-b,b,300,2000,,\nedge,,,,2,\n";

/// A create a minute: volumes of 60 GiB and 300 IOPS in zone a, then addresses; all are deleted in the end.
fn requests() -> String {
    let create = |i: u32| {
        let (class, requested, zone) = match i {
            0..3 => ("storage", r#"{"storage_gib":60,"iops":300}"#, r#","zone":"a""#),
            _ => ("network", r#"{"addresses":1}"#, ""),
        };
        format!(
            r#"{{"id":"r-{i}","at":"2026-03-02T00:{i:02}:00Z","tenant":"acme","op":"create","class":"{class}","resource":"x-{i}","requested":{requested}{zone}}}"#
        )
    };
    let delete = |i: u32| {
        let class = if i < 3 { "storage" } else { "network" };
        format!(
            r#"{{"id":"d-{i}","at":"2026-03-02T03:{i:02}:00Z","tenant":"acme","op":"delete","class":"{class}","resource":"x-{i}"}}"#
        )
    };
    let lines: Vec<String> = (0..6).map(create).chain((0..6).map(delete)).collect();
    lines.join("\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("requests.ndjson", requests());
    folder.write("pools.csv", POOLS);
    folder
}

const SHADOW: [&str; 5] = ["shadow", "--requests", "requests.ndjson", "--pools", "pools.csv"];

#[test]
fn pools_of_a_file_limit_what_they_have() {
    let folder = folder();
    let more = ["--check", "--json", "--runs", "1", "--plans", "plans.ndjson"];
    let answer = answer(&folder, &[&SHADOW[..], &more].concat());
    // Of 150 % of 100 GiB the third 60 lack 30; the third address is one too many.
    let refused =
        json!([{"reason": "no_storage_capacity", "count": 1.0}, {"reason": "no_address_capacity", "count": 1.0}]);
    assert_eq!(answer["refused"], refused);
    let peaks: Vec<&Value> = (0..3).map(|pool| &answer["pools"][pool]["taken"]).collect();
    assert_eq!(peaks[0]["storage"]["peak"], json!(1.2));
    assert_eq!(peaks[1]["storage"]["peak"], json!(0.0));
    assert_eq!(peaks[2]["addresses"]["peak"], json!(1.0));
    let plans = folder.read("plans.ndjson");
    let plans: Vec<Value> = plans.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&plans[0]["storage_pool"], &plans[3]["network_pool"]), (&json!("ssd-a"), &json!("edge")));
    assert_eq!((&plans[2]["reason"], plans[2].get("storage_pool")), (&json!("no_storage_capacity"), None));
    let text = folder.run(SHADOW).success();
    for part in ["pool ssd-a (zone a): storage_gib ", "and 120.0 % at most", "refused: no_address_capacity (1.0 a run)"]
    {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
}

#[test]
fn what_a_pool_lacked_is_explained() {
    let folder = folder();
    let text = folder.run(["explain", "r-2", "--requests", "requests.ndjson", "--pools", "pools.csv"]).success();
    for part in [
        "refused by the scheduler: no_storage_capacity",
        "pool ssd-a  has 30 storage_gib, 1400 iops free: lacks 30 storage_gib",
        "pool ssd-b  has 300 storage_gib, 2000 iops free: is in zone b",
        "cheapest fix: 20 storage_gib more of pool `ssd-a`",
        "tried: it is ready 2026-03-02T00:02:",
    ] {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
}

#[test]
fn what_no_pool_can_hold_is_refused_with_its_line() {
    let folder = folder();
    folder.write("small.csv", "pool,storage_gib\nssd,50\n");
    let run = ["shadow", "--requests", "requests.ndjson", "--pools", "small.csv"];
    let parts = ["requests.ndjson", "line 1", "60 storage_gib, which no pool can ever hold", "3 requests of 1 flavor"];
    folder.run(run).assert_failed(1, &parts);
    let report = folder.run(["check-data", "--requests", "requests.ndjson", "--pools", "small.csv"]).success();
    assert!(report.contains("which no pool can ever hold"), "{report}");
    // What is wrong elsewhere is told with it.
    folder.write("prices.csv", "instance_type,price_per_hour,currency\nmine,2.5,USD\n");
    let parts =
        ["prices.csv", "no price of `m5.16xlarge`", "requests.ndjson", "60 storage_gib, which no pool can ever hold"];
    folder.run(run.iter().chain(&["--prices", "prices.csv"])).assert_failed(1, &parts);
    folder.write("quotas.csv", "tenant,vcpu\nacme,-1\n");
    folder.write("none.csv", "pool,storage_gib\nssd,-2\n");
    let wrong = ["shadow", "--requests", "requests.ndjson", "--pools", "none.csv", "--quotas", "quotas.csv"];
    let parts = ["none.csv: line 2: field `storage_gib`", "quotas.csv: line 2: field `vcpu`"];
    folder.run(wrong).assert_failed(1, &parts);
    folder.write("twice.csv", "pool,storage_gib\nssd,500\nssd,500\n");
    let run = ["shadow", "--requests", "requests.ndjson", "--pools", "twice.csv"];
    folder.run(run).assert_failed(1, &["twice.csv", "line 3", "pool", "stands on line 2 already"]);
}

#[test]
fn pools_of_other_files_are_imported() {
    let folder = Folder::new();
    folder.write("cinder.csv", "backend,az,total_gb\nceph@rbd#ssd,a,512000\n");
    let columns = ["--column", "pool=backend", "--column", "zone=az", "--column", "storage_gib=total_gb"];
    let run = ["import", "csv", "cinder.csv", "--as", "pools", "-o", "pools.csv"];
    folder.run(run.iter().chain(&columns)).success();
    assert_eq!(folder.read("pools.csv"), "pool,zone,storage_gib\nceph@rbd#ssd,a,512000\n");
}
