//! `forecast` from a plain series.

use std::fmt::Write;

use super::answer;
use crate::shadowplane::Folder;

/// Hours from 2026-01-01 on; the one that is missing carries the value before.
fn hours(counts: impl Iterator<Item = u32>, missing: usize) -> String {
    let rows = counts.enumerate().filter(|(hour, _)| *hour != missing);
    rows.fold("timestamp,value\n".to_owned(), |mut csv, (hour, count)| {
        writeln!(csv, "2026-01-{:02} {:02}:00:00,{count}", 1 + hour / 24, hour % 24).unwrap();
        csv
    })
}

#[test]
fn a_series_is_forecast_from_its_end_or_from_an_origin_within_it() {
    let folder = Folder::new();
    folder.write("all.csv", hours((0..96).map(|hour| 5 + hour % 24), 30));
    folder.write("other.csv", hours((0..96).map(|hour| if hour < 72 { 5 + hour % 24 } else { 1_000 }), 30));
    let ask = |file: &str, rest: &[&str]| {
        answer(&folder, &[&["forecast", "--json", "--series", file, "--horizon", "1d"], rest].concat())
    };
    let naive = ask("all.csv", &["--model", "seasonal-naive"]);
    let forecast = &naive["forecast"];
    assert_eq!(forecast["origin"], "2026-01-05T00:00:00Z");
    assert_eq!(naive["notices"], serde_json::json!(["filled with the value before: 1 bin of the file"]));
    let bins = forecast["series"][0]["answer"]["bins"].as_array().unwrap();
    // The same hours of the day before: 5 to 28.
    let medians: Vec<f64> = bins.iter().map(|bin| bin["quantiles"][3].as_f64().unwrap()).collect();
    assert_eq!(medians, (5..29).map(f64::from).collect::<Vec<_>>());
    // What comes after the origin is not read.
    let origin = ["--origin", "2026-01-04T00:00:00Z"];
    let (one, other) = (ask("all.csv", &origin), ask("other.csv", &origin));
    assert_eq!(one["forecast"]["origin"], "2026-01-04T00:00:00Z");
    assert_eq!(one["digest"], other["digest"]);
}

#[test]
fn a_series_that_cannot_be_forecast_says_why() {
    let folder = Folder::new();
    folder.write("all.csv", hours(0..30, 99));
    let check = |arguments: &[&str], status: i32, parts: &[&str]| {
        folder.run([&["forecast"], arguments].concat()).assert_failed(status, parts);
    };
    let span = "go from 2026-01-01T00:00:00Z to 2026-01-02T06:00:00Z";
    for origin in ["2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-02T06:00:01Z"] {
        check(&["--series", "all.csv", "--origin", origin], 1, &["all.csv: its bins of 1h", span]);
    }
    check(&["--series", "all.csv", "--model", "lstm"], 1, &["all.csv: the model lstm needs", "bring a longer series"]);
    check(&["--series", "all.csv", "--horizon", "90m"], 2, &["--horizon", "not a multiple of the bin"]);
    check(&["--series", "all.csv", "--bin", "1h"], 2, &["--bin", "cannot be used with"]);
    check(&["--series", "all.csv", "--requests", "r.ndjson"], 2, &["cannot be used with"]);
    check(&["--horizon", "1h"], 2, &["--requests"]);
}
