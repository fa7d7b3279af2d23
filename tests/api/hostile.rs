//! Clients that mean harm, or know no better: others are served, and the memory is bounded.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::server::{Reply, Server, setting};
use crate::shadowplane::Folder;

const NDJSON: &str = "application/x-ndjson";
/// How soon others have their answer; the machine has two cores, and other tests run.
const SOON: Duration = Duration::from_secs(10);
/// What the service may come to, whatever is sent; and with a statement of as many tenants as one may have.
const RESIDENT_KIB_MAX: u64 = 512 << 10;
const OF_MANY_TENANTS_KIB_MAX: u64 = 1_024 << 10;

/// Each connection is an open file here, too.
const OPEN_FILES: u64 = 65_536;

/// How many clients of a kind, and how many tenants; `cargo xtask proof hostile` sets more.
fn clients() -> usize {
    setting("SHADOWPLANE_HOSTILE_CLIENTS", 300)
}

fn tenants() -> usize {
    setting("SHADOWPLANE_HOSTILE_TENANTS", 2_000)
}

/// The MiB of what is too large.
fn too_large() -> usize {
    setting("SHADOWPLANE_HOSTILE_MIB", 64)
}

fn create(number: usize, tenant: &str) -> String {
    format!(
        r#"{{"id":"r-{number}","at":"2026-01-01T00:00:00Z","tenant":"{tenant}","op":"create","class":"compute","resource":"vm-{number}","requested":{{"vcpu":2}}}}"#
    )
}

/// A connection that has sent this much, after the name of the host.
fn connection(server: &Server, begins: &str, goes_on: &str) -> TcpStream {
    rlimit::increase_nofile_limit(OPEN_FILES).unwrap();
    let host = server.address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    if !begins.is_empty() {
        write!(stream, "{begins} HTTP/1.1\r\nHost: {host}\r\n{goes_on}").unwrap();
    }
    stream
}

/// The head and the problem document of an answer, as far as it came.
fn answer(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(SOON * 6)).unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4_096];
    while !answer.ends_with(b"}") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(bytes) => answer.extend_from_slice(&piece[..bytes]),
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Somebody else asks and sends, and the service is no larger than it may be.
fn others_are_served(server: &Server, number: usize) {
    others_are_served_in(server, number, RESIDENT_KIB_MAX);
}

fn others_are_served_in(server: &Server, number: usize, most_kib: u64) {
    let begun = Instant::now();
    assert_eq!(server.get("/v1/status").status, 200);
    let reply = server.post("/v1/requests", NDJSON, create(number, "acme").as_bytes());
    assert_eq!((reply.status, &reply.json()["accepted"]), (200, &1.into()), "{}", reply.body);
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    let resident = server.resident_kib().unwrap_or(0);
    assert!(resident < most_kib, "{resident} KiB");
}

#[test]
fn idle_clients_are_in_nobodys_way() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let idle: Vec<TcpStream> = (0..clients()).map(|_| connection(&server, "", "")).collect();
    others_are_served(&server, 0);
    drop(idle);
    others_are_served(&server, 1);
}

/// Half a head, and bodies of which a byte comes now and then.
#[test]
fn slow_clients_are_in_nobodys_way() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let body = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let mut slow = Vec::new();
    let begun = Instant::now();
    for _ in 0..clients() / 2 {
        slow.push(connection(&server, "POST /v1/requests", body));
        slow.push(connection(&server, "GET /v1/status", "X-Half: "));
    }
    for number in 0..5 {
        slow.iter_mut().for_each(|stream| {
            // Those that took too long are gone already.
            let _ = stream.write(b" ");
        });
        others_are_served(&server, number);
    }
    let first = answer(slow.swap_remove(0));
    assert!(first.starts_with("HTTP/1.1 408") && first.contains("too-slow"), "{first}");
    assert!(begun.elapsed() >= Duration::from_secs(10), "a body has ten seconds to begin with");
    others_are_served(&server, 5);
}

/// Spaces in pieces of a MiB each, of which no end is told.
#[test]
fn what_is_too_large_is_refused_and_not_kept() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let head = format!("Content-Type: {NDJSON}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut stream = connection(&server, "POST /v1/requests", &head);
    let piece = vec![b' '; 1 << 20];
    let sent = (0..too_large()).take_while(|_| {
        let sent = write!(stream, "100000\r\n").and_then(|()| stream.write_all(&piece));
        sent.and_then(|()| stream.write_all(b"\r\n")).is_ok()
    });
    let sent = sent.count();
    let answer = answer(stream);
    // It may be cut off before its answer is read.
    assert!(answer.is_empty() && sent < too_large() || answer.starts_with("HTTP/1.1 413"), "{sent} MiB: {answer}");

    let zeros = std::io::repeat(0).take((too_large() as u64) << 20);
    let mut gzip = flate2::read::GzEncoder::new(zeros, flate2::Compression::fast());
    let mut bomb = Vec::new();
    gzip.read_to_end(&mut bomb).unwrap();
    let zstd = zstd::encode_all(std::io::repeat(0).take((too_large() as u64) << 20), 3).unwrap();
    for (encoding, bomb) in [("gzip", bomb), ("zstd", zstd)] {
        let headers = [("Content-Type", NDJSON), ("Content-Encoding", encoding)];
        let reply = server.ask("POST", "/v1/requests", &headers, &bomb);
        assert_eq!(reply.status, 413, "{encoding} of {} bytes: {}", bomb.len(), reply.body);
    }
    others_are_served(&server, 0);
}

/// Every route that reads a body, as `/openapi.json` has them.
#[test]
fn lists_in_lists_overflow_nothing() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let paths = server.get("/openapi.json").json()["paths"].as_object().unwrap().clone();
    // What takes no body does not look at one.
    let posts = paths.into_iter().filter(|(_, of)| of["post"]["requestBody"].is_object()).map(|(path, _)| path);
    let mut routes = 0;
    for path in posts {
        for opening in ["[", r#"{"a":"#, r#"{"requests":["#, r#"{"scenario":{"demand":"#] {
            let body = opening.repeat(100_000);
            let Reply { status, body, .. } =
                server.ask("POST", &path, &[("Content-Type", "application/json")], body.as_bytes());
            assert!((400..500).contains(&status), "{path}: {status} {body}");
        }
        routes += 1;
    }
    assert!(routes > 10, "{routes} routes");
    others_are_served(&server, 0);
}

/// What each is asked for is told apart, whoever asks.
#[test]
fn as_many_tenants_as_somebody_makes_up_are_held() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    for from in (0..tenants()).step_by(1_000) {
        let until = tenants().min(from + 1_000);
        let lines: String = (from..until).map(|i| create(i + 1, &format!("tenant-{i}")) + "\n").collect();
        let reply = server.post("/v1/requests", NDJSON, lines.as_bytes());
        assert_eq!(reply.json()["accepted"], until - from, "{}", reply.body);
    }
    let status = server.wait_for("/v1/status", |reply| reply.json()["requests"] == tenants());
    assert_eq!(status.status, 200);
    for path in ["/v1/demand", "/metrics", "/v1/reports/statement", "/v1/reports/allocation", "/v1/budgets"] {
        let Reply { status, body, .. } = server.get(path);
        // A statement has 100,000 rows at most.
        let is_too_long = status == 400 && body.contains("expected 100000 at most");
        assert!(status == 200 || status == 404 || is_too_long, "{path}: {status} {body}");
    }
    others_are_served_in(&server, 0, OF_MANY_TENANTS_KIB_MAX);
}
