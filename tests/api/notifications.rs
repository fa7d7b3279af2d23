//! What was noticed, page by page and as it happens.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::keys::key;
use super::server::Server;
use crate::shadowplane::Folder;

/// Somebody who listens.
pub(super) struct Listener(Lines<BufReader<TcpStream>>);

impl Listener {
    /// Asks for what happens from now on, or after an id.
    fn new(server: &Server, headers: &str) -> Self {
        let mut listener = Self::of(server, "/v1/notifications", headers);
        listener.line_with(": listening");
        listener
    }

    /// Asks for the events of a path.
    pub(super) fn of(server: &Server, path: &str, headers: &str) -> Self {
        let authority = server.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {authority}\r\naccept: text/event-stream\r\naccept-encoding: gzip\r\n{headers}\r\n"
        )
        .unwrap();
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "HTTP/1.1 200 OK");
        let mut listener = Self(lines);
        listener.line_with("text/event-stream");
        listener
    }

    /// The next line that begins with a text, or has it.
    pub(super) fn line_with(&mut self, text: &str) -> String {
        self.0.by_ref().map(Result::unwrap).find(|line| line.contains(text)).unwrap()
    }

    /// The next notification, with its id and type as the stream has them.
    fn next(&mut self) -> (String, String, Value) {
        let mut field = |name: &str| self.line_with(name).split_once(": ").unwrap().1.to_owned();
        let (id, kind, data) = (field("id: "), field("event: "), field("data: "));
        (id, kind, serde_json::from_str(&data).unwrap())
    }

    /// Whether it is over without anything more: the last chunk has no bytes.
    pub(super) fn ends(mut self) -> bool {
        let rest: Vec<String> = self.0.by_ref().map_while(Result::ok).take_while(|line| line != "0").collect();
        rest.iter().all(|line| !line.starts_with("id: "))
    }
}

/// A webhook that nobody listens at: its tests are what is noticed here.
fn hook(server: &Server) -> String {
    let order = json!({"url": "http://127.0.0.1:9/"}).to_string();
    server.post("/v1/webhooks", "application/json", order.as_bytes()).json()["id"].as_str().unwrap().to_owned()
}

fn notice(server: &Server, hook: &str) -> String {
    let noticed = server.post(&format!("/v1/webhooks/{hook}/test"), "application/json", b"").json();
    noticed["id"].as_str().unwrap().to_owned()
}

#[test]
fn who_listens_hears_what_happens_and_goes_on_where_it_was() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let hook = hook(&server);
    let before = notice(&server, &hook);
    let mut listener = Listener::new(&server, "");
    let first = notice(&server, &hook);
    let (id, kind, told) = listener.next();
    assert_eq!((id.as_str(), kind.as_str()), (first.as_str(), "test"), "what was before is not told");
    assert_eq!((&told["id"], &told["type"]), (&first.as_str().into(), &"test".into()));
    drop(listener);
    let missed = [notice(&server, &hook), notice(&server, &hook)];
    let mut again = Listener::new(&server, &format!("last-event-id: {first}\r\n"));
    assert_eq!([again.next().0, again.next().0], missed, "each once, in order");
    let last = notice(&server, &hook);
    assert_eq!(again.next().0, last);

    // Page by page: what comes meanwhile moves nothing.
    let page = |query: &str| server.get(&format!("/v1/notifications?limit=2{query}")).json();
    let ids = |page: &Value| -> Vec<String> {
        page["notifications"].as_array().unwrap().iter().map(|told| told["id"].as_str().unwrap().to_owned()).collect()
    };
    let one = page("");
    assert_eq!(ids(&one), [before, first.clone()]);
    let newer = notice(&server, &hook);
    let two = page(&format!("&after={}", one["next"].as_str().unwrap()));
    assert_eq!(ids(&two), missed);
    let three = page(&format!("&after={}", two["next"].as_str().unwrap()));
    assert_eq!((ids(&three), &three["next"]), (vec![last, newer.clone()], &Value::Null));
    assert_eq!(again.next().0, newer);

    // Who listens does not hold up the service when it ends.
    let begun = std::time::Instant::now();
    assert!(std::process::Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(again.ends() && begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_limited_key_hears_of_its_tenants_alone() {
    let folder = Folder::new();
    folder
        .write("budgets.csv", "name,amount,currency,period,tenant\nours,0.01,USD,week,ci\ntheirs,0.01,USD,week,shop\n");
    let (admin, own) = (key(&folder, &["--role", "admin"]), key(&folder, &["--role", "viewer", "--tenant", "ci"]));
    let budgets = folder.path.join("budgets.csv").to_str().unwrap().to_owned();
    let server = Server::start_with_keys(&folder, &["--demo", "--speed", "1", "--budgets", &budgets]);
    let told = |key: &str| server.ask_with(key, "GET", "/v1/notifications", "").json()["notifications"].clone();
    let begun = std::time::Instant::now();
    while told(&admin).to_string().matches("budget_at_risk").count() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", told(&admin));
        std::thread::sleep(Duration::from_millis(200));
    }
    let heard = told(&own);
    assert_eq!(heard.as_array().unwrap().len(), 1, "{heard}");
    assert_eq!((&heard[0]["tenant"], &heard[0]["data"]["budget"]), (&"ci".into(), &"ours".into()));
    // From the beginning: an id before all others.
    let mut listener = Listener::new(&server, &format!("authorization: Bearer {own}\r\nlast-event-id: 0\r\n"));
    assert_eq!(listener.next().2, heard[0]);
    assert_eq!(server.ask_with(&own, "GET", "/v1/webhooks", "").status, 403);
}
