//! What goes wrong is a problem document, and every path is in the OpenAPI document.

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

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
    check(&server.delete("/v1/jobs/none"), 404, "none");
    check(&server.delete("/v1/status"), 405, "DELETE");
    check(&server.get("/v1/demand?from=yesterday"), 400, "RFC 3339");
    check(&server.get("/v1/demand?form=x"), 400, "form");
    check(&server.get("/v1/forecasts?horizon=7m"), 400, "multiple");
    check(&server.get("/v1/forecasts?horizon=2d"), 400, "1d at most");
    check(&server.get("/v1/shadow-runs/j-99"), 404, "j-99");
    check(&server.get("/v1/explanations/j-99"), 404, "no explanation `j-99`");
    let explain = |body: &str| server.post("/v1/explanations", json, body.as_bytes());
    check(&explain(r#"{"request":"r-1"}"#), 404, "no request `r-1` in the log");
    check(&explain(r#"{"request":"0","scenario":"abc"}"#), 404, "no scenario `abc`");
    check(&explain(r#"{"reqest":"r-1"}"#), 400, "reqest");
    check(&server.get("/v1/jobs/none"), 404, "none");
    check(&server.get("/v1/scenarios/current"), 404, "no shadow has run");
    check(&server.post("/v1/shadow-runs", json, b"{"), 400, "ends inside");
    check(&server.post("/v1/shadow-runs", json, br#"{"horizon":"1d","runs":0}"#), 400, "runs");
    check(&server.post("/v1/shadow-runs", json, br#"{"horizon":"1d","tuns":1}"#), 400, "tuns");
    check(&server.post("/v1/shadow-runs", json, b"[]"), 400, "is a list; expected one JSON object in braces");
    check(&server.post("/v1/scenarios", json, b"name,seed"), 400, "is no JSON; expected one JSON object in braces\"");
    check(&server.post("/v1/shadow-runs", json, b""), 400, "is empty; expected one JSON object in braces");
    check(&server.post("/v1/requests", json, b""), 400, "is empty; send one JSON object a line");
    check(&server.post("/v1/shadow-runs", "text/plain", br#"{"horizon":"1d"}"#), 415, "text/plain");
    check(&server.post("/v1/requests", json, b"[1"), 400, "line");
    check(&server.post("/v1/requests", json, &[b' '; 2_000]), 413, "1000 bytes");
    check(&server.post("/v1/requests", json, &[b'\n', 0xff]), 400, "UTF-8");
}

#[test]
fn a_problem_names_what_is_wrong() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let names = |reply: &Reply, field: &str| {
        check(reply, 400, "");
        assert_eq!(reply.json()["field"], field, "{}", reply.body);
        assert!(!reply.body.contains("column"), "{}", reply.body);
    };
    names(&server.get("/v1/demand?from=yesterday"), "from");
    names(&server.get("/v1/demand?form=x"), "form");
    names(&server.get("/v1/demand?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"), "to");
    names(&server.get("/v1/costs?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"), "to");
    names(&server.get("/v1/reports/allocation?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"), "to");
    names(&server.get("/v1/reports/allocation?by=colour"), "by");
    names(&server.get("/v1/jobs?limit=-1"), "limit");
    assert!(server.get("/v1/jobs?limit=-1").body.contains("a whole number from 0"));

    let order = |rest: &str| {
        let body = format!(r#"{{"horizon":"1d",{rest}}}"#);
        server.post("/v1/shadow-runs", "application/json", body.as_bytes())
    };
    names(&order(r#""runs":-1"#), "runs");
    names(&order(r#""tuns":1"#), "tuns");
    names(&order(r#""edits":[{"max_nodes":{"node_group":0,"max":-5}}]"#), "edits[0].max_nodes.max");
    let edits = r#"{"max_nodes":{"node_group":77,"max":5}},{"scale_demand":{"tenant":9,"percent":20000}}"#;
    let impossible = order(&format!(r#""edits":[{edits},{{"placement":{{"policy":"best_fit"}}}}]"#));
    names(&impossible, "edits[0].node_group");
    let errors = impossible.json()["errors"].clone();
    let fields: Vec<&str> = errors.as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["edits[0].node_group", "edits[1].tenant", "edits[1].percent"]);
    assert!(errors[0]["detail"].as_str().unwrap().contains("77"), "{errors}");
    let nobody = "is 9, which is the place of no tenant; they count from 0: there is none yet";
    assert_eq!(errors[1]["detail"], nobody);
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 0, "nothing was queued");
}

#[test]
fn probes_are_text() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    for probe in ["/livez", "/readyz"] {
        let reply = server.wait_for(probe, |reply| reply.status == 200);
        assert_eq!(reply.content_type, "text/plain; charset=utf-8", "{probe}");
        // RFC 9110, 9.3.2: HEAD is GET without its content.
        let head = server.head(probe);
        assert_eq!((head.status, head.content_type, head.body.as_str()), (200, reply.content_type, ""), "{probe}");
    }
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
                "put" => server.put(&concrete),
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
    let reports = server.get("/v1/reports/allocation").json();
    let reason = &reports["not_ready"];
    assert_eq!((&reports["windows"], &reason["reason"]), (&serde_json::json!([]), &"no_closed_day".into()));
    assert!(reason["message"].as_str().unwrap().contains("no request has come in yet"), "{reason}");
}

#[test]
fn a_taken_port_is_said_and_ends_with_1() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(tests::shadowplane());
    let output = command.args(["serve", "--listen", &address, "--data"]).arg(&folder.path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains(&address) && message.contains("in use") && message.contains("--listen"), "{message}");
}

#[test]
fn what_a_library_refuses_is_a_problem_document_too() {
    let folder = Folder::new();
    let dist = folder.path.join("dist");
    std::fs::create_dir(&dist).unwrap();
    folder.write("dist/index.html", "<title>page</title>");
    let server = Server::start(&folder, &["--dashboard", dist.to_str().unwrap()]);
    assert!(server.get("/").body.contains("page"));
    check(&server.get("/..%2f"), 400, "cannot be answered");
    check(&server.get("/nothing.js"), 404, "/nothing.js");
}

#[test]
fn pages_of_other_sites_change_nothing() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let order = br#"{"horizon":"1d"}"#;
    let from = |origin: &str| server.post_from(origin, "/v1/shadow-runs", "application/json", order);
    check(&from("https://evil.example"), 403, "https://evil.example");
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 0, "nothing was queued");
    assert_eq!(from(&server.address).status, 202, "its own page");
}
