//! What was predicted of closed days and what came, over HTTP, by any groups.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const PATH: &str = "/v1/reports/variance";
const DEMO: [&str; 5] = ["--demo", "--speed", "1e6", "--recommend", "on-order"];

/// Millionths: sums are exact.
fn micros(money: &Value) -> i128 {
    let text = money["amount"].as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap();
    assert_eq!(part.len(), 6, "{text}");
    format!("{whole}{part}").parse().unwrap()
}

/// Predicted, actual, variance.
fn amounts(row: &Value) -> [i128; 3] {
    [&row["predicted"]["mean"], &row["actual"], &row["variance"]].map(micros)
}

/// By cause; none of one that was not observed.
fn causes(of: &Value) -> Vec<Option<i128>> {
    let causes = of["causes"].as_array().expect("causes").iter();
    causes.map(|cause| Some(&cause["amount"]).filter(|money| !money.is_null()).map(micros)).collect()
}

fn closed(reply: &Reply) -> bool {
    !reply.json()["windows"].as_array().unwrap().is_empty()
}

/// However a day is grouped, its lines add up to its total, which is that of its report, and each variance is what came
/// less what was predicted, to the last decimal.
#[test]
fn a_day_varies_alike_however_it_is_grouped() {
    let folder = Folder::new();
    let server = Server::start(&folder, &DEMO);
    let reports = server.wait_for("/v1/reports/allocation?by=tenant", closed).json();
    let report = &reports["windows"][0]["report"];
    let window = &report["window"];
    let asked = format!("from={}&to={}", window["start"].as_str().unwrap(), window["end"].as_str().unwrap());
    let of = |by: &str| {
        let answer = server.get(&format!("{PATH}?{asked}&by={by}")).json();
        assert_eq!(answer["windows"].as_array().unwrap().len(), 1, "{answer}");
        answer["windows"][0].clone()
    };
    for by in ["tenant", "module", "flavor,class", "node_group,zone", "cluster", "label:team,tenant"] {
        let day = of(by);
        assert_eq!((&day["window"], &day["basis"], &day["runs"]), (window, &report["basis"], &report["runs"]), "{by}");
        let rows = day["rows"].as_array().unwrap();
        let sums = rows.iter().map(amounts).fold([0; 3], |sum, row| [0, 1, 2].map(|column| sum[column] + row[column]));
        assert_eq!(sums, amounts(&day["total"]), "{by}");
        assert_eq!(sums, amounts(&report["total"]), "{by}: the report says the same");
        for row in rows.iter().chain([&day["total"]]) {
            let [predicted, actual, variance] = amounts(row);
            assert_eq!(variance, actual - predicted, "{by}: {row}");
        }
        if by.starts_with("label:") {
            assert!(rows.iter().all(|row| row["causes"].is_null()), "a replay knows no labels: {day}");
            continue;
        }
        // The causes of each line add up to its variance, and each cause over the lines to that of the whole.
        for row in rows.iter().chain([&day["total"]]) {
            let sum: i128 = causes(row).into_iter().flatten().sum();
            assert_eq!(sum, amounts(row)[2], "{by}: {row}");
        }
        for cause in 0..6 {
            let sum: i128 = rows.iter().filter_map(|row| causes(row)[cause]).sum();
            assert_eq!(sum, causes(&day["total"])[cause].unwrap_or(0), "{by}: {cause}");
        }
        let of_report: Vec<Option<i128>> = causes(report);
        // The report's are rounded together with other lines.
        for (own, reported) in causes(&day["total"]).into_iter().zip(of_report) {
            assert_eq!(own.is_some(), reported.is_some(), "{by}: {day}");
            assert!((own.unwrap_or(0) - reported.unwrap_or(0)).abs() <= 6, "{by}: {own:?} {reported:?}");
        }
    }
    // Of tenants it says what the report does; there, a column is rounded together with other lines.
    let by_tenant = of("tenant");
    let tenants: Vec<&Value> =
        report["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "tenant").collect();
    assert!(tenants.len() > 2);
    for tenant in tenants {
        let own = by_tenant["rows"].as_array().unwrap().iter().find(|row| row["groups"]["tenant"] == tenant["name"]);
        let (own, reported) = (amounts(own.unwrap()), amounts(tenant));
        assert!(own.iter().zip(reported).all(|(own, reported)| (own - reported).abs() <= 2), "{own:?} {reported:?}");
    }
    let wrong = |query: &str| {
        let reply = server.get(&format!("{PATH}?{query}"));
        assert_eq!(reply.status, 400, "{}", reply.body);
        reply.json()["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(wrong("by=colour"), "by");
    assert_eq!(wrong("by=tenant,tenant"), "by");
    assert_eq!(wrong("by=tenant,zone,class"), "by");
    let none = server.get(&format!("{PATH}?from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00Z")).json();
    assert_eq!(none["not_ready"]["reason"], "none_in_window", "{none}");

    // A day that closed before anything was kept of its runs is told from one that was never there.
    let store = Connection::open(folder.path.join("demo.sqlite")).unwrap();
    store.busy_timeout(Duration::from_secs(60)).unwrap();
    assert!(store.execute("DELETE FROM variances", []).unwrap() > 0);
    let missing = server.get(&format!("{PATH}?{asked}&by=zone")).json();
    assert_eq!(
        (missing["windows"].as_array().unwrap().len(), &missing["missing"][0]["window"]),
        (0, window),
        "{missing}"
    );
    let reason = missing["missing"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("/v1/reports/allocation"), "{reason}");
}
