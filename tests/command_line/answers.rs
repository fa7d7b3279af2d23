//! What `shadow` writes beside its costs: plans, recommendations, labels.

use serde_json::Value;
use shared::example;

use super::{answer, example_requests};
use crate::shadowplane::Folder;

/// Two machines of 4 vCPU for three virtual machines of 3: the third waits.
const NODES: &str = "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,4,16,0,own,a\nn-2,4,16,0,own,a\n";
const PRICES: &str = "instance_type,price_per_hour,currency\nown,2,EUR\n";

fn create(name: &str, minute: u32, tenant: &str) -> String {
    let at = format!("2026-01-01T00:{minute:02}:00Z");
    format!(
        r#"{{"id":"c-{name}","at":"{at}","tenant":"{tenant}","op":"create","class":"compute","resource":"{name}","requested":{{"vcpu":3,"memory_gib":4}}}}"#
    ) + "\n"
}

fn delete(name: &str, minute: u32, tenant: &str) -> String {
    let at = format!("2026-01-01T00:{minute:02}:00Z");
    format!(
        r#"{{"id":"d-{name}","at":"{at}","tenant":"{tenant}","op":"delete","class":"compute","resource":"{name}"}}"#
    ) + "\n"
}

#[test]
fn plans_are_written_in_names_and_what_waits_is_said() {
    let folder = Folder::new();
    let tenant = "acme\\nlabs";
    let log = [
        create("vm-a", 0, tenant),
        create("vm-b", 1, tenant),
        delete("vm-a", 40, tenant),
        create("vm-c", 50, tenant),
        create("vm-d", 52, tenant),
    ];
    for (file, content) in [("requests.ndjson", log.concat().as_str()), ("nodes.csv", NODES), ("prices.csv", PRICES)] {
        folder.write(file, content);
    }
    let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
    let shadow = [&["shadow"], &files[..], &["--runs", "1"]].concat();
    let table = folder.run([&shadow[..], &["--plans", "plans.ndjson"]].concat()).success();

    let written = folder.read("plans.ndjson");
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().find(|line| line["resource"] == name).unwrap();
    assert_eq!(lines.len(), 4);
    for (name, state, node) in [
        ("vm-a", "released", Some("n-1")),
        ("vm-b", "ready", Some("n-2")),
        ("vm-c", "ready", Some("n-1")),
        ("vm-d", "pending", None),
    ] {
        let plan = of(name);
        assert_eq!((plan["state"].as_str(), plan["node"].as_str()), (Some(state), node), "{plan}");
        assert_eq!(plan["tenant"], "acme\nlabs");
        assert_eq!(plan["node_group"].is_null(), node.is_none(), "{plan}");
        assert_eq!(plan["currency"], "EUR");
        // 3 of 4 vCPU and 4 of 16 GiB of 2 EUR, split by OpenCost's ratios: between the smaller and the larger share.
        let price = plan["price_per_hour"].as_str().map(|price| price.parse::<f64>().unwrap());
        assert_eq!(price.is_some(), node.is_some(), "{plan}");
        assert!(price.is_none_or(|price| (0.5..1.5).contains(&price)), "{plan}");
    }
    assert_eq!(of("vm-a")["arrived"], "2026-01-01T00:00:00Z");
    assert!(of("vm-a")["released"].is_string() && of("vm-b")["released"].is_null());

    assert!(table.contains("waiting for a node at the end of the window: 1.0 a run"), "{table}");
    assert!(table.contains("acme\\nlabs") && !table.contains("acme\nlabs"), "a name stays in its line: {table}");
    assert!(table.contains("   1 run\n"), "{table}");
    for module in ["gateway", "provisioner"] {
        assert!(table.contains(&format!("module {module} (assumed)")), "{table}");
    }
    let outcome = answer(&folder, &[&shadow[..], &["--json"]].concat());
    assert_eq!(outcome["pending"], 1.0);
    let labels = &outcome["labels"];
    let expected = [("placements", "simulated"), ("latency", "simulated"), ("modules", "assumed")];
    expected.iter().for_each(|(what, label)| assert_eq!(labels[what], *label));
}

/// The default machine has 64 vCPU; three small ones need far less.
#[test]
fn advice_is_replayed_before_it_is_given() {
    let folder = Folder::new();
    let log: String = (0..6)
        .map(|i| create(&format!("vm-{i}"), 5 * i, "acme"))
        .chain((0..6).map(|i| delete(&format!("vm-{i}"), 30 + 5 * i, "acme")))
        .collect();
    folder.write("requests.ndjson", &log);
    let shadow = ["shadow", "--requests", "requests.ndjson", "--runs", "2"];
    let advised = answer(&folder, &[&shadow[..], &["--recommend", "--json"]].concat());
    let found = advised["recommendations"].as_array().unwrap();
    let smaller = found
        .iter()
        .find(|advice| !advice["edits"][0]["instance_type"].is_null())
        .unwrap_or_else(|| panic!("{advised}"));
    let saving = smaller["saving"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let cost = advised["cost"]["mean"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(saving > 0.0 && saving < cost, "{smaller}");
    assert_eq!(smaller["before"], advised["digest"]);
    assert_ne!(smaller["after"], advised["digest"]);
    let table = folder.run([&shadow[..], &["--recommend"]].concat()).success();
    assert!(table.contains(smaller["text"].as_str().unwrap()), "{table}");
    let silent = answer(&folder, &[&shadow[..], &["--json"]].concat());
    assert!(silent["recommendations"].is_null());
    assert_eq!(silent["digest"], advised["digest"], "advice changes nothing");
}

#[test]
fn plans_are_checked_where_that_is_asked_for() {
    let folder = Folder::new();
    let requests = example_requests(&folder, 0..1);
    let shadow = ["shadow", "--requests", "requests.ndjson", "--runs", "2", "--check"];
    let outcome = answer(&folder, &[&shadow[..], &["--json"]].concat());
    let creates = requests.lines().filter(|line| line.contains(r#""op":"create""#)).count();
    assert_eq!((&outcome["checked"]["runs"], &outcome["checked"]["plans"]), (&2.into(), &(2 * creates).into()));
    assert!(folder.run(shadow).success().contains(&format!("checked: {} plans of 2 runs break no rule", 2 * creates)));
}

#[test]
fn areas_of_the_report_are_told_what_was_recommended() {
    let folder = Folder::new();
    example_requests(&folder, 0..4);
    let origin = example::day_window(3).start.to_string();
    let shadow =
        ["shadow", "--requests", "requests.ndjson", "--origin", &origin, "--model", "seasonal-naive", "--runs", "2"];
    let advised = answer(&folder, &[&shadow[..], &["--horizon", "6h", "--recommend", "--json"]].concat());
    assert!(!advised["recommendations"].as_array().unwrap().is_empty(), "{}", advised["recommendations"]);
    let areas = advised["report"]["optimization_areas"].as_array().unwrap();
    assert!(areas.iter().any(|area| area["recommendations"].is_array()), "{areas:?}");
    folder.run(["shadow", "--recommend"]).assert_failed(2, &["--requests"]);
}
