//! What a window cost, over HTTP.

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const PATH: &str = "/v1/reports/statement";

fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}

fn sum<'a>(rows: impl IntoIterator<Item = &'a Value>, part: &str) -> f64 {
    rows.into_iter().map(|row| amount(&row[part])).sum()
}

/// However it is cut and grouped, a day costs what its bins cost, and what its report says.
#[test]
fn a_day_costs_what_its_bins_cost_however_it_is_grouped() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1e6", "--recommend", "on-order"]);
    let closed = |reply: &Reply| !reply.json()["windows"].as_array().unwrap().is_empty();
    let reports = server.wait_for("/v1/reports/allocation?by=tenant", closed).json();
    let day = &reports["windows"][0]["report"]["window"];
    let (from, to) = (day["start"].as_str().unwrap(), day["end"].as_str().unwrap());
    let window = format!("from={from}&to={to}");
    let costs = server.get(&format!("/v1/costs?{window}")).json();
    let bins = costs["bins"].as_array().unwrap();
    assert!(bins.len() >= 24, "{costs}");
    let cost: f64 = bins.iter().map(|bin| amount(&bin["actual"])).sum();
    let stated = |query: &str| {
        // The hour counts as closed a moment after its report is there.
        server.wait_for(&format!("{PATH}?{window}&{query}"), |reply| reply.status == 200).json()
    };
    for query in [
        "by=tenant",
        "by=tenant,flavor&resolution=hour",
        "by=node_group,class&idle=proportional&shared=uniform",
        "by=label:team&resolution=day&idle=peak&shared=proportional",
    ] {
        let statement = stated(query);
        let rows = statement["rows"].as_array().unwrap();
        // Bins are rounded to a micro-unit each.
        assert!((amount(&statement["total"]["total"]) - cost).abs() < 1e-4, "{query}: {statement} {cost}");
        assert!((sum(rows, "total") - cost).abs() < 1e-4 && rows.len() > 2, "{query}");
    }
    // The report of the day has the same actual workload for each tenant.
    let statement = stated("by=tenant");
    for row in reports["windows"][0]["report"]["rows"].as_array().unwrap() {
        if row["kind"] == "tenant" {
            let of = |rows: &&Value| rows["groups"]["tenant"] == row["name"];
            let own = statement["rows"].as_array().unwrap().iter().find(of).unwrap();
            assert!((amount(&own["workload"]) - amount(&row["actual"])).abs() < 1e-4, "{row} {own}");
        }
    }
    // Weights hand out all of the modules, to whom they name alone.
    let first = statement["rows"][0]["groups"]["tenant"].as_str().unwrap();
    let weighted = stated(&format!("by=tenant&shared=weighted&weights={first}:3"));
    let of_first = |statement: &Value| {
        let rows = statement["rows"].as_array().unwrap();
        rows.iter().filter(|row| row["groups"]["tenant"] == first).map(|row| amount(&row["shared"])).sum::<f64>()
    };
    assert!((of_first(&weighted) - amount(&statement["total"]["shared"])).abs() < 1e-4, "{weighted}");
    // Four orders cost what the day does.
    let orders = format!("at,metric,value\n{from},orders,4\n");
    let with_orders = server.post(&format!("{PATH}?{window}"), "text/csv", orders.as_bytes()).json();
    let of_orders =
        with_orders["unit_costs"].as_array().unwrap().iter().find(|cost| cost["metric"] == "orders").unwrap();
    let each: f64 = of_orders["per_unit"].as_str().unwrap().parse().unwrap();
    assert!((4.0 * each - cost).abs() < 1e-3, "{of_orders}");
    // As charges it is the same money.
    let focus = server.get(&format!("/v1/reports/focus?{window}&provider=Sun"));
    let lines: Vec<&str> = focus.body.lines().collect();
    let billed = lines[0].split(',').position(|column| column == "BilledCost").unwrap();
    let sum_billed: f64 =
        lines[1..].iter().map(|line| line.split(',').nth(billed).unwrap().parse::<f64>().unwrap()).sum();
    assert!((sum_billed - cost).abs() < 1e-4 && focus.body.contains("Sun"), "{}", focus.body);
    // A statement of two halves adds up to that of both, tenant by tenant, though policies act by whole hours.
    let noon = (from.parse::<Instant>().unwrap() + Duration::HOUR * 11 + Duration::from_minutes(17)).to_string();
    let halves = [(from, noon.as_str()), (noon.as_str(), to)];
    let policies = "by=tenant&idle=proportional&shared=uniform";
    let halves = halves.map(|(from, to)| server.get(&format!("{PATH}?from={from}&to={to}&{policies}")).json());
    let whole = stated(policies);
    assert_eq!(whole["basis"], reports["windows"][0]["report"]["basis"]);
    for row in whole["rows"].as_array().unwrap() {
        let of = |half: &Value| {
            let rows = half["rows"].as_array().unwrap();
            sum(rows.iter().filter(|other| other["groups"] == row["groups"]), "total")
        };
        let both: f64 = halves.iter().map(of).sum();
        assert!((both - amount(&row["total"])).abs() < 1e-4, "{row} {both}");
    }
}

#[test]
fn what_cannot_be_stated_is_refused() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    server.wait_for("/v1/status", |reply| reply.json()["horizons"][0]["origin"].is_string());
    assert_eq!(server.get(PATH).status, 200);
    for (query, field) in [
        ("by=nobody", "by"),
        ("by=tenant,tenant", "by"),
        ("by=tenant,flavor,zone", "by"),
        ("by=label:", "by"),
        ("resolution=second", "resolution"),
        ("idle=all", "idle"),
        ("shared=weighted", "weights"),
        ("weights=web:1", "weights"),
        ("shared=weighted&weights=web", "weights"),
        ("shared=weighted&weights=nobody:1", "weights"),
        ("provider=us", "provider"),
        ("from=2000-01-01T00:00:00Z", "from"),
        ("to=2100-01-01T00:00:00Z", "to"),
        ("from=2026-06-12T00:00:00Z&to=2026-06-11T00:00:00Z", "to"),
        ("from=2026-06-12T00:00:00Z&to=2026-06-12T00:00:00Z", "from"),
        ("colour=red", "colour"),
    ] {
        let reply = server.get(&format!("{PATH}?{query}"));
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{query}: {}", reply.body);
    }
    let empty = Server::start(&Folder::new(), &[]);
    assert_eq!(empty.get(PATH).status, 503);
}
