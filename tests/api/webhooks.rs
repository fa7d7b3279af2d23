//! Webhooks: signed, tried again, given up, and sent again when asked.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::server::{Reply, Server};
use crate::receiver::{Received, Receiver};
use crate::shadowplane::Folder;

/// The secret of the examples of Standard Webhooks.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What openssl prints of what it is given, in Base64; none where it is not there.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        tests::skipped("needs openssl, which signs the same");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(output.stdout)
}

/// Whether what was received is signed with a secret, as openssl reckons it.
fn is_signed(secret: &str, received: &Received) -> Option<bool> {
    let [id, timestamp, signature] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| received.headers[name].clone());
    let key = openssl(&["base64", "-d", "-A"], secret.strip_prefix("whsec_").unwrap().as_bytes())?;
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{id}.{timestamp}.{}", received.body);
    let mac =
        openssl(&["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{key}"), "-binary"], text.as_bytes())?;
    let expected = openssl(&["base64", "-A"], &mac)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now - timestamp.parse::<u64>().unwrap() < 120, "{timestamp} is no time of now");
    Some(signature == format!("v1,{}", String::from_utf8(expected).unwrap()))
}

/// A service that tries three times, at short intervals.
fn serve(folder: &Folder, more: &[&str]) -> Server {
    folder.write("service.toml", "[webhook-retries]\nfirst = \"100ms\"\nattempts = 3\n");
    let file = folder.path.join("service.toml").to_str().unwrap().to_owned();
    Server::start(folder, &[&["--config", &file], more].concat())
}

fn make(server: &Server, order: &Value) -> Reply {
    server.post("/v1/webhooks", "application/json", order.to_string().as_bytes())
}

fn post(server: &Server, path: &str) -> Value {
    let reply = server.post(path, "application/json", b"");
    assert_eq!(reply.status, 202, "{path}: {}", reply.body);
    reply.json()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

#[test]
fn what_is_not_taken_is_tried_again_then_given_up_and_sent_again_when_asked() {
    let (folder, receiver) = (Folder::new(), Receiver::start());
    let server = serve(&folder, &[]);
    let made = make(&server, &json!({"url": receiver.url(), "name": "chat"}));
    assert_eq!(made.status, 201, "{}", made.body);
    let (id, secret) = (text(&made.json()["id"]), text(&made.json()["secret"]));
    assert_eq!(made.location.as_deref(), Some(format!("/v1/webhooks/{id}").as_str()));
    assert!(!server.get("/v1/webhooks").body.contains(&secret), "it is shown once");

    receiver.answer(&["500 Internal Server Error", "302 Found\r\nlocation: /elsewhere"]);
    let sent = post(&server, &format!("/v1/webhooks/{id}/test"));
    let received = receiver.wait_for(|received| received.len() == 3);
    let ids: BTreeSet<&String> = received.iter().map(|received| &received.headers["webhook-id"]).collect();
    assert_eq!(ids, [&text(&sent["id"])].into(), "every attempt has the same");
    assert!(received.iter().all(|received| received.path == "/hook"), "no redirect is followed");
    assert_eq!(received[2].json(), sent, "what is sent is what is told");
    assert_eq!((&sent["type"], &sent["data"]["webhook"]), (&"test".into(), &id.as_str().into()));
    for received in &received {
        let Some(signed) = is_signed(&secret, received) else { return };
        assert!(signed, "{received:?}");
        assert_eq!(is_signed(SECRET, received), Some(false), "another secret signs otherwise");
    }
    let hook = |server: &Server| server.get("/v1/webhooks").json()[0].clone();
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["waiting"] == 0);

    receiver.answer(&["503 Service Unavailable"; 3]);
    let lost = text(&post(&server, &format!("/v1/webhooks/{id}/test"))["id"]);
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["failed"] == 1);
    let failures = server.get(&format!("/v1/webhooks/{id}/failures")).json()["failures"].clone();
    assert_eq!(failures.as_array().unwrap().len(), 1, "{failures}");
    assert_eq!((&failures[0]["notification"]["id"], &failures[0]["attempts"]), (&lost.as_str().into(), &3.into()));
    assert_eq!(failures[0]["error"], "answered 503: busy");
    assert_eq!(receiver.received().len(), 6, "three attempts and no more");
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains(&format!("shadowplane_webhook_notifications{{webhook=\"{id}\",state=\"failed\"}} 1.0")));

    let again = post(&server, &format!("/v1/webhooks/{id}/failures/{lost}"));
    assert_eq!(again["id"], lost.as_str());
    receiver.wait_for(|received| received.len() == 7 && received[6].headers["webhook-id"] == lost);
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["failed"] == 0 && reply.json()[0]["waiting"] == 0);
    let twice = server.post(&format!("/v1/webhooks/{id}/failures/{lost}"), "application/json", b"");
    assert_eq!(twice.status, 404, "{}", twice.body);

    // Who is gone is sent nothing again, and a webhook that is forgotten nothing at all.
    receiver.answer(&["410 Gone"]);
    post(&server, &format!("/v1/webhooks/{id}/test"));
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["failed"] == 1);
    assert_eq!(receiver.received().len(), 8);
    assert_eq!(hook(&server)["name"], "chat");
    assert_eq!(server.delete(&format!("/v1/webhooks/{id}")).status, 200);
    assert_eq!(server.get("/v1/webhooks").json(), json!([]));
    assert_eq!(server.get(&format!("/v1/webhooks/{id}/failures")).status, 404);
}

#[test]
fn what_waits_when_the_service_is_killed_is_sent_by_the_next_one() {
    let folder = Folder::new();
    // An address that nobody listens at yet.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.write("service.toml", "[webhook-retries]\nfirst = \"1s\"\n");
    let file = folder.path.join("service.toml").to_str().unwrap().to_owned();
    let server = Server::start(&folder, &["--config", &file]);
    let made = make(&server, &json!({"url": format!("http://{address}/hook")})).json();
    let (id, secret) = (text(&made["id"]), text(&made["secret"]));
    let sent = [(); 3].map(|()| text(&post(&server, &format!("/v1/webhooks/{id}/test"))["id"]));
    assert_eq!(server.get("/v1/webhooks").json()[0]["waiting"], 3);
    server.kill();
    let receiver = Receiver::start_at(address);
    let server = Server::start(&folder, &["--config", &file]);
    let received = receiver.wait_for(|received| received.len() >= 3);
    let ids: BTreeSet<String> = received.iter().map(|received| received.headers["webhook-id"].clone()).collect();
    assert_eq!(ids, sent.into(), "each of them");
    if is_signed(&secret, &received[0]) == Some(false) {
        panic!("the secret is not the one before: {received:?}");
    }
    server.wait_for("/v1/webhooks", |reply| reply.json()[0]["waiting"] == 0);
}

/// The demo with two webhooks of its file: one hears everything, and one of a tenant's own alone.
#[test]
fn what_the_service_notices_is_sent_to_whom_it_is_meant_for() {
    let folder = Folder::new();
    let (all, own) = (Receiver::start(), Receiver::start());
    folder.write("secret", SECRET);
    folder
        .write("budgets.csv", "name,amount,currency,period,tenant\nours,0.01,USD,week,ci\neverybody,0.01,USD,week,\n");
    let path = |file: &str| folder.path.join(file).to_str().unwrap().to_owned();
    let hook = |name: &str, url: String, more: &str| {
        format!("[[webhooks]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret-file = \"{}\"\n{more}", path("secret"))
    };
    let hooks = [hook("all", all.url(), ""), hook("own", own.url(), "tenants = [\"ci\"]\n")].concat();
    folder.write("service.toml", hooks);
    let arguments = ["--demo", "--speed", "1", "--config", &path("service.toml"), "--budgets", &path("budgets.csv")];
    let server = Server::start(&folder, &arguments);
    let of = |received: &[Received], kind: &str| -> Vec<Value> {
        received.iter().map(Received::json).filter(|told| told["type"] == kind).collect()
    };
    let heard =
        all.wait_for(|received| of(received, "budget_at_risk").len() == 2 && !of(received, "retraining").is_empty());
    let names: BTreeSet<String> =
        of(&heard, "budget_at_risk").iter().map(|told| text(&told["data"]["budget"])).collect();
    assert_eq!(names, ["ours".to_owned(), "everybody".to_owned()].into());
    let received = own.wait_for(|received| !received.is_empty());
    for received in &received {
        let told = received.json();
        assert_eq!((&told["tenant"], &told["type"]), (&"ci".into(), &"budget_at_risk".into()), "{told}");
        assert!(!received.body.contains("everybody"), "{told}");
        assert_ne!(is_signed(SECRET, received), Some(false), "{received:?}");
    }
    let hooks = server.get("/v1/webhooks").json();
    assert_eq!((&hooks[0]["id"], &hooks[0]["from_file"]), (&"file-all".into(), &true.into()), "{hooks}");
    assert_eq!(server.delete("/v1/webhooks/file-all").status, 409, "the file has it");
}

#[test]
fn what_cannot_be_a_webhook_is_refused_with_its_field() {
    let folder = Folder::new();
    let server = serve(&folder, &[]);
    for (order, field) in [
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": "https://user:word@example.com/"}), "url"),
        (json!({"url": "https://example.com", "types": []}), "types"),
        (json!({"url": "https://example.com", "types": ["weather"]}), "types[0]"),
        (json!({"url": "https://example.com", "tenants": [""]}), "tenants"),
        (json!({"url": "https://example.com", "name": ""}), "name"),
        (json!({"url": "https://example.com", "secret": "mine"}), "secret"),
    ] {
        let reply = make(&server, &order);
        assert_eq!((reply.status, &reply.json()["field"]), (400, &field.into()), "{order}: {}", reply.body);
    }
    assert_eq!(server.delete("/v1/webhooks/none").status, 404);
    assert_eq!(server.post("/v1/webhooks/none/test", "application/json", b"").status, 404);
    let check = |text: &str, parts: &[&str]| {
        folder.write("wrong.toml", text);
        folder.run(["serve", "--check-config", "--config", "wrong.toml"]).assert_failed(1, parts);
    };
    folder.write("short", "whsec_c2hvcnQ=");
    check(
        "[[webhooks]]\nname = \"a\"\nurl = \"https://a\"\nsecret-file = \"short\"\n",
        &["webhooks.a", "openssl rand"],
    );
    check("[webhook-retries]\nattempts = 0\n", &["webhook-retries.attempts is 0"]);
    folder.run(["serve", "--check-config", "--alertmanager", "localhost:9093"]).assert_failed(2, &["--alertmanager"]);
}
