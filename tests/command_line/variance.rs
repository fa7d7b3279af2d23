//! What was predicted beside what came, by any groups.

use serde_json::Value;

use super::answer;
use super::bisect::{log, shadow};
use crate::shadowplane::Folder;

/// In micro-units, in which all amounts are written.
fn amount(money: &Value) -> i64 {
    (money["amount"].as_str().unwrap().parse::<f64>().unwrap() * 1e6).round() as i64
}

/// The causes of each line add up to its variance, and each cause over the lines to what `shadow` says of the whole.
fn check_causes(found: &impl Fn(&[&str]) -> Value, plain: &Value) {
    let causes = |of: &Value| -> Vec<Option<i64>> {
        let causes = of["causes"].as_array().unwrap().iter();
        causes.map(|cause| Some(&cause["amount"]).filter(|money| !money.is_null()).map(amount)).collect()
    };
    let of_shadow = causes(&plain["variance"]);
    for by in ["tenant", "module", "class", "node_group", "tenant,flavor"] {
        let of = found(&["--by", by, "--causes"]);
        let rows = of["rows"].as_array().unwrap();
        for row in rows.iter().chain([&of["total"]]) {
            assert_eq!(causes(row).into_iter().flatten().sum::<i64>(), amount(&row["variance"]), "{by}: {row}");
        }
        for (cause, of_shadow) in of_shadow.iter().enumerate() {
            let of_rows: i64 = rows.iter().filter_map(|row| causes(row)[cause]).sum();
            let whole = causes(&of["total"])[cause];
            assert_eq!((of_rows, whole.is_some()), (whole.unwrap_or(0), of_shadow.is_some()), "{by}: {of}");
            // Six amounts, each rounded to a micro-unit.
            assert!((of_rows - of_shadow.unwrap_or(0)).abs() <= 6, "{by}: {of} {plain}");
        }
    }
    let of = found(&["--by", "tenant", "--causes"]);
    let ml = of["rows"].as_array().unwrap().iter().find(|row| row["groups"]["tenant"] == "ml").unwrap();
    // 14 creates more than predicted are volume, which is most of what it differs by; how long they live is timing.
    assert!(causes(ml)[0].unwrap() > 0 && causes(ml)[2].unwrap() > 0, "{ml}");
}

/// The planted machines of `ml` came and were not predicted; whatever it is told by, it is the same money.
#[test]
fn a_variance_adds_up_by_any_groups() {
    let folder = Folder::new();
    folder.write("requests.ndjson", log());
    let words = |rest: &[&str]| -> Vec<String> {
        let asked = shadow().into_iter().skip(1).chain(rest.iter().map(|&word| word.to_owned()));
        ["report", "variance"].into_iter().map(str::to_owned).chain(asked).collect()
    };
    let found = |rest: &[&str]| -> Value {
        let words = words(&[rest, &["--json"]].concat());
        answer(&folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let plain = shadow().into_iter().chain(["--json".to_owned()]).collect::<Vec<_>>();
    let plain = answer(&folder, &plain.iter().map(String::as_str).collect::<Vec<_>>());
    let variance = amount(&plain["variance"]["amount"]);
    for by in ["tenant", "module", "flavor", "class", "node_group", "zone", "cluster", "label:team", "tenant,flavor"] {
        let of = found(&["--by", by]);
        let rows = of["rows"].as_array().unwrap();
        for column in ["actual", "variance"] {
            assert_eq!(rows.iter().map(|row| amount(&row[column])).sum::<i64>(), amount(&of["total"][column]), "{by}");
        }
        // Both are rounded to a micro-unit.
        assert!((amount(&of["total"]["variance"]) - variance).abs() <= 2, "{by}: {of}");
    }
    let of = found(&["--by", "tenant,flavor", "--idle", "proportional"]);
    let first = &of["optimization_areas"][0];
    assert_eq!((&first["groups"]["tenant"], &first["groups"]["flavor"]), (&"ml".into(), &"two".into()), "{of}");
    // The specification's 1 − |variance ÷ actual|.
    let [of_ml, paid] = [&first["variance"], &first["actual"]].map(|money| amount(money) as f64);
    assert!((first["prediction_accuracy"].as_f64().unwrap() - (1.0 - (of_ml / paid).abs())).abs() < 1e-9, "{first}");

    check_causes(&found, &plain);
    let table = folder.run(words(&["--by", "tenant", "--causes"])).success();
    for part in ["variance in USD by cause", "placement is not observed: no observed placements", "residual"] {
        assert!(table.contains(part), "expected `{part}` in {table}");
    }
    let csv = folder.run(words(&["--by", "class", "--causes", "--format", "csv"])).success();
    assert!(csv.lines().next().unwrap().ends_with(",currency,volume,mix,timing,placement,price,residual"), "{csv}");
    folder.run(words(&["--by", "label:team", "--causes"])).assert_failed(2, &["cannot tell by label:team"]);

    let table = folder.run(words(&["--by", "tenant"])).success();
    assert!(!table.contains("by cause"), "nobody asked: {table}");
    for part in ["3 runs; actual cost is simulated", "by tenant", "where it differs most", "(of nobody)", "accuracy"] {
        assert!(table.contains(part), "expected `{part}` in {table}");
    }
    let csv = folder.run(words(&["--by", "tenant,zone", "--format", "csv"])).success();
    let header = "start,end,tenant,zone,predicted,p10,p50,p90,actual,variance,prediction_accuracy,currency\n";
    assert!(csv.starts_with(header), "{csv}");

    folder.run(words(&["--by", "tenant,tenant"])).assert_failed(2, &["--by names tenant twice"]);
    folder.run(words(&["--by", "tenant,zone,class"])).assert_failed(2, &["--by names 3 groupings"]);
    folder.run(["report", "variance", "--requests", "requests.ndjson"]).assert_failed(2, &["needs --origin"]);
    let long: Vec<String> =
        words(&[]).into_iter().map(|word| if word == "23h" { "7d".to_owned() } else { word }).collect();
    folder.run(long).assert_failed(1, &["the log ends before the window does"]);
}
