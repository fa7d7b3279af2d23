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

/// What each server is charged for the time that it lived of so many hours after the origin, a quarter above its price, and a
/// tax; of one tenant's nothing. Amounts are in micro-units, rounded down.
fn bill(log: &RequestLog, hours: i64, without: Option<&str>) -> (String, u64) {
    let start: Instant = ORIGIN.parse().expect("an instant");
    let end = start + Duration::HOUR * hours;
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
        if from < until && without != Some(log.tenants.name(life.tenant.0)) {
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

const SHADOW: [&str; 17] = [
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
    "--model",
    "seasonal-naive",
    "--actual",
    "bill.ndjson",
];

/// Those that are observed where a bill names resources.
const CAUSES: [&str; 5] = ["volume", "mix", "timing", "price", "residual"];

/// A shadow that is held against charges.
fn held_against(folder: &Folder, charges: &str) -> Value {
    folder.write("bill.ndjson", charges);
    let rows = PRICES.map(|(flavor, milli)| format!("{flavor},{}.{:03},USD\n", milli / 1_000, milli % 1_000));
    folder.write("prices.csv", format!("instance_type,price_per_hour,currency\n{}", rows.concat()));
    json(&folder.run(SHADOW.iter().chain(&["--json"])).success())
}

fn cause(answer: &Value, name: &str) -> f64 {
    let causes = answer["variance"]["causes"].as_array().expect("causes");
    amount(&causes.iter().find(|cause| cause["cause"] == name).expect("every cause is there")["amount"])
}

#[test]
fn a_price_that_rose_is_found_in_the_bill() {
    let folder = Folder::new();
    let (charges, total) = bill(&import(&folder), 24, None);
    let answer = held_against(&folder, &charges);
    assert_eq!(answer["variance"]["basis"], "billed");
    let actual = amount(&answer["report"]["total"]["actual"]);
    assert!((actual - total as f64 / 1e6).abs() < 1e-6, "{actual} and {total} micro-units");
    let cause = |name: &str| cause(&answer, name);
    // A quarter above the price is a fifth of what is billed. Servers boot before the meter of a run begins, so that a run
    // costs a little less than the bill.
    assert!((cause("price") / (actual / 5.0) - 1.0).abs() < 0.02, "{} of {actual}", cause("price"));
    assert!(cause("residual").abs() < 0.02 * actual, "{} of {actual}", cause("residual"));
    let sum: f64 = CAUSES.map(cause).iter().sum();
    assert!((sum - amount(&answer["variance"]["amount"])).abs() < 1e-6, "causes add up to the variance");
    let notices = answer["notices"].to_string();
    assert!(notices.contains("not compared, 1.900000 USD of the bill in the window: tax 1.900000 USD"), "{notices}");
    folder.run(SHADOW[..7].iter().chain(&["--actual", "bill.ndjson"])).assert_failed(2, &["--origin"]);
}

#[test]
fn a_credit_is_a_line_of_its_own_and_no_cause() {
    let folder = Folder::new();
    let (charges, total) = bill(&import(&folder), 24, None);
    let credit = charges.lines().last().expect("the tax").replace("\"tax\"", "\"credit\"");
    let credit = credit.replace("1.900000", "-30.000000").replacen(
        "\"provider\"",
        "\"sub_account\":\"web-shop\",\"provider\"",
        1,
    );
    let answer = held_against(&folder, &[charges.as_str(), &credit, "\n"].concat());
    let used = total as f64 / 1e6;
    let [actual, variance] = [&answer["report"]["total"]["actual"], &answer["variance"]["amount"]].map(amount);
    assert!((actual - used).abs() < 1e-6, "{actual} is what was used, {used}");
    assert!(cause(&answer, "residual").abs() < 0.02 * used, "{answer}");
    let sum: f64 = CAUSES.map(|name| cause(&answer, name)).iter().sum();
    assert!((sum - variance).abs() < 1e-6, "causes add up to the variance of what was used");
    let of_bill = &answer["bill"];
    let credits = &of_bill["credits"];
    assert_eq!((amount(&credits["amount"]), &credits["charges"]), (-30.0, &1.into()));
    assert_eq!(
        (&credits["tenants"][0]["tenant"], amount(&credits["tenants"][0]["amount"])),
        (&"web-shop".into(), -30.0)
    );
    assert!((amount(&of_bill["actual_with_credits"]) - (used - 30.0)).abs() < 1e-6, "{of_bill}");
    assert!((amount(&of_bill["variance_with_credits"]) - (variance - 30.0)).abs() < 1e-6, "{of_bill}");
    let text = folder.run(SHADOW).success();
    for part in [
        "note: credits of -30.000000 USD in 1 charge of the bill, apart from what is compared: web-shop -30.000000 USD in 1",
        "\n  credits             -30.00  1 charge\n  with credits",
    ] {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
}

#[test]
fn a_bill_of_half_of_the_window_is_provisional_and_says_of_which() {
    let folder = Folder::new();
    let log = import(&folder);
    let whole = held_against(&folder, &bill(&log, 24, None).0);
    assert_eq!((&whole["report"]["status"], &whole["bill"]["covered"]["hours"]), (&"final".into(), &24.into()));
    let half = held_against(&folder, &bill(&log, 12, None).0);
    assert_eq!((&half["report"]["status"], &half["bill"]["covered"]["hours"]), (&"provisional".into(), &12.into()));
    let covered = "the bill covers 12 of the 24 hours of the window, so that it is provisional and what it lacks is residual: \
                   2026-03-11T00:00:00Z to 2026-03-11T12:00:00Z";
    assert!(half["notices"].to_string().contains(covered), "{}", half["notices"]);
    // A quarter above the price is a quarter of what the actual requests cost before, in the half that is charged as in
    // the other one: what is missing is no lower price.
    assert!(cause(&half, "price") > 0.0, "{half}");
}

#[test]
fn a_tenant_who_is_not_on_the_bill_has_no_actual_cost() {
    let folder = Folder::new();
    let log = import(&folder);
    let (charges, total) = bill(&log, 24, Some("data-lab"));
    let answer = held_against(&folder, &charges);
    let rows = answer["report"]["rows"].as_array().expect("rows");
    let lab = rows.iter().find(|row| row["name"] == "data-lab").expect("who is predicted has a row");
    assert!(lab["actual"].is_null() && lab["variance"].is_null(), "{lab}");
    assert!(amount(&lab["predicted"]["mean"]) > 0.0, "{lab}");
    let compared: f64 =
        rows.iter().filter(|row| !row["actual"].is_null()).map(|row| amount(&row["predicted"]["mean"])).sum();
    let whole = &answer["report"]["total"];
    assert!((amount(&whole["predicted"]["mean"]) - compared).abs() < 1e-6, "the total is of those who are compared");
    let actual = total as f64 / 1e6;
    assert!((amount(&whole["actual"]) - actual).abs() < 1e-6);
    // The specification's 1 − |variance ÷ actual|.
    let accuracy = 1.0 - ((actual - compared) / actual).abs();
    assert!((answer["prediction_accuracy"].as_f64().expect("an accuracy") - accuracy).abs() < 1e-6, "{accuracy}");
    assert!(cause(&answer, "residual").abs() < 0.02 * actual, "{answer}");
    assert_eq!(answer["bill"]["not_on_bill"], Value::from(vec!["data-lab"]));
    let text = folder.run(SHADOW).success();
    for part in
        ["whose actual cost is not known and who are not compared: data-lab\n", "\ntotal of 2 tenants on the bill  "]
    {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
}
