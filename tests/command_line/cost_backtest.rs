//! `backtest --cost` on the small cloud of the README.

use serde_json::Value;

use super::{answer, openstack};
use crate::shadowplane::Folder;

const COMMAND: [&str; 11] = [
    "backtest",
    "--cost",
    "--requests",
    "requests.ndjson",
    "--inventory",
    "nodes.csv",
    "--prices",
    "prices.csv",
    "--models",
    "seasonal-naive",
    "--runs=4",
];

fn json(folder: &Folder, options: &[&str]) -> Value {
    answer(folder, &[&COMMAND[..], options, &["--json"]].concat())
}

#[test]
fn costs_are_scored_with_and_without_a_correction() {
    let folder = openstack();
    let scored = json(&folder, &[]);
    // Ten days, the first of which every origin has before it: eight windows fit.
    let windows = scored["windows"].as_array().unwrap();
    assert_eq!((windows.len(), &windows[0]["origin"]), (8, &Value::from("2026-03-04T00:00:00Z")));
    for window in windows {
        assert_eq!(window["predicted"], window["corrected"], "the hosts are there, used or not");
    }
    let results = scored["results"].as_array().unwrap();
    let of = |kind: &str| results.iter().find(|of| of["kind"] == kind && of["name"].is_null()).unwrap();
    assert_eq!((&of("total")["windows"], &of("total")["with"]["wape"]), (&8.into(), &0.0.into()));
    for kind in ["tenant", "idle"] {
        let (of, number) = (of(kind), |value: &Value| value.as_f64().unwrap());
        let difference = &of["difference"];
        let wape = number(&of["with"]["wape"]) - number(&of["without"]["wape"]);
        assert!((number(&difference["difference"]) - wape).abs() < 1e-9, "{of}");
        assert!(number(&difference["low"]) <= wape && wape <= number(&difference["high"]), "{of}");
        assert_eq!(of["with"]["intervals"].as_array().unwrap().len(), 3);
    }
    for next in scored["next"].as_array().unwrap() {
        let (used, trials) = (next["verdict"] == "used", next["trials"].as_u64().unwrap());
        assert!(!used || (trials >= 3 && next["wape_with"].as_f64() < next["wape_without"].as_f64()), "{next}");
    }
    assert_eq!(scored, json(&folder, &["--threads", "3"]), "the same on any number of threads");

    // It is the shadow of that origin, not another one.
    let last = &windows[7];
    let origin = last["origin"].as_str().unwrap();
    let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
    let options = ["--origin", origin, "--model", "seasonal-naive", "--runs", "4", "--json"];
    let shadow = answer(&folder, &[&["shadow"], &files[..], &options[..]].concat());
    assert_eq!((&last["digest"], &last["actual"]), (&shadow["digest"], &shadow["report"]["total"]["actual"]));

    let table = folder.run(COMMAND).success();
    for part in ["8 windows of 1d", "every tenant", "idle", "without", "always", "for the next window"] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
}

#[test]
fn what_came_later_changes_no_earlier_window() {
    let folder = openstack();
    let whole = json(&folder, &[]);
    let requests = folder.read("requests.ndjson");
    let early: Vec<&str> = requests.lines().filter(|line| at(line).as_str() < "2026-03-09").collect();
    folder.write("requests.ndjson", early.join("\n") + "\n");
    let cut = json(&folder, &[]);
    let (whole, cut) = (whole["windows"].as_array().unwrap(), cut["windows"].as_array().unwrap());
    assert_eq!((cut.len(), cut.as_slice()), (5, &whole[..5]));
}

fn at(line: &str) -> String {
    serde_json::from_str::<Value>(line).unwrap()["at"].as_str().unwrap().to_owned()
}

#[test]
fn windows_that_cost_nothing_are_skipped_and_said() {
    let folder = openstack();
    let mut requests: Vec<String> = folder.read("requests.ndjson").lines().map(str::to_owned).collect();
    // A tenant that was there every hour of three days, and never again.
    for hour in 0..72 {
        let (day, hour) = (3 + hour / 24, hour % 24);
        let line = |op: &str, minute: i32, more: &str| {
            format!(
                r#"{{"id":"once-{op}-{day}-{hour}","at":"2026-03-{day:02}T{hour:02}:{minute:02}:00Z","tenant":"once","op":"{op}","class":"compute","resource":"once-{day}-{hour}"{more}}}"#
            )
        };
        requests.push(line("create", 5, r#","requested":{"vcpu":1,"memory_gib":1}"#));
        requests.push(line("delete", 45, ""));
    }
    requests.sort_by_key(|line| at(line));
    folder.write("requests.ndjson", requests.join("\n") + "\n");
    let scored = json(&folder, &[]);
    let notices = scored["notices"].to_string();
    assert!(notices.contains("skipped by the correction") && notices.contains("tenant once"), "{notices}");
    let once = scored["next"].as_array().unwrap().iter().find(|next| next["name"] == "once").unwrap();
    assert!(once["skipped"].as_u64().unwrap() > 0, "{once}");
}

#[test]
fn too_few_days_and_wrong_options_are_named() {
    let folder = openstack();
    let check = |options: &[&str], status: i32, parts: &[&str]| {
        folder.run([&COMMAND[..], options].concat()).assert_failed(status, parts);
    };
    check(
        &["--origins", "9"],
        1,
        &["requests.ndjson: it goes from 2026-03-02", "room for 8 origins", "fewer --origins"],
    );
    check(&["--horizon", "30d"], 1, &["room for 0 origins", "30d long", "shorter --horizon"]);
    check(&["--horizon", "7m"], 2, &["--horizon", "not a multiple of the bin"]);
    check(&["--horizon", "1h,1d"], 2, &["one --horizon"]);
    check(&["--models", "lstm"], 2, &["--cost has one model"]);
    check(&["--series", "servers.csv"], 2, &["cannot be used with"]);
    let few = json(&folder, &["--origins", "2"]);
    assert!(few["notices"].to_string().contains("with fewer than 5 windows none ever is"), "{}", few["notices"]);
    let without = ["backtest", "--requests", "requests.ndjson", "--inventory", "nodes.csv"];
    folder.run(without).assert_failed(2, &["--inventory has no effect without --cost"]);
}
