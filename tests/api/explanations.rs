//! Requests explained over HTTP, as on the command line.

use std::fs;

use serde_json::{Value, json};
use shared::units::{Duration, Instant};

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

fn explained(server: &Server, order: &Value) -> Value {
    let reply = server.post("/v1/explanations", "application/json", order.to_string().as_bytes());
    assert_eq!(reply.status, 202, "{}", reply.body);
    let ended = |reply: &Reply| !reply.json()["job"]["finished_at"].is_null();
    let run = server.wait_for(&reply.location.unwrap(), ended).json();
    assert_eq!(run["job"]["state"], "succeeded", "{run}");
    assert_eq!(&run["order"]["request"], &order["request"]);
    run["explanation"].clone()
}

/// The answer about a saved scenario is, field by field, that of the command line.
#[test]
fn a_scenario_is_explained_as_on_the_command_line() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let file = tests::root().join("tests/scenarios/quota/input.json");
    let scenario: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let saved = json!({ "scenario": scenario }).to_string();
    let hash = server.post("/v1/scenarios", "application/json", saved.as_bytes()).json()["hash"].clone();
    let explanation = explained(&server, &json!({"request": "2", "scenario": hash}));
    let told = folder.run(["explain", "2", "--json", "--scenario", file.to_str().unwrap()]).success();
    assert_eq!(explanation, serde_json::from_str::<Value>(&told).unwrap());
    assert_eq!((&explanation["state"], &explanation["reason"]), (&"refused".into(), &"quota".into()));
    let mut larger = scenario.clone();
    larger["edits"] = vec![json!({"scale_demand": {"tenant": null, "percent": 10_000}}); 5].into();
    let refused = server.post("/v1/scenarios", "application/json", json!({"scenario": larger}).to_string().as_bytes());
    assert_eq!((refused.status, &refused.json()["field"]), (400, &"scenario".into()), "{}", refused.body);
    folder.write("larger.json", larger.to_string());
    folder.run(["shadow", "--scenario", "larger.json"]).assert_failed(1, &["larger.json: ", "requests"]);
    let wrong = |request: &str, run: u32, field: &str| {
        let order = json!({"request": request, "scenario": hash, "run": run}).to_string();
        let reply = server.post("/v1/explanations", "application/json", order.as_bytes());
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{}", reply.body);
    };
    wrong("99", 0, "request");
    wrong("x", 0, "request");
    wrong("2", 1_000, "run");
    assert_eq!(server.get("/v1/explanations").json().as_array().unwrap().len(), 1);
}

/// What ran when the service began is there, on the node that it was seen on, and after a restart that says nothing of it.
#[test]
fn the_primary_begins_with_what_runs_and_a_restart_changes_nothing() {
    let folder = Folder::new();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Instant::from_micros(since.as_micros() as i64).floor(Duration::HOUR);
    let line = |id: &str, vcpu: u32, at: Instant| {
        format!(
            r#"{{"id":"{id}","at":"{at}","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":{vcpu},"memory_gib":4}}}}"#
        )
    };
    let long_ago = today - Duration::DAY * 9;
    folder.write(
        "live.ndjson",
        [line("s-1", 2, long_ago), line("s-2", 2, long_ago), line("s-3", 900, long_ago)].join("\n"),
    );
    let ready = today - Duration::DAY * 3 + Duration::from_minutes(5);
    let seen = [
        format!(r#"{{"request":"s-1","node":"n-1","ready_at":"{ready}"}}"#),
        r#"{"request":"nobody","node":"n-1"}"#.to_owned(),
    ];
    folder.write("seen.ndjson", seen.join("\n"));
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let (live, seen) = (path("live.ndjson"), path("seen.ndjson"));
    let begun = |reply: &Reply| reply.json()["start"]["live"].is_number();
    let server = Server::start(&folder, &["--start", &live, "--observations", &seen, "--runs", "2"]);
    let body = line("r-1", 2, today - Duration::DAY * 2);
    server.post("/v1/requests", "application/x-ndjson", body.as_bytes());
    let start = server.wait_for("/v1/status", begun).json()["start"].clone();
    assert_eq!((&start["added"], &start["on_observed_nodes"], &start["pending"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!(start["at"], (ready.floor(Duration::HOUR) + Duration::HOUR).to_string());
    assert_eq!(start["left_out"], json!([{"request": "s-3", "reason": "larger than any machine"}]));
    assert_eq!(start["anomalies"][0]["request"], "nobody");
    server.kill();
    let server = Server::start(&folder, &["--runs", "2"]);
    assert_eq!(server.wait_for("/v1/status", begun).json()["start"], start);
    server.kill();
    folder.write("live.ndjson", line("s-9", 2, long_ago));
    let arguments =
        ["serve", "--no-keys", "--listen", "127.0.0.1:0", "--start", &live, "--data", folder.path.to_str().unwrap()];
    folder.run(arguments).assert_failed(1, &["began with 2 other resources", "--data"]);
    folder.run(["serve", "--observations", &seen]).assert_failed(2, &["--observations has no effect without --start"]);
}

/// A request of the log is run on what the service assumes: a quota of 4 vCPU, of which 4 are held.
#[test]
fn a_request_of_the_log_is_explained_on_what_is_assumed() {
    let folder = Folder::new();
    folder.write("quotas.csv", "tenant,vcpu\nacme,4\n");
    folder.write("classes.csv", "name,priority\nhigh,1000\n");
    let quotas = folder.path.join("quotas.csv");
    let classes = folder.path.join("classes.csv");
    let options = ["--quotas", quotas.to_str().unwrap(), "--priority-classes", classes.to_str().unwrap()];
    let server = Server::start(&folder, &options);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    // Two days ago, so that the day is over.
    let at = |minute: i64| {
        let now = Instant::from_micros(since.as_micros() as i64);
        (now - Duration::DAY * 2).floor(Duration::DAY) + Duration::from_minutes(600 + minute)
    };
    let line = |id: &str, minute: i64, op: &str, priority: &str| {
        let shape = r#""requested":{"vcpu":4,"memory_gib":8}"#;
        let more =
            if op == "create" { format!(r#",{shape},"scheduling":{{"priority":{priority}}}"#) } else { String::new() };
        let (resource, at) = (if op == "delete" { "a" } else { id }, at(minute));
        format!(
            r#"{{"id":"{id}","at":"{at}","tenant":"acme","op":"{op}","class":"compute","resource":"{resource}"{more}}}"#
        )
    };
    let body = [
        line("a", 0, "create", "0"),
        line("b", 1, "create", r#""high""#),
        line("c", 2, "delete", ""),
        line("d", 3, "create", r#""low""#),
    ];
    let taken = server.post("/v1/requests", "application/x-ndjson", body.join("\n").as_bytes()).json();
    assert_eq!((&taken["accepted"], &taken["refused"]), (&3.into(), &1.into()), "{taken}");
    assert_eq!(taken["lines"][3]["field"], "scheduling.priority");
    let explanation = explained(&server, &json!({"request": "b"}));
    assert_eq!((&explanation["state"], &explanation["reason"]), (&"refused".into(), &"quota".into()));
    assert_eq!((&explanation["priority"], &explanation["priority_class"]), (&1000.into(), &"high".into()));
    let edit = json!([{"quota": {"tenant": 0, "quota": explanation["fix"]["edits"][0]["quota"]["quota"]}}]);
    assert_eq!(
        (&explanation["fix"]["edits"], &explanation["fix"]["edits"][0]["quota"]["quota"]["vcpu"]),
        (&edit, &8.into())
    );
    let delete = server.post("/v1/explanations", "application/json", br#"{"request":"c"}"#);
    assert_eq!((delete.status, &delete.json()["field"]), (400, &"request".into()), "{}", delete.body);
}
