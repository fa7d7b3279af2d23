//! Commitment discounts, held and offered, as a user calls them.

use serde_json::Value;
use shared::input::{Row, Table};
use tests::root;

use super::answer;
use crate::shadowplane::Folder;

/// One node of m5.2xlarge at 0.384 an hour, kept for four hours.
fn kept_node(folder: &Folder) -> String {
    let path = root().join("tests/scenarios/commitments/input.json");
    let mut scenario: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    scenario["fleet"]["node_groups"][0]["min"] = 1.into();
    scenario["fleet"]["node_groups"][0]["max"] = 1.into();
    scenario["demand"] = serde_json::json!({ "requests": [] });
    scenario["price_book"]["commitments"] = serde_json::json!([]);
    folder.write("scenario.json", scenario.to_string());
    "scenario.json".to_owned()
}

fn amount(value: &Value) -> f64 {
    value["mean"]["amount"].as_str().unwrap().parse().unwrap()
}

const OFFERS: &str = "name,instance_type,price_per_hour,upfront,term_months,currency,price_percent,families\n";

/// One machine at 0.2 an hour saves 0.184 of 0.384 in each of four hours, any second one nothing; a plan at 60 % of the
/// price saves 40 % of it; one at 0.4 an hour is dearer than the node.
#[test]
fn what_pays_is_recommended_in_the_amount_that_is_used() {
    let folder = Folder::new();
    let path = kept_node(&folder);
    let rows = "cheap,m5.2xlarge,0.1,876,12,USD,,\ndear,m5.2xlarge,0.4,,12,USD,,\nplan,,,,12,USD,60,m5\nother,,,,12,USD,60,c5\n";
    folder.write("offers.csv", format!("{OFFERS}{rows}"));
    let found =
        answer(&folder, &["shadow", "--scenario", &path, "--recommend", "--commitment-offers", "offers.csv", "--json"]);
    let commitments: Vec<(&str, f64)> = (found["recommendations"].as_array().unwrap().iter())
        .filter(|found| found["edits"][0].get("commitments").is_some())
        .map(|found| (found["text"].as_str().unwrap(), found["saving"]["amount"].as_str().unwrap().parse().unwrap()))
        .collect();
    let [(first, first_saving), (second, second_saving)] = commitments[..] else { panic!("{commitments:?}") };
    // 876 ÷ 8,760 h is 0.1 beside 0.1 an hour.
    assert!(first.starts_with("commitments: 1 `m5.2xlarge` at 0.2 an hour each (`cheap`): saves 0.74 USD"), "{first}");
    assert!((first_saving - 4.0 * 0.184).abs() < 1e-6, "{first_saving}");
    // 60 % of 0.384.
    assert!(second.starts_with("commitments: 0.2304 an hour at 60 % of the price (`plan`)"), "{second}");
    assert!((second_saving - 4.0 * 0.384 * 0.4).abs() < 1e-6, "{second_saving}");
}

/// Two machines at 0.1 an hour are promised for all four hours of one node at 0.384: one takes 0.284 off in each, the
/// other is for nothing.
#[test]
fn a_statement_comes_to_what_the_run_does() {
    let folder = Folder::new();
    let path = kept_node(&folder);
    let mut scenario: Value = serde_json::from_str(&std::fs::read_to_string(folder.path.join(&path)).unwrap()).unwrap();
    let from = scenario["window"]["start"].clone();
    let covers = serde_json::json!({ "machines": { "instance_type": "m5.2xlarge", "count": 2, "rate": "0.1" } });
    scenario["price_book"]["commitments"] =
        serde_json::json!([{ "name": "two", "covers": covers, "from": from, "until": "2100-01-01T00:00:00Z" }]);
    folder.write("scenario.json", scenario.to_string());
    let run = answer(&folder, &["shadow", "--scenario", &path, "--metering", "metering.csv", "--json"]);
    let total = amount(&run["cost"]);
    for source in [["--scenario", &path], ["--metering", "metering.csv"]] {
        let stated =
            answer(&folder, &[&["report", "allocation", "--by", "node_group"], &source[..], &["--json"]].concat());
        let part = |name: &str| stated["total"][name]["amount"].as_str().unwrap().parse::<f64>().unwrap();
        assert!((part("total") - total).abs() < 1e-6, "{stated}");
        assert!((part("discount") + 4.0 * 0.284).abs() < 1e-6 && (part("unused") - 0.4).abs() < 1e-6, "{stated}");
    }
    let table = folder.run(["report", "allocation", "--metering", "metering.csv"]).success();
    // 4 · 0.284 = 1.136, which is shown so that the row adds up: 1.52 + 12.80 + 0.01 − 1.13 + 0.40 = 13.60.
    assert!(table.contains("discount") && table.contains("-1.13") && table.contains("0.40"), "{table}");
    let focus = folder.run(["report", "allocation", "--metering", "metering.csv", "--format", "focus"]).success();
    for cost in ["BilledCost", "EffectiveCost"] {
        let mut table = Table::open(&focus, None).unwrap();
        let (column, mut row, mut sum) = (table.column(cost).unwrap(), Row::default(), 0.0);
        while table.next(&mut row).unwrap() {
            sum += row.get(column).parse::<f64>().unwrap();
        }
        assert!((sum - total).abs() < 1e-6, "{cost}: {sum} of {total}: {focus}");
    }
    for charge in ["Purchase", "Used", "Unused"] {
        assert!(focus.contains(charge), "{focus}");
    }
}

#[test]
fn commitments_are_drawn_down_and_wrong_ones_named() {
    let folder = Folder::new();
    let requests = "{\"id\":\"r-1\",\"at\":\"2026-03-02T00:00:00Z\",\"tenant\":\"acme\",\"op\":\"create\",\"class\":\"compute\",\
                    \"resource\":\"vm-1\",\"flavor\":\"m5.large\"}\n{\"id\":\"r-2\",\"at\":\"2026-03-02T02:00:00Z\",\"tenant\":\"acme\",\
                    \"op\":\"delete\",\"class\":\"compute\",\"resource\":\"vm-1\"}\n";
    folder.write("requests.ndjson", requests);
    let header = "name,instance_type,count,price_per_hour,term_months,from,currency\n";
    folder.write("held.csv", format!("{header}two,m5.large,2,0.05,12,2026-01-01T00:00:00Z,USD\n"));
    let run = |file: &str| {
        let arguments = ["shadow", "--requests", "requests.ndjson", "--billing", "per-resource", "--runs", "1"];
        folder.run(arguments.into_iter().chain(["--commitments", file, "--json"]))
    };
    let found: Value = serde_json::from_str(&run("held.csv").stdout).unwrap();
    let held = &found["commitments"];
    // Two are paid whatever happens, over the window of the log; one is used for most of it.
    let window = 2.0 + 1.0 / 12.0;
    let cost = amount(&held["each"][0]["cost"]);
    assert!((cost - 2.0 * 0.05 * window).abs() < 0.01, "{cost} for two machines in {window} h");
    let used = held["each"][0]["utilisation"].as_f64().unwrap();
    assert!((0.4..=0.5).contains(&used), "one of two is used, from when it is ready: {used}");
    // 0.096 an hour is the price of m5.large.
    let saved = -amount(&held["discount"]);
    assert!((saved - used * cost / 0.05 * (0.096 - 0.05)).abs() < 1e-4, "{saved}");
    // The default fleet is of m5.16xlarge.
    let on_fleet = folder.run(["shadow", "--requests", "requests.ndjson", "--runs", "1", "--commitments", "held.csv"]);
    let note = "commitment `two` covers no node group: it is paid, and nothing becomes cheaper by it";
    assert!(on_fleet.stderr.contains(note), "{}", on_fleet.stderr);
    assert!(!run("held.csv").stderr.contains("covers no node group"), "m5.large pays for itself");
    folder.write("wrong.csv", format!("{header}two,m5.large,2,0.05,12,2026-01-01T00:00:00Z,EUR\n"));
    run("wrong.csv").assert_failed(1, &["wrong.csv: line 2: field `currency`", "is EUR, but prices are in USD"]);
    folder.write("wrong.csv", header);
    run("wrong.csv").assert_failed(1, &["wrong.csv", "expected commitments"]);
}
