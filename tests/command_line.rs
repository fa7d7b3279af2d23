//! The commands that predict and run, as a user calls them.

mod answers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use shared::example;
use shared::request::write_line;
use shared::units::{Dimension, Duration};
use tests::{real_data, shadowplane};

/// A folder of its own for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("shadowplane-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// The example workload of some days, without what does not fit the default fleet, which has no GPUs.
    fn example(&self, days: std::ops::Range<i64>) -> String {
        let (mut text, mut on_gpu) = (String::new(), BTreeSet::new());
        for request in days.flat_map(|day| example::requests(example::SEED, day)) {
            if request.requested.is_some_and(|requested| requested[Dimension::Gpu] > 0) {
                on_gpu.insert((request.tenant.clone(), request.resource.clone()));
            }
            if !on_gpu.contains(&(request.tenant.clone(), request.resource.clone())) {
                write_line(&mut text, &request);
            }
        }
        self.write("requests.ndjson", &text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(shadowplane()).args(arguments).output().unwrap()
}

fn answer(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The command fails with `status`, prints nothing, and says each of `parts`.
fn fails(arguments: &[&str], status: i32, parts: &[&str]) {
    let output = run(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    for part in parts {
        assert!(message.contains(part), "{arguments:?}: `{part}` is not in: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
}

fn day(day: i64) -> String {
    example::day_window(day).start.to_string()
}

fn ledger(value: &Value) -> i128 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_shadow_predicts_runs_and_explains() {
    let folder = Folder::new("shadow");
    let (requests, origin, saved) = (folder.example(0..5), day(4), folder.path("scenario.json"));
    let arguments = |threads: &'static str| {
        let model = ["--model", "seasonal-naive", "--runs", "4", "--horizon", "12h"];
        let mut all = vec!["shadow", "--requests", &requests, "--origin", &origin, "--threads", threads, "--json"];
        all.extend(model);
        all
    };
    let mut saving = arguments("1");
    saving.extend(["--save-scenario", &saved]);
    let (one, four) = (answer(&saving), answer(&arguments("4")));
    let again = answer(&["shadow", "--scenario", &saved, "--json"]);
    assert_eq!(one["digest"], four["digest"]);
    assert_eq!(one["digest"], again["digest"]);
    assert_eq!(one["variance"], four["variance"]);

    let variance = &one["variance"];
    let causes: i128 = variance["causes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["finding"].get("observed"))
        .map(|observed| ledger(&observed["amount"]))
        .sum();
    let (actual, predicted) = (ledger(&variance["actual"]), ledger(&variance["predicted"]));
    assert_eq!(causes, actual - predicted);
    let accuracy = one["prediction_accuracy"].as_f64().unwrap();
    let expected = 1.0 - ((actual - predicted) as f64 / actual as f64).abs();
    assert!((accuracy - expected).abs() < 1e-12, "the first window's accuracy is 1 − |variance ÷ actual|");
}

#[test]
fn a_log_that_ends_inside_the_window_is_not_compared() {
    let folder = Folder::new("cut");
    let (requests, origin) = (folder.example(0..4), (example::day_window(3).start + Duration::HOUR * 12).to_string());
    let shadow = ["shadow", "--requests", &requests, "--origin", &origin, "--model", "seasonal-naive", "--runs", "1"];
    let half = answer(&[&shadow[..], &["--horizon", "1d", "--json"]].concat());
    assert!(half["variance"].is_null() && half["prediction_accuracy"].is_null());
    assert!(half["notices"].to_string().contains("ends before the window"), "{}", half["notices"]);
    let whole = answer(&[&shadow[..], &["--horizon", "12h", "--json"]].concat());
    assert!(whole["prediction_accuracy"].is_number());
}

#[test]
fn a_predicted_stream_is_a_stream_like_any_other() {
    let folder = Folder::new("predict");
    let requests = folder.example(0..3);
    let predicted = folder.path("predicted.ndjson");
    let predict = ["predict", "--requests", &requests, "--horizon", "6h", "--model", "seasonal-naive"];
    let written = run(&[&predict[..], &["-o", &predicted]].concat());
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let stream = fs::read_to_string(&predicted).unwrap();
    assert!(stream.lines().count() > 100 && stream.lines().all(|line| line.starts_with(r#"{"id":"p-"#)));
    let outcome = answer(&["shadow", "--requests", &predicted, "--runs", "1", "--json"]);
    let notices = outcome["notices"].to_string();
    assert!(notices.contains("never created"), "deletes of what lives at the origin are counted: {notices}");
}

#[test]
fn a_forecast_says_what_it_still_needs() {
    let folder = Folder::new("forecast");
    let requests = folder.example(0..1);
    let origin = (example::day_window(0).start + Duration::HOUR * 6).to_string();
    let short = answer(&["forecast", "--requests", &requests, "--origin", &origin, "--horizon", "1h", "--json"]);
    assert_eq!(short["selection"]["fallback"]["model"], "recent_mean");
    assert!(short["selection"]["fallback"]["missing"].as_u64().unwrap() > 0);
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    let folder = Folder::new("bad");
    let requests = folder.example(0..2);
    let text = fs::read_to_string(&requests).unwrap();
    let origin = day(1);
    let with = |name: &str, text: &str| folder.write(name, text);

    let empty = with("empty.ndjson", "");
    fails(&["shadow", "--requests", &empty], 1, &["empty.ndjson", "no request", "shadowplane import"]);
    let broken = with("broken.ndjson", &format!("{text}{{\"id\":\"x\",\"at\":\"yesterday\"}}\n"));
    let line = format!("line {}", text.lines().count() + 1);
    fails(&["shadow", "--requests", &broken], 1, &["broken.ndjson", &line, "`at`", "RFC 3339"]);
    let unknown = with("unknown.ndjson", &text.replacen("\"requested\":{", "\"unheard_of\":{", 1));
    fails(&["shadow", "--requests", &unknown], 1, &["line 1", "unheard_of"]);
    let create = text.lines().next().unwrap();
    let start = create.find(",\"requested\"").unwrap();
    let end = start + create[start..].find('}').unwrap() + 1;
    let nameless = with("flavor.ndjson", &format!("{}{}\n", &create[..start], &create[end..]));
    fails(&["shadow", "--requests", &nameless], 1, &["line 1", "`flavor`", "price file"]);

    let shadow = ["shadow", "--requests", &requests, "--origin", &origin];
    fails(&[&shadow[..], &["--horizon", "7m"]].concat(), 1, &["7m", "multiple", "5m"]);
    fails(&["shadow", "--requests", &requests, "--origin", "2020-01-01T00:00:00Z"], 1, &["more", "--history"]);
    fails(&[&shadow[..], &["--history", &requests]].concat(), 1, &["--history", "twice"]);
    fails(&[&shadow[..], &["--horizon", "100000d"]].concat(), 2, &["at most 366d"]);
    fails(&[&shadow[..], &["--threads", "0"]].concat(), 2, &["threads"]);
    let long_ago = with("long-ago.ndjson", &text.replacen("\"at\":\"2026", "\"at\":\"0026", 1));
    fails(&["shadow", "--requests", &long_ago], 1, &["line 1", "`at`", "1970"]);
    fails(&["shadow", "--requests", &requests, "--origin", "noon"], 2, &["noon", "RFC 3339"]);
    fails(&["shadow"], 2, &["--requests"]);
    fails(&["shadow", "--requests", "nowhere.ndjson"], 1, &["nowhere.ndjson"]);

    let nodes = with("nodes.csv", "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,64,256,4,own.big,a\n");
    let inventory = [&shadow[..], &["--inventory", &nodes, "--horizon", "1h"]].concat();
    fails(&inventory, 1, &["own.big", "no price", "price file"]);
}

#[test]
fn options_without_effect_are_refused() {
    let folder = Folder::new("no-effect");
    let requests = folder.example(0..1);
    let shadow = |rest: &[&'static str], parts: &[&str]| {
        fails(&[&["shadow", "--requests", &requests], rest].concat(), 2, &[parts, &["--origin"]].concat());
    };
    shadow(&["--model", "lstm"], &["--model"]);
    shadow(&["--horizon", "1h"], &["--horizon"]);
    shadow(&["--sensors", "sensors.csv"], &["--sensors"]);
    shadow(&["--history", "older.ndjson"], &["--history"]);
    let scenario = folder.write("scenario.json", "{}");
    fails(&["shadow", "--scenario", &scenario, "--runs", "3"], 2, &["--runs", "--scenario"]);
    fails(&["shadow", "--scenario", &scenario], 1, &["scenario.json", "`name`", "is missing"]);
}

/// The example asks about 2,000 times a day: three hours of silence are many, a day and more says nothing any more.
#[test]
fn an_origin_behind_the_end_of_the_log_is_warned_about_or_refused() {
    let folder = Folder::new("late");
    let requests = folder.example(0..3);
    let end = example::day_window(2).end;
    let late = |by: Duration| (end + by).to_string();
    let arguments = |command: &'static str, origin: &str| {
        let options = ["--model", "seasonal-naive", "--horizon", "1h", "--json"];
        let all = [&[command, "--requests", &requests, "--origin", origin], &options[..]].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    for command in ["shadow", "forecast"] {
        let of = |by: Duration| arguments(command, &late(by));
        let given = of(Duration::HOUR * 3);
        let output = run(&given.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("warning: nothing was requested"), "{command}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(answer["notices"].to_string().contains("nothing was requested"), "{}", answer["notices"]);
        let on_time = of(Duration::ZERO);
        let on_time = run(&on_time.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!String::from_utf8_lossy(&on_time.stderr).contains("warning"), "{command}");
        let far = of(Duration::DAY * 30);
        let far: Vec<&str> = far.iter().map(String::as_str).collect();
        fails(&far, 1, &["requests.ndjson", "forecast would be of nothing", "origin"]);
    }
}

/// 0.10 EUR an hour for each of the example's flavors but one, which only the built-in dollars could price.
#[test]
fn dollars_are_not_taken_for_another_currency() {
    let folder = Folder::new("currency");
    let requests = folder.example(0..1);
    let flavors = ["small", "medium", "large", "memory", "compute"];
    let rows: String = flavors.iter().map(|flavor| format!("{flavor},0.10,EUR\n")).collect();
    let header = "instance_type,price_per_hour,currency\n";
    let all = folder.write("prices.csv", &format!("{header}{rows}"));
    let shadow = ["shadow", "--requests", &requests, "--runs", "1", "--billing", "per-resource"];
    let outcome = answer(&[&shadow[..], &["--prices", &all, "--json"]].concat());
    assert_eq!(outcome["cost"]["mean"]["currency"], "EUR");
    let some = folder.write("some.csv", &format!("{header}{}", rows.replace("medium,0.10,EUR\n", "")));
    let refused = ["some.csv", "`instance_type`", "`medium`", "USD", "EUR", "medium,0.10,EUR"];
    fails(&[&shadow[..], &["--prices", &some]].concat(), 1, &refused);
    let dollars = folder.write("usd.csv", &format!("{header}small,0.10,USD\n"));
    answer(&[&shadow[..], &["--prices", &dollars, "--json"]].concat());
}

/// The main job on the real trace, with the cheapest model and few runs: a short form of the README's example.
#[test]
fn the_azure_trace_runs_from_import_to_variance() {
    let Some(data) = real_data("azure-vm-v1") else { return };
    let folder = Folder::new("azure");
    let (log, file) = (folder.path("dev.ndjson"), |name: &str| data.join(name).to_str().unwrap().to_owned());
    let import =
        |output: &str| {
            let (dev, flavors, lifetimes) = (file("dev.csv.gz"), file("flavors.csv"), file("lifetime_bins.csv"));
            let epoch = ["--tenants", "40", "--epoch", "2026-01-01T00:00:00Z", "-o", output];
            let output =
                run(&[&["import", "azure-vm", &dev, "--flavors", &flavors, "--lifetimes", &lifetimes], &epoch[..]]
                    .concat());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
    import(&log);
    assert!(Path::new(&log).exists());
    let origin = ["--origin", "2026-01-24T00:00:00Z", "--horizon", "1d"];
    let options = ["--model", "seasonal-naive", "--runs", "2", "--json"];
    let outcome = answer(&[&["shadow", "--requests", &log], &origin[..], &options[..]].concat());
    // Lines of dev.csv with 23 days ≤ t_s < 24 days.
    let bins = outcome["actual"]["timeline"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["creates"].as_f64().unwrap()).sum::<f64>(), 76_805.0);
    assert!(outcome["prediction_accuracy"].as_f64().unwrap() > 0.5, "{}", outcome["prediction_accuracy"]);
}
