//! The whole loop on a log of the past, from outside.

use std::process::{Command, Stdio};
use std::time::{Duration as StdDuration, Instant};

use super::server::{Server, kills};
use crate::shadowplane::Folder;

/// So many days of the example and an hour; the default fleet has no GPUs.
fn record(folder: &Folder, days: i64) {
    folder.write_example(days);
    folder.write("sensors.csv", "at,sensor,scope,value\n2026-06-01T06:00:00Z,cpu_load,all,0.5\n");
    folder.write("events.csv", "name,start,end\nsale,2026-06-02T10:00:00Z,2026-06-02T12:00:00Z\n");
}

const REPLAY: [&str; 9] =
    ["--replay", "requests.ndjson", "--sensors", "sensors.csv", "--events", "events.csv", "--runs", "2", "--speed"];

#[test]
fn a_replay_ends_with_its_requests_the_same_every_time() {
    let folder = Folder::new();
    record(&folder, 2);
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
    assert!(first["forecasts"].as_u64() >= Some(4) && first["decisions"].as_u64() >= Some(2), "{first}");
    let head = first["ledger"]["hash"].as_str().unwrap();
    folder.run(["ledger", "verify", "--data", ".", "--head", head]).success();
}

#[test]
fn a_replay_stays_at_its_end_unless_told_to_leave() {
    let folder = Folder::new();
    record(&folder, 2);
    let path = |name: &str| folder.path.join(name).to_str().unwrap().to_owned();
    let server = Server::start(&folder, &["--replay", &path("requests.ndjson"), "--runs", "2", "--speed", "1e12"]);
    let ended = |reply: &super::server::Reply| reply.json()["now"] == "2026-06-03T01:00:00Z";
    let status = server.wait_for("/v1/status", ended).json();
    assert_eq!((&status["demo"], &status["speed"]), (&false.into(), &1e12.into()));
    let horizons: Vec<_> = status["horizons"].as_array().unwrap().iter().map(|of| &of["horizon"]).collect();
    assert_eq!(horizons, ["1h", "1d"]);
    let order = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"1h","runs":2}"#);
    let done = |reply: &super::server::Reply| reply.json()["job"]["state"] == "succeeded";
    server.wait_for(&order.location.unwrap(), done);

    let decisions = server.get("/v1/decisions").json()["decisions"].clone();
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
fn horizons_stand_beside_each_other_in_the_ledger() {
    let folder = Folder::new();
    record(&folder, 4);
    let json =
        |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&folder.run(arguments).success()).unwrap() };
    let arguments =
        ["serve", "--replay", "requests.ndjson", "--listen", "127.0.0.1:0", "--speed", "1e12", "--replay-exit"];
    folder.run(arguments.into_iter().chain(["--runs", "2", "--horizon", "6h"])).success();
    let card = json(&["ledger", "scorecard", "--data", "data", "--json"]);
    let totals = card["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "total");
    let windows: Vec<_> =
        totals.map(|row| (row["horizon"].as_str().unwrap(), row["windows"].as_u64().unwrap())).collect();
    let [("6h", quarters), ("1d", days)] = windows[..] else { panic!("{windows:?}") };
    assert!(days >= 1 && quarters >= 4 * days, "{windows:?}");

    // A ledger is as good as itself: every difference is none, and surely so.
    folder.run(["ledger", "export", "--data", "data", "-o", "ledger.ndjson"]).success();
    let compared = json(&["ledger", "compare", "--data", "data", "--with", "ledger.ndjson", "--json"]);
    let total = compared.as_array().unwrap().iter().find(|of| of["kind"] == "total" && of["horizon"] == "6h").unwrap();
    assert_eq!((total["windows"].as_u64(), &total["first"]), (Some(quarters), &total["second"]));
    assert_eq!(total["difference"], serde_json::json!({ "difference": 0.0, "low": 0.0, "high": 0.0 }));
    let text = folder.run(["ledger", "compare", "--data", "data", "--with", "ledger.ndjson"]).success();
    assert!(text.contains("+0.0000 [+0.0000, +0.0000]"), "{text}");

    let refused = |options: &[&str], parts: &[&str]| {
        let all = arguments.into_iter().chain(options.iter().copied());
        folder.run(all).assert_failed(2, parts);
    };
    refused(&["--horizon", "5h"], &["--horizon: 5h does not tile days", "as 1h or 6h"]);
    refused(&["--horizon", "7m"], &["--horizon:", "multiple of"]);
    refused(&["--late", "1m"], &["--late has no effect on a replay"]);
    let own_past = folder.run(arguments.into_iter().chain(["--history", "requests.ndjson"]));
    assert!(own_past.status == 1 && own_past.stderr.contains("would count twice"), "{}", own_past.stderr);
    // What was seen of the requests is replayed with them; a fact about nobody is one all the same.
    folder.write("seen.ndjson", "{\"request\":\"nobody\",\"admitted\":true}\n");
    folder.run(arguments.into_iter().chain(["--runs", "1", "--observations", "seen.ndjson"])).success();
    folder.write("start.ndjson", "");
    refused(&["--observations", "seen.ndjson", "--start", "start.ndjson"], &["leave out one of them"]);
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
    check("[jobs]\nretraining-timeout = \"0s\"", &["jobs.retraining-timeout", "more than nothing"]);
}

#[test]
fn what_cannot_be_replayed_is_named() {
    let folder = Folder::new();
    folder.write("empty.ndjson", "");
    folder.write("wrong.ndjson", "{}\n");
    folder.run(["serve", "--replay", "empty.ndjson"]).assert_failed(1, &["empty.ndjson", "holds no request"]);
    folder.run(["serve", "--replay", "wrong.ndjson"]).assert_failed(1, &["wrong.ndjson: line 1"]);
    folder.run(["serve", "--replay", "empty.ndjson", "--demo"]).assert_failed(2, &["--demo", "--replay"]);
    folder.run(["serve", "--speed", "2"]).assert_failed(2, &["--replay"]);
    folder.run(["serve", "--demo", "--sensors", "s"]).assert_failed(2, &["--demo"]);
}

#[test]
fn a_loop_that_is_killed_comes_to_the_same_end() {
    let (whole, killed) = (Folder::new(), Folder::new());
    record(&whole, 3);
    record(&killed, 3);
    let arguments = || {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--data", ".", "--json", "--replay-exit"];
        arguments.extend(REPLAY);
        arguments.extend(["1e12", "--replay-resume"]);
        arguments
    };
    let begun = Instant::now();
    let expected = whole.run(arguments()).success();
    let took = begun.elapsed();
    // Any numbers will do; these differ from run to run, and are printed with what went wrong.
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let after = |kill: u32| {
        // Knuth's generator, MMIX; its high bits are the random ones.
        let draw =
            (seed ^ u64::from(kill)).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Between the beginning and as long as the whole takes, so that some kills come at its start, in its training,
        // and near its end.
        took.mul_f64((draw >> 56) as f64 / 256.0).max(StdDuration::from_millis(20))
    };
    for kill in 0..kills() {
        let mut command = Command::new(tests::shadowplane());
        command.args(arguments()).current_dir(&killed.path).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(after(kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let replayed = |text: &str| -> serde_json::Value { serde_json::from_str(text.lines().last().unwrap()).unwrap() };
    let ended = killed.run(arguments()).success();
    // The digest is of every decision, forecast, report and cost, and of the champion's weights.
    assert_eq!(replayed(&ended), replayed(&expected), "kills drawn with seed {seed}");

    killed.write("requests.ndjson", killed.read("requests.ndjson").lines().skip(1).collect::<Vec<_>>().join("\n"));
    let other = killed.run(arguments());
    assert!(
        other.status == 1 && other.stderr.contains("the last replay was of other files, or with other options"),
        "{}",
        other.stderr
    );
}
