//! Budgets and anomalies, as a user calls them.

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::answer;
use super::bisect::{log, machine, shadow};
use crate::shadowplane::Folder;

/// A Friday; the log begins on the Sunday before.
const ORIGIN: &str = "2026-01-09T00:00:00Z";

const PRICES: &str = "instance_type,price_per_hour,currency\ntwo,1,USD\n";

/// Every hour a machine of `web` and one of `ml`, the latter of team b, for half an hour each; up to the origin only.
fn requests() -> String {
    let start: Instant = "2026-01-04T00:00:00Z".parse().unwrap();
    let mut lines = Vec::new();
    for hour in 0..5 * 24 {
        let at = start + Duration::HOUR * hour;
        lines.extend(machine("web", &format!("w{hour}"), at + Duration::from_minutes(5), 30));
        let of_team = machine("ml", &format!("m{hour}"), at + Duration::from_minutes(10), 30);
        lines.extend(of_team.map(|(at, line)| (at, line.replacen('{', r#"{"labels":{"team":"b"},"#, 1))));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

fn folder(budgets: &str) -> Folder {
    let folder = Folder::new();
    folder.write("requests.ndjson", requests());
    folder.write("prices.csv", PRICES);
    folder.write("budgets.csv", format!("name,amount,currency,period,tenant,label\n{budgets}"));
    folder
}

fn words<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    let common = ["report", "budgets", "--requests", "requests.ndjson", "--prices", "prices.csv", "--budgets"];
    let more = ["budgets.csv", "--billing", "per-resource", "--bin", "1h", "--runs", "5"];
    [&common[..], &more, rest].concat()
}

fn amount(value: &Value) -> f64 {
    value["amount"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_breach_has_a_time_and_what_was_spent_is_what_reports_say() {
    let budgets = "web today,6.25,USD,day,web,\nthis week,50,USD,week,web,\nteam,1000,USD,month,,team=b\n";
    let folder = folder(budgets);
    let asked = words(&["--origin", ORIGIN, "--horizon", "1d", "--model", "seasonal-naive"]);
    let list = answer(&folder, &[&asked[..], &["--json"]].concat());
    let [today, week, team] = &list["budgets"].as_array().unwrap()[..] else { panic!("{list}") };
    // Half a dollar an hour, some at other minutes of the hour: 6.25 are spent a little after noon.
    assert_eq!((&today["state"], &today["probability"]), (&"will_breach".into(), &1.0.into()), "{list}");
    let at: Instant = today["sure_by"].as_str().unwrap().parse().unwrap();
    let noon = ORIGIN.parse::<Instant>().unwrap() + Duration::HOUR * 12;
    assert!(noon - Duration::HOUR * 3 < at && at < noon + Duration::HOUR * 4, "{today}");
    assert!(today["median"].as_str() <= today["sure_by"].as_str(), "{today}");

    // Monday to Thursday, as a report of the same requests says.
    let report = ["report", "allocation", "--requests", "requests.ndjson", "--prices", "prices.csv", "--bin", "1h"];
    let from = ["--billing", "per-resource", "--from", "2026-01-05T00:00:00Z", "--json"];
    let report = answer(&folder, &[&report[..], &from].concat());
    let mut rows = report["rows"].as_array().unwrap().iter();
    let web = rows.find(|row| row["groups"]["tenant"] == "web").unwrap_or_else(|| panic!("{report}"));
    // A report rounds so that its column adds up: the last decimal may differ.
    let amount = |money: &Value| money["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((amount(&week["spent"]) - amount(&web["workload"])).abs() < 2e-6, "{week} {report}");
    assert_eq!(
        (&week["window"]["start"], &week["window"]["end"]),
        (&"2026-01-05T00:00:00Z".into(), &"2026-01-12T00:00:00Z".into())
    );
    assert_eq!(week["seen_until"], "2026-01-10T00:00:00Z");

    // The month began before the log did, and what is predicted has the labels of what there was.
    assert_eq!((&team["known_from"], &team["state"]), (&"2026-01-04T00:00:00Z".into(), &"kept_within_horizon".into()));
    assert!(amount(&team["spending"]["p50"]) > amount(&team["spent"]) + 5.0, "{team}");
    let table = folder.run(asked).success();
    for part in [
        "web today",
        "80 % sure; half of the runs by Fri 2026-01-09 1",
        "none within the horizon, which ends Sat 2026-01-10 00:00",
        "what was spent before the log begins, 2026-01-04T00:00:00Z, is not known and not in `team`",
    ] {
        assert!(table.contains(part), "expected `{part}` in {table}");
    }
}

#[test]
fn what_is_wrong_with_budgets_is_said_with_every_problem() {
    let folder = folder("web,0,USD,day,web,\nall,5,EUR,year,,\n");
    let asked = words(&["--origin", ORIGIN]);
    let parts =
        ["budgets.csv: 3 problems", "line 2: field `amount`", "line 3: field `currency`", "line 3: field `period`"];
    folder.run(asked.clone()).assert_failed(1, &parts);
    folder.write("budgets.csv", "name,amount,currency,period,tenant\nb,5,USD,day,wep\n");
    folder.run(asked).assert_failed(1, &["`wep` of budget `b`", "the tenants are web, ml"]);
    folder.run(words(&[])).assert_failed(2, &["--origin"]);
    folder.run(words(&["--origin", ORIGIN, "--sure", "0"])).assert_failed(2, &["--sure"]);
}

#[test]
fn an_anomaly_names_tenant_cause_and_first_request() {
    let folder = Folder::new();
    folder.write("requests.ndjson", log());
    let asked = shadow();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let found = answer(&folder, &[&asked[..], &["--json"]].concat());
    let anomalies = found["anomalies"]["anomalies"].as_array().unwrap();
    let of_ml =
        anomalies.iter().find(|anomaly| anomaly["name"] == "ml").unwrap_or_else(|| panic!("{}", found["anomalies"]));
    // 14 machines more, which is volume, and each for eight hours where its like lives for half of one, which is 15 times as
    // much: timing. The first of them lives on from 10:50 on.
    let said = [&of_ml["kind"], &of_ml["cause"], &of_ml["tenant"]].map(|value| value.as_str().unwrap());
    assert_eq!(said, ["tenant", "timing", "ml"]);
    let first = &of_ml["first"]["request"];
    assert_eq!((&first["id"], &first["how"]), (&"planted00-create".into(), &"lived_longer".into()), "{of_ml}");
    assert!(first["at"].as_str().unwrap().starts_with("2026-01-09T10:"), "{of_ml}");
    let [low, high, actual] = [&of_ml["low"], &of_ml["high"], &of_ml["actual"]].map(amount);
    assert!(low <= high && high < actual && of_ml["band"]["runs_spread"]["runs"] == 3, "{of_ml}");
    assert!(!anomalies.iter().any(|anomaly| anomaly["name"] == "web"), "{anomalies:?}");
    let table = folder.run(asked).success();
    assert!(table.contains("anomalies, outside of the band that holds 99 %"), "{table}");
    assert!(table.contains("first: planted00-create of ml, two, 2026-01-09T10:"), "{table}");
}

#[test]
fn a_budget_of_a_label_that_nothing_has_is_refused() {
    let folder = folder("team,1000,USD,month,,team=nosuch\nml,1000,USD,month,ml,team=b\nweb,9,USD,day,web,team=b\n");
    // Resources of ml have the label, and none of web has any.
    folder.run(words(&["--origin", ORIGIN, "--horizon", "1d"])).assert_failed(
        1,
        &[
            "budgets.csv: nothing has these labels: `team=nosuch` of budget `team`, `team=b` of budget `web`; there are \
             team=b",
        ],
    );
}
