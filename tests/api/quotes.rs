//! Quotes over HTTP, on a primary that goes on.

use serde_json::{Value, json};

use super::server::Server;
use crate::shadowplane::Folder;

const PATH: &str = "/v1/quotes";

fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}

#[test]
fn requests_are_quoted_and_nothing_of_them_is_kept() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\""));
    let tenants = server.get("/v1/status").json()["tenants"].clone();
    let quote = |order: Value| server.post(PATH, "application/json", order.to_string().as_bytes());
    let three = json!({"requests": [{"tenant": "newcomer", "requested": {"vcpu": 2, "memory_gib": 8}, "count": 3}], "length": "10h"});
    let reply = quote(three.clone());
    assert_eq!(reply.status, 200, "{}", reply.body);
    let found = reply.json();
    let requests = found["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 3);
    assert!(
        requests.iter().all(|line| line["state"] == "ready" && line["ready_after_s"].as_f64() > Some(0.0)),
        "{found}"
    );
    let parts = ["requested", "others", "idle", "overhead", "rest"].map(|part| amount(&found["bill"][part]));
    assert!((parts.iter().sum::<f64>() - amount(&found["bill"]["change"])).abs() < 1e-9, "{found}");
    assert_eq!((&found["tenants"][0]["tenant"], found.get("fixes")), (&"newcomer".into(), None));
    // The same primary has the same answer, and knows no newcomer.
    assert_eq!(quote(three).json()["digest"], found["digest"]);
    assert_eq!(server.get("/v1/status").json()["tenants"], tenants);

    let wrong = |order: Value, field: &str| {
        let reply = quote(order.clone());
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{order}: {}", reply.body);
    };
    wrong(json!({"requests": []}), "requests");
    wrong(json!({"requests": [{"requested": {"vcpu": 1}}]}), "requests[0].tenant");
    wrong(json!({"requests": [{"tenant": "a", "requested": {"vcpu": 1}, "count": 0}]}), "requests[0].count");
    wrong(json!({"requests": [{"tenant": "a", "op": "delete", "resource": "gone"}]}), "requests[0].resource");
    wrong(json!({"requests": [{"tenant": "a", "requested": {"vcpu": 900}}]}), "requests[0].requested");
    wrong(json!({"requests": [{"tenant": "a", "requested": {"vcpu": 1}}], "length": "0s"}), "length");
    let many = json!({"tenant": "a", "requested": {"vcpu": 1}, "count": 10_000});
    wrong(json!({"requests": [many, many]}), "requests[1]");
    assert_eq!(server.get(PATH).status, 405);
}

/// A service that nobody has told anything yet does not know what there is.
#[test]
fn without_a_forecast_there_is_no_quote_yet() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let order = br#"{"requests":[{"tenant":"a","requested":{"vcpu":1}}]}"#;
    let reply = server.post(PATH, "application/json", order);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.body.contains("no forecast has been made"), "{}", reply.body);
}
