//! Which requests a variance comes from: planted ones, found by their ids.

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::answer;
use crate::shadowplane::Folder;

const DAYS: i64 = 6;

fn start() -> Instant {
    "2026-01-04T00:00:00Z".parse().unwrap()
}

/// A machine of 2 vCPU that lives for `minutes`.
pub(super) fn machine(tenant: &str, id: &str, at: Instant, minutes: i64) -> [(Instant, String); 2] {
    let line = |operation: &str, at: Instant, rest: &str| {
        let line = format!(
            r#"{{"id":"{id}-{operation}","at":"{at}","tenant":"{tenant}","op":"{operation}","class":"compute","resource":"{id}"{rest}}}"#
        );
        (at, line + "\n")
    };
    let shape = r#","flavor":"two","requested":{"vcpu":2,"memory_gib":8}"#;
    [line("create", at, shape), line("delete", at + Duration::from_minutes(minutes), "")]
}

/// Every hour one machine of `web` and one of `ml`, for half an hour; and 14 more of `ml` on the last day, which is a
/// Friday, from 10:20 on, for eight hours.
pub(crate) fn log() -> String {
    let mut lines = Vec::new();
    for hour in 0..DAYS * 24 {
        let at = start() + Duration::HOUR * hour;
        lines.extend(machine("web", &format!("w{hour}"), at + Duration::from_minutes(5), 30));
        lines.extend(machine("ml", &format!("m{hour}"), at + Duration::from_minutes(10), 30));
    }
    let planted = origin() + Duration::HOUR * 10 + Duration::from_minutes(20);
    for i in 0..14 {
        lines.extend(machine("ml", &format!("planted{i:02}"), planted + Duration::from_seconds(i), 480));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

pub(crate) fn origin() -> Instant {
    start() + Duration::DAY * (DAYS - 1)
}

pub(super) fn shadow() -> Vec<String> {
    let origin = origin().to_string();
    let words = ["shadow", "--requests", "requests.ndjson", "--origin", &origin, "--model", "seasonal-naive"];
    let rest = ["--horizon", "23h", "--runs", "3", "--bin", "1h"];
    words.into_iter().chain(rest).map(str::to_owned).collect()
}

#[test]
fn planted_creates_are_named() {
    let folder = Folder::new();
    folder.write("requests.ndjson", log());
    let asked = shadow();
    let with =
        |rest: &[&str]| -> Vec<String> { asked.iter().cloned().chain(rest.iter().map(|&s| s.to_owned())).collect() };
    let words = with(&["--bisect", "90", "--bisect-tenant", "ml", "--json"]);
    let found = answer(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let of_ml = &found["bisect"][0];
    assert_eq!(
        (&of_ml["tenant"], &of_ml["finding"], &of_ml["is_minimal"]),
        (&"ml".into(), &"requests".into(), &true.into())
    );
    let requests = of_ml["requests"].as_array().unwrap();
    let planted = |request: &&Value| request["id"].as_str().is_some_and(|id| id.starts_with("planted"));
    // 14 × 8 h of some 112 h + what the usual ones differ by: 90 % needs 12 to 14 of them, and nothing else.
    assert!((12..=14).contains(&requests.len()), "{of_ml}");
    assert_eq!(requests.iter().filter(planted).count(), requests.len(), "{of_ml}");
    assert!(requests.iter().all(|request| request["how"] == "came" && request["flavor"] == "two"), "{of_ml}");
    assert!(of_ml["explained_percent"].as_f64().unwrap() >= 90.0);
    assert_ne!(of_ml["before"], of_ml["after"]);
    let micros = |money: &Value| money["amount"].as_str().unwrap().replace('.', "").parse::<i128>().unwrap();
    let sum: i128 = requests.iter().map(|request| micros(&request["explains"])).sum();
    assert_eq!(sum, micros(&of_ml["explained"]), "what each explains adds up: {of_ml}");
    assert!(of_ml["replays"].as_u64().unwrap() <= of_ml["replays_max"].as_u64().unwrap());

    let table = folder.run(with(&["--bisect"])).success();
    for part in [
        "requests that at least 80 % of the simulated variance comes from, by replay",
        "creates of ml, two, Fri 2026-01-09T10:20:0",
        "planted0",
        "of at most 300 replays; each of them is needed",
    ] {
        assert!(table.contains(part), "expected `{part}` in {table}");
    }
}

/// Where demand is sparse an hour is predicted a part of a create only: `rare` has two machines a day for three hours, at
/// other hours every day, and none on the last. What did not come is told all the same.
#[test]
fn sparse_creates_that_did_not_come_are_named() {
    let folder = Folder::new();
    let mut lines: Vec<(Instant, String)> = Vec::new();
    for hour in 0..DAYS * 24 {
        let at = start() + Duration::HOUR * hour;
        lines.extend(machine("web", &format!("w{hour}"), at + Duration::from_minutes(5), 30));
    }
    for day in 0..DAYS - 1 {
        for hour in [1 + day * 2, 11 + day * 2] {
            let at = start() + Duration::DAY * day + Duration::HOUR * hour;
            lines.extend(machine("rare", &format!("r{day}-{hour}"), at, 180));
        }
    }
    lines.sort();
    folder.write("requests.ndjson", lines.into_iter().map(|(_, line)| line).collect::<String>());
    let mut words = shadow();
    let runs = words.iter().position(|word| word == "3").unwrap();
    words[runs] = "6".to_owned();
    words.extend(["--bisect", "80", "--bisect-tenant", "rare", "--json"].map(str::to_owned));
    let found = answer(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let of_rare = &found["bisect"][0];
    assert_eq!(of_rare["finding"], "requests", "{of_rare}");
    let requests = of_rare["requests"].as_array().unwrap();
    // All that was predicted of it did not come: on average a machine or two.
    assert!((1..=2).contains(&requests.len()), "{of_rare}");
    assert!(
        requests.iter().all(|request| request["how"] == "did_not_come" && request["tenant"] == "rare"),
        "{of_rare}"
    );
    assert!(of_rare["explained_percent"].as_f64().unwrap() >= 80.0);
}

#[test]
fn what_cannot_be_bisected_is_refused() {
    let folder = Folder::new();
    folder.write("requests.ndjson", log());
    let requests = ["shadow", "--requests", "requests.ndjson"];
    folder.run([&requests[..], &["--bisect"]].concat()).assert_failed(2, &["--origin"]);
    folder.run([&requests[..], &["--bisect", "101"]].concat()).assert_failed(2, &["101", "1..=100"]);
    folder.run([&requests[..], &["--bisect-tenant", "ml"]].concat()).assert_failed(2, &["--bisect"]);
    let unknown: Vec<String> =
        shadow().into_iter().chain(["--bisect", "--bisect-tenant", "mI"].map(str::to_owned)).collect();
    folder.run(unknown).assert_failed(1, &["--bisect-tenant mI: no tenant has this name; the tenants are web, ml"]);
}
