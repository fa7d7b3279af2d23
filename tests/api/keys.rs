//! Keys: who is let in, to what, and what of it is noted.

use std::process::Command;

use serde_json::{Value, json};

use super::server::{Reply, Server};
use crate::shadowplane::Folder;

/// The key that `keys create` prints.
pub(crate) fn key(folder: &Folder, arguments: &[&str]) -> String {
    let create = ["keys", "create", "--data", folder.path.to_str().unwrap()];
    folder.run(create.iter().chain(arguments)).success().trim().to_owned()
}

/// The part of a key that is no secret.
fn id(key: &str) -> &str {
    key.split('_').nth(1).unwrap()
}

fn keys(folder: &Folder, arguments: &[&str]) -> String {
    let data = ["--data", folder.path.to_str().unwrap()];
    folder.run(["keys"].iter().chain(arguments).chain(&data)).success()
}

fn status(server: &Server, key: &str) -> u16 {
    server.ask_with(key, "GET", "/v1/status", "").status
}

fn check(reply: &Reply, status: u16, kind: &str, part: &str) {
    assert_eq!((reply.status, reply.content_type.as_str()), (status, "application/problem+json"), "{}", reply.body);
    assert_eq!(reply.json()["type"], format!("urn:shadowplane:problem:{kind}"));
    assert!(reply.body.contains(part), "no `{part}` in {}", reply.body);
}

/// Every method of every path, with what its description says of who may use it.
pub(crate) fn described(server: &Server) -> Vec<(String, String, String)> {
    let document = server.get("/openapi.json").json();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let who = operation["description"].as_str().unwrap().to_owned();
            assert_eq!(operation["security"] == json!([{"key": []}]), who != "Without a key.", "{method} {path}");
            found.push((method.to_uppercase(), path.replace("{id}", "none").replace("{hash}", "none"), who));
        }
    }
    found
}

#[test]
fn every_route_asks_for_the_role_that_it_says() {
    let folder = Folder::new();
    let roles = ["viewer", "operator", "admin"];
    let keys = roles.map(|role| key(&folder, &["--role", role]));
    let server = Server::start_with_keys(&folder, &[]);
    let described = described(&server);
    assert!(described.len() > 50, "{}", described.len());
    let mut open = Vec::new();
    for (method, path, who) in &described {
        let stranger = server.ask(method, path, &[], b"");
        if who == "Without a key." {
            assert_ne!(stranger.status, 401, "{path}");
            open.push(path.as_str());
            continue;
        }
        check(&stranger, 401, "unauthorized", "Authorization: Bearer");
        assert!(stranger.headers.contains("www-authenticate: \"Bearer realm="), "{}", stranger.headers);
        let needed = roles.iter().position(|role| who.contains(&format!("role {role} "))).unwrap();
        for (place, (role, key)) in roles.iter().zip(&keys).enumerate() {
            let reply = server.ask_with(key, method, path, "[]");
            let refused = reply.status == 403 && reply.json()["type"] == "urn:shadowplane:problem:role";
            assert_eq!(refused, place < needed, "{role} {method} {path}: {} {}", reply.status, reply.body);
            assert_ne!(reply.status, 401, "{role} {method} {path}");
        }
    }
    assert_eq!(open, ["/livez", "/openapi.json", "/readyz"]);
    // HEAD is GET, and needs the same.
    assert_eq!(server.ask("HEAD", "/v1/status", &[], b"").status, 401);
    assert_eq!(server.ask_with(&keys[0], "HEAD", "/v1/status", "").status, 200);
    // However the path is written.
    for path in ["/v1/%6b%65ys", "//v1/keys", "/v1/keys/", "/v1/./keys", "/V1/KEYS"] {
        let reply = server.ask("GET", path, &[], b"");
        assert!(matches!(reply.status, 401 | 404), "{path}: {}", reply.body);
    }
}

#[test]
fn a_key_opens_until_it_is_revoked_renewed_or_over() {
    let folder = Folder::new();
    let admin = key(&folder, &["--role", "admin", "--name", "ops"]);
    let viewer = key(&folder, &["--role", "viewer"]);
    assert!(viewer.starts_with("sp_") && viewer.len() > 50, "{viewer}");
    let server = Server::start_with_keys(&folder, &[]);
    assert_eq!((status(&server, &admin), status(&server, &viewer)), (200, 200));
    let secret = |key: &str| key.splitn(3, '_').nth(2).unwrap().to_owned();
    for wrong in [
        format!("{}x", viewer),
        format!("sp_{}_{}", id(&admin), secret(&viewer)),
        format!("sp_{}_", id(&viewer)),
        secret(&viewer),
        "x".to_owned(),
    ] {
        let reply = server.ask_with(&wrong, "GET", "/v1/status", "");
        check(&reply, 401, "unauthorized", "unknown, was revoked, or has expired");
        assert!(reply.headers.contains("invalid_token"), "{}", reply.headers);
    }

    // The command line changes what a running service asks for.
    let renewed = keys(&folder, &["rotate", id(&viewer)]).trim().to_owned();
    assert_eq!((status(&server, &viewer), status(&server, &renewed)), (200, 200), "both, for the grace");
    let again = keys(&folder, &["rotate", id(&viewer), "--grace", "0s"]).trim().to_owned();
    let all = [&viewer, &renewed, &again].map(|key| status(&server, key));
    assert_eq!(all, [401, 401, 200]);
    keys(&folder, &["revoke", id(&viewer)]);
    assert_eq!(status(&server, &again), 401);
    let short = key(&folder, &["--role", "viewer", "--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(status(&server, &short), 401);
    folder.run(["keys", "rotate", id(&viewer), "--data", "."]).assert_failed(1, &["was revoked"]);
    folder.run(["keys", "revoke", "none", "--data", "."]).assert_failed(1, &["no key `none`"]);

    // Nothing that is kept, listed or answered has a secret, or a hash of one, in it.
    let database: Vec<u8> = folder
        .files()
        .iter()
        .filter(|file| file.contains("sqlite"))
        .flat_map(|file| std::fs::read(folder.path.join(file)).unwrap())
        .collect();
    let held = |text: &str| database.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(held(id(&admin)) && !held(&secret(&admin)) && !held(&secret(&again)));
    let listed = server.ask_with(&admin, "GET", "/v1/keys", "");
    assert_eq!(listed.json().as_array().unwrap().len(), 3, "{}", listed.body);
    let printed = keys(&folder, &["list"]);
    for text in [&listed.body, &printed] {
        assert!(text.contains(id(&admin)) && text.contains("ops") && text.contains("revoked"), "{text}");
        assert!(!text.contains(&secret(&admin)) && !text.contains("hash"), "{text}");
    }
}

#[test]
fn admins_make_and_end_keys_over_http_and_all_of_it_is_noted() {
    let folder = Folder::new();
    let admin = key(&folder, &["--role", "admin"]);
    let server = Server::start_with_keys(&folder, &[]);
    let order = |body: Value| server.ask_with(&admin, "POST", "/v1/keys", &body.to_string());
    let made = order(json!({"role": "operator", "tenants": ["acme"], "name": "acme's own", "expires_in": "30d"}));
    assert_eq!(made.status, 201, "{}", made.body);
    let made_key = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(made.location.unwrap(), format!("/v1/keys/{}", id(&made_key)));
    assert_eq!(status(&server, &made_key), 200);
    for (body, field) in [
        (json!({"role": "operator", "tenants": []}), "tenants"),
        (json!({"role": "operator", "tenants": ["a/b"]}), "tenants"),
        (json!({"role": "admin", "tenants": ["acme"]}), "tenants"),
        (json!({"role": "operator", "expires_in": "0s"}), "expires_in"),
        (json!({"role": "operator", "name": ""}), "name"),
        (json!({"role": "king"}), "role"),
        (json!({"role": "viewer", "tenant": "acme"}), "tenant"),
    ] {
        let reply = order(body.clone());
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{body}: {}", reply.body);
    }
    let rotation = format!("/v1/keys/{}/rotation", id(&made_key));
    let renewed =
        server.ask_with(&admin, "POST", &rotation, r#"{"grace":"0s"}"#).json()["key"].as_str().unwrap().to_owned();
    assert_eq!((status(&server, &made_key), status(&server, &renewed)), (401, 200));
    let path = format!("/v1/keys/{}", id(&made_key));
    assert!(server.ask_with(&admin, "DELETE", &path, "").json()["revoked_at"].is_string());
    assert_eq!(status(&server, &renewed), 401);
    assert_eq!(server.ask_with(&admin, "DELETE", "/v1/keys/none", "").status, 404);

    let viewer = key(&folder, &["--role", "viewer"]);
    assert_eq!(server.ask_with(&viewer, "POST", "/v1/retraining", "").status, 403);
    assert_eq!(server.ask("POST", "/v1/retraining", &[], b"").status, 401);
    let audit = server.ask_with(&admin, "GET", "/v1/audit?limit=1000", "").json();
    let entries: Vec<_> = audit["entries"].as_array().unwrap().iter().collect();
    let found = |action: &str, subject: &str, actor: Value, outcome: &str| {
        entries
            .iter()
            .filter(|entry| {
                entry["action"] == action
                    && entry["subject"] == subject
                    && entry["actor"] == actor
                    && entry["outcome"] == outcome
            })
            .count()
    };
    let by = |key: &str| json!({"key": id(key)});
    assert_eq!(found("keys create", id(&admin), "command_line".into(), "done"), 1, "{audit}");
    assert_eq!(found("POST /v1/keys", &path, by(&admin), "done"), 1, "{audit}");
    assert_eq!(found("POST /v1/keys", "/v1/keys", by(&admin), "refused"), 7, "{audit}");
    assert_eq!(found("POST /v1/keys/{id}/rotation", &rotation, by(&admin), "done"), 1, "{audit}");
    assert_eq!(found("DELETE /v1/keys/{id}", &path, by(&admin), "done"), 1, "{audit}");
    assert_eq!(found("POST /v1/retraining", "/v1/retraining", by(&viewer), "refused"), 1, "{audit}");
    assert_eq!(entries.len(), 14, "what is read is not noted, nor who has no key: {audit}");
    assert!(!audit.to_string().contains(&renewed), "no secret");
    let page = server.ask_with(&admin, "GET", "/v1/audit?after=3&limit=2", "").json();
    assert_eq!((&page["entries"][0]["number"], &page["next"]), (&4.into(), &5.into()), "{page}");
    // Instants so far away could not be written.
    let lasting = order(json!({"role": "operator", "expires_in": "36501d"}));
    assert_eq!((lasting.status, &lasting.json()["field"]), (400, &"expires_in".into()), "{}", lasting.body);
    let endless = server.ask_with(&admin, "POST", &rotation, r#"{"grace":"993196428880477ms"}"#);
    assert_eq!((endless.status, &endless.json()["field"]), (400, &"grace".into()), "{}", endless.body);
}

#[test]
fn a_key_that_asks_too_often_has_to_wait() {
    let folder = Folder::new();
    let (often, other) = (key(&folder, &["--role", "viewer"]), key(&folder, &["--role", "viewer"]));
    let server = Server::start_with_keys(&folder, &["--rate-limit", "1"]);
    let replies: Vec<Reply> = (0..20).map(|_| server.ask_with(&often, "GET", "/v1/jobs", "")).collect();
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    // Four at once, and one for every second that the rest took.
    assert!(replies.len() - refused.len() >= 4 && refused.len() >= 10, "{}", refused.len());
    assert!(replies[..4].iter().all(|reply| reply.status == 200));
    check(refused[0], 429, "too-many-requests", "--rate-limit");
    assert!(refused[0].headers.contains("retry-after: \"1\""), "{}", refused[0].headers);
    assert_eq!(status(&server, &other), 200, "another key has its own");
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn pages_of_other_sites_are_told_nothing() {
    let folder = Folder::new();
    folder.write("index.html", "<title>page</title><script>1</script>");
    let viewer = key(&folder, &["--role", "viewer"]);
    let server = Server::start_with_keys(&folder, &["--dashboard", folder.path.to_str().unwrap()]);
    let (bearer, origin) = (format!("Bearer {viewer}"), ("Origin", "https://evil.example"));
    for (method, path) in [("GET", "/v1/status"), ("OPTIONS", "/v1/status"), ("POST", "/v1/retraining"), ("GET", "/")] {
        let asked = ("Access-Control-Request-Headers", "authorization");
        let reply = server.ask(method, path, &[origin, asked, ("Authorization", &bearer)], b"");
        assert!(!reply.headers.to_lowercase().contains("access-control"), "{method} {path}: {}", reply.headers);
    }
    let page = server.get("/");
    assert_eq!(page.status, 200, "the page asks for a key itself");
    for part in ["content-security-policy", "default-src 'self'", "script-src 'self'", "nosniff", "no-referrer"] {
        assert!(page.headers.contains(part), "no {part} in {}", page.headers);
    }
    assert!(!page.headers.contains("script-src 'self' 'unsafe-inline'"), "{}", page.headers);
}

#[test]
fn without_keys_only_this_machine_is_answered() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let from = |host: &str| server.ask("GET", "/v1/status", &[("Host", host)], b"");
    check(&from("evil.example"), 403, "foreign-host", "--no-keys=anywhere");
    assert_eq!((from("localhost:1").status, from("[::1]").status), (200, 200));
    server.kill();
    let server = Server::start_with_keys(&folder, &["--no-keys=anywhere"]);
    assert_eq!(server.ask("GET", "/v1/status", &[("Host", "shadow.example")], b"").status, 200);
}

#[test]
fn a_service_that_nobody_could_ask_or_anybody_does_not_begin() {
    let folder = Folder::new();
    let serve = |arguments: &[&str]| folder.run(["serve", "--data", "data"].iter().chain(arguments));
    serve(&["--listen", "127.0.0.1:0"])
        .assert_failed(1, &["no key that is good", "keys create --role admin --data data", "--no-keys"]);
    serve(&["--listen", "0.0.0.0:0", "--no-keys"])
        .assert_failed(2, &["--no-keys with --listen 0.0.0.0:0", "--no-keys=anywhere"]);
    serve(&["--listen", "0.0.0.0:0", "--demo"]).assert_failed(1, &["no key that is good"]);
    serve(&["--listen", "127.0.0.1:0", "--no-keys=here"]).assert_failed(2, &["loopback", "anywhere"]);
    folder.write("service.toml", "no-keys = \"loopback\"\nlisten = \"0.0.0.0:0\"\n");
    serve(&["--config", "service.toml"]).assert_failed(2, &["--no-keys with --listen 0.0.0.0:0"]);
    // A key that has ended is none.
    let admin = key(&folder, &["--role", "admin"]);
    keys(&folder, &["revoke", id(&admin)]);
    let mut command = Command::new(tests::shadowplane());
    let output = command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder.path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// As long as its folder has no key, the demo asks for none on loopback.
#[test]
fn the_demo_needs_no_key_until_there_is_one() {
    let folder = Folder::new();
    let demo = || Server::start_with_keys(&folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    let server = demo();
    assert_eq!(server.get("/v1/status").status, 200);
    let viewer = key(&folder, &["--role", "viewer"]);
    assert_eq!(server.get("/v1/status").status, 200, "a service stays as it was started");
    server.kill();
    let server = demo();
    assert_eq!((server.get("/v1/status").status, status(&server, &viewer)), (401, 200));
}
