//! Histories that nobody wishes for, brought as a user brings them: each is forecast, scored and predicted from, or refused
//! with a reason.

use std::fmt::Write;

use serde_json::Value;
use shared::request::{Operation, Request};
use shared::units::{Duration, Instant, Window};

use super::answer;
use crate::shadowplane::Folder;

/// Enough for every model but the network, whose training would take minutes.
const DAYS: u32 = 9;
const HOURS: u32 = DAYS * 24;

/// What a day after a history is to look like.
enum Outcome {
    /// Every hour's median between these.
    Hours(f64, f64),
    /// Every hour's median within this of what the function says of that hour of the day.
    Near(fn(u32) -> f64, f64),
    /// As the same command says of this file, bit by bit.
    As(&'static str),
    /// Nothing but these words, with a line or a remedy.
    Refused(&'static [&'static str]),
}

/// From 2 at midnight to 22 at noon.
fn daily(hour: u32) -> f64 {
    12.0 - 10.0 * (f64::from(hour) / 24.0 * std::f64::consts::TAU).cos()
}

/// The first instant of all histories here; a Sunday in winter.
fn start() -> Instant {
    "2026-01-04T00:00:00Z".parse().unwrap()
}

/// A row an hour.
fn series(value: impl Fn(u32) -> Option<String>) -> String {
    (0..HOURS).fold("timestamp,value\n".to_owned(), |mut csv, hour| {
        if let Some(value) = value(hour) {
            writeln!(csv, "{},{value}", start() + Duration::HOUR * i64::from(hour)).unwrap();
        }
        csv
    })
}

fn of_counts(count: impl Fn(u32) -> u32) -> String {
    series(|hour| Some(count(hour).to_string()))
}

/// So many creates an hour, spread over it, each deleted 50 minutes later; further ones of other tenants.
fn requests(count: impl Fn(u32) -> u32, others: &[(&str, u32)]) -> Vec<(Instant, String)> {
    let mut lines = Vec::new();
    let mut live = |tenant: &str, resource: String, at: Instant| {
        let line = |operation: &str, at: Instant, rest: &str| {
            format!(
                r#"{{"id":"{operation}-{resource}","at":"{at}","tenant":"{tenant}","op":"{operation}","class":"compute","resource":"{resource}"{rest}}}"#
            ) + "\n"
        };
        let until = at + Duration::from_minutes(50);
        lines.push((at, line("create", at, r#","requested":{"vcpu":1}"#)));
        lines.push((until, line("delete", until, "")));
    };
    for hour in 0..HOURS {
        let begin = start() + Duration::HOUR * i64::from(hour);
        let creates = count(hour);
        for create in 0..creates {
            let at = begin + Duration::from_seconds(i64::from(3_600 * create / creates));
            live("acme", format!("vm-{hour}-{create}"), at);
        }
        for (tenant, at) in others.iter().filter(|(_, at)| *at == hour) {
            live(tenant, format!("vm-{tenant}-{at}"), begin);
        }
    }
    lines.sort();
    lines
}

fn text(lines: impl IntoIterator<Item = (Instant, String)>) -> String {
    lines.into_iter().map(|(_, line)| line).collect()
}

/// How many creates an hour has, of the hours from the start on.
type Count = fn(u32) -> u32;

/// Histories that are written as a series and as requests, by the name of the file.
const COMMON: [(&str, Count); 6] = [
    ("daily", |hour| daily(hour % 24) as u32),
    ("constant", |_| 7),
    ("lost_day", |hour| if (96..120).contains(&hour) { 0 } else { daily(hour % 24) as u32 }),
    ("tenfold", |hour| if hour < HOURS - 24 { 4 + hour % 3 } else { 40 + 10 * (hour % 3) }),
    ("three_ever", |hour| u32::from([30, 100, 190].contains(&hour))),
    ("zeros", |_| 0),
];

/// The median of each hour of the day that follows, every number finite and in order.
fn medians(forecast: &Value, key: impl Fn(&Value) -> bool) -> Vec<f64> {
    let mut found = Vec::new();
    for series in forecast["series"].as_array().unwrap() {
        let bins = series["answer"]["bins"].as_array().unwrap_or_else(|| panic!("no forecast: {series}"));
        assert_eq!(bins.len(), 24, "{series}");
        for bin in bins {
            let quantiles: Vec<f64> = bin["quantiles"].as_array().unwrap().iter().map(number).collect();
            assert!(number(&bin["mean"]) >= 0.0 && quantiles[0] >= 0.0 && quantiles.is_sorted(), "{bin}");
        }
        if key(&series["key"]) {
            found = bins.iter().map(|bin| number(&bin["quantiles"][3])).collect();
        }
    }
    found
}

/// JSON has no NaN and no infinity: what is not finite stands there as null.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Every model has a score of every series, in numbers.
fn check_scores(backtest: &Value) {
    let results = backtest["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for row in results {
        assert!(row["not_ready"].is_null() && row["bins"].as_u64().unwrap() > 0, "{row}");
        assert!(row["pinball"].as_array().unwrap().iter().all(|one| number(&one["loss"]) >= 0.0), "{row}");
        assert!(row["mase"].as_f64().is_none_or(|mase| mase >= 0.0), "{row}");
    }
}

fn check_day(name: &str, medians: &[f64], outcome: &Outcome) {
    for (hour, &median) in (0..).zip(medians) {
        let (low, high) = match outcome {
            Outcome::Hours(low, high) => (*low, *high),
            Outcome::Near(expected, by) => (expected(hour) - by, expected(hour) + by),
            Outcome::As(_) | Outcome::Refused(_) => return,
        };
        assert!((low..=high).contains(&median), "{name}, hour {hour}: {median} is not in {low} to {high}: {medians:?}");
    }
}

/// Forecasts the day after a file and scores models on it; `kind` is `--series` or `--requests`.
fn check(folder: &Folder, kind: &str, name: &str, rest: &[&str], outcome: &Outcome) {
    let file = format!("{name}.{}", if kind == "--series" { "csv" } else { "ndjson" });
    let ask = |command: &str, file: &str, options: &[&str]| {
        folder.run([&[command, kind, file, "--horizon", "1d", "--json"], rest, options].concat())
    };
    let scored: &[&str] = &["--origins", "2", "--models", "seasonal-naive,recent-level,auto"];
    if let Outcome::Refused(parts) = outcome {
        ask("forecast", &file, &[]).assert_failed(1, &[&[file.as_str()], *parts].concat());
        ask("backtest", &file, scored).assert_failed(1, &[&[file.as_str()], *parts].concat());
        return;
    }
    let json = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let forecast = json(ask("forecast", &file, &[]).success());
    let of_all = |key: &Value| key == "given" || key["creates"] == serde_json::json!({"tenant": null, "class": null});
    let medians = medians(&forecast["forecast"], of_all);
    assert_eq!(medians.len(), 24, "{name} has no series of everyone");
    check_day(name, &medians, outcome);
    check_scores(&json(ask("backtest", &file, scored).success()));
    if let Outcome::As(other) = outcome {
        let other = file.replacen(name, other, 1);
        assert_eq!(forecast["digest"], json(ask("forecast", &other, &[]).success())["digest"], "{name}");
    }
}

#[test]
fn a_series_of_any_kind_is_forecast_or_refused() {
    let folder = Folder::new();
    COMMON.iter().for_each(|(name, count)| folder.write(&format!("{name}.csv"), of_counts(count)));
    let day = |hour: u32| (daily(hour % 24) as u32).to_string();
    folder.write("gaps.csv", series(|hour| (hour % 7 != 3).then(|| day(hour))));
    folder.write("nan.csv", series(|hour| Some(if hour == 100 { "NaN".to_owned() } else { day(hour) })));
    folder.write("negative.csv", series(|hour| Some(if hour == 100 { "-1".to_owned() } else { day(hour) })));
    let of_days = of_counts(COMMON[0].1);
    let (header, rows) = of_days.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let with = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    folder.write("one.csv", with(&rows[..1]));
    folder.write("twice.csv", with(&[&rows[..], &rows[100..130]].concat()));
    folder.write("jumps_back.csv", with(&[&rows[200..], &rows[..200]].concat()));
    let again = rows[100].replace(',', ",9");
    folder.write("otherwise.csv", with(&[&rows[..], &[again.as_str()]].concat()));

    let check = |name: &str, outcome: Outcome| check(&folder, "--series", name, &[], &outcome);
    check("daily", Outcome::Near(daily, 3.0));
    check("constant", Outcome::Hours(7.0, 7.0));
    check("zeros", Outcome::Hours(0.0, 0.0));
    check("three_ever", Outcome::Hours(0.0, 0.2));
    check("lost_day", Outcome::Near(daily, 5.0));
    check("tenfold", Outcome::Hours(35.0, 65.0));
    check("gaps", Outcome::Near(daily, 4.0));
    check("twice", Outcome::As("daily"));
    check("jumps_back", Outcome::As("daily"));
    check("nan", Outcome::Refused(&["line 102", "`value`", "`NaN` is not a finite number"]));
    check("negative", Outcome::Refused(&["line 102", "`value`", "`-1` is negative"]));
    check("one", Outcome::Refused(&["fewer than two timestamps"]));
    check("otherwise", Outcome::Refused(&["`timestamp`", "was there before with another value; keep one of them"]));
}

#[test]
fn a_log_of_any_kind_is_forecast_and_predicted_or_refused() {
    let folder = Folder::new();
    let three = [("zeta", 30), ("zeta", 100), ("zeta", 190)];
    for (name, count) in COMMON {
        folder.write(&format!("{name}.ndjson"), text(requests(count, &[])));
    }
    folder.write("three_of_a_tenant.ndjson", text(requests(COMMON[0].1, &three)));
    let lines = requests(COMMON[0].1, &[]);
    folder.write("twice.ndjson", text(lines.iter().flat_map(|line| [line.clone(), line.clone()])));
    let mut jumping = lines.clone();
    jumping.rotate_right(100);
    jumping.chunks_mut(2).for_each(<[_]>::reverse);
    folder.write("jumps_back.ndjson", text(jumping));
    folder.write("one.ndjson", &lines[0].1);
    folder.write("nan.ndjson", text(lines).replacen(r#""vcpu":1"#, r#""vcpu":NaN"#, 1));

    let hourly = ["--bin", "1h"];
    let check = |name: &str, outcome: Outcome, creates: std::ops::RangeInclusive<usize>| {
        check(&folder, "--requests", name, &hourly, &outcome);
        let predict = ["predict", "--requests", &format!("{name}.ndjson"), "--horizon", "1d"];
        let predicted = folder.run([&predict[..], &hourly].concat());
        if let Outcome::Refused(parts) = outcome {
            return predicted.assert_failed(1, parts);
        }
        let found = creates_of(&predicted.success());
        assert!(creates.contains(&found), "{name}: {found} creates are predicted, not {creates:?}");
    };
    // A day of daily() rounded down has 276, the constant 168; yesterday's tenfold had 1,200. Of three in nine days
    // none may come.
    check("daily", Outcome::Near(daily, 3.0), 200..=350);
    check("constant", Outcome::Hours(7.0, 7.0), 160..=176);
    check("lost_day", Outcome::Near(daily, 5.0), 200..=350);
    check("tenfold", Outcome::Hours(35.0, 65.0), 840..=1_560);
    check("three_of_a_tenant", Outcome::Near(daily, 3.0), 200..=350);
    check("twice", Outcome::As("daily"), 200..=350);
    check("jumps_back", Outcome::As("daily"), 200..=350);
    check("zeros", Outcome::Refused(&["holds no request", "shadowplane import"]), 0..=0);
    check("nan", Outcome::Refused(&["line 1"]), 0..=0);
}

#[test]
fn three_requests_ever_and_one_alone_are_refused_or_forecast_as_next_to_nothing() {
    let folder = Folder::new();
    folder.write("three.ndjson", text(requests(COMMON[4].1, &[])));
    let three = ["--requests", "three.ndjson", "--horizon", "1d", "--bin", "1h"];
    // The last bin that is over ends with the third create, four days after the second.
    for command in ["forecast", "predict"] {
        let refused = ["three.ndjson", "with a day of nothing before it", "choose an origin near the end of the log"];
        folder.run([&[command], &three[..]].concat()).assert_failed(1, &refused);
    }
    let after = (start() + Duration::HOUR * 191).to_string();
    let next = answer(&folder, &[&["forecast"], &three[..], &["--origin", &after, "--json"]].concat());
    check_day("three", &medians(&next["forecast"], |key| key == "arrivals"), &Outcome::Hours(0.0, 0.5));
    let predicted = folder.run([&["predict"], &three[..], &["--origin", &after]].concat()).success();
    assert!(predicted.lines().count() <= 6, "{predicted}");

    folder.write("one.ndjson", text(requests(|hour| u32::from(hour == 0), &[]).into_iter().take(1)));
    let one = ["--requests", "one.ndjson", "--horizon", "1d", "--bin", "1h"];
    for command in ["forecast", "predict"] {
        folder.run([&[command], &one[..]].concat()).assert_failed(1, &["one.ndjson"]);
    }
    // An hour after it there is a bin to forecast from, with an interval that says how little one bin is.
    let after = (start() + Duration::HOUR).to_string();
    let later = answer(&folder, &[&["forecast"], &one[..], &["--origin", &after, "--json"]].concat());
    assert_eq!(later["selection"]["fallback"]["model"], "recent_mean");
    check_day("one", &medians(&later["forecast"], |key| key == "arrivals"), &Outcome::Hours(0.5, 1.5));
    let series = &later["forecast"]["series"][0]["answer"]["bins"][0]["quantiles"];
    assert!(number(&series[6]) >= 2.0 && number(&series[0]) == 0.0, "{series}");
    let predicted = folder.run([&["predict"], &one[..], &["--origin", &after]].concat());
    predicted.assert_failed(1, &["lifetime"]);
}

/// Clocks of Berlin go forward on the 29th of March, at 01:00 UTC, and back on the 25th of October: a demand that follows
/// them is forecast for the local hours of the day that follows.
#[test]
fn days_of_23_and_of_25_hours_are_forecast_by_the_local_hour() {
    let folder = Folder::new();
    let check = |start: &str, local: &[u32]| {
        let start: Instant = start.parse().unwrap();
        let rows = (0..HOURS).fold("timestamp,value\n".to_owned(), |mut csv, hour| {
            writeln!(csv, "{},{}", start + Duration::HOUR * i64::from(hour), daily(hour % 24) as u32).unwrap();
            csv
        });
        folder.write("local.csv", rows);
        let ask = ["--series", "local.csv", "--time-zone", "Europe/Berlin", "--json", "--horizon", "1d"];
        let forecast = answer(&folder, &[&["forecast"], &ask[..]].concat());
        let medians = medians(&forecast["forecast"], |_| true);
        for (&hour, &median) in local.iter().zip(&medians) {
            assert!((median - daily(hour)).abs() < 3.0, "{hour} o'clock: {median} is not {}: {medians:?}", daily(hour));
        }
        check_scores(&answer(
            &folder,
            &[&["backtest", "--origins", "2", "--models", "seasonal-naive,auto"], &ask[..]].concat(),
        ));
    };
    // Nine days before each, from midnight in Berlin on.
    let march: Vec<u32> = [0, 1].into_iter().chain(3..24).collect();
    check("2026-03-19T23:00:00Z", &march);
    let october: Vec<u32> = [0, 1, 2].into_iter().chain(2..24).collect();
    check("2026-10-15T22:00:00Z", &october);
}

/// How many creates a predicted stream has; every one of its requests in order and in the day after the history.
fn creates_of(stream: &str) -> usize {
    let records: Vec<Request> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.is_sorted_by_key(|request| request.at));
    // The last delete is of the hour after the last create.
    let origin = start() + Duration::HOUR * i64::from(HOURS);
    let window = Window { start: origin, end: origin + Duration::DAY };
    assert!(records.iter().all(|request| window.contains(request.at)), "{window:?}");
    assert!(records.iter().all(|request| request.lifetime.is_none_or(|lifetime| lifetime > Duration::ZERO)));
    records.iter().filter(|request| request.operation == Operation::Create).count()
}
