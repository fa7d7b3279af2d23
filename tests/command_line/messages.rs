//! What is said of wrong input: file, line, field, what was expected and what to do, in no programmer's words.

use serde_json::Value;
use shared::example;

use super::{day, example_requests};
use crate::shadowplane::Folder;

/// Words that only whoever wrote the program would know.
const OURS: [&str; 9] =
    ["struct ", "f64", "u32", "u64", "usize", "invalid type", "invalid digit", "invalid value:", "EOF while"];

#[test]
fn values_of_a_wrong_kind_are_told_what_was_expected() {
    let folder = Folder::new();
    let check = |kind: &str, line: &str, expected: &str| {
        folder.write("wrong", format!("{line}\n"));
        let answer = folder.run(["check-data", &format!("--{kind}"), "wrong"]);
        answer.assert_failed(1, &["wrong: line 1: ", expected]);
        OURS.iter().for_each(|ours| assert!(!answer.stderr.contains(ours), "`{ours}` in {}", answer.stderr));
    };
    let create = |from: &str, to: &str| {
        r#"{"id":"1","at":"2026-01-01T00:00:00Z","tenant":"a","op":"create","class":"compute","resource":"v","requested":{"vcpu":2},"lifetime_s":60}"#
            .replace(from, to)
    };
    let request = |from: &str, to: &str, expected: &str| check("requests", &create(from, to), expected);
    request("\"vcpu\":2", "\"vcpu\":\"two\"", "`requested.vcpu`: is \"two\"; expected a number of vCPU, as 4 or 2.5");
    request("\"vcpu\":2", "\"vcpu\":1e300", "`requested.vcpu`: is `1e300`; expected at most 4294967");
    request("{\"vcpu\":2}", "2", "`requested`: is the number 2; expected an object of amounts");
    request("\"2026-01-01T00:00:00Z\"", "12", "`at`: is the number 12; expected an instant in quotes");
    request("60}", "\"long\"}", "`lifetime_s`: is \"long\"; expected a number of seconds");
    request("\"create\"", "5", "`op`: is 5; expected one of `create`, `resize`, `delete`");
    check("requests", "{", "is no JSON: it ends inside an object");
    request("\"vcpu\":2", "\"vcpu\":NaN", "`requested.vcpu`: is no JSON: expected a number");
    folder.write("wrong", r#"{"m5.large":0.1}"#);
    let unknown = "field `m5.large`: is unknown; expected some of `currency`, `prices`, `units`";
    folder.run(["check-data", "--prices", "wrong"]).assert_failed(1, &["wrong: 2 problems", unknown]);
    check("prices", "type,usd", "`type`: is an unknown column");
    check("prices", "type,usd", "`shadowplane import csv wrong --as prices` maps columns of other names");
    check("requests", "[1]", "is a list; expected one JSON object in braces");
    let observation = |times: &str| format!(r#"{{"request":"1","module_ms":{times}}}"#);
    check(
        "observations",
        &observation(r#"{"planner":1}"#),
        "`module_ms.planner`: is no module; expected one of gateway",
    );
    check("observations", &observation(r#"{"quota":"1"}"#), "`module_ms.quota`: is \"1\"; expected a number of millis");
}

/// Of 120 wrong lines 99 are listed, and that there are more; of three all.
#[test]
fn every_wrong_line_of_a_log_is_named() {
    let folder = Folder::new();
    let line = |id: u32, op: &str, vcpu: i32| {
        format!(
            r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"a","op":"{op}","class":"compute","resource":"v{id}","requested":{{"vcpu":{vcpu}}}}}"#
        )
    };
    let lines = [line(1, "create", 1), line(2, "make", 1), line(3, "create", -1), line(3, "create", 1), "{".to_owned()];
    folder.write("wrong", lines.join("\n"));
    for command in [&["check-data", "--requests", "wrong"][..], &["shadow", "--requests", "wrong"]] {
        let said = folder.run(command);
        said.assert_failed(1, &["wrong: 3 problems", "line 2: field `op`", "line 3: field `requested.vcpu`", "line 5"]);
        assert!(!said.stderr.contains("line 4"), "{}", said.stderr);
    }
    folder.write("wrong", (0..120).map(|id| line(id, "make", 1) + "\n").collect::<String>());
    let said = folder.run(["check-data", "--requests", "wrong"]);
    said.assert_failed(1, &["line 99: ", "and more, which are listed once these are mended"]);
    assert!(!said.stderr.contains("line 100: "), "{}", said.stderr);
}

#[test]
fn a_file_of_another_kind_is_known_by_its_first_bytes() {
    let folder = Folder::new();
    folder.write("day.json", serde_json::to_string(&example::scenario()).unwrap());
    let at = example::scenario().window.start.to_string();
    folder.run(["snapshot", "take", "--scenario", "day.json", "--at", &at, "--to", "noon.snapshot"]).success();
    let said = folder.run(["shadow", "--scenario", "noon.snapshot"]);
    said.assert_failed(1, &["noon.snapshot: is a snapshot of runs", "`shadowplane snapshot resume` goes on"]);
}

#[test]
fn every_wrong_field_of_a_fleet_is_named() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    folder.write(
        "fleet.json",
        r#"{"node_groups":[{"name":"a","instance_type":"m5.large","capacity":{"vcpu":"two"},"over_commit_percent":{"cpu":150}}],"pools":5}"#,
    );
    folder.run(["shadow", "--requests", "requests.ndjson", "--fleet", "fleet.json"]).assert_failed(
        1,
        &[
            "`node_groups[0].capacity.vcpu`: is \"two\"",
            "`node_groups[0].over_commit_percent`: is `cpu`; expected one of",
            "`pools`: is the number 5; expected a list",
        ],
    );
}

#[test]
fn options_are_told_what_was_expected() {
    let folder = Folder::new();
    let check = |arguments: &[&str], part: &str| {
        let answer = folder.run(arguments);
        answer.assert_failed(2, &[part]);
        OURS.iter().for_each(|ours| assert!(!answer.stderr.contains(ours), "`{ours}` in {}", answer.stderr));
    };
    check(&["shadow", "--requests", "r", "--runs", "x"], "expected a whole number");
    check(&["shadow", "--requests", "r", "--runs", "-1"], "-1 is not in 1..=10000");
    check(&["shadow", "--requests", "r", "--seed", "-1"], "expected a whole number");
    check(&["backtest", "--requests", "r", "--horizon", "1h", "--origins", "-3"], "-3");
    check(&["forecast", "--requests", "r", "--bin", "-5m"], "-5m");
    check(
        &["predict", "--requests", "r", "--run", "2", "--runs", "2"],
        "--run is 2; with --runs 2 the streams are 0 to 1",
    );
    check(&["import", "azure-vm", "t", "--flavors", "f", "--tenants", "-1"], "-1");
    check(&["import", "csv", "f", "--as", "requests", "--time-format", "%H:%M"], "says no date; expected such as");
    check(&["serve", "--demo", "--speed", "x"], "expected a number, as 2.5");
    check(&["serve", "--listen", "x"], "expected an address with a port, as 127.0.0.1:8080");
    let usage = "Usage: shadowplane shadow --requests <FILE> [--origin <INSTANT>] [OPTIONS]\n       shadowplane shadow --scenario";
    check(&["shadow", "--requests", "r", "--scenario", "s"], usage);
    check(
        &["shadow", "--scenario", "s", "--origin", "2026-01-01T00:00:00Z"],
        "cannot be used with '--origin <INSTANT>'",
    );
}

#[test]
fn files_that_do_not_go_together_are_named_with_the_line() {
    let folder = Folder::new();
    let text = example_requests(&folder, 0..2);
    let machines = |vcpu: u32| format!("node,vcpu,memory_gib,instance_type\nn-1,64,256,big\nn-2,{vcpu},16,own\n");
    let price = |name: &str, currency: &str| format!("instance_type,price_per_hour,currency\n{name},2,{currency}\n");
    let shadow = ["shadow", "--requests", "requests.ndjson", "--runs", "1", "--inventory", "nodes.csv"];
    folder.write("nodes.csv", machines(4));
    let priced = ["nodes.csv: line 2: field `instance_type`: `big` has no price", "--prices", "big,2.50,USD"];
    folder.run(shadow).assert_failed(1, &priced);
    folder.write("prices.csv", price("big", "EUR"));
    let with_prices = [&shadow[..], &["--prices", "prices.csv"]].concat();
    folder
        .run(&with_prices)
        .assert_failed(1, &["nodes.csv: line 3", "`own` has no price", "prices.csv", "own,2.50,EUR"]);

    // One create of the second line's flavor asks for more than the largest machine.
    folder.write("nodes.csv", machines(4).replace("n-1,64,256,big", "n-1,4,16,big"));
    folder.write("prices.csv", price("big", "USD") + "own,1,USD\n");
    let first = text.lines().zip(1..).find(|(line, _)| line.contains("\"vcpu\":8")).map(|(_, number)| number).unwrap();
    let asking = text.lines().filter(|line| line.contains("\"vcpu\":8")).count();
    assert!(asking > 1);
    let answer = folder.run(&with_prices);
    let line: u64 = answer.stderr.split("line ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    assert!(line <= first, "{}", answer.stderr);
    answer.assert_failed(1, &["requests.ndjson: line ", "field `requested`", "no node can ever hold", "--inventory"]);
    answer.assert_failed(1, &["of the log ask for too much"]);

    // Without an inventory a fleet is assumed, whose machine the prices leave out.
    let without = ["shadow", "--requests", "requests.ndjson", "--prices", "prices.csv"];
    folder
        .run(without)
        .assert_failed(1, &["prices.csv: field `instance_type`: no price of `m5.16xlarge`", "--inventory"]);

    folder.write("volume.ndjson", text.replace("\"compute\"", "\"storage\""));
    folder.write("prices.csv", price("big", "EUR") + "own,1,EUR\n");
    let volumes = ["shadow", "--requests", "volume.ndjson", "--prices", "prices.csv", "--inventory", "nodes.csv"];
    let unpriced = ["prices.csv: field `instance_type`: no price of flavor", "volume.ndjson asks for on line 1", "EUR"];
    folder.run(volumes).assert_failed(1, &unpriced);
}

#[test]
fn machines_that_prices_describe_otherwise_are_said() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let machines = |vcpu: u32, memory: u32| {
        let rows: String = (0..40).map(|i| format!("n-{i},{vcpu},{memory},big\n")).collect();
        folder.write("nodes.csv", format!("node,vcpu,memory_gib,instance_type\n{rows}"));
    };
    folder.write("prices.csv", "instance_type,price_per_hour,currency,vcpu,memory_gib\nbig,2,EUR,64,256\n");
    let files = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];
    let check_data = [&["check-data"], &files[..]].concat();
    let shadow = [&["shadow"], &files[..], &["--runs", "1"]].concat();
    let said = "40 machines of the inventory have another shape than the prices: `n-0` (line 2) has 32 vcpu";
    machines(32, 256);
    assert!(folder.run(&check_data).success().contains(said));
    let table = folder.run(&shadow).success();
    assert!(table.contains(said), "{table}");
    // The assumed costs of the modules are in dollars.
    assert!(table.contains("what they cost is left out, as it is assumed in USD and prices are in EUR"), "{table}");
    assert!(table.contains("cost in EUR"), "{table}");
    // A tenth of the memory may be kept by firmware.
    machines(64, 240);
    assert!(!folder.run(&check_data).success().contains("another shape"));
    machines(64, 200);
    assert!(folder.run(&check_data).success().contains("another shape"));
}

#[test]
fn what_the_machine_refuses_is_said_with_a_remedy() {
    let folder = Folder::new();
    folder.run(["check-data", "--requests", "missing.ndjson"]).assert_failed(1, &["missing.ndjson", "check the path"]);
    folder.run(["check-data", "--requests", "."]).assert_failed(1, &["name a file in it"]);
    let text = "id,at,tenant,vcpu\n1,2026-01-01 00:00:00,a,1\n";
    folder.write("a.csv", text);
    let import = ["import", "csv", "a.csv", "--as", "requests", "-o", "no/such/folder.ndjson"];
    folder.run(import).assert_failed(1, &["no/such/folder.ndjson", "check the path"]);
    folder.run(["serve", "--data", "a.csv"]).assert_failed(1, &["a.csv", "a file of that name is in the way"]);
    folder.run(["serve", "--data", "a.csv/data"]).assert_failed(1, &["a.csv/data", "a part of the path is a file"]);
}

#[test]
fn prices_that_stand_in_for_others_are_said() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    folder.write("prices.csv", "instance_type,price_per_hour,currency,from\nsmall,0.05,USD,2030-01-01T00:00:00Z\n");
    let shadow = [
        "shadow",
        "--requests",
        "requests.ndjson",
        "--runs",
        "1",
        "--prices",
        "prices.csv",
        "--billing",
        "per-resource",
    ];
    let answer = folder.run(shadow);
    for part in [
        "without a price cost what their vCPU, GiB and GPUs cost one by one: ",
        "1 price in use begin to hold after the first request",
        "`small` holds from 2030-01-01T00:00:00Z",
    ] {
        assert!(answer.stderr.contains(part), "no `{part}` in {}", answer.stderr);
    }
    assert!(answer.success().contains("one by one"));
}

#[test]
fn one_name_stands_for_one_thing() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let two_inputs = ["shadow", "--requests", "-", "--prices", "-"];
    folder.run(two_inputs).assert_failed(2, &["--requests and --prices both read stdin (`-`)"]);
    let two_outputs = ["shadow", "--requests", "requests.ndjson", "--plans", "out", "--save-scenario", "./out"];
    folder.run(two_outputs).assert_failed(2, &["--plans and --save-scenario both name out"]);
}

#[test]
fn no_output_takes_the_place_of_an_input() {
    let folder = Folder::new();
    let text = "id,at,tenant,vcpu\n1,2026-01-01 00:00:00,a,1\n";
    folder.write("a.csv", text);
    for output in ["a.csv", "./a.csv"] {
        let import = ["import", "csv", "a.csv", "--as", "requests", "-o", output];
        folder.run(import).assert_failed(2, &["is an input of this command", "name another file"]);
        assert_eq!(folder.read("a.csv"), text);
    }
}

#[test]
fn a_log_of_deletes_alone_is_told_what_it_lacks() {
    let folder = Folder::new();
    let delete =
        r#"{"id":"1","at":"2026-01-01T00:00:00Z","tenant":"a","op":"delete","class":"compute","resource":"v"}"#;
    folder.write("requests.ndjson", format!("{delete}\n"));
    let shadow = ["shadow", "--requests", "requests.ndjson"];
    folder.run(shadow).assert_failed(1, &["holds only 1 request to delete or resize", "bring the creates"]);
}

#[test]
fn a_model_that_was_asked_for_is_used_or_refused() {
    let folder = Folder::new();
    example_requests(&folder, 0..3);
    let origin = day(2);
    for command in ["forecast", "shadow"] {
        let asked = [command, "--requests", "requests.ndjson", "--origin", &origin, "--horizon", "1h", "--model"];
        // Two days of validation, 96 bins that it reads, a day ahead: 3 × 288 + 96 = 960 bins. Two days from the first request on are 575.
        let parts = ["requests.ndjson: the model lstm needs 960 bins of 5m", "there are 575", "auto, seasonal-naive"];
        folder.run([&asked[..], &["lstm"]].concat()).assert_failed(1, &parts);
    }
    // Too short for a backtest, long enough for the model.
    let origin = (example::day_window(1).start + shared::units::Duration::HOUR).to_string();
    let asked =
        ["forecast", "--requests", "requests.ndjson", "--origin", &origin, "--model", "one-day-median", "--json"];
    let answer: Value = serde_json::from_str(&folder.run(asked).success()).unwrap();
    assert_eq!(answer["forecast"]["model"]["name"], "one_day_median", "{}", answer["selection"]);
}

#[test]
fn an_event_of_nobody_is_warned_about() {
    let folder = Folder::new();
    example_requests(&folder, 0..2);
    let tenant = example::requests(example::SEED, 0)[0].tenant.clone();
    let event = |name: &str| format!("launch,2026-01-02T00:00:00Z,2026-01-02T06:00:00Z,{name}\n");
    folder.write("events.csv", format!("name,start,end,tenant\n{}{}", event(&tenant), event("nobody")));
    let forecast = ["forecast", "--requests", "requests.ndjson", "--events", "events.csv", "--model", "seasonal-naive"];
    let answer = folder.run([&forecast[..], &["--json"]].concat());
    let warning = "events.csv: line 3: field `tenant`: `nobody` is the tenant of no request";
    assert!(answer.stderr.contains(&format!("warning: {warning}")), "{}", answer.stderr);
    let answer: Value = serde_json::from_str(&answer.success()).unwrap();
    assert!(answer["notices"][0].as_str().unwrap().starts_with(warning), "{}", answer["notices"]);
    assert_eq!(answer["notices"].as_array().unwrap().len(), 1);

    let checked = folder.run(["check-data", "--requests", "requests.ndjson", "--events", "events.csv"]).success();
    assert!(checked.contains("unknown tenants: 1 event of nobody, the first on line 3 of events.csv"), "{checked}");
    assert!(checked.contains("never seen: none of launch"), "{checked}");
}

#[test]
fn impossible_observations_are_found_with_their_lines() {
    let folder = Folder::new();
    let text = example_requests(&folder, 0..1);
    let creates = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids: Vec<String> = creates
        .filter(|request| request["op"] == "create" && request["class"] == "compute")
        .map(|request| request["id"].as_str().unwrap().to_owned())
        .take(2)
        .collect();
    let lines = [
        r#"{"request":"nobody"}"#.to_owned(),
        format!(r#"{{"request":"{}","ready_at":"2020-01-01T00:00:00Z"}}"#, ids[0]),
        format!(r#"{{"request":"{}","node":"n-1"}}"#, ids[1]),
        format!(r#"{{"request":"{}","node":"n-2"}}"#, ids[1]),
    ];
    folder.write("observations.ndjson", lines.join("\n"));
    let files = ["--requests", "requests.ndjson", "--observations", "observations.ndjson"];
    let report = folder.run([&["check-data"], &files[..]].concat()).success();
    for (found, line) in [("no request has this id", 1), ("ready before it was asked for", 2), ("on two nodes", 4)] {
        let part = format!("1 observation: {found}; the first is on line {line} of observations.ndjson, of request");
        assert!(report.contains(&part), "no `{part}` in {report}");
    }
}
