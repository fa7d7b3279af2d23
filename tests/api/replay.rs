//! The whole loop on a log of the past, from outside.

use shared::example;
use shared::request::write_line;
use shared::units::{Duration, Window};

use super::server::Server;
use crate::shadowplane::Folder;

/// Two days of the example and an hour; the default fleet has no GPUs.
fn record(folder: &Folder) {
    let window = Window { start: example::START, end: example::START + Duration::DAY * 2 + Duration::HOUR };
    let mut text = String::new();
    for request in example::requests_between(example::SEED, window) {
        if request.flavor.as_deref() != Some("gpu") {
            write_line(&mut text, &request);
        }
    }
    folder.write("requests.ndjson", text);
    folder.write("sensors.csv", "at,sensor,scope,value\n2026-06-01T06:00:00Z,cpu_load,all,0.5\n");
    folder.write("events.csv", "name,start,end\nsale,2026-06-02T10:00:00Z,2026-06-02T12:00:00Z\n");
}

const REPLAY: [&str; 9] =
    ["--replay", "requests.ndjson", "--sensors", "sensors.csv", "--events", "events.csv", "--runs", "2", "--speed"];

#[test]
fn a_replay_ends_with_its_requests_the_same_every_time() {
    let folder = Folder::new();
    record(&folder);
    let replay = |speed: &str| {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--data", ".", "--json", "--replay-exit"];
        arguments.extend(REPLAY);
        arguments.push(speed);
        let text = folder.run(arguments).success();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [listening, replayed] = &lines[..] else { panic!("{text}") };
        assert!(listening["listening"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{text}");
        replayed["replayed"].clone()
    };
    // In the same folder: each begins afresh.
    let (first, second) = (replay("1e12"), replay("1e9"));
    assert_eq!(first, second);
    assert_eq!(first["window"]["end"], "2026-06-03T01:00:00Z", "the end of the hour of the last request: {first}");
    assert!(first["forecasts"].as_u64() >= Some(4) && first["trainings"].as_u64() >= Some(1), "{first}");
    let head = first["ledger"]["hash"].as_str().unwrap();
    folder.run(["ledger", "verify", "--data", ".", "--head", head]).success();
}

#[test]
fn a_replay_stays_at_its_end_unless_told_to_leave() {
    let folder = Folder::new();
    record(&folder);
    let path = |name: &str| folder.path.join(name).to_str().unwrap().to_owned();
    let server = Server::start(&folder, &["--replay", &path("requests.ndjson"), "--runs", "2", "--speed", "1e12"]);
    let ended = |reply: &super::server::Reply| reply.json()["now"] == "2026-06-03T01:00:00Z";
    let status = server.wait_for("/v1/status", ended).json();
    assert_eq!((&status["demo"], &status["speed"]), (&false.into(), &1e12.into()));
    let order = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"1h","runs":2}"#);
    let done = |reply: &super::server::Reply| reply.json()["job"]["state"] == "succeeded";
    server.wait_for(&order.location.unwrap(), done);

    let decisions = server.get("/v1/decisions").json();
    let promoted = decisions.as_array().unwrap().iter().any(|decision| decision["verdict"] == "promote");
    let version = || server.get("/v1/status").json()["model"]["version"].as_u64().unwrap();
    let before = version();
    let rolled_back = server.post("/v1/models/rollback", "application/json", b"");
    if promoted {
        assert_eq!((rolled_back.status, &rolled_back.json()["verdict"]), (200, &"roll_back".into()));
        assert_eq!(version(), before + 1);
    } else {
        assert_eq!(rolled_back.status, 409, "{}", rolled_back.body);
        assert!(rolled_back.body.contains("no champion before"), "{}", rolled_back.body);
    }
}

#[test]
fn a_file_says_when_models_are_trained() {
    let folder = Folder::new();
    let check = |line: &str, parts: &[&str]| {
        folder.write("service.toml", format!("[triggers]\n{line}\n"));
        folder.run(["serve", "--config", "service.toml", "--listen", "127.0.0.1:0"]).assert_failed(1, parts);
    };
    check("schedule = \"0 3 * *\"", &["triggers.schedule", "`0 3 * *` is no cron expression", "Mondays at 3:00"]);
    check("schedule = \"0 3 31 2 *\"", &["never comes"]);
    check("every = \"1m\"", &["triggers.every", "an hour at least"]);
    check("new-data = -1", &["triggers.new-data is -1"]);
    check("monthly = true", &["monthly"]);
}

#[test]
fn what_cannot_be_replayed_is_named() {
    let folder = Folder::new();
    folder.write("empty.ndjson", "");
    folder.write("wrong.ndjson", "{}\n");
    folder.run(["serve", "--replay", "empty.ndjson"]).assert_failed(1, &["empty.ndjson", "holds no request"]);
    folder.run(["serve", "--replay", "wrong.ndjson"]).assert_failed(1, &["wrong.ndjson:1"]);
    folder.run(["serve", "--replay", "empty.ndjson", "--demo"]).assert_failed(2, &["--demo", "--replay"]);
    folder.run(["serve", "--speed", "2"]).assert_failed(2, &["--replay"]);
    folder.run(["serve", "--demo", "--sensors", "s"]).assert_failed(2, &["--replay"]);
}
