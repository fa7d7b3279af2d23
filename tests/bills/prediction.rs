//! A predicted bill set against the real one.

use serde_json::Value;
use shared::request::{Catalogue, RequestLog, RequestLogBuilder, read_requests};
use shared::units::{Duration, Instant};

use super::json;
use crate::shadowplane::Folder;

const ORIGIN: &str = "2026-03-11T00:00:00Z";

/// Prices an hour that the forecast is made with; each is charged at a quarter more.
const PRICES: [(&str, u32); 5] =
    [("m1.small", 100), ("m1.medium", 200), ("m1.large", 400), ("r1.large", 800), ("c1.xlarge", 1_600)];

/// The small made-up cloud of the README, as requests.
fn import(folder: &Folder) -> RequestLog {
    let servers = tests::root().join("tests/scenarios/openstack/servers.csv");
    let columns = [
        "id=ID",
        "resource=ID",
        "tenant=Project",
        "flavor=Flavor",
        "vcpu=VCPUs",
        "memory_gib=Memory MiB/1024",
        "at=Created At",
        "end=Deleted At",
    ];
    let mut arguments = vec!["import", "csv", servers.to_str().expect("a UTF-8 path"), "--as", "requests"];
    columns.iter().for_each(|column| arguments.extend(["--column", column]));
    let requests = folder.run(arguments).success();
    folder.write("requests.ndjson", &requests);
    let mut builder = RequestLogBuilder::new(Catalogue::default());
    read_requests(&requests, &mut builder).expect("the import wrote requests");
    builder.finish().expect("the import wrote a log")
}

/// What each server is charged for the hours that it lived of the day after the origin, a quarter above its price, and a
/// tax. Amounts are in micro-units, rounded down.
fn bill(log: &RequestLog) -> (String, u64) {
    let start: Instant = ORIGIN.parse().expect("an instant");
    let end = start + Duration::DAY;
    let (mut lines, mut total) = (String::new(), 0);
    let mut line = |period: (Instant, Instant), micros: u64, category: &str, resource: &str| {
        let amount = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        lines.push_str(&format!(
            "{{\"period\":{{\"start\":\"{}\",\"end\":\"{}\"}},\"billing_period\":{{\"start\":\"2026-03-01T00:00:00Z\",\
             \"end\":\"2026-04-01T00:00:00Z\"}},\"stated\":\"2026-04-02T00:00:00Z\",\"billed\":\"{amount}\",\
             \"effective\":\"{amount}\",\"currency\":\"USD\",\"category\":\"{category}\",\"source\":\"focus\",\
             \"provider\":\"Stack\"{resource}}}\n",
            period.0, period.1
        ));
    };
    for life in &log.lives {
        let (from, until) = (life.created.max(start), life.deleted.unwrap_or(end).min(end));
        let flavor = &log.flavors[life.flavor.usize()].name;
        let milli = PRICES.iter().find(|(name, _)| name == flavor).expect("every flavor has a price").1;
        if from < until {
            // milli-units × 1.25 × 1,000 micro-units × seconds ÷ 3,600.
            let seconds = (until - from).micros() as u64 / 1_000_000;
            let micros = u64::from(milli) * 1_250 * seconds / 3_600;
            line((from, until), micros, "usage", &format!(",\"resource\":\"arn:stack:server/{}\"", life.name));
            total += micros;
        }
    }
    line((start, end), 1_900_000, "tax", "");
    (lines, total)
}

fn amount(value: &Value) -> f64 {
    value["amount"].as_str().expect("a decimal string").parse().expect("a number")
}

#[test]
fn a_price_that_rose_is_found_in_the_bill() {
    let folder = Folder::new();
    let (charges, total) = bill(&import(&folder));
    folder.write("bill.ndjson", charges);
    let rows = PRICES.map(|(flavor, milli)| format!("{flavor},{}.{:03},USD\n", milli / 1_000, milli % 1_000));
    folder.write("prices.csv", format!("instance_type,price_per_hour,currency\n{}", rows.concat()));
    let shadow = [
        "shadow",
        "--requests",
        "requests.ndjson",
        "--prices",
        "prices.csv",
        "--billing",
        "per-resource",
        "--origin",
        ORIGIN,
        "--runs",
        "3",
        "--seed",
        "1",
        "--actual",
        "bill.ndjson",
    ];
    let answer = json(&folder.run(shadow.iter().chain(&["--json"])).success());
    assert_eq!(answer["variance"]["basis"], "billed");
    let actual = amount(&answer["report"]["total"]["actual"]);
    assert!((actual - total as f64 / 1e6).abs() < 1e-6, "{actual} and {total} micro-units");
    let cause = |name: &str| {
        let causes = answer["variance"]["causes"].as_array().expect("causes");
        amount(&causes.iter().find(|cause| cause["cause"] == name).expect("every cause is there")["amount"])
    };
    // A quarter above the price is a fifth of what is billed. Servers boot before the meter of a run begins, so that a run
    // costs a little less than the bill.
    assert!((cause("price") / (actual / 5.0) - 1.0).abs() < 0.02, "{} of {actual}", cause("price"));
    assert!(cause("residual").abs() < 0.02 * actual, "{} of {actual}", cause("residual"));
    let sum: f64 = ["volume", "mix", "timing", "price", "residual"].map(cause).iter().sum();
    assert!((sum - amount(&answer["variance"]["amount"])).abs() < 1e-6, "causes add up to the variance");
    let notices = answer["notices"].to_string();
    assert!(notices.contains("not compared, 1.900000 USD of the bill in the window: tax 1.900000 USD"), "{notices}");
    folder.run(shadow[..7].iter().chain(&["--actual", "bill.ndjson"])).assert_failed(2, &["--origin"]);
}
