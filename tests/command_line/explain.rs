//! Why a request got what it got.

use std::fs;

use serde_json::{Value, json};
use tests::root;

use super::answer;
use crate::shadowplane::Folder;

/// A folder with a golden scenario as `scenario.json`.
pub(super) fn with_scenario(name: &str) -> Folder {
    let folder = Folder::new();
    let scenario = fs::read_to_string(root().join("tests/scenarios").join(name).join("input.json")).unwrap();
    folder.write("scenario.json", &scenario);
    folder
}

/// `acme` holds 4 of its 4 vCPU and asks for 2 more: 6 would have let it in, and the node that it goes to is paid anyway.
#[test]
fn a_refusal_by_quota_names_the_quota_that_would_have_done() {
    let folder = with_scenario("quota");
    let text = folder.run(["explain", "2", "--scenario", "scenario.json"]).success();
    for part in [
        "refused by the quota: quota",
        "`acme` held 4 vcpu, 8 memory_gib of its quota of 4 vcpu, 16 memory_gib",
        "cheapest fix: a quota of 6 vcpu, 16 memory_gib for `acme`",
        "the run costs the same",
    ] {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
    let explained = answer(&folder, &["explain", "p-000002", "--scenario", "scenario.json", "--json"]);
    assert_eq!((&explained["state"], &explained["reason"]), (&json!("refused"), &json!("quota")));
    let edit = json!([{"quota": {"tenant": 0, "quota": {"vcpu": 6, "memory_gib": 16}}}]);
    assert_eq!((&explained["fix"]["edits"], &explained["tried"]), (&edit, &json!(1)));
    assert_eq!(explained["decision"]["survey"]["groups"][0]["with_room"], 1);
    // The fix, applied, is what the scenario then says.
    let mut scenario: Value =
        serde_json::from_str(&fs::read_to_string(folder.path.join("scenario.json")).unwrap()).unwrap();
    scenario["edits"] = edit;
    folder.write("fixed.json", scenario.to_string());
    let fixed = answer(&folder, &["explain", "2", "--scenario", "fixed.json", "--json"]);
    assert_eq!((&fixed["state"], &fixed["fix"]), (&json!("ready"), &Value::Null));
}

#[test]
fn rules_about_others_are_told_apart_from_room() {
    let folder = with_scenario("zones-and-groups");
    let text = folder.run(["explain", "1", "--scenario", "scenario.json"]).success();
    assert!(text.contains("forbidden: "), "{text}");
    assert!(text.contains("a new node"), "{text}");
}

#[test]
fn what_cannot_be_explained_says_why() {
    let folder = with_scenario("waiting-for-a-node");
    let fails = |arguments: &[&str], status: i32, part: &str| {
        let mut all = vec!["explain"];
        all.extend(arguments);
        folder.run(all).assert_failed(status, &[part]);
    };
    fails(&["3", "--scenario", "scenario.json"], 1, "is a delete, and creates and resizes are explained");
    fails(&["99", "--scenario", "scenario.json"], 1, "there is no request 99: the run has 4");
    fails(&["r-x", "--scenario", "scenario.json"], 2, "`r-x` is no place of a request");
    fails(&["0", "--scenario", "scenario.json", "--run", "7"], 2, "--run is 7");
}

/// A request of a log is named by its id, and what the log runs on is what `shadow` would run it on.
#[test]
fn a_request_of_a_log_is_explained_by_its_id() {
    let folder = Folder::new();
    let line = |id: &str, minute: u32, op: &str, resource: &str| {
        let shape = if op == "create" { r#","flavor":"half","requested":{"vcpu":32,"memory_gib":64}"# } else { "" };
        format!(
            r#"{{"id":"{id}","at":"2026-03-02T00:{minute:02}:00Z","tenant":"acme","op":"{op}","class":"compute","resource":"{resource}"{shape}}}"#
        )
    };
    let log = [
        line("r-a", 1, "create", "vm-1"),
        line("r-b", 2, "create", "vm-2"),
        line("r-c", 30, "create", "vm-3"),
        line("r-d", 40, "delete", "vm-1"),
    ];
    folder.write("requests.ndjson", log.join("\n"));
    folder.write("quotas.csv", "tenant,vcpu\nacme,64\n");
    let log = ["--requests", "requests.ndjson", "--quotas", "quotas.csv"];
    let explain = |id: &str, more: &[&str]| folder.run(["explain", id].iter().chain(&log).chain(more));
    // Two hold 64 of 64: the third needs a quota of 96.
    let text = explain("r-c", &[]).success();
    assert!(text.contains("refused by the quota: quota") && text.contains("a quota of 96 vcpu"), "{text}");
    assert!(explain("r-b", &[]).success().contains("ready 2026-03-02T00:"));
    explain("r-z", &[])
        .assert_failed(1, &["requests.ndjson: none of its 4 requests has the id `r-z`; the first is `r-a`"]);
    explain("r-d", &[]).assert_failed(1, &["is a delete", "the create of its resource is"]);
    folder.run(["explain", "r-c"]).assert_failed(2, &["--requests"]);
    folder
        .run(["explain", "1", "--scenario", "day.json", "--quotas", "quotas.csv"])
        .assert_failed(2, &["--quotas has no effect with --scenario"]);
    // A machine for each of two: nodes are called as the inventory and the plans call them.
    folder.write("nodes.csv", "node,vcpu,memory_gib,instance_type\nm-1,32,64,m5.8xlarge\nm-2,32,64,m5.8xlarge\n");
    let machines = ["--requests", "requests.ndjson", "--inventory", "nodes.csv"];
    folder.run(["shadow", "--plans", "plans.ndjson"].iter().chain(&machines)).success();
    let plans: Vec<Value> =
        folder.read("plans.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(plans[1]["node"], "m-2");
    let text = folder.run(["explain", "r-b"].iter().chain(&machines)).success();
    assert!(text.contains(" on node m-2; ") && text.contains("node m-2 is first"), "{text}");
}

/// Two of 32 of a machine's 64 vCPU: the first cannot be resized to 40 beside the second, and is said to lack 8.
#[test]
fn a_resize_is_explained_in_place_and_elsewhere() {
    let folder = Folder::new();
    let line = |id: &str, minute: u32, op: &str, resource: &str, vcpu: u32, more: &str| {
        format!(
            r#"{{"id":"{id}","at":"2026-03-02T00:{minute:02}:00Z","tenant":"acme","op":"{op}","class":"compute","resource":"{resource}"{more}{}}}"#,
            if op == "delete" { String::new() } else { format!(r#","requested":{{"vcpu":{vcpu},"memory_gib":64}}"#) },
        )
    };
    let urgent = r#","scheduling":{"priority":"high"}"#;
    let log = [
        line("r-a", 1, "create", "vm-1", 32, urgent),
        line("r-b", 2, "create", "vm-2", 32, ""),
        line("r-c", 30, "resize", "vm-1", 40, ""),
        line("r-d", 50, "delete", "vm-2", 0, ""),
    ];
    folder.write("requests.ndjson", log.join("\n"));
    folder.write("classes.csv", "name,priority\nhigh,1000\n");
    let log = ["--requests", "requests.ndjson", "--priority-classes", "classes.csv"];
    let explain = |id: &str, more: &[&str]| folder.run(["explain", id].iter().chain(&log).chain(more));
    let text = explain("r-c", &[]).success();
    for part in [
        "`acme` resizes resource 0 from 32 vcpu, 64 memory_gib to 40 vcpu, 64 memory_gib",
        "refused by the scheduler: no_room_to_resize",
        "in place, node default-0 has 32 vcpu, 192 memory_gib without it: it lacks 8 vcpu",
        "elsewhere, where a resize does not move it:",
        "a new node",
        "cheapest fix: ",
        "tried: it is resized 2026-03-02T00:30:",
    ] {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
    let resized = answer(&folder, &["explain", "r-c", "--json", log[0], log[1], log[2], log[3]]);
    assert_eq!((&resized["operation"], &resized["state"]), (&json!("resize"), &json!("refused")));
    assert_eq!(resized["decision"]["survey"]["in_place"]["lacking"], json!({"vcpu": 8}));
    assert!(explain("r-a", &[]).success().contains("priority 1000 (high)"));
    folder.run(["explain", "r-a", "--requests", "requests.ndjson"]).assert_failed(
        1,
        &["requests.ndjson", "line 1", "scheduling.priority", "no priority class that is known: `high` (line 1)"],
    );
}

/// Zone `a` is lost from one to two; who asks for it has to leave its node and waits until it is there again.
#[test]
fn a_lost_zone_is_named() {
    let folder = with_scenario("zone-outage");
    let text = folder.run(["explain", "1", "--scenario", "scenario.json"]).success();
    for part in [
        "had to leave node general-0 at 2026-03-02T01:00:00Z: zone a was lost",
        "what there was 2026-03-02T01:00:00Z",
        "zone a is lost since 2026-03-02T01:00:00Z: its nodes are gone",
        "is in zone b",
    ] {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
}
