//! Shadows from an origin at which more lives than the log knows.

use serde_json::Value;

use super::openstack;
use crate::shadowplane::Folder;

const STANDING: &str = r#"{"id":"s1","at":"2026-02-01T00:00:00Z","tenant":"web-shop","op":"create","class":"compute","resource":"old-1","requested":{"vcpu":4,"memory_gib":16}}
{"id":"s2","at":"2026-03-10T00:00:00Z","tenant":"archive","op":"create","class":"compute","resource":"old-2","requested":{"vcpu":2,"memory_gib":8}}
"#;
const SEEN: &str = r#"{"request":"s1","node":"compute-03","ready_at":"2026-02-01T00:01:00Z"}"#;

#[test]
fn who_stands_at_the_origin_gets_a_remaining_lifetime_and_moves_nobody_else() {
    let folder = openstack();
    folder.write("start.ndjson", STANDING);
    folder.write("seen.ndjson", SEEN);
    let shadow = |more: &[&str]| -> Value {
        let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
        let options = ["--origin", "2026-03-11T00:00:00Z", "--runs", "8", "--model", "seasonal-naive", "--check"];
        let all = [&["shadow"], &files[..], &options, &["--plans", "plans", "--json"], more].concat();
        serde_json::from_str(&folder.run(all).success()).expect("--json prints JSON")
    };
    let plain = shadow(&[]);
    let started = shadow(&["--start", "start.ndjson", "--observations", "seen.ndjson"]);
    // Four servers of the file live at the origin, and the two that stand there.
    let start = &started["start"];
    assert_eq!((&start["live"], &start["added"], &start["on_observed_nodes"]), (&6.into(), &2.into(), &1.into()));
    let plans = folder.read("plans");
    let plan = |name: &str| -> Value {
        let line = plans.lines().find(|line| line.contains(&format!(r#""resource":"{name}""#)));
        serde_json::from_str(line.expect("it has a plan")).unwrap()
    };
    let (first, second) = (plan("old-1"), plan("old-2"));
    assert_eq!((&first["node"], &first["ready"]), (&"compute-03".into(), &"2026-02-01T00:01:00Z".into()));
    // Whom nobody saw has been ready since it was asked for, on the first node with room.
    assert_eq!((&second["node"], &second["ready"]), (&"compute-01".into(), &"2026-03-10T00:00:00Z".into()));
    // Servers of this cloud live for hours: both are predicted to end within the day.
    assert_eq!((&first["state"], &second["state"]), (&"released".into(), &"released".into()));
    // Nothing is learnt from them, and they take no draws of others: what those cost stays to the last digit.
    let workload = |answer: &Value, tenant: &str| {
        let all = answer["tenants"].as_array().unwrap();
        all.iter().find(|row| row["tenant"] == tenant).map(|row| row["workload"].clone())
    };
    for tenant in ["data-lab", "ci-runners"] {
        assert_eq!(workload(&plain, tenant), workload(&started, tenant));
    }
    assert!(workload(&plain, "archive").is_none() && workload(&started, "archive").is_some());
}

/// Who stands at the origin is deleted in the predicted stream, as who lives there by the log is, and nobody else moves.
#[test]
fn the_predicted_stream_ends_who_stands_at_its_origin() {
    let folder = openstack();
    folder.write("start.ndjson", STANDING);
    folder.write("seen.ndjson", SEEN);
    let predict = |more: &[&str]| {
        let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
        let options = ["--origin", "2026-03-11T00:00:00Z", "--model", "seasonal-naive"];
        folder.run([&["predict"], &files[..], &options, more].concat())
    };
    let plain = predict(&[]).success();
    let started = predict(&["--start", "start.ndjson", "--observations", "seen.ndjson"]);
    assert!(started.stderr.contains("6 live resources at 2026-03-11T00:00:00Z"), "{}", started.stderr);
    let started = started.success();
    let about = |text: &str, resource: &str| -> Vec<Value> {
        let lines = text.lines().filter(|line| line.contains(&format!(r#""resource":"{resource}""#)));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    // Servers of this cloud live for hours, so that both end within the day.
    for (resource, tenant) in [("old-1", "web-shop"), ("old-2", "archive")] {
        let [delete] = &about(&started, resource)[..] else { panic!("one request about {resource}") };
        assert_eq!((&delete["op"], &delete["tenant"]), (&"delete".into(), &tenant.into()));
        assert!(about(&plain, resource).is_empty());
    }
    let creates = |text: &str| text.lines().filter(|line| line.contains(r#""op":"create""#)).count();
    assert_eq!(creates(&plain), creates(&started));
    // Its requests go on from the same that stands there.
    folder.write("predicted.ndjson", &started);
    let shadow = ["shadow", "--requests", "predicted.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
    let shadow = folder.run([&shadow[..], &["--start", "start.ndjson", "--runs", "1", "--check", "--json"]].concat());
    let answer: Value = serde_json::from_str(&shadow.success()).unwrap();
    assert_eq!(answer["start"]["live"], 2);
}

/// The machine of an inventory has been there since before the first request, which waits for no boot (two minutes).
#[test]
fn the_machines_of_an_inventory_are_there_when_the_requests_begin() {
    let folder = Folder::new();
    folder.write("nodes.csv", "node,vcpu,memory_gib,instance_type\nrack-1,4,16,m5.xlarge\n");
    let about = |op: &str, at: &str, shape: &str| {
        format!(
            r#"{{"id":"{op}","at":"2026-03-02T{at}Z","tenant":"acme","op":"{op}","class":"compute","resource":"vm-1"{shape}}}"#
        )
    };
    let create = about("create", "00:00:00", r#","requested":{"vcpu":2,"memory_gib":8}"#);
    folder.write("requests.ndjson", format!("{create}\n{}\n", about("delete", "02:00:00", "")));
    let run = ["shadow", "--requests", "requests.ndjson", "--inventory", "nodes.csv", "--runs", "1", "--check"];
    folder.run(run.iter().chain(&["--plans", "plans.ndjson"])).success();
    let plan: Value = serde_json::from_str(folder.read("plans.ndjson").lines().next().unwrap()).unwrap();
    assert_eq!(plan["node"], "rack-1");
    let ready = plan["ready"].as_str().unwrap();
    assert!(ready < "2026-03-02T00:01:00Z", "{ready}");
}

#[test]
fn facts_about_who_is_left_out_say_nothing_more() {
    let folder = openstack();
    let huge = STANDING.lines().next().unwrap().replace(r#""vcpu":4"#, r#""vcpu":4000"#);
    folder.write("start.ndjson", format!("{huge}\n{}\n", STANDING.lines().nth(1).unwrap()));
    folder.write("seen.ndjson", SEEN);
    let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
    let start = ["--start", "start.ndjson", "--observations", "seen.ndjson", "--runs", "1", "--json"];
    let run = folder.run([&["shadow"], &files[..], &start].concat());
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let left_out = answer["start"]["left_out"].as_array().unwrap();
    let huge = left_out.iter().find(|left| left["request"] == "s1").expect("it is left out");
    assert_eq!(huge["reason"], "larger than any machine");
    assert_eq!(answer["start"]["anomalies"], serde_json::json!([]));
}
