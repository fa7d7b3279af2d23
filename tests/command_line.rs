//! The commands that predict and run, as a user calls them.

mod answers;
mod backtest;
mod backup;
pub(crate) mod bisect;
mod budgets;
mod commitments;
mod cost_backtest;
mod diff;
mod explain;
mod forecast;
mod helm;
mod ledger;
mod messages;
mod model_file;
mod start;
mod odd_input;
mod pools;
mod price_files;
mod quote;
mod recommendations;
mod report;
mod settings;
mod snapshot;
mod streams;
mod variance;
mod what_if;

use std::collections::BTreeSet;

use serde_json::Value;
use shared::example;
use shared::request::write_line;
use shared::units::{Dimension, Duration};
use tests::real_data;

use crate::shadowplane::Folder;

/// Writes `requests.ndjson`: the example workload of some days, without what does not fit the default fleet, which has
/// no GPUs.
fn example_requests(folder: &Folder, days: std::ops::Range<i64>) -> String {
    let (mut text, mut on_gpu) = (String::new(), BTreeSet::new());
    for request in days.flat_map(|day| example::requests(example::SEED, day)) {
        if request.requested.is_some_and(|requested| requested[Dimension::Gpu] > 0) {
            on_gpu.insert((request.tenant.clone(), request.resource.clone()));
        }
        if !on_gpu.contains(&(request.tenant.clone(), request.resource.clone())) {
            write_line(&mut text, &request);
        }
    }
    folder.write("requests.ndjson", &text);
    text
}

/// A folder with the requests, machines and prices of the README's OpenStack example.
fn openstack() -> Folder {
    let folder = Folder::new();
    for file in ["servers.csv", "hypervisors.csv", "prices.csv"] {
        let path = tests::root().join("tests/scenarios/openstack").join(file);
        folder.write(file, std::fs::read(path).expect("the example is in the checkout"));
    }
    let import = |arguments: &[&str], columns: &[&str]| {
        let columns = columns.iter().flat_map(|column| ["--column", *column]);
        let all: Vec<&str> = ["import", "csv"].into_iter().chain(arguments.iter().copied()).chain(columns).collect();
        folder.run(all).success();
    };
    import(
        &["servers.csv", "--as", "requests", "-o", "requests.ndjson"],
        &[
            "id=ID",
            "resource=ID",
            "tenant=Project",
            "flavor=Flavor",
            "vcpu=VCPUs",
            "memory_gib=Memory MiB/1024",
            "at=Created At",
            "end=Deleted At",
        ],
    );
    import(
        &["hypervisors.csv", "--as", "inventory", "-o", "nodes.csv"],
        &["node=Hypervisor Hostname", "vcpu=vCPUs", "memory_gib=Memory MB/1024", "instance_type='r740'"],
    );
    folder
}

fn answer(folder: &Folder, arguments: &[&str]) -> Value {
    serde_json::from_str(&folder.run(arguments).success()).unwrap()
}

fn day(day: i64) -> String {
    example::day_window(day).start.to_string()
}

#[test]
fn a_shadow_predicts_runs_and_explains() {
    let folder = Folder::new();
    example_requests(&folder, 0..5);
    let (origin, saved) = (day(4), "scenario.json");
    let arguments = |threads: &'static str| {
        let model = ["--model", "seasonal-naive", "--runs", "4", "--horizon", "12h"];
        let mut all =
            vec!["shadow", "--requests", "requests.ndjson", "--origin", &origin, "--threads", threads, "--json"];
        all.extend(model);
        all
    };
    let mut saving = arguments("1");
    saving.extend(["--save-scenario", saved]);
    let (one, four) = (answer(&folder, &saving), answer(&folder, &arguments("4")));
    let again = answer(&folder, &["shadow", "--scenario", saved, "--json"]);
    // As the service keeps it: with the digest that it had.
    let kept = |digest: &str| format!(r#"{{"scenario":{},"digest":"{digest}"}}"#, folder.read(saved));
    let digest = one["digest"].as_str().unwrap();
    for (digest, notices) in [(digest.to_owned(), 0), (digest.chars().rev().collect(), 1)] {
        folder.write("kept.json", kept(&digest));
        let run = answer(&folder, &["shadow", "--scenario", "kept.json", "--json"]);
        assert_eq!((&run["digest"], run["notices"].as_array().unwrap().len()), (&one["digest"], notices));
    }
    assert_eq!(one["digest"], four["digest"]);
    assert_eq!(one["digest"], again["digest"]);
    assert_eq!(one["variance"], four["variance"]);

    // Exact decimals: the causes add up to the variance, for the whole and for every row.
    let (variance, report) = (&one["variance"], &one["report"]);
    let (actual, predicted) = (money(&report["total"]["actual"]), money(&report["total"]["predicted"]["mean"]));
    assert_eq!(sum_of_causes(variance), money(&variance["amount"]));
    assert_eq!(money(&variance["amount"]), actual - predicted);
    for row in report["rows"].as_array().unwrap() {
        assert_eq!(sum_of_causes(row), money(&row["variance"]), "{row}");
    }
    for cause in variance["causes"].as_array().unwrap() {
        assert_eq!(cause["amount"].is_null(), cause["before"].is_null(), "an amount is the difference of two runs");
    }
    let accuracy = one["prediction_accuracy"].as_f64().unwrap();
    let expected = 1.0 - (money(&variance["amount"]) as f64 / actual as f64).abs();
    assert!((accuracy - expected).abs() < 1e-6, "the first window's accuracy is 1 − |variance ÷ actual|");
}

/// Millionths of a currency, which is how finely reports are written.
fn money(value: &Value) -> i128 {
    let text = value["amount"].as_str().unwrap_or_else(|| panic!("no money: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

fn sum_of_causes(of: &Value) -> i128 {
    let causes = of["causes"].as_array().unwrap().iter();
    causes.filter(|cause| !cause["amount"].is_null()).map(|cause| money(&cause["amount"])).sum()
}

#[test]
fn a_log_that_ends_inside_the_window_is_not_compared() {
    let folder = Folder::new();
    example_requests(&folder, 0..4);
    let origin = (example::day_window(3).start + Duration::HOUR * 12).to_string();
    let shadow =
        ["shadow", "--requests", "requests.ndjson", "--origin", &origin, "--model", "seasonal-naive", "--runs", "1"];
    let half = answer(&folder, &[&shadow[..], &["--horizon", "1d", "--json"]].concat());
    assert!(half["variance"].is_null() && half["prediction_accuracy"].is_null());
    assert!(half["notices"].to_string().contains("ends before the window"), "{}", half["notices"]);
    let whole = answer(&folder, &[&shadow[..], &["--horizon", "12h", "--json"]].concat());
    assert!(whole["prediction_accuracy"].is_number());
}

#[test]
fn a_predicted_stream_is_a_stream_like_any_other() {
    let folder = Folder::new();
    example_requests(&folder, 0..3);
    let predict = ["predict", "--requests", "requests.ndjson", "--horizon", "6h", "--model", "seasonal-naive"];
    folder.run([&predict[..], &["-o", "predicted.ndjson"]].concat()).success();
    let stream = folder.read("predicted.ndjson");
    assert!(stream.lines().count() > 100 && stream.lines().all(|line| line.starts_with(r#"{"id":"p-"#)));
    let outcome = answer(&folder, &["shadow", "--requests", "predicted.ndjson", "--runs", "1", "--json"]);
    let notices = outcome["notices"].to_string();
    assert!(notices.contains("never created"), "deletes of what lives at the origin are counted: {notices}");
}

#[test]
fn a_forecast_says_what_it_still_needs() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let origin = (example::day_window(0).start + Duration::HOUR * 6).to_string();
    let short = answer(
        &folder,
        &["forecast", "--requests", "requests.ndjson", "--origin", &origin, "--horizon", "1h", "--json"],
    );
    assert_eq!(short["selection"]["fallback"]["model"], "recent_mean");
    assert!(short["selection"]["fallback"]["missing"].as_u64().unwrap() > 0);
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    let folder = Folder::new();
    let (text, origin) = (example_requests(&folder, 0..2), day(1));
    let fails = |arguments: &[&str], status: i32, parts: &[&str]| folder.run(arguments).assert_failed(status, parts);

    folder.write("empty.ndjson", "");
    fails(&["shadow", "--requests", "empty.ndjson"], 1, &["empty.ndjson", "no request", "shadowplane import"]);
    folder.write("broken.ndjson", format!("{text}{{\"id\":\"x\",\"at\":\"yesterday\"}}\n"));
    let line = format!("line {}", text.lines().count() + 1);
    fails(&["shadow", "--requests", "broken.ndjson"], 1, &["broken.ndjson", &line, "`at`", "RFC 3339"]);
    folder.write("unknown.ndjson", text.replacen("\"requested\":{", "\"unheard_of\":{", 1));
    fails(&["shadow", "--requests", "unknown.ndjson"], 1, &["line 1", "unheard_of"]);
    let create = text.lines().next().unwrap();
    let start = create.find(",\"requested\"").unwrap();
    let end = start + create[start..].find('}').unwrap() + 1;
    folder.write("flavor.ndjson", format!("{}{}\n", &create[..start], &create[end..]));
    fails(&["shadow", "--requests", "flavor.ndjson"], 1, &["line 1", "`flavor`", "price file"]);

    let shadow = ["shadow", "--requests", "requests.ndjson", "--origin", &origin];
    fails(&[&shadow[..], &["--horizon", "7m"]].concat(), 2, &["--horizon", "7m", "multiple", "ask for 5m, 10m"]);
    fails(&[&shadow[..], &["--horizon", "0m"]].concat(), 2, &["--horizon", "0s", "ask for 5m, 10m"]);
    fails(
        &["shadow", "--requests", "requests.ndjson", "--origin", "2020-01-01T00:00:00Z"],
        1,
        &["lies before the log", &day(0)[..10], "--history"],
    );
    fails(&[&shadow[..], &["--history", "requests.ndjson"]].concat(), 1, &["--history", "twice"]);
    fails(&[&shadow[..], &["--horizon", "100000d"]].concat(), 2, &["at most 366d"]);
    fails(&[&shadow[..], &["--threads", "0"]].concat(), 2, &["threads"]);
    folder.write("long-ago.ndjson", text.replacen("\"at\":\"2026", "\"at\":\"0026", 1));
    fails(&["shadow", "--requests", "long-ago.ndjson"], 1, &["line 1", "`at`", "1970"]);
    fails(&["shadow", "--requests", "requests.ndjson", "--origin", "noon"], 2, &["noon", "RFC 3339"]);
    fails(&["shadow"], 2, &["--requests"]);
    fails(&["shadow", "--requests", "nowhere.ndjson"], 1, &["nowhere.ndjson"]);

    folder.write("nodes.csv", "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,64,256,4,own.big,a\n");
    let inventory = [&shadow[..], &["--inventory", "nodes.csv", "--horizon", "1h"]].concat();
    fails(&inventory, 1, &["own.big", "no price", "--prices"]);
}

#[test]
fn options_without_effect_are_refused() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let shadow = |rest: &[&'static str], parts: &[&str]| {
        let answer = folder.run([&["shadow", "--requests", "requests.ndjson"], rest].concat());
        answer.assert_failed(2, &[parts, &["--origin"]].concat());
    };
    shadow(&["--model", "lstm"], &["--model"]);
    shadow(&["--horizon", "1h"], &["--horizon"]);
    shadow(&["--sensors", "sensors.csv"], &["--sensors"]);
    shadow(&["--history", "older.ndjson"], &["--history"]);
    folder.write("scenario.json", "{}");
    let scenario = ["shadow", "--scenario", "scenario.json"];
    folder.run([&scenario[..], &["--runs", "3"]].concat()).assert_failed(2, &["--runs", "--scenario"]);
    folder.run(scenario).assert_failed(1, &["scenario.json", "`name`", "is missing"]);
}

/// The example asks about 2,000 times a day: three hours of silence are many, a day and more says nothing any more.
#[test]
fn an_origin_behind_the_end_of_the_log_is_warned_about_or_refused() {
    let folder = Folder::new();
    example_requests(&folder, 0..3);
    let end = example::day_window(2).end;
    for command in ["shadow", "forecast"] {
        let late = |by: Duration| {
            let (log, origin) = (["--requests", "requests.ndjson", "--origin"], (end + by).to_string());
            let options = ["--model", "seasonal-naive", "--horizon", "1h", "--json"];
            folder.run([&[command], &log[..], &[&origin], &options].concat())
        };
        let warned = late(Duration::HOUR * 3);
        assert!(warned.stderr.contains("warning: nothing was requested"), "{command}: {}", warned.stderr);
        let answer: Value = serde_json::from_str(&warned.success()).unwrap();
        assert!(answer["notices"].to_string().contains("nothing was requested"), "{}", answer["notices"]);
        assert!(!late(Duration::ZERO).stderr.contains("warning"), "{command}");
        let far = late(Duration::DAY * 30);
        far.assert_failed(1, &["requests.ndjson", "forecast would be of nothing", "origin"]);
    }
}

/// 0.10 EUR an hour for each of the example's flavors but one, which only the built-in dollars could price.
#[test]
fn dollars_are_not_taken_for_another_currency() {
    let folder = Folder::new();
    example_requests(&folder, 0..1);
    let flavors = ["small", "medium", "large", "memory", "compute"];
    let rows: String = flavors.iter().map(|flavor| format!("{flavor},0.10,EUR\n")).collect();
    let header = "instance_type,price_per_hour,currency\n";
    let shadow = ["shadow", "--requests", "requests.ndjson", "--runs", "1", "--billing", "per-resource"];
    folder.write("all.csv", format!("{header}{rows}"));
    let outcome = answer(&folder, &[&shadow[..], &["--prices", "all.csv", "--json"]].concat());
    assert_eq!(outcome["cost"]["mean"]["currency"], "EUR");
    folder.write("some.csv", format!("{header}{}", rows.replace("medium,0.10,EUR\n", "")));
    let refused = ["some.csv", "`instance_type`", "`medium`", "USD", "EUR", "medium,0.10,EUR"];
    folder.run([&shadow[..], &["--prices", "some.csv"]].concat()).assert_failed(1, &refused);
    folder.write("usd.csv", format!("{header}small,0.10,USD\n"));
    answer(&folder, &[&shadow[..], &["--prices", "usd.csv", "--json"]].concat());
}

/// The main job on the real trace, with the cheapest model and few runs: a short form of the README's example.
#[test]
fn the_azure_trace_runs_from_import_to_variance() {
    let Some(data) = real_data("azure-vm-v1") else { return };
    let folder = Folder::new();
    let file = |name: &str| data.join(name).to_str().unwrap().to_owned();
    let (dev, flavors, lifetimes) = (file("dev.csv.gz"), file("flavors.csv"), file("lifetime_bins.csv"));
    let files = ["import", "azure-vm", &dev, "--flavors", &flavors, "--lifetimes", &lifetimes];
    let options = ["--tenants", "40", "--epoch", "2026-01-01T00:00:00Z", "-o", "dev.ndjson"];
    folder.run([&files[..], &options].concat()).success();
    let origin = ["--origin", "2026-01-24T00:00:00Z", "--horizon", "1d"];
    let options = ["--model", "seasonal-naive", "--runs", "2", "--json"];
    let outcome = answer(&folder, &[&["shadow", "--requests", "dev.ndjson"], &origin[..], &options[..]].concat());
    // Lines of dev.csv with 23 days ≤ t_s < 24 days.
    let bins = outcome["actual"]["timeline"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["creates"].as_f64().unwrap()).sum::<f64>(), 76_805.0);
    assert!(outcome["prediction_accuracy"].as_f64().unwrap() > 0.5, "{}", outcome["prediction_accuracy"]);
}
