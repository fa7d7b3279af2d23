//! Bills over HTTP: taken once, restated, and held against what was predicted.

use rusqlite::Connection;
use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
     ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,\
     InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ProviderName,PublisherName,ResourceId,ServiceCategory,\
     ServiceName,SubAccountId\n";

/// A charge of an account for a day.
fn line(cost: &str, category: &str, day: Instant, account: &str, period: (&str, &str)) -> String {
    let (start, end) = period;
    let until = day + Duration::DAY;
    format!(
        "{cost},1,Sun,USD,{end},{start},{category},,,{until},{day},{cost},{cost},Sun,{cost},1,Hours,Sun,Sun,,Compute,VM,\
         {account}\n"
    )
}

const MARCH: (&str, &str) = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");

fn march(day: &str) -> Instant {
    format!("2026-03-{day}T00:00:00Z").parse().unwrap()
}

fn send(server: &Server, query: &str, body: &str) -> Reply {
    server.post(&format!("/v1/bills{query}"), "text/csv", body.as_bytes())
}

#[test]
fn bills_are_taken_once_and_restated() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let bill = [
        HEADER.to_owned(),
        line("10.5", "Usage", march("02"), "shop", MARCH),
        line("2.85", "Tax", march("02"), "", MARCH),
    ]
    .concat();
    let stated = "?stated=2026-03-20T00:00:00Z";
    let first = send(&server, stated, &bill).json();
    // 10.5 + 2.85; the period ends after it was stated.
    assert_eq!((&first["known"], &first["charges"], &first["format"]), (&false.into(), &2.into(), &"FOCUS 1.0".into()));
    assert_eq!(first["totals"][0]["billed"], "13.35");
    assert_eq!(send(&server, stated, &bill).json()["known"], true);
    let report = server.get("/v1/bills?by=day,tenant").json();
    let of = &report["bills"][0];
    assert_eq!(report["status"], "provisional");
    assert_eq!(
        (&of["billed"]["amount"], &of["charges"]),
        (&"13.350000".into(), &2.into()),
        "twice sent is once counted"
    );
    assert_eq!((&of["allocated"]["amount"], &of["not_allocated"]["amount"]), (&"10.500000".into(), &"2.850000".into()));
    assert_eq!(of["unallocated"][0]["reason"], "tax");

    let later = [HEADER.to_owned(), line("12", "Usage", march("02"), "shop", MARCH)].concat();
    let restated = send(&server, "?stated=2026-04-03T00:00:00Z", &later).json();
    assert_eq!(restated["replaced"][0]["totals"][0]["billed"], "13.35", "{restated}");
    let report = server.get("/v1/bills").json();
    assert_eq!((&report["status"], &report["bills"][0]["billed"]["amount"]), (&"final".into(), &"12.000000".into()));
    assert_eq!(report["statements"].as_array().unwrap().len(), 2, "what was replaced is listed");

    // A part of it without a day in common restates nothing, and is refused; so is what is no bill, and a wrong parameter.
    let part = [HEADER.to_owned(), line("1", "Usage", march("09"), "shop", MARCH)].concat();
    let refused = send(&server, "?stated=2026-04-04T00:00:00Z", &part);
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("share no day"), "{}", refused.body);
    let wrong = send(&server, "", &bill.replace("10.5", "ten"));
    assert_eq!((wrong.status, &wrong.json()["line"]), (400, &2.into()), "{}", wrong.body);
    let unknown = send(&server, "?equal_lines=both", &bill);
    assert_eq!((unknown.status, &unknown.json()["field"]), (400, &"equal_lines".into()));
    assert_eq!(server.get("/v1/bills?by=color").status, 400);
    // What was answered is there after a restart.
    drop(server);
    let server = Server::start(&folder, &[]);
    assert_eq!(server.get("/v1/bills").json()["bills"][0]["billed"]["amount"], "12.000000");
}

const APRIL: (&str, &str) = ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z");

/// Of the bills before it, one is held against those alone that it can restate or overlap, also where they were taken
/// before it was noted what bills are of.
#[test]
fn only_bills_of_the_same_time_are_read_again() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let of_march = [HEADER.to_owned(), line("7", "Usage", march("02"), "shop", MARCH)].concat();
    let in_april: Instant = "2026-04-02T00:00:00Z".parse().unwrap();
    let of_april = |cost: &str| [HEADER.to_owned(), line(cost, "Usage", in_april, "shop", APRIL)].concat();
    assert_eq!(send(&server, "?stated=2026-04-03T00:00:00Z", &of_march).status, 200);
    assert_eq!(send(&server, "?stated=2026-05-03T00:00:00Z", &of_april("8")).status, 200);
    server.kill();
    let file = folder.path.join("shadowplane.sqlite");
    let change = |sql: &str| assert!(Connection::open(&file).unwrap().execute(sql, []).unwrap() > 0, "{sql}");
    change("DELETE FROM bill_scopes");
    let server = Server::start(&folder, &[]);
    let restated = send(&server, "?stated=2026-05-04T00:00:00Z", &of_april("9")).json();
    assert_eq!(restated["replaced"][0]["totals"][0]["billed"], "8", "{restated}");
    server.kill();
    // Whoever reads the bill of March finds it broken; one of April does not read it.
    change("UPDATE bills SET body = '{' WHERE at = 1775174400000000");
    let server = Server::start(&folder, &[]);
    let again = send(&server, "?stated=2026-05-05T00:00:00Z", &of_april("10"));
    assert_eq!(
        (again.status, &again.json()["replaced"][0]["totals"][0]["billed"]),
        (200, &"9".into()),
        "{}",
        again.body
    );
    assert_eq!(send(&server, "?stated=2026-05-05T00:00:00Z", &of_march).status, 500);
}

#[test]
fn closed_days_are_held_against_what_was_billed() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1e6", "--recommend", "on-order"]);
    let none = server.get("/v1/reports/billed").json();
    assert_eq!(none["not_ready"]["reason"], "no_billed_day");
    let closed = |reply: &Reply| !reply.json()["windows"].as_array().unwrap().is_empty();
    let reports = server.wait_for("/v1/reports/allocation?by=tenant", closed).json();
    let report = &reports["windows"][0]["report"];
    let start: Instant = report["window"]["start"].as_str().unwrap().parse().unwrap();
    let rows = report["rows"].as_array().unwrap();
    let tenant = rows.iter().find(|row| row["kind"] == "tenant").unwrap();
    let (name, predicted) = (tenant["name"].as_str().unwrap(), amount(&tenant["predicted"]["mean"]));
    // A charge of two days has half of its cost in the day; a period of days around it.
    let period = (start.to_string(), (start + Duration::DAY * 2).to_string());
    let both = line("50", "Usage", start, name, (&period.0, &period.1))
        .replace(&(start + Duration::DAY).to_string(), &(start + Duration::DAY * 2).to_string());
    let within = (period.0.as_str(), period.1.as_str());
    let more = [("3", "Tax", ""), ("7", "Usage", "zzz"), ("-4", "Credit", name)];
    let more = more.map(|(cost, category, account)| line(cost, category, start, account, within));
    let bill = [HEADER.to_owned(), both, more.concat()].concat();
    assert_eq!(send(&server, "", &bill).status, 200);
    let end = start + Duration::DAY;
    let billed = server.get(&format!("/v1/reports/billed?from={start}&to={end}")).json();
    let day = &billed["windows"][0];
    let row = day["rows"].as_array().unwrap().iter().find(|row| row["tenant"] == name).unwrap();
    assert_eq!(amount(&row["billed"]), 25.0, "{day}");
    assert!((amount(&row["variance"]) - (25.0 - predicted)).abs() < 1e-9, "{row}");
    // The specification's 1 − |variance ÷ actual|.
    let accuracy = 1.0 - ((25.0 - predicted) / 25.0).abs();
    assert!((row["prediction_accuracy"].as_f64().unwrap() - accuracy).abs() < 1e-9, "{row}");
    assert_eq!((&day["unallocated"][0]["reason"], amount(&day["unallocated"][0]["effective"])), (&"tax".into(), 3.0));
    // Of the others, nobody knows what those are billed who cost something; the stranger asked for nothing.
    let tenants = || rows.iter().filter(|row| row["kind"] == "tenant");
    let (compared, missing): (Vec<&Value>, Vec<&Value>) =
        tenants().partition(|row| row["name"] == name || amount(&row["actual"]) == 0.0);
    let counts = [&day["rows"], &day["not_on_bill"]].map(|list| list.as_array().unwrap().len());
    assert_eq!(counts, [compared.len(), missing.len()], "{day}");
    assert!(!missing.is_empty() && amount(&day["billed"]) == 25.0, "{day}");
    let predicted: f64 = compared.iter().map(|row| amount(&row["predicted"]["mean"])).sum();
    assert!((amount(&day["predicted"]) - predicted).abs() < 1e-6, "{day}");
    let strangers = &day["without_requests"];
    assert_eq!((&strangers[0]["tenant"], amount(&strangers[0]["effective"])), (&"zzz".into(), 7.0));
    assert_eq!((&day["covered"]["hours"], &day["covered"]["of_hours"]), (&24.into(), &24.into()));
    // 4 were credited, which is no cost of the day.
    assert_eq!(amount(&day["credits"]["amount"]), -4.0, "{day}");
}

fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}
