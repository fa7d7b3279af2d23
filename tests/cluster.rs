//! Several processes: some take requests in, one folds them into the store, and what was acknowledged is there once, whoever
//! dies.

use std::process::Command;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::nats::Nats;
use tests::postgres::Postgres;

use crate::api::server::{Reply, Server, setting};
use crate::shadowplane::Folder;

const NDJSON: &str = "application/x-ndjson";

/// The stream that the log goes through.
const LOG: &str = "shadowplane-log";

/// So many requests are sent at once.
const BATCH: u32 = 20;

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

fn create(id: &str, vcpu: u32) -> String {
    format!(
        r#"{{"id":"{id}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{id}","requested":{{"vcpu":{vcpu}}}}}"#
    )
}

/// A server, or none, with which the test is skipped.
fn available<T>(started: Result<T, String>) -> Option<T> {
    started.map_err(|why| tests::skipped(&why)).ok()
}

/// What all processes of a cluster are told.
struct Cluster {
    folder: Folder,
    nats: Nats,
    postgres: Postgres,
    store: String,
}

impl Cluster {
    /// None where there is no server to be had.
    fn new(servers: usize) -> Option<Self> {
        let (postgres, nats) = (available(Postgres::new())?, Nats::new(servers)?);
        let store = postgres.database();
        Some(Self { folder: Folder::new(), nats, postgres, store })
    }

    fn start(&self, role: &[&str]) -> Server {
        let (nats, replicas) = (self.nats.url(), if self.nats.url().contains(',') { "3" } else { "1" });
        let all = ["--store", &self.store, "--nats", &nats, "--nats-replicas", replicas];
        Server::start(&self.folder, &[&all, role].concat())
    }

    /// The one that has the store; waits until the one before is taken for dead.
    fn projector(&self) -> Server {
        self.start(&["--log", "nats", "--store-wait", "--recommend", "on-order"])
    }

    fn ingest(&self) -> Server {
        self.start(&["--role", "ingest"])
    }

    /// How many there are of a table that differ in a column.
    fn count(&self, table: &str, column: &str) -> u32 {
        let database = self.store.rsplit('/').next().unwrap();
        let sql = format!("SELECT count(DISTINCT {column})::text FROM {table}");
        self.postgres.rows(database, &sql)[0].parse().unwrap()
    }
}

/// Sends batches through one process that takes them in.
struct Sender {
    name: &'static str,
    server: RwLock<Server>,
    acknowledged: AtomicU32,
}

impl Sender {
    fn new(name: &'static str, server: Server) -> Self {
        Self { name, server: RwLock::new(server), acknowledged: AtomicU32::new(0) }
    }

    /// Until it is told to stop, each batch again until it is acknowledged, and a fact about its first request after that.
    fn send(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let first = self.acknowledged.load(Ordering::Relaxed);
            let ids = (first..first + BATCH).map(|number| format!("{}-{number}", self.name));
            let lines: Vec<String> = ids.map(|id| create(&id, 2)).collect();
            self.post("/v1/requests", &lines.join("\n"), BATCH);
            self.post("/v1/observations", &format!(r#"{{"request":"{}-{first}","admitted":true}}"#, self.name), 1);
            self.acknowledged.store(first + BATCH, Ordering::Relaxed);
            // It is about what is lost, and not about how much there is of it: what waits while the projector is dead is to be
            // folded before the next one is.
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    fn post(&self, path: &str, body: &str, records: u32) {
        loop {
            // A process that is killed meanwhile answers nothing.
            let Ok(reply) = self.server.read().unwrap().try_post(path, NDJSON, body.as_bytes()) else {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            match reply.status {
                200 => {
                    let answer = reply.json();
                    assert_eq!((&answer["accepted"], &answer["refused"]), (&records.into(), &0.into()), "{answer}");
                    return;
                }
                503 => {
                    assert!(reply.headers.contains("retry-after: \"2\""), "{}", reply.headers);
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => panic!("{other}: {}", reply.body),
            }
        }
    }
}

fn stream(reply: &Reply) -> Value {
    reply.json()["stream"].clone()
}

#[test]
fn nothing_acknowledged_is_lost_or_counted_twice_whoever_of_the_cluster_dies() {
    let Some(cluster) = Cluster::new(3) else { return };
    let mut projector = cluster.projector();
    let senders = ["a", "b"].map(|name| Sender::new(name, cluster.ingest()));
    let stop = AtomicBool::new(false);
    let projector = std::thread::scope(|scope| {
        let sending: Vec<_> = senders.iter().map(|sender| scope.spawn(|| sender.send(&stop))).collect();
        let goes_on = || {
            for sender in &senders {
                let (from, begun) = (sender.acknowledged.load(Ordering::Relaxed), Instant::now());
                while sender.acknowledged.load(Ordering::Relaxed) < from + 5 * BATCH {
                    let alive = !sending.iter().any(|sending| sending.is_finished());
                    assert!(alive && begun.elapsed() < PATIENCE, "nothing of {} is taken any more", sender.name);
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        };
        for kill in 0..setting("SHADOWPLANE_KILLS", 3) {
            goes_on();
            // Wherever they are then with a batch.
            std::thread::sleep(Duration::from_millis(kill * 67 % 200));
            match kill % 4 {
                0 => {
                    let leader = cluster.nats.kill_leader(LOG);
                    goes_on();
                    cluster.nats.restart(&leader);
                }
                1 => {
                    cluster.postgres.stop().unwrap();
                    // Requests are taken in without the store.
                    goes_on();
                    cluster.postgres.start().unwrap();
                }
                2 => {
                    projector.kill();
                    projector = cluster.projector();
                }
                _ => {
                    let sender = &senders[kill as usize / 4 % 2];
                    let id = sender.server.read().unwrap().id().to_string();
                    assert!(Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
                    let next = cluster.ingest();
                    *sender.server.write().unwrap() = next;
                }
            }
        }
        goes_on();
        stop.store(true, Ordering::Relaxed);
        sending.into_iter().for_each(|sending| sending.join().unwrap());
        projector
    });
    let sent: u32 = senders.iter().map(|sender| sender.acknowledged.load(Ordering::Relaxed)).sum();
    let wanted = |reply: &Reply| reply.status == 200 && stream(reply)["messages"] == 0 && stream(reply)["lag_s"] == 0.0;
    projector.wait_for("/v1/status", wanted);
    let status = projector.wait_for("/v1/status", |reply| reply.json()["requests"] == sent).json();
    assert_eq!(status["observations"], sent / BATCH, "{status}");
    assert_eq!(status["stream"]["refused"], 0, "{status}");
    let found = (cluster.count("requests", "id"), cluster.count("observations", "digest"));
    assert_eq!(found, (sent, sent / BATCH), "each is there once");
}

#[test]
fn who_takes_requests_in_says_what_it_is_and_what_it_has_not() {
    let Some(cluster) = Cluster::new(1) else { return };
    let key = |arguments: &[&str]| {
        let all = [&["keys", "create", "--store", &cluster.store], arguments].concat();
        cluster.folder.run(all).success().trim().to_owned()
    };
    let (operator, limited) = (key(&["--role", "operator"]), key(&["--role", "operator", "--tenant", "shop"]));
    let (nats, store) = (cluster.nats.url(), cluster.store.as_str());
    let common = ["--nats", &nats, "--store", store];
    let ingest = Server::start_with_keys(&cluster.folder, &[&common[..], &["--role", "ingest"]].concat());
    let post = |key: &str, lines: &[String]| ingest.ask_with(key, "POST", "/v1/requests", &lines.join("\n"));

    // What comes twice at once is told; what is the log's to find is not.
    let reply = post(&operator, &[create("r-1", 1), create("r-1", 1), create("r-1", 2), create("r-2", 1)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    assert_eq!((&answer["accepted"], &answer["duplicates"], &answer["refused"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(answer["lines"][2]["code"], "conflict", "{answer}");
    assert_eq!(post(&operator, &[create("r-1", 1)]).json()["accepted"], 1);
    assert_eq!(post(&operator, &[create("r-2", 7)]).json()["accepted"], 1);
    // Whom keys are limited to holds here as well, and so does what a database can hold.
    assert_eq!(post(&limited, &[create("r-3", 1)]).json()["lines"][0]["field"], "tenant");
    assert_eq!(post(&operator, &[create("r\\u0000", 1)]).status, 400);
    assert_eq!(post("sp_none_at_all", &[create("r-4", 1)]).status, 401);

    // The rest is the business of another process.
    let reply = ingest.ask_with(&operator, "GET", "/v1/status", "");
    let problem = reply.json();
    assert_eq!((reply.status, &problem["type"]), (421, &"urn:shadowplane:problem:other-role".into()));
    assert!(problem["detail"].as_str().unwrap().contains("the role `ingest`"), "{problem}");
    assert_eq!((ingest.get("/livez").status, ingest.get("/readyz").status), (200, 200));
    let told = |metrics: &str| metrics.lines().any(|line| line == "shadowplane_stream_published_total 4");
    let reply = ingest.ask_with(&operator, "GET", "/metrics", "");
    assert!(told(&reply.body), "{}", reply.body);

    // Nobody folds yet; who does then tells what it came to.
    let projector = cluster.projector();
    let reply =
        projector.wait_for("/v1/status", |reply| stream(reply)["folded"] == 4 && stream(reply)["messages"] == 0);
    let (status, found) = (reply.json(), stream(&reply));
    assert_eq!((&status["requests"], &found["duplicates"], &found["refused"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!((&found["refusals"][0]["id"], &found["refusals"][0]["code"]), (&"r-2".into(), &"conflict".into()));
    let metrics = projector.get("/metrics").body;
    assert!(metrics.contains("shadowplane_stream_folded_total{outcome=\"refused\"} 1\n"), "{metrics}");
    // It takes requests in as well, by the same way.
    let reply = projector.post("/v1/requests", NDJSON, create("r-5", 1).as_bytes());
    assert_eq!(reply.json()["accepted"], 1, "{}", reply.body);
    projector.wait_for("/v1/status", |reply| reply.json()["requests"] == 3);

    // Without the stream nothing is taken in, and senders are told when to come again.
    cluster.nats.kill();
    for _ in 0..2 {
        let reply = post(&operator, &[create("r-6", 1)]);
        assert_eq!((reply.status, &reply.json()["type"]), (503, &"urn:shadowplane:problem:stream-unavailable".into()));
        assert!(reply.headers.contains("retry-after: \"2\""), "{}", reply.headers);
    }
    assert_eq!(
        (ingest.get("/livez").status, ingest.wait_for("/readyz", |reply| reply.status == 503).status),
        (200, 503)
    );
    projector.wait_for("/v1/status", |reply| stream(reply)["messages"].is_null());
    cluster.nats.restart("n0");
    let begun = Instant::now();
    while post(&operator, &[create("r-6", 1)]).status != 200 {
        assert!(begun.elapsed() < PATIENCE, "it never takes anything again");
        std::thread::sleep(Duration::from_millis(50));
    }
    projector.wait_for("/v1/status", |reply| reply.json()["requests"] == 4);
}

#[test]
fn roles_that_cannot_be_are_told() {
    let folder = Folder::new();
    let (nats, store) = ("nats://127.0.0.1:1", "postgres://a@127.0.0.1:1/b");
    for (arguments, part) in [
        (&["--role", "ingest", "--store", store][..], "--role ingest needs --nats"),
        (&["--role", "ingest", "--nats", nats], "--role ingest needs --store"),
        (&["--role", "ingest", "--nats", nats, "--store", store, "--log", "store"], "leave --log store out"),
        (&["--log", "nats"], "--log nats needs --nats"),
        (&["--log", "nats", "--nats", nats, "--demo"], "has no effect on a replay or the demo"),
        (&["--role", "projector"], "possible values: all, ingest"),
    ] {
        folder.run([&["serve", "--no-keys"], arguments].concat()).assert_failed(2, &[part]);
    }
    let shown = folder.run(["config", "--log", "nats"]).success();
    assert!(shown.lines().any(|line| line.starts_with("log ") && line.contains("nats")), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("role ") && line.contains("all")), "{shown}");
}
