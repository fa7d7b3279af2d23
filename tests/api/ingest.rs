//! Requests and observations coming in.

use std::io::Write;

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::Server;
use crate::shadowplane::Folder;

const NDJSON: &str = "application/x-ndjson";

fn create(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":2}}}}"#
    )
}

#[test]
fn every_line_has_its_answer() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let other = create("r-1").replace("\"vcpu\":2", "\"vcpu\":4");
    let wrong = create("r-3").replace("\"vcpu\":2", "\"vcpu\":-2");
    let body = [create("r-1"), create("r-1"), other, String::new(), wrong, "{".to_owned()].join("\n");
    let reply = server.post("/v1/requests", NDJSON, body.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!((&answer["accepted"], &answer["duplicates"], &answer["refused"]), (&1.into(), &1.into(), &3.into()));
    let line = |i: usize| {
        let line = &answer["lines"][i];
        (line["line"].as_u64().unwrap(), line["outcome"].as_str().unwrap(), line["field"].as_str())
    };
    assert_eq!(line(0), (1, "accepted", None));
    assert_eq!(line(1), (2, "duplicate", None));
    assert_eq!(line(2), (3, "refused", Some("id")));
    assert_eq!(line(3), (5, "refused", Some("requested.vcpu")));
    assert_eq!((line(4).0, line(4).1), (6, "refused"));
    let message = |i: usize| answer["lines"][i]["message"].as_str().unwrap();
    assert!(message(4).starts_with("is no JSON") && !message(4).contains("column"), "{answer}");
    let late = create("r-4").replace(r#""at":"2026-01-01T00:00:00Z","#, "");
    let reply = server.post("/v1/requests", NDJSON, late.as_bytes());
    let refused = &reply.json()["lines"][0];
    assert_eq!((&refused["field"], &refused["message"]), (&"at".into(), &"is missing; expected a value".into()));
    // Nothing of the body is stored, which a sender that looks at the status alone has to see.
    let problem = reply.json();
    assert_eq!((reply.status, reply.content_type.as_str()), (400, "application/problem+json"), "{problem}");
    assert_eq!((&problem["line"], &problem["field"]), (&1.into(), &"at".into()), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("the only line refused"), "{problem}");
    assert_eq!(server.get("/v1/status").json()["requests"], 1);
}

#[test]
fn a_request_of_another_year_is_refused() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let ahead = create("r-1").replace("2026-01-01", "2126-01-01");
    let answer = server.post("/v1/requests", NDJSON, ahead.as_bytes()).json();
    let line = &answer["lines"][0];
    assert_eq!((&line["outcome"], &line["field"]), (&"refused".into(), &"at".into()), "{answer}");
    assert!(line["message"].as_str().unwrap().contains("more than a day after"), "{answer}");
}

#[test]
fn a_request_of_another_age_is_refused() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let ancient = create("r-1").replace("2026-01-01", "1971-01-01");
    let answer = server.post("/v1/requests", NDJSON, [ancient, create("r-2")].join("\n").as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["refused"]), (&1.into(), &1.into()), "{answer}");
    assert_eq!(answer["lines"][0]["field"], "at");
    assert!(answer["lines"][0]["message"].as_str().unwrap().contains("is too late"), "{answer}");
}

#[test]
fn what_comes_later_than_it_may_is_refused_line_by_line() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--late-window", "1d"]);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Instant::from_micros(since.as_micros() as i64);
    let made = |id: &str, ago: Duration| create(id).replace("2026-01-01T00:00:00Z", &(now - ago).to_string());
    let body = [made("r-1", Duration::HOUR * 23), made("r-2", Duration::HOUR * 25), made("r-1", Duration::HOUR * 22)];
    let answer = server.post("/v1/requests", NDJSON, body.join("\n").as_bytes()).json();
    let line = |i: usize| (answer["lines"][i]["outcome"].clone(), answer["lines"][i]["field"].clone());
    assert_eq!(line(0).0, "accepted");
    assert_eq!(line(1), ("refused".into(), "at".into()));
    let code = |i: usize| answer["lines"][i]["code"].clone();
    assert_eq!((code(0), code(1), code(2)), (Value::Null, "too_late".into(), "conflict".into()));
    assert!(answer["lines"][1]["message"].as_str().unwrap().contains("is too late"), "{answer}");
    // The same id at another instant is another request, whose id is taken.
    assert_eq!(line(2), ("refused".into(), "id".into()));
    let refused = folder.run(["serve", "--late-window", "59m"]);
    refused.assert_failed(2, &["--late-window is 59m", "expected 1h to"]);
}

#[test]
fn what_could_never_run_is_refused_and_stops_nobody() {
    let folder = Folder::new();
    folder.write("nodes.csv", "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,48,192,0,r740,a\n");
    folder.write("prices.csv", "instance_type,price_per_hour,currency\nr740,2,EUR\n");
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let server = Server::start(&folder, &["--inventory", &path("nodes.csv"), "--prices", &path("prices.csv")]);
    let huge = create("r-2").replace("\"vcpu\":2", "\"vcpu\":100");
    let volume = create("r-3").replace("compute", "storage").replace("\"vcpu\":2", "\"storage_gib\":100");
    let body = [create("r-1"), huge.clone(), volume, huge].join("\n");
    let answer = server.post("/v1/requests", NDJSON, body.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["refused"]), (&1.into(), &3.into()), "{answer}");
    let message = |i: usize| {
        assert_eq!(answer["lines"][i]["field"], "requested");
        answer["lines"][i]["message"].as_str().unwrap()
    };
    assert!(message(1).contains("100 vcpu, which no node can ever hold"), "{answer}");
    assert!(message(1).contains("--inventory") && message(2).contains("--prices"), "{answer}");
    assert!(message(2).contains("100 storage_gib,0.10,EUR"), "{answer}");
    assert_eq!(message(3), message(1));
    assert_eq!(server.get("/v1/status").json()["requests"], 1);
}

#[test]
fn what_contradicts_the_log_is_shown_with_its_reason() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let at = |seconds: i64| shared::units::Instant::from_micros((since + seconds) * 1_000_000).to_string();
    let of = |id: &str, resource: &str, op: &str, seconds: i64| {
        let shape = if op == "create" { r#","requested":{"vcpu":1}"# } else { "" };
        let at = at(seconds);
        format!(
            r#"{{"id":"{id}","at":"{at}","tenant":"acme","op":"{op}","class":"compute","resource":"{resource}"{shape}}}"#
        )
    };
    // Hours that have closed, so that there is a forecast.
    let creates: Vec<String> =
        (0..100).map(|i| of(&format!("c-{i}"), &format!("vm-{i}"), "create", i * 300 - 40_000)).collect();
    let ends = of("d-1", "vm-1", "delete", -35_000);
    let body = [creates.join("\n"), ends].join("\n");
    assert_eq!(server.post("/v1/requests", NDJSON, body.as_bytes()).json()["accepted"], 101);
    server.wait_for("/v1/forecasts", |reply| reply.json()["state"] == "ready");
    let odd = [of("twice", "vm-0", "create", -30), of("nothing", "vm-x", "delete", -20)].join("\n");
    assert_eq!(server.post("/v1/requests", NDJSON, odd.as_bytes()).json()["accepted"], 2);
    let status = server.wait_for("/v1/status", |reply| reply.json()["orphans"] == 1).json();
    let found = &status["contradictions"];
    assert_eq!((&found["count"], &found["request"]), (&1.into(), &"twice".into()), "{status}");
    assert!(found["message"].as_str().unwrap().contains("`vm-0` of `acme`, which lives already"), "{found}");
    // The delete that was missing mends it.
    let missing = of("late", "vm-0", "delete", -35);
    server.post("/v1/requests", NDJSON, missing.as_bytes());
    server.wait_for("/v1/status", |reply| reply.json()["contradictions"].is_null());
}

#[test]
fn arrays_gzip_and_zstd_are_taken_too() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let array = format!("[{},{}]", create("r-1"), create("r-2"));
    assert_eq!(server.post("/v1/requests", "application/json", array.as_bytes()).json()["accepted"], 2);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(create("r-3").as_bytes()).unwrap();
    assert_eq!(server.post("/v1/requests", NDJSON, &gzip.finish().unwrap()).json()["accepted"], 1);
    let zstd = zstd::encode_all(create("r-4").as_bytes(), 0).unwrap();
    assert_eq!(server.post("/v1/requests", NDJSON, &zstd).json()["accepted"], 1);
    let observation = r#"{"request":"r-1","admitted":true,"node":"n-1"}"#;
    let observed = || server.post("/v1/observations", NDJSON, observation.as_bytes()).json();
    assert_eq!((&observed()["accepted"], &observed()["duplicates"]), (&1.into(), &1.into()));
    assert_eq!(server.get("/v1/status").json()["requests"], 4);
}

#[test]
fn what_is_packed_is_unpacked_up_to_the_limit_only() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--body-bytes", "1000"]);
    let send = |encoding: &str, body: &[u8]| {
        server.ask("POST", "/v1/requests", &[("Content-Type", NDJSON), ("Content-Encoding", encoding)], body)
    };
    let gzip = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    let zstd = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
    let (short, long) = (create("r-1"), [b' '; 100_000]);
    for (encoding, short, long) in
        [("gzip", gzip(short.as_bytes()), gzip(&long)), ("zstd", zstd(short.as_bytes()), zstd(&long))]
    {
        assert!(long.len() < 1_000, "{encoding} is packed well");
        assert_eq!(send(encoding, &short).status, 200, "{encoding}");
        assert_eq!(send(encoding, &long).status, 413, "{encoding}");
        let broken = send(encoding, &short[..short.len() - 5]);
        assert_eq!((broken.status, broken.body.contains("cannot be unpacked")), (400, true), "{}", broken.body);
        let plain = send(encoding, create("r-2").as_bytes());
        assert!(plain.body.contains(&format!("is not {encoding}, as its Content-Encoding says")), "{}", plain.body);
    }
    assert_eq!(send("br", b"x").json()["field"], "Content-Encoding");
    // A window of 16 MiB takes that much memory, whatever the limit is.
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.set_parameter(zstd::zstd_safe::CParameter::WindowLog(24)).unwrap();
    wide.write_all(create("r-3").as_bytes()).unwrap();
    assert_eq!(send("zstd", &wide.finish().unwrap()).status, 400);
}
