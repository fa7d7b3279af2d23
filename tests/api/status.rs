//! The status as it changes, as Server-Sent Events.

use std::time::Duration;

use serde_json::{Value, json};

use super::keys::key;
use super::notifications::Listener;
use super::server::Server;
use crate::shadowplane::Folder;

fn told(listener: &mut Listener) -> Value {
    assert_eq!(listener.line_with("event: "), "event: status");
    serde_json::from_str(listener.line_with("data: ").strip_prefix("data: ").unwrap()).unwrap()
}

/// It begins with what is so, and goes on with what has changed, two seconds apart at least.
#[test]
fn who_listens_hears_of_every_change() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "3600", "--recommend", "on-order"]);
    let mut listener = Listener::of(&server, "/v1/status", "");
    let begun = std::time::Instant::now();
    let (first, second) = (told(&mut listener), told(&mut listener));
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(first["demo"], true, "{first}");
    assert_ne!(first, second, "what has not changed is not told again");
    assert!(std::process::Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(listener.ends(), "it does not hold up the service when that ends");
}

/// Whoever is limited to tenants hears what it would be answered; what was noticed is heard of by those who see all of it.
#[test]
fn a_limited_key_hears_its_own_status() {
    let folder = Folder::new();
    let (admin, own) = (key(&folder, &["--role", "admin"]), key(&folder, &["--role", "viewer", "--tenant", "ci"]));
    let server = Server::start_with_keys(&folder, &[]);
    let mut listener = Listener::of(&server, "/v1/status", &format!("authorization: Bearer {own}\r\n"));
    let mut all = Listener::of(&server, "/v1/status", &format!("authorization: Bearer {admin}\r\n"));
    let status = told(&mut listener);
    assert_eq!((&status["tenants"], &status["requests"]), (&json!(["ci"]), &Value::Null));
    assert_eq!(told(&mut all)["requests"], 0);
    let order = json!({"url": "http://127.0.0.1:9/"}).to_string();
    let hook = server.ask_with(&admin, "POST", "/v1/webhooks", &order).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.ask_with(&admin, "POST", &format!("/v1/webhooks/{hook}/test"), "").status, 202);
    assert_eq!(told(&mut all)["requests"], 0, "nothing has changed, and something was noticed");
}
