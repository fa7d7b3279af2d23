//! What `shadow` writes beside its costs: plans, recommendations, labels.

use std::fs;

use serde_json::Value;
use shared::example;

use super::{Folder, answer, fails, run};

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

fn text(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn plans_are_written_in_names_and_what_waits_is_said() {
    let folder = Folder::new("plans");
    let tenant = "acme\\nlabs";
    let log = [
        create("vm-a", 0, tenant),
        create("vm-b", 1, tenant),
        delete("vm-a", 40, tenant),
        create("vm-c", 50, tenant),
        create("vm-d", 52, tenant),
    ];
    let requests = folder.write("requests.ndjson", &log.concat());
    let (nodes, prices) = (folder.write("nodes.csv", NODES), folder.write("prices.csv", PRICES));
    let plans = folder.path("plans.ndjson");
    let shadow = ["shadow", "--requests", &requests, "--inventory", &nodes, "--prices", &prices, "--runs", "1"];
    let table = text(&[&shadow[..], &["--plans", &plans]].concat());

    let written = fs::read_to_string(&plans).unwrap();
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().find(|line| line["resource"] == name).unwrap();
    assert_eq!(lines.len(), 4);
    for (name, state, node) in [
        ("vm-a", "released", Some("own-0")),
        ("vm-b", "ready", Some("own-1")),
        ("vm-c", "ready", Some("own-0")),
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
    let outcome = answer(&[&shadow[..], &["--json"]].concat());
    assert_eq!(outcome["pending"], 1.0);
    let labels = &outcome["labels"];
    let expected = [("placements", "simulated"), ("latency", "simulated"), ("modules", "assumed")];
    expected.iter().for_each(|(what, label)| assert_eq!(labels[what], *label));
}

/// The default machine has 64 vCPU; three small ones need far less.
#[test]
fn advice_is_replayed_before_it_is_given() {
    let folder = Folder::new("advice");
    let log: String = (0..6)
        .map(|i| create(&format!("vm-{i}"), 5 * i, "acme"))
        .chain((0..6).map(|i| delete(&format!("vm-{i}"), 30 + 5 * i, "acme")))
        .collect();
    let requests = folder.write("requests.ndjson", &log);
    let shadow = ["shadow", "--requests", &requests, "--runs", "2"];
    let advised = answer(&[&shadow[..], &["--recommend", "--json"]].concat());
    let found = advised["recommendations"].as_array().unwrap();
    let smaller =
        found.iter().find(|advice| !advice["edit"]["instance_type"].is_null()).unwrap_or_else(|| panic!("{advised}"));
    let saving = smaller["saving"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    let cost = advised["cost"]["mean"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(saving > 0.0 && saving < cost, "{smaller}");
    assert_eq!(smaller["before"], advised["digest"]);
    assert_ne!(smaller["after"], advised["digest"]);
    let table = text(&[&shadow[..], &["--recommend"]].concat());
    assert!(table.contains(smaller["text"].as_str().unwrap()), "{table}");
    let silent = answer(&[&shadow[..], &["--json"]].concat());
    assert!(silent["recommendations"].is_null());
    assert_eq!(silent["digest"], advised["digest"], "advice changes nothing");
}

#[test]
fn plans_are_checked_where_that_is_asked_for() {
    let folder = Folder::new("check");
    let requests = folder.example(0..1);
    let shadow = ["shadow", "--requests", &requests, "--runs", "2", "--check"];
    let outcome = answer(&[&shadow[..], &["--json"]].concat());
    let creates =
        fs::read_to_string(&requests).unwrap().lines().filter(|line| line.contains(r#""op":"create""#)).count();
    assert_eq!((&outcome["checked"]["runs"], &outcome["checked"]["plans"]), (&2.into(), &(2 * creates).into()));
    assert!(text(&shadow).contains(&format!("checked: {} plans of 2 runs break no rule", 2 * creates)));
}

#[test]
fn areas_of_the_report_are_told_what_was_recommended() {
    let folder = Folder::new("areas");
    let requests = folder.example(0..4);
    let origin = example::day_window(3).start.to_string();
    let shadow = ["shadow", "--requests", &requests, "--origin", &origin, "--model", "seasonal-naive", "--runs", "2"];
    let advised = answer(&[&shadow[..], &["--horizon", "6h", "--recommend", "--json"]].concat());
    assert!(!advised["recommendations"].as_array().unwrap().is_empty(), "{}", advised["recommendations"]);
    let areas = advised["report"]["optimization_areas"].as_array().unwrap();
    assert!(areas.iter().any(|area| area["recommendation"].is_string()), "{areas:?}");
    fails(&["shadow", "--recommend"], 2, &["--requests"]);
}
