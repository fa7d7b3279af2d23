//! `backtest`, on a series small enough to score by hand, and on wrong input.

use std::fmt::Write;

use serde_json::Value;
use shared::features::SeriesKey;

use super::{answer, day, example_requests};
use crate::shadowplane::Folder;

/// Five days of hourly counts, the same all day: 1, 2, 4, 8, 16.
fn doubling() -> String {
    let mut csv = "timestamp,value\n".to_owned();
    for (day, value) in [1, 2, 4, 8, 16].into_iter().enumerate() {
        (0..24).for_each(|hour| writeln!(csv, "2026-01-0{} {hour:02}:00:00,{value}", day + 1).unwrap());
    }
    csv
}

fn result<'a>(answer: &'a Value, model: &str, horizon: &str) -> &'a Value {
    let results = answer["results"].as_array().unwrap();
    results.iter().find(|result| result["model"] == model && result["horizon"] == horizon).unwrap()
}

#[test]
fn scores_are_those_of_hand_arithmetic() {
    let folder = Folder::new();
    folder.write("series.csv", doubling());
    let models = "seasonal-naive,one-day-median,recent-level,auto";
    let options = ["--horizon", "1h,1d", "--origins", "1", "--models", models];
    let answer = answer(&folder, &[&["backtest", "--json", "--series", "series.csv"], &options[..]].concat());
    // The last origin's longest horizon ends with the data.
    assert_eq!(answer["origins"], serde_json::json!(["2026-01-05T00:00:00Z"]));
    assert_eq!(answer["fitted_until"], "2026-01-05T00:00:00Z");
    // The naive misses 16 by 8; before the origin it missed 2, 4 and 8 by 1, 2 and 4, which is 7/3 on average.
    for horizon in ["1h", "1d"] {
        for model in ["seasonal_naive", "one_day_median"] {
            let scores = result(&answer, model, horizon);
            assert_eq!(scores["mase"], 8.0 / (7.0 / 3.0), "{model}");
            assert_eq!(scores["wape"], 0.5);
        }
        for model in ["recent_level", "auto"] {
            let mase = result(&answer, model, horizon)["mase"].as_f64().unwrap();
            assert!(mase > 0.0 && mase < 5.0, "{model}: {mase}");
        }
    }
    let naive = result(&answer, "seasonal_naive", "1d");
    assert_eq!(serde_json::from_value::<SeriesKey>(naive["series"].clone()).unwrap(), SeriesKey::Given);
    assert!(naive["fit_s"].as_f64().unwrap() >= 0.0 && naive["predict_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn requests_are_scored_by_series_and_a_model_that_is_not_ready_says_so() {
    let folder = Folder::new();
    folder.write("requests.ndjson", example_requests(&folder, 0..4));
    let options = ["--bin", "1h", "--horizon", "1h", "--origins", "2", "--tenants-max", "1"];
    let models = ["--models", "seasonal-naive,mstl,lstm"];
    let answer =
        answer(&folder, &[&["backtest", "--json", "--requests", "requests.ndjson"], &options[..], &models].concat());
    // Arrivals, all creates, the classes and one tenant.
    let of = |model: &str| answer["results"].as_array().unwrap().iter().filter(|r| r["model"] == model).count();
    assert!(of("seasonal_naive") >= 3);
    assert_eq!(of("seasonal_naive"), of("lstm"));
    assert!(result(&answer, "mstl", "1h")["mase"].is_number());
    // It reads 96 bins, and validates on a day.
    assert!(result(&answer, "lstm", "1h")["not_ready"]["needs_bins"]["missing"].is_number(), "{answer}");
}

#[test]
fn a_stream_is_scored_on_what_followed_it() {
    let folder = Folder::new();
    folder.write("train.ndjson", example_requests(&folder, 0..6));
    folder.write("test.ndjson", example_requests(&folder, 6..7));
    let files = ["--train", "train.ndjson", "--test", "test.ndjson"];
    let options = ["--bin", "1h", "--models", "seasonal-naive,lstm"];
    let answer = answer(&folder, &[&["backtest", "--stream", "--json"], &files[..], &options[..]].concat());
    assert_eq!((answer["origin"].clone(), answer["end"].clone()), (day(6).into(), day(7).into()));
    let models = |part: &str, results: &str| -> Vec<Value> {
        let rows = if results.is_empty() { &answer[part] } else { &answer[part][results] };
        rows.as_array().unwrap().iter().map(|row| row["model"].clone()).collect()
    };
    assert_eq!(models("arrivals", ""), ["poisson", "seasonal_naive", "lstm"]);
    assert_eq!(models("flavors", "results"), ["unigram", "bigram", "sampled", "direct"]);
    assert_eq!(models("lifetimes", "results"), ["kaplan_meier", "hazards"]);
    assert_eq!(answer["arrivals"][1]["bins"], 24);
    let coverage = answer["arrivals"][1]["coverage"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&coverage) && answer["arrivals"][1]["interval_score"].as_f64().unwrap() > 0.0);
    // Whatever was learnt beats what was only counted.
    let nll = |i: usize| answer["flavors"]["results"][i]["nll"].as_f64().unwrap();
    assert!(nll(3) < nll(1) && nll(1) < nll(0), "{answer}");
    assert!(answer["lifetimes"]["points"].as_u64().unwrap() > answer["lifetimes"]["ended"].as_u64().unwrap());
    let table = folder.run([&["backtest", "--stream"], &files[..], &options[..]].concat()).success();
    for part in ["interval score", "top-1 error", "poisson", "sampled", "kaplan_meier"] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    let check = |arguments: &[&str], status: i32, parts: &[&str]| {
        folder.run([&["backtest", "--stream"], arguments].concat()).assert_failed(status, parts);
    };
    check(&["--train", "train.ndjson"], 2, &["--test"]);
    check(
        &["--train", "test.ndjson", "--test", "train.ndjson"],
        1,
        &["test.ndjson", "train.ndjson", "would count twice"],
    );
    check(&[&files[..], &["--history", "train.ndjson"]].concat(), 2, &["--history"]);
    check(&["--train", "train.ndjson", "--test", "nothing.ndjson"], 1, &["nothing.ndjson"]);
}

#[test]
fn wrong_input_is_named_with_what_to_do() {
    let folder = Folder::new();
    folder.write("series.csv", doubling());
    folder.write("twice.csv", "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 00:00:00,2\n");
    folder.write("nan.csv", "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 01:00:00,NaN\n");
    let check = |arguments: &[&str], status: i32, parts: &[&str]| {
        folder.run([&["backtest"], arguments].concat()).assert_failed(status, parts);
    };
    check(
        &["--series", "series.csv", "--horizon", "90m"],
        2,
        &["--horizon", "series.csv", "not a multiple of the bin"],
    );
    check(&["--series", "series.csv", "--horizon", "1d", "--origins", "40"], 1, &["more bins", "fewer origins"]);
    check(&["--series", "series.csv", "--horizon", "0h"], 2, &["--horizon", "0s", "ask for 1h, 2h"]);
    folder.write("one.csv", "timestamp,value\n2026-01-01 00:00:00,1\n");
    check(&["--series", "one.csv"], 1, &["one.csv: holds fewer than two timestamps"]);
    folder.write("two.csv", "timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 01:00:00,1\n");
    check(&["--series", "two.csv", "--horizon", "1h"], 1, &["two.csv: it has 2 bins of 1h", "more bins"]);
    // Its training needs a day for the anchors, a day to learn from, and twice the 96 bins that it reads, once of them to
    // validate on; four days are before the origin.
    let alone = ["--series", "series.csv", "--horizon", "1h", "--origins", "1", "--models", "lstm"];
    check(&alone, 1, &["series.csv: the model lstm needs 240 bins", "there are 119", "--models", "seasonal-naive"]);
    check(&["--series", "twice.csv"], 1, &["twice.csv", "line 3", "timestamp"]);
    check(&["--series", "nan.csv"], 1, &["nan.csv", "line 3", "value"]);
    check(&[], 2, &["--requests"]);
    check(&["--series", "series.csv", "--requests", "r.ndjson"], 2, &["cannot be used with"]);
}
