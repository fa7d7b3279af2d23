//! Lists that only grow, page by page.

use serde_json::Value;

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const ORDER: &[u8] = br#"{"horizon":"1h","runs":1}"#;

#[test]
fn jobs_come_page_by_page_the_newest_first() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    // There is no log yet, so that each fails.
    for _ in 0..3 {
        assert_eq!(server.post("/v1/shadow-runs", "application/json", ORDER).status, 202);
    }
    let failed = |reply: &Reply| reply.json()["jobs"].as_array().is_some_and(|jobs| jobs.len() == 3);
    server.wait_for("/v1/jobs?state=failed", failed);
    let ids = |page: &Value| -> Vec<String> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = server.get("/v1/jobs?limit=2").json();
    assert_eq!((ids(&first), &first["next"]), (vec!["j-3".to_owned(), "j-2".to_owned()], &"j-2".into()));
    let last = server.get("/v1/jobs?limit=2&after=j-2").json();
    assert_eq!((ids(&last), &last["next"]), (vec!["j-1".to_owned()], &Value::Null));
    // What comes meanwhile moves nothing.
    server.post("/v1/shadow-runs", "application/json", ORDER);
    assert_eq!(ids(&server.get("/v1/jobs?limit=2&after=j-2").json()), ["j-1"]);
    let of = |filter: &str| ids(&server.get(&format!("/v1/jobs?{filter}")).json()).len();
    assert_eq!((of("kind=shadow_run"), of("kind=retraining"), of("state=succeeded")), (4, 0, 0));
    for (query, field) in [("after=j-99", "after"), ("kind=job", "kind"), ("state=done", "state")] {
        let refused = server.get(&format!("/v1/jobs?{query}"));
        assert_eq!((refused.status, &refused.json()["field"]), (400, &field.into()), "{}", refused.body);
    }
}

#[test]
fn decisions_come_page_by_page_the_newest_first() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo"]);
    // The demo decides something every day, and asks for a training at once.
    let three = |reply: &Reply| reply.json()["decisions"].as_array().is_some_and(|decisions| decisions.len() == 3);
    server.wait_for("/v1/decisions?limit=3", three);
    let first = server.get("/v1/decisions?limit=1").json();
    let next = first["next"].as_str().unwrap().to_owned();
    let encoded = next.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let second = server.get(&format!("/v1/decisions?limit=1&after={encoded}")).json();
    let at = |page: &Value| page["decisions"][0]["at"].as_str().unwrap().to_owned();
    assert!(at(&second) <= at(&first) && second["decisions"] != first["decisions"], "{first} {second}");
    let of = server.get("/v1/decisions?verdict=retrain").json();
    assert!(of["decisions"].as_array().unwrap().iter().all(|decision| decision["verdict"] == "retrain"), "{of}");
    let refused = server.get("/v1/decisions?after=nothing");
    assert_eq!((refused.status, &refused.json()["field"]), (400, &"after".into()), "{}", refused.body);
}
