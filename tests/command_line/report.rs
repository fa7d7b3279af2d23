//! Reports, as a user calls them.

use std::fs;
use std::io::Write as _;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use shared::input::{Row, Table};
use shared::units::Instant;
use tests::root;

use super::{answer, example_requests};
use crate::shadowplane::Folder;

/// A scenario with zones, two node groups and a price per node.
fn scenario() -> String {
    root().join("tests/scenarios/zone-outage/input.json").to_string_lossy().into_owned()
}

fn total(report: &Value) -> &str {
    report["total"]["total"]["amount"].as_str().unwrap()
}

#[test]
fn a_report_says_what_the_shadow_said_wherever_it_comes_from() {
    let folder = Folder::new();
    let shadow = answer(&folder, &["shadow", "--scenario", &scenario(), "--metering", "metering.csv", "--json"]);
    let by = ["--by", "tenant,zone", "--json"];
    let run = answer(&folder, &[&["report", "allocation", "--scenario", &scenario()][..], &by].concat());
    let read = answer(&folder, &[&["report", "allocation", "--metering", "metering.csv"][..], &by].concat());
    assert_eq!(run, read);
    assert_eq!(total(&run), shadow["cost"]["mean"]["amount"]);
    assert_eq!(run["total"]["workload"], shadow["workload"]["mean"]);

    let metering = folder.read("metering.csv");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(metering.as_bytes()).unwrap();
    let piped = [&["report", "allocation", "--metering", "-"][..], &by].concat();
    let piped = folder.run_with_stdin(piped, &gzip.finish().unwrap()).success();
    assert_eq!(serde_json::from_str::<Value>(&piped).unwrap(), run);

    // Half of the window and the other half are the whole, to the last of six decimals of each.
    let half = |from: &str, to: &str| {
        let window = ["--from", from, "--to", to, "--idle", "peak", "--shared", "uniform", "--json"];
        let report = answer(&folder, &[&["report", "allocation", "--metering", "metering.csv"][..], &window].concat());
        total(&report).replace('.', "").parse::<i64>().unwrap()
    };
    let (start, cut, end) = ("2026-03-02T00:00:00Z", "2026-03-02T01:47:11.000123Z", "2026-03-02T04:00:00Z");
    let (whole, parts) = (half(start, end), half(start, cut) + half(cut, end));
    assert!((whole - parts).abs() <= 1, "{whole} is not {parts}");
}

#[test]
fn every_format_is_whole() {
    let folder = Folder::new();
    folder.run(["shadow", "--scenario", &scenario(), "--metering", "metering.csv"]).success();
    let written = |format: &str| {
        let by: &[&str] = if format == "focus" { &[] } else { &["--by", "tenant"] };
        let hours = ["--resolution", "hour", "--format", format, "-o", "report"];
        let metered = ["report", "allocation", "--metering", "metering.csv"];
        let printed = folder.run([&metered[..], by, &hours].concat()).success();
        assert_eq!(printed, "", "it went to the file");
        folder.read("report")
    };
    let csv = written("csv");
    assert!(
        csv.starts_with(
            "start,end,tenant,workload,idle,shared,overhead,discount,unused,total,currency,resource_hours\n"
        ),
        "{csv}"
    );
    assert!(csv.contains("\n2026-03-02T03:00:00Z,2026-03-02T04:00:00Z,acme,"), "{csv}");
    let table = written("table");
    assert!(
        table.contains("cost in USD by tenant") && table.contains("\n2026-03-02T01:00:00Z … 2026-03-02T02:00:00Z\n")
    );
    assert!(table.contains("cost of active_tenants"), "{table}");
    folder
        .run(["report", "allocation", "--metering", "metering.csv", "--by", "tenant", "--format", "focus"])
        .assert_failed(2, &["--by has no effect on charges of FOCUS"]);
    let markdown = written("markdown");
    assert!(markdown.contains("| from | of | workload | idle | shared | overhead | total |\n| --- | --- | ---: "));
    let html = written("html");
    assert!(html.starts_with("<!doctype html>") && html.matches("<svg").count() == 2, "{html}");
    for loads in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(loads), "{loads}: it loads nothing");
    }
    let focus = written("focus");
    let lines: Vec<&str> = focus.lines().collect();
    assert!(lines[0].starts_with("AvailabilityZone,BilledCost,BillingAccountId,") && lines[0].ends_with("x_Quantile"));
    assert!(lines.iter().any(|line| line.starts_with("a,")), "a zone is an availability zone: {focus}");
}

#[test]
fn units_of_a_metric_have_their_cost() {
    let folder = Folder::new();
    folder.run(["shadow", "--scenario", &scenario(), "--metering", "metering.csv"]).success();
    folder.write("orders.csv", "at,metric,value\n2026-03-02T00:30:00Z,orders,8\n2026-03-02T03:30:00Z,orders,2\n");
    let report =
        answer(&folder, &["report", "allocation", "--metering", "metering.csv", "--metric", "orders.csv", "--json"]);
    // 15.071997 for ten orders, which the golden outcome says.
    assert_eq!(total(&report), "15.071997");
    assert_eq!(report["unit_costs"][0]["metric"], "orders");
    assert_eq!(report["unit_costs"][0]["per_unit"], "1.5071997");
}

#[test]
fn labels_of_requests_and_quantiles_of_predictions_are_carried() {
    let folder = Folder::new();
    example_requests(&folder, 0..5);
    let origin = super::day(4);
    let predicted = ["--origin", &origin, "--model", "seasonal-naive", "--runs", "3", "--horizon", "12h"];
    let report = |more: &[&str]| {
        folder
            .run([&["report", "allocation", "--requests", "requests.ndjson"][..], &predicted, more].concat())
            .success()
    };
    let totals: Vec<f64> = ["0", "0.5", "1"]
        .into_iter()
        .map(|level| {
            let report: Value = serde_json::from_str(&report(&["--quantile", level, "--json"])).unwrap();
            total(&report).parse().unwrap()
        })
        .collect();
    assert!(totals.is_sorted(), "{totals:?}");
    let focus = report(&["--format", "focus"]);
    let line = focus.lines().nth(1).unwrap();
    assert!(line.ends_with(",12h,0.5"), "{line}");
}

#[test]
fn a_report_says_how_well_it_was_predicted() {
    let folder = Folder::new();
    example_requests(&folder, 0..5);
    let origin = super::day(4);
    let of_prediction = [
        ["--requests", "requests.ndjson", "--origin", &origin],
        ["--model", "seasonal-naive", "--runs", "3"],
        ["--horizon", "12h", "--by", "tenant"],
    ]
    .concat();
    let allocation = [&["report", "allocation"][..], &of_prediction].concat();
    let document = answer(&folder, &[&allocation[..], &["--json"]].concat());
    let variance = answer(&folder, &[&["report", "variance", "--json"][..], &of_prediction].concat());
    // The same as the report of that alone, and actual − predicted.
    let total = &variance["total"];
    assert_eq!(
        [&document["predicted"], &document["actual"], &document["variance"], &document["prediction_accuracy"]],
        [&total["predicted"]["mean"], &total["actual"], &total["variance"], &total["prediction_accuracy"]]
    );
    let amount = |field: &str| document[field]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((amount("actual") - amount("predicted") - amount("variance")).abs() < 1e-9);
    assert_ne!(amount("variance"), 0.0);
    assert_eq!(document["optimization_areas"], variance["optimization_areas"]);
    let table = folder.run(&allocation).success();
    assert!(table.contains("(mean of 3 runs), came to") && table.contains("where it differs most\n  "), "{table}");
    // Beyond the end of the log there is nothing to compare with.
    let late = super::day(5);
    let ahead = ["--requests", "requests.ndjson", "--origin", &late, "--model", "seasonal-naive", "--runs", "2"];
    let ahead = answer(&folder, &[&["report", "allocation", "--json"][..], &ahead].concat());
    assert_eq!((&ahead["variance"], &ahead["optimization_areas"]), (&Value::Null, &serde_json::json!([])));
}

#[test]
fn what_was_metered_is_held_against_what_was_predicted_for_it() {
    let folder = Folder::new();
    folder.run(["shadow", "--scenario", &scenario(), "--metering", "metering.csv"]).success();
    fn of<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["report", "allocation", "--metering", "metering.csv"][..], more].concat()
    }
    let same = answer(&folder, &of(&["--predicted", "metering.csv", "--json"]));
    assert_eq!(same["variance"]["amount"].as_str().unwrap().parse::<f64>().unwrap(), 0.0);
    assert_eq!(
        (&same["prediction_accuracy"], &same["basis"]),
        (&serde_json::json!(1.0), &serde_json::json!("metered"))
    );
    assert_eq!(same["optimization_areas"], serde_json::json!([]));
    // Half of the window was metered, all of it was predicted: only the half is compared.
    let half = ["--predicted", "metering.csv", "--to", "2026-03-02T01:00:00Z", "--json"];
    assert_eq!(answer(&folder, &of(&half))["prediction_accuracy"], 1.0);
    let refused = |status: i32, args: &[&str], message: &str| folder.run(args).assert_failed(status, &[message]);
    let csv = ["--predicted", "metering.csv", "--format", "csv"];
    refused(2, &of(&csv), "--predicted has no effect on this format, which has no room for a variance");
    refused(2, &["report", "allocation", "--predicted", "metering.csv"], "--metering <FILE>");
    folder.write("euro.csv", folder.read("metering.csv").replace("USD", "EUR"));
    refused(1, &of(&["--predicted", "euro.csv"]), "euro.csv: is in EUR, and what was metered in USD");
}

#[test]
fn what_cannot_be_reported_is_said() {
    let folder = Folder::new();
    folder.run(["shadow", "--scenario", &scenario(), "--metering", "metering.csv"]).success();
    let report = |more: &[&str]| folder.run([&["report", "allocation"][..], more].concat());
    let of = |more: &[&str]| report(&[&["--metering", "metering.csv"][..], more].concat());
    report(&[]).assert_failed(2, &["--requests <FILE>", "report allocation --metering <FILE>"]);
    of(&["--by", "tenant,zone,class"]).assert_failed(2, &["--by names 3 groupings; expected one or two"]);
    of(&["--by", "team"]).assert_failed(
        2,
        &["`team` is no grouping; expected tenant, module, flavor, class, node_group, zone, cluster or label:KEY"],
    );
    of(&["--shared", "weighted"]).assert_failed(2, &["--shared weighted needs --weights"]);
    of(&["--weights", "w.csv"])
        .assert_failed(2, &["--weights has no effect with --shared keep; say --shared weighted"]);
    of(&["--format", "focus", "--resolution", "week"]).assert_failed(2, &["expected --resolution hour, day or month"]);
    of(&["--quantile", "1.5"]).assert_failed(2, &["--quantile is 1.5; expected a level from 0 to 1"]);
    of(&["--from", "2026-03-01T00:00:00Z"])
        .assert_failed(1, &["the window 2026-03-01T00:00:00Z … 2026-03-02T04:00:00Z reaches out of what was metered"]);
    folder.write("w.csv", "tenant,weight\nnobody,1\n");
    of(&["--shared", "weighted", "--weights", "w.csv"])
        .assert_failed(1, &["w.csv: nobody is called `nobody`; the tenants are acme"]);
    folder.write("w.csv", "tenant,weight\nacme,-1\n");
    of(&["--shared", "weighted", "--weights", "w.csv"]).assert_failed(
        1,
        &["w.csv: line 2: field `weight`: `-1` is no weight; expected a whole number up to 1000000000"],
    );
    folder.write("metering.csv", folder.read("metering.csv").replacen("use,", "used,", 1));
    of(&[]).assert_failed(
        1,
        &["metering.csv: line 3: field `record`: `used` is no kind of record; expected one of window"],
    );
    of(&["-o", "metering.csv"]).assert_failed(1, &["`used` is no kind"]);
}

/// Two clusters of one node each, and on the first a machine that asks for a quarter of it.
fn two_clusters() -> Folder {
    let folder = Folder::new();
    folder.write("nodes.csv", "node,vcpu,memory_gib,instance_type,cluster\nn-1,4,32,big,east\nn-2,4,32,big,west\n");
    folder.write("prices.csv", "instance_type,price_per_hour,currency\nbig,1,USD\n");
    let request = |op: &str, at: &str, more: &str| {
        format!(
            r#"{{"id":"{op}","at":"2026-01-05T{at}:00Z","tenant":"t","op":"{op}","class":"compute","resource":"vm"{more}}}"#
        ) + "\n"
    };
    let create = request("create", "00:00", r#","requested":{"vcpu":1,"memory_gib":8}"#);
    folder.write("requests.ndjson", [create, request("delete", "10:00", "")].concat());
    folder
}

const CLUSTERS: [&str; 6] = ["--requests", "requests.ndjson", "--inventory", "nodes.csv", "--prices", "prices.csv"];

#[test]
fn cost_is_split_by_cluster() {
    let folder = two_clusters();
    let by = ["--by", "cluster", "--json"];
    let report = answer(&folder, &[&["report", "allocation"], &CLUSTERS[..], &by].concat());
    let total = |name: &str| {
        let rows = report["rows"].as_array().unwrap();
        let row =
            rows.iter().find(|row| row["groups"]["cluster"] == name).unwrap_or_else(|| panic!("no {name}: {report:#}"));
        [&row["workload"]["amount"], &row["total"]["amount"]]
            .map(|amount| amount.as_str().unwrap().parse::<f64>().unwrap())
    };
    // The window ends with the bin of the last request: ten hours and five minutes.
    let ([used, east], [unused, west]) = (total("east"), total("west"));
    for (total, name) in [(east, "east"), (west, "west")] {
        assert!((total - 10.083_333).abs() < 2e-6, "{name}: {total}");
    }
    assert_eq!(unused, 0.0);
    assert!((used - 2.5).abs() < 0.01, "a quarter of ten hours, but for the seconds until it is there: {used}");
}

#[test]
fn who_uses_more_than_requested_pays_for_it() {
    let folder = two_clusters();
    // Two hours later it uses half of the vCPU, which are half of the price: an eighth more of it for eight hours.
    folder.write("usage.csv", "at,resource,vcpu,memory_gib\n2026-01-05T02:00:00Z,vm,2,\n2026-01-05T03:00:00Z,vm,,1\n");
    let report = |more: &[&str]| {
        answer(&folder, &[&["report", "allocation", "--runs", "1", "--json"], &CLUSTERS[..], more].concat())
    };
    let (before, after) = (report(&[]), report(&["--usage", "usage.csv"]));
    let amount = |report: &Value, part: &str| report["total"][part]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(amount(&before, "total"), amount(&after, "total"));
    let more = amount(&after, "workload") - amount(&before, "workload");
    // OpenCost's rates: 4 × 0.031611 of the vCPU are 0.4826 of 4 × 0.031611 + 32 × 0.004237.
    assert!(
        (more - 8.0 * 0.25 * 0.126_444 / 0.262_028).abs() < 0.002,
        "{more}, some seconds after its delete included"
    );
    assert!((amount(&before, "idle") - amount(&after, "idle") - more).abs() < 1e-5);

    let metered = ["shadow", "--runs", "1", "--usage", "usage.csv", "--metering", "metering.csv"];
    let said = folder.run([&metered[..], &CLUSTERS].concat()).success();
    assert!(
        said.contains("1 resource used more than it requested, and pays for what it used in what is metered"),
        "{said}"
    );
    let read = answer(&folder, &["report", "allocation", "--metering", "metering.csv", "--json"]);
    assert_eq!(read["total"], after["total"]);

    // A name that another tenant has, too, is nobody's; and so is one that nobody has.
    let requests = folder.read("requests.ndjson");
    let other =
        requests.lines().next().unwrap().replace("\"t\"", "\"u\"").replace("\"id\":\"create\"", "\"id\":\"other\"");
    folder.write("requests.ndjson", format!("{other}\n{requests}"));
    folder.write("usage.csv", folder.read("usage.csv") + "2026-01-05T02:00:00Z,ghost,4,\n");
    let said = folder.run([&metered[..], &CLUSTERS].concat()).success();
    let expected =
        "nobody is known to have used more than they requested; 3 of 3 readings are of no resource that runs here";
    assert!(said.contains(expected), "{said}");
    folder
        .run([&["report", "recommendations", "--usage", "usage.csv"], &CLUSTERS[..]].concat())
        .assert_failed(2, &["--usage has no effect without --origin"]);
    folder
        .run([&["shadow", "--usage", "usage.csv"], &CLUSTERS[..]].concat())
        .assert_failed(2, &["--usage has no effect without --origin or --metering"]);
}

/// Billionths.
fn nanos(decimal: &str) -> i128 {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}{part:0<9}").parse().unwrap_or_else(|_| panic!("`{decimal}` is no decimal"))
}

/// Whether a value of a Parquet file says what CSV says.
fn is_same(field: &Field, csv: &str) -> bool {
    match field {
        Field::Null => csv.is_empty(),
        Field::Str(text) => text == csv,
        Field::Double(number) => csv.parse() == Ok(*number),
        Field::TimestampMicros(micros) => csv.parse() == Ok(Instant::from_micros(*micros)),
        Field::Decimal(decimal) => {
            let read = i128::from_be_bytes(decimal.data().try_into().expect("16 bytes"));
            (decimal.precision(), decimal.scale(), read) == (38, 9, nanos(csv))
        }
        other => panic!("no column has {other}"),
    }
}

#[test]
fn parquet_has_what_csv_has_row_by_row() {
    let folder = Folder::new();
    folder.run(["shadow", "--scenario", &scenario(), "--metering", "metering.csv"]).success();
    let report = |format: &str, output: &str| {
        // Charges of FOCUS have columns for all groupings.
        let by: &[&str] = if format.starts_with("focus") { &[] } else { &["--by", "tenant,zone"] };
        let hours = ["--resolution", "hour", "--format", format, "-o", output];
        folder.run([&["report", "allocation", "--metering", "metering.csv"][..], by, &hours].concat()).success();
    };
    for (csv, parquet, decimals, instants) in [("csv", "parquet", 7, 2), ("focus", "focus-parquet", 6, 4)] {
        report(csv, "report.csv");
        report(parquet, "report.parquet");
        let text = folder.read("report.csv");
        let mut table = Table::open(&text, Some(b',')).unwrap();
        let bytes = fs::read(folder.path.join("report.parquet")).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let (mut line, mut rows) = (Row::default(), 0);
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            assert!(table.next(&mut line).unwrap(), "{parquet} has more rows than {csv}");
            let fields: Vec<_> = row.get_column_iter().collect();
            let names: Vec<&String> = fields.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, table.columns().iter().collect::<Vec<_>>());
            for (position, (name, field)) in fields.iter().enumerate() {
                assert!(
                    is_same(field, line.get(position)),
                    "row {rows}: {name} is {field}, not {}",
                    line.get(position)
                );
            }
            let count = |of: fn(&Field) -> bool| fields.iter().filter(|(_, field)| of(field)).count();
            assert_eq!(count(|field| matches!(field, Field::Decimal(_))), decimals);
            assert_eq!(count(|field| matches!(field, Field::TimestampMicros(_))), instants);
            rows += 1;
        }
        assert!(!table.next(&mut line).unwrap() && rows > 4, "{csv} has more rows than the {rows} of {parquet}");
    }
    folder
        .run(["report", "allocation", "--metering", "metering.csv", "--format", "parquet"])
        .assert_failed(2, &["Parquet is no text; expected a file for it with --output"]);
}
