//! What goes wrong is a problem document, and every path is in the OpenAPI document.

use super::server::{Folder, Reply, Server};

fn check(reply: &Reply, status: u16, part: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.content_type, "application/problem+json");
    let problem = reply.json();
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
    }
    assert!(reply.body.contains(part), "no `{part}` in {}", reply.body);
}

#[test]
fn whatever_is_wrong_is_a_problem_document() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--body-bytes", "1000"]);
    let json = "application/json";
    check(&server.get("/v1/nothing"), 404, "/openapi.json");
    check(&server.get("/nothing"), 404, "/openapi.json");
    check(&server.delete("/v1/status"), 405, "DELETE");
    check(&server.get("/v1/demand?from=yesterday"), 400, "RFC 3339");
    check(&server.get("/v1/demand?form=x"), 400, "form");
    check(&server.get("/v1/forecasts?horizon=7m"), 400, "multiple");
    check(&server.get("/v1/forecasts?horizon=2d"), 400, "1d at most");
    check(&server.get("/v1/shadow-runs/j-99"), 404, "j-99");
    check(&server.get("/v1/jobs/none"), 404, "none");
    check(&server.get("/v1/scenarios/current"), 404, "no shadow has run");
    check(&server.post("/v1/shadow-runs", json, b"{"), 400, "EOF");
    check(&server.post("/v1/shadow-runs", json, br#"{"horizon":"1d","runs":0}"#), 400, "runs");
    check(&server.post("/v1/shadow-runs", json, br#"{"horizon":"1d","tuns":1}"#), 400, "tuns");
    check(&server.post("/v1/requests", json, b"[1"), 400, "line");
    check(&server.post("/v1/requests", json, &[b' '; 2_000]), 413, "1000 bytes");
    check(&server.post("/v1/requests", json, &[b'\n', 0xff]), 400, "UTF-8");
}

#[test]
fn every_described_path_is_there() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let document = server.get("/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 18, "{} paths", paths.len());
    for (path, methods) in paths {
        let concrete = path.replace("{id}", "none").replace("{hash}", "none");
        // Only a path that is not registered is answered with the pointer to this document.
        let missing = |reply: &Reply| reply.body.contains("see /openapi.json");
        for method in methods.as_object().unwrap().keys() {
            let reply = match method.as_str() {
                "get" => server.get(&concrete),
                "post" => server.post(&concrete, "application/json", b"[]"),
                "delete" => server.delete(&concrete),
                other => panic!("{other} {path}"),
            };
            assert!(!missing(&reply), "{method} {path}: {}", reply.body);
        }
    }
}

#[test]
fn without_requests_there_is_a_reason_instead_of_a_forecast() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let reply = server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("no_requests"));
    assert_eq!(reply.json()["state"], "not_ready");
}

#[test]
fn a_taken_port_is_said_and_ends_with_1() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(tests::shadowplane());
    let output = command.args(["serve", "--listen", &address, "--data"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains(&address) && message.contains("in use") && message.contains("--listen"), "{message}");
}
