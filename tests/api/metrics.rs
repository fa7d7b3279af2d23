//! What a monitoring system reads.

use std::collections::BTreeMap;

use shared::units::{Duration, Instant, Window};

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

/// The value of each sample, by its name with its labels.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').map(|(name, value)| (name, value.parse().unwrap())).unwrap()).collect()
}

/// The sum of the samples of a metric whose labels have all of these.
fn sum(samples: &BTreeMap<&str, f64>, metric: &str, labels: &[&str]) -> f64 {
    let of = |name: &str| name.starts_with(metric) && labels.iter().all(|label| name.contains(label));
    samples.iter().filter(|(name, _)| of(name)).map(|(_, value)| value).sum()
}

/// A day of the demo: its cost adds up to that of its report, and the parts of the next one to all of it.
#[test]
fn a_closed_day_and_the_next_one_are_told() {
    let folder = Folder::new();
    folder.write("budgets.csv", "name,amount,currency,period\na cent,0.01,USD,week\n");
    let budgets = folder.path.join("budgets.csv");
    let arguments = ["--demo", "--speed", "1e6", "--recommend", "on-order", "--budgets", budgets.to_str().unwrap()];
    let server = Server::start(&folder, &arguments);
    let told = |reply: &Reply| reply.body.contains("shadowplane_closed_day_actual_cost{");
    let reply = server.wait_for("/metrics", told);
    assert!(reply.body.ends_with("# EOF\n"), "{}", reply.body);
    let samples = samples(&reply.body);
    let report = server.get("/v1/reports/allocation?by=tenant").json();
    let total = |window: &serde_json::Value| -> f64 {
        window["report"]["total"]["actual"]["amount"].as_str().unwrap().parse().unwrap()
    };
    let days: Vec<f64> = report["windows"].as_array().unwrap().iter().map(total).collect();
    let actual = sum(&samples, "shadowplane_closed_day_actual_cost{", &[]);
    // Forty rows at most, of six decimals each.
    assert!(days.iter().any(|day| (day - actual).abs() < 1e-4), "{actual} of {days:?}");
    let predicted =
        |kind: &str| sum(&samples, "shadowplane_predicted_cost{", &["horizon=\"1d\"", kind, "statistic=\"mean\""]);
    let parts: f64 =
        ["tenant", "idle", "overhead", "module"].map(|kind| predicted(&format!("kind=\"{kind}\""))).iter().sum();
    let all = sum(&samples, "shadowplane_predicted_total_cost{", &["horizon=\"1d\"", "statistic=\"mean\""]);
    assert!(parts > 0.0 && (all - parts).abs() < 1e-4, "{parts} of {all}");
    let origin = samples["shadowplane_forecast_origin_seconds{horizon=\"1d\"}"];
    assert!(origin > samples["shadowplane_closed_day_start_seconds"], "{origin}");
    assert_eq!(samples["shadowplane_budget_breach_probability{budget=\"a cent\"}"], 1.0);
    assert!(samples["shadowplane_log_rows{kind=\"requests\"}"] > 1_000.0);
    let accuracy = samples["shadowplane_prediction_accuracy"];
    assert!((0.0..=1.0).contains(&accuracy), "{accuracy}");
}

/// The number is that of the forecast's own bins, and what it cannot be says why.
#[test]
fn one_number_about_what_comes_next_is_told() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\""));
    let ask = |query: &str| server.get(&format!("/v1/metrics/predicted?{query}")).json();
    let within = ask("metric=creates&within=45m");
    let forecast = server.get("/v1/forecasts?horizon=1h").json();
    let at = |value: &serde_json::Value| value.as_str().unwrap().parse::<Instant>().unwrap();
    let window = Window { start: at(&within["window"]["start"]), end: at(&within["window"]["end"]) };
    // Of the first and the last bin as much as lies in the window counts.
    let length = Duration::from_minutes(5);
    let parts = forecast["bins"].as_array().unwrap().iter().map(|bin| {
        let inside = (at(&bin["at"]) + length).min(window.end) - at(&bin["at"]).max(window.start);
        bin["mean"].as_f64().unwrap() * inside.seconds().max(0.0) / length.seconds()
    });
    let expected: f64 = parts.sum();
    assert!(expected > 0.0 && (within["value"].as_f64().unwrap() - expected).abs() < 1e-9, "{within} {expected}");
    // A tenant may sleep at midnight.
    let half_a_day = |more: &str| ask(&format!("metric=creates&within=12h{more}"))["value"].as_f64().unwrap();
    let (of_tenant, of_all) = (half_a_day("&tenant=ci"), half_a_day(""));
    assert!(of_tenant > 0.0 && of_tenant < of_all, "{of_tenant} of {of_all}");
    for metric in ["cost", "live", "nodes"] {
        assert!(ask(&format!("metric={metric}"))["value"].as_f64().unwrap() > 0.0, "{metric}");
    }
    let wrong = |query: &str, field: &str| {
        let reply = server.get(&format!("/v1/metrics/predicted?{query}"));
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{query}: {}", reply.body);
    };
    wrong("metric=creates&within=9d", "within");
    wrong("metric=creates&within=0s", "within");
    wrong("metric=cost&tenant=ci", "tenant");
    wrong("metric=creates&tenant=nobody", "tenant");
    assert_eq!(server.get("/v1/metrics/predicted").status, 400);
    // An hour is further than the forecast of an hour reaches that was made a while ago: the longer one goes on.
    assert!(ask("metric=creates&within=70m")["value"].as_f64().unwrap() > within["value"].as_f64().unwrap());
}
