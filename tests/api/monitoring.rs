//! What monitoring systems make of the metrics: promtool reads them, and the dashboard asks for what is there.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::server::Server;
use crate::shadowplane::Folder;

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_name(c));
    words.filter(|word| word.starts_with("shadowplane_")).map(str::to_owned).collect()
}

/// Every expression of a dashboard.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

/// A closed day, with a budget, a webhook and an Alertmanager, so that everything has a value.
#[test]
fn promtool_finds_nothing_wrong_and_the_dashboard_asks_for_what_is_there() {
    let folder = Folder::new();
    folder.write("budgets.csv", "name,amount,currency,period\na cent,0.01,USD,week\n");
    let budgets = folder.path.join("budgets.csv").to_str().unwrap().to_owned();
    let arguments = ["--demo", "--speed", "1e6", "--recommend", "on-order", "--budgets", &budgets];
    let server = Server::start(&folder, &[&arguments[..], &["--alertmanager", "http://127.0.0.1:9"]].concat());
    let hook = br#"{"url":"http://127.0.0.1:9/"}"#;
    assert_eq!(server.post("/v1/webhooks", "application/json", hook).status, 201);
    let all = server.wait_for("/metrics", |reply| reply.body.contains("shadowplane_closed_day_actual_cost{"));
    assert!(all.content_type.starts_with("application/openmetrics-text"), "{}", all.content_type);

    let path = tests::root().join("docs/grafana.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (told, mut asked) = (names(&all.body), Vec::new());
    expressions(&dashboard, &mut asked);
    let missing: Vec<String> = asked.iter().flat_map(|expr| names(expr)).filter(|name| !told.contains(name)).collect();
    assert!(asked.len() > 20 && missing.is_empty(), "{missing:?} of {told:?}");
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let asked = names(&variable["query"].to_string());
        assert!(asked.is_subset(&told), "{asked:?}");
    }

    let Some(promtool) = tests::peer("SHADOWPLANE_PROMTOOL_BIN", "promtool") else { return };
    let plain = server.ask("GET", "/metrics", &[("Accept", "text/plain;version=0.0.4")], b"");
    assert_eq!(plain.content_type, "text/plain; version=0.0.4; charset=utf-8");
    // What is said about a metric has its name without the ending of its samples in one of the two forms only.
    let samples =
        |text: &str| names(&text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"));
    assert_eq!(samples(&plain.body), samples(&all.body));
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(plain.body.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What has not changed is not sent again, to whoever says what it has.
#[test]
fn an_answer_that_has_not_changed_is_not_sent_again() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let first = server.get("/v1/jobs");
    let tag = first.headers.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    // As it is shown: in quotes, with those of the mark escaped.
    let shown = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(&tag);
    let tag = shown.replace("\\\"", "\"");
    let again = |path: &str| server.ask("GET", path, &[("If-None-Match", &tag)], b"");
    assert_eq!((again("/v1/jobs").status, again("/v1/jobs").body.as_str()), (304, ""));
    assert_eq!(again("/v1/status").status, 200, "another answer has another mark");
    assert_eq!(server.post("/v1/retraining", "application/json", b"").status, 202);
    let changed = again("/v1/jobs");
    assert!(changed.status == 200 && changed.body.contains("retraining"), "{}", changed.body);
}
