//! The service with its state on a real PostgreSQL server.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use shared::example;
use shared::units::Duration as Span;
use tests::postgres::Postgres;

use super::server::{Reply, Server, kills};
use crate::shadowplane::Folder;

const NDJSON: &str = "application/x-ndjson";

/// So many requests are sent at once.
const BATCH: u32 = 20;

fn line(number: u32) -> String {
    format!(
        r#"{{"id":"r-{number}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{number}","requested":{{"vcpu":2}}}}"#
    )
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(line).collect::<Vec<_>>().join("\n")
}

/// A server that may be stopped, or one that others use too; without it the test says so and is skipped.
fn server<T>(started: Result<T, String>) -> Option<T> {
    started.map_err(|why| tests::skipped(&why)).ok()
}

fn terminate(server: &Server) {
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap().success());
}

/// Sends batches until it is told to stop, each again until it is acknowledged; how many requests that were.
fn send(server: &Server, acknowledged: &AtomicU32, refused: &AtomicU32, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let first = acknowledged.load(Ordering::Relaxed);
        let reply = server.try_post("/v1/requests", NDJSON, lines(first..first + BATCH).as_bytes()).unwrap();
        match reply.status {
            200 => {
                let answer = reply.json();
                let taken = answer["accepted"].as_u64().unwrap() + answer["duplicates"].as_u64().unwrap();
                assert_eq!(taken, u64::from(BATCH), "{answer}");
                acknowledged.store(first + BATCH, Ordering::Relaxed);
            }
            503 => {
                assert!(reply.headers.contains("retry-after: \"2\""), "{}", reply.headers);
                assert_eq!(reply.json()["type"], "urn:shadowplane:problem:store-unavailable");
                refused.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
            other => panic!("{other}: {}", reply.body),
        }
    }
}

#[test]
fn a_database_that_restarts_during_load_loses_nothing_acknowledged_and_counts_nothing_twice() {
    let Some(postgres) = server(Postgres::new()) else { return };
    let folder = Folder::new();
    let url = postgres.database();
    let server = Server::start(&folder, &["--store", &url]);
    let (acknowledged, refused, stop) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&server, &acknowledged, &refused, &stop));
        let goes_on = || {
            let (from, begun) = (acknowledged.load(Ordering::Relaxed), Instant::now());
            while acknowledged.load(Ordering::Relaxed) < from + 5 * BATCH && !sender.is_finished() {
                assert!(begun.elapsed() < Duration::from_secs(60), "nothing is taken any more");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        for restart in 0..kills() {
            goes_on();
            // Wherever it is then with a batch.
            std::thread::sleep(Duration::from_millis(u64::from(restart) * 67 % 200));
            let before = refused.load(Ordering::Relaxed);
            postgres.stop().unwrap();
            while refused.load(Ordering::Relaxed) == before && !sender.is_finished() {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(server.get("/livez").status, 200, "it lives without its database");
            postgres.start().unwrap();
        }
        goes_on();
        stop.store(true, Ordering::Relaxed);
        sender.join().unwrap();
    });
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    assert_eq!(server.get("/v1/status").json()["requests"], acknowledged, "each is there once");
    let again = server.post("/v1/requests", NDJSON, lines(0..acknowledged).as_bytes()).json();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&0.into(), &acknowledged.into()));

    // The runner of jobs has lived through it, too; without a forecast a job can only fail, and says why.
    let reply = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"1d","runs":1}"#);
    assert_eq!(reply.status, 202, "{}", reply.body);
    let location = reply.location.unwrap();
    server.wait_for(&location, |reply| ["failed", "succeeded"].iter().any(|end| reply.json()["job"]["state"] == *end));
    server.kill();
    let server = Server::start(&folder, &["--store", &url, "--store-wait"]);
    assert_eq!(server.get("/v1/status").json()["requests"], acknowledged, "after a kill of the service as well");
    let first_hour = "/v1/demand?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z";
    server.wait_for(first_hour, |reply| reply.json()["creates"][0] == acknowledged);
}

#[test]
fn one_service_has_the_database_and_the_next_one_waits_until_it_ends_or_is_dead() {
    let Some(postgres) = server(Postgres::shared()) else { return };
    let folder = Folder::new();
    let url = postgres.database();
    let first = Server::start(&folder, &["--store", &url]);
    let second = folder.run(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--store", &url]);
    second.assert_failed(1, &["is held by process", &format!("process {} on ", first.id()), "--store-wait"]);
    terminate(&first);
    assert_eq!(first.wait(Duration::from_secs(30)), Some(0), "it ends well");
    // It has given the database up, so that nobody need wait.
    let third = Server::start(&folder, &["--store", &url]);
    third.kill();
    let begun = Instant::now();
    let fourth = Server::start(&folder, &["--store", &url, "--store-wait"]);
    // A lease lasts for 15 s, and it is looked every 3 s whether it has run out.
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert_eq!(fourth.get("/livez").status, 200);
}

#[test]
fn keys_and_the_ledger_are_in_the_database_and_no_password_is_shown() {
    let Some(postgres) = server(Postgres::shared()) else { return };
    let folder = Folder::new();
    let url = postgres.database();
    let key = folder.run(["keys", "create", "--role", "admin", "--store", &url]).success().trim().to_owned();
    let server = Server::start_with_keys(&folder, &["--store", &url]);
    assert_eq!(server.get("/v1/status").status, 401);
    assert_eq!(server.ask_with(&key, "GET", "/v1/status", "").status, 200);
    // A service that runs takes changes at once.
    let id = key.split('_').nth(1).unwrap();
    folder.run(["keys", "revoke", id, "--store", &url]).success();
    assert_eq!(server.ask_with(&key, "GET", "/v1/status", "").status, 401);
    assert!(folder.run(["keys", "list", "--store", &url]).success().contains("revoked"));
    let verified = folder.run(["ledger", "verify", "--store", &url]).success();
    assert!(verified.starts_with("0 forecasts and 0 actual costs"), "{verified}");
    assert_eq!(folder.files(), Vec::<String>::new(), "nothing is kept in the folder");

    let secret = url.replace("tests@", "tests:s3cret@");
    let shown = folder.run(["config", "--store", &secret]).success();
    assert!(shown.contains(&url) && !shown.contains("s3cret"), "{shown}");
    let nowhere = "postgres://tests:s3cret@127.0.0.1:1/plans";
    let answers = [
        (folder.run(["serve", "--no-keys", "--store", nowhere]), 1, "cannot be reached"),
        (folder.run(["serve", "--demo", "--store", &secret]), 2, "--store has no effect on a replay or the demo"),
        (folder.run(["serve", "--no-keys", "--store", "mysql://a:s3cret@b/c"]), 2, "expected postgres://"),
        (folder.run(["backup", "--to", "b.sqlite", "--store", &secret]), 2, "pg_dump"),
        (folder.run(["restore", "--from", "b.sqlite", "--store", &secret]), 2, "pg_restore"),
        (folder.run(["serve", "--no-keys", "--store-ca", "ca.pem"]), 2, "--store-ca has no effect without --store"),
        (
            folder.run(["serve", "--no-keys", "--store", &format!("{secret}?sslmode=require")]),
            1,
            "does not support TLS",
        ),
    ];
    for (answer, status, part) in answers {
        answer.assert_failed(status, &[part]);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
}

/// The same requests, readings and observations, asked for in the same way.
#[test]
fn a_service_answers_as_one_whose_state_is_in_a_file() {
    let Some(postgres) = server(Postgres::shared()) else { return };
    let folders = [Folder::new(), Folder::new()];
    let url = postgres.database();
    let servers = [Server::start(&folders[0], &[]), Server::start(&folders[1], &["--store", &url])];
    folders[0].write_example(2);
    let requests = folders[0].read("requests.ndjson");
    let ids = requests.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone());
    let seen: Vec<String> = ids.take(50).map(|id| format!(r#"{{"request":{id},"admitted":true}}"#)).collect();
    let sensors = "at,sensor,scope,value\n2026-01-01T00:00:00Z,cpu_load,a,0.1\n2026-01-01T00:00:01Z,cpu_load,b,0.2\n";
    let end = example::START + Span::DAY * 3;
    let answers = servers.each_ref().map(|server| {
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(server.post("/v1/requests", NDJSON, requests.as_bytes()).body);
            answers.push(server.post("/v1/observations", NDJSON, seen.join("\n").as_bytes()).body);
            answers.push(server.post("/v1/sensors", "text/csv", sensors.as_bytes()).body);
        }
        let window = format!("from={}&to={end}", example::START);
        let counted = |reply: &Reply| {
            reply.json()["creates"].as_array().is_some_and(|creates| creates.iter().any(|count| *count != 0))
        };
        server.wait_for(&format!("/v1/demand?{window}"), counted);
        for query in ["", "&tenant=shop", "&class=storage", "&flavor=m5.large"] {
            answers.push(server.get(&format!("/v1/demand?{window}{query}")).body);
        }
        answers.push(server.get("/v1/sensors?sensor=cpu_load").body);
        answers.push(server.get("/v1/status").json()["requests"].to_string());
        answers
    });
    assert_eq!(answers[0].last().unwrap(), &requests.lines().count().to_string(), "all of it was taken");
    for (file, database) in answers[0].iter().zip(&answers[1]) {
        assert_eq!(file, database);
    }
}
