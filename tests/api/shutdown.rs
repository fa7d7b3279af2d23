//! The end of the service: what was asked is answered, and what was answered is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::Server;
use crate::shadowplane::Folder;

fn create(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":2}}}}"#
    )
}

fn terminate(server: &Server) {
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_service_that_is_told_to_end_answers_what_it_was_asked_and_loses_nothing() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let authority = server.address.strip_prefix("http://").unwrap().to_owned();
    // Half of a request is there when the service is told to end.
    let body = create("half");
    let (first, second) = body.split_at(20);
    let mut half = TcpStream::connect(&authority).unwrap();
    half.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        half,
        "POST /v1/requests HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-type: application/x-ndjson\r\n\
         content-length: {}\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    let (acknowledged, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let (server, acknowledged, ended) = (&server, &acknowledged, &ended);
            scope.spawn(move || {
                for number in 0.. {
                    let body = create(&format!("{sender}-{number}"));
                    match server.try_post("/v1/requests", "application/x-ndjson", body.as_bytes()) {
                        Ok(reply) if reply.status == 200 => drop(acknowledged.fetch_add(1, Ordering::Relaxed)),
                        // Who is not let in any more is told nothing; an answer is never half a one.
                        Ok(reply) => panic!("{}: {}", reply.status, reply.body),
                        Err(_) => return assert!(ended.load(Ordering::Relaxed), "it ended too early"),
                    }
                }
            });
        }
        while acknowledged.load(Ordering::Relaxed) < 50 {
            std::thread::sleep(Duration::from_millis(5));
        }
        ended.store(true, Ordering::Relaxed);
        terminate(&server);
        std::thread::sleep(Duration::from_millis(300));
        half.write_all(second.as_bytes()).unwrap();
        let mut answer = String::new();
        half.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\":1"), "{answer}");
    });
    assert_eq!(server.wait(Duration::from_secs(30)), Some(0), "it ends well");
    let again = Server::start(&folder, &[]);
    let stored = again.get("/v1/status").json()["requests"].as_u64().unwrap();
    let acknowledged = acknowledged.load(Ordering::Relaxed) + 1;
    // Of each sender one at most was stored without an answer that arrived.
    assert!((acknowledged..=acknowledged + 4).contains(&stored), "{stored} of {acknowledged}");
}

#[test]
fn the_log_is_json_where_that_is_asked_for() {
    let folder = Folder::new();
    let mut command = Command::new(tests::shadowplane());
    command.args(["serve", "--no-keys", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "info"]);
    command.arg("--data").arg(&folder.path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let first = BufReader::new(child.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    let begun = Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30));
    let line: Value = serde_json::from_str(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
    assert_eq!(line["level"], "WARN", "{line}");
    assert!(line["message"].as_str().unwrap().contains("there are no keys"), "{line}");
    assert!(line["timestamp"].as_str().unwrap().parse::<shared::units::Instant>().is_ok(), "{line}");
    folder.run(["serve", "--log-level", "infoo"]).assert_failed(2, &["--log-level is `infoo`", "warn,audit=info"]);
}
