//! Ensembles that worker processes run: they come to what one process comes to, whoever of them dies.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::example;
use shared::scenario::{Edit, Scenario};
use tests::nats::Nats;

use crate::api::server::{Reply, Server};
use crate::shadowplane::{Answer, Folder};

/// Where pieces wait, and where answers are.
const WORK: &str = "shadowplane-work";
const ANSWERS: &str = "shadowplane-answers";

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A worker with one thread; killed when it is dropped.
struct Worker(Child);

impl Worker {
    fn start(url: &str) -> Self {
        let mut command = Command::new(tests::shadowplane());
        command.args(["worker", "--threads", "1", "--ack-wait", "1s", "--nats-replicas", replicas(url), "--nats", url]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let first = BufReader::new(child.stdout.take().unwrap()).lines().next().expect("it says that it begins");
        assert!(first.unwrap().starts_with("working for nats://"));
        Self(child)
    }

    fn several<const N: usize>(url: &str) -> [Self; N] {
        std::array::from_fn(|_| Self::start(url))
    }

    /// Tells it to end; its status.
    fn terminate(mut self) -> Option<i32> {
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As many copies as there are servers.
fn replicas(url: &str) -> &'static str {
    if url.contains(',') { "3" } else { "1" }
}

/// Some seconds of work for one worker, in many pieces; `seed` makes it another one.
fn ensemble(folder: &Folder, seed: u64, runs: u32) {
    let scenario = Scenario { runs, seed, ..example::lab_scenario() };
    folder.write("scenario.json", serde_json::to_string(&scenario).unwrap());
}

fn shadow(folder: &Folder, scenario: &str, options: &[&str]) -> Answer {
    folder.run([&["shadow", "--json", "--scenario", scenario], options].concat())
}

/// The answer without the time that it took.
fn said(answer: Answer) -> Value {
    let mut said: Value = serde_json::from_str(&answer.success()).unwrap();
    said.as_object_mut().unwrap().remove("wall_s");
    said
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn four_workers_come_to_what_one_process_comes_to() {
    let Some(nats) = Nats::shared() else { return };
    let (folder, url) = (Folder::new(), nats.url());
    let _workers = Worker::several::<4>(&url);
    ensemble(&folder, 1, 20);
    let golden = ["edits", "per-resource", "quota", "retries", "service-times", "spot", "waiting-for-a-node"];
    let golden = golden.map(|name| tests::root().join("tests/scenarios").join(name).join("input.json"));
    let golden = golden.iter().map(|path| path.to_str().unwrap());
    for scenario in golden.chain(["scenario.json"]) {
        let alone = said(shadow(&folder, scenario, &[]));
        assert_eq!(said(shadow(&folder, scenario, &["--nats", &url])), alone, "{scenario}");
    }
    // Each change that is tried is an ensemble of its own.
    let advised = |options: &[&str]| said(shadow(&folder, "scenario.json", &[&["--recommend"], options].concat()));
    ensemble(&folder, 1, 2);
    assert_eq!(advised(&["--nats", &url]), advised(&[]));
}

#[test]
fn a_worker_that_is_killed_loses_nothing_and_what_is_answered_is_not_computed_again() {
    let Some(nats) = Nats::new(1) else { return };
    let (folder, url) = (Folder::new(), nats.url());
    ensemble(&folder, 2, 400);
    let alone = said(shadow(&folder, "scenario.json", &[]));
    let first = Worker::start(&url);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| said(shadow(&folder, "scenario.json", &["--nats", &url])));
        wait_until("in the middle", || nats.messages(ANSWERS) > 0 && nats.taken(WORK) > 0);
        drop(first);
        let answered = nats.messages(ANSWERS);
        assert!(answered < 58, "it was done before it could be killed");
        // The others have not to begin anew, and the piece that it had goes to one of them.
        let others = Worker::several::<2>(&url);
        assert_eq!(asked.join().unwrap(), alone);
        assert_eq!((nats.messages(WORK), nats.messages(ANSWERS)), (0, 58), "each piece is answered once");
        for other in others {
            assert_eq!(other.terminate(), Some(0));
        }
    });
    // Nobody works now, and nobody has to.
    assert_eq!(said(shadow(&folder, "scenario.json", &["--nats", &url])), alone);
}

#[test]
fn a_worker_that_is_told_to_stop_gives_back_what_it_has() {
    let Some(nats) = Nats::new(1) else { return };
    let (folder, url) = (Folder::new(), nats.url());
    ensemble(&folder, 3, 400);
    let alone = said(shadow(&folder, "scenario.json", &[]));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| said(shadow(&folder, "scenario.json", &["--nats", &url])));
        for _ in 0..3 {
            let worker = Worker::start(&url);
            wait_until("busy", || nats.taken(WORK) > 0 || asked.is_finished());
            assert_eq!(worker.terminate(), Some(0));
        }
        let _last = Worker::start(&url);
        assert_eq!(asked.join().unwrap(), alone);
    });
}

#[test]
fn a_piece_that_kills_its_workers_is_told_as_failed_and_a_long_one_stays_with_its_worker() {
    let Some(nats) = Nats::new(1) else { return };
    let (folder, url) = (Folder::new(), nats.url());
    // One run of some seconds, where after one a piece of which nothing is heard goes to another worker.
    let edits = [10_000, 800].map(|percent| Edit::ScaleDemand { tenant: None, percent }).to_vec();
    let scenario = Scenario { runs: 1, edits, ..example::lab_scenario() };
    folder.write("scenario.json", serde_json::to_string(&scenario).unwrap());
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| shadow(&folder, "scenario.json", &["--nats", &url]));
        for attempt in 1..=5 {
            let worker = Worker::start(&url);
            wait_until("begun", || nats.deliveries(WORK) == attempt);
            drop(worker);
        }
        let _last = Worker::start(&url);
        asked.join().unwrap().assert_failed(1, &["a worker failed: a piece was begun 5 times"]);
    });
    let _workers = Worker::several::<2>(&url);
    let before = nats.deliveries(WORK);
    // It may be asked for again.
    let answered = said(shadow(&folder, "scenario.json", &["--nats", &url]));
    assert_eq!(nats.deliveries(WORK), before + 1, "nobody else was given it");
    assert_eq!(answered, said(shadow(&folder, "scenario.json", &[])));
}

#[test]
fn the_leader_of_the_queue_is_killed_and_the_outcome_stays_the_same() {
    let Some(nats) = Nats::new(3) else { return };
    let (folder, url) = (Folder::new(), nats.url());
    ensemble(&folder, 4, 400);
    let alone = said(shadow(&folder, "scenario.json", &[]));
    let _workers = Worker::several::<2>(&url);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| said(shadow(&folder, "scenario.json", &["--nats-replicas", "3", "--nats", &url])));
        wait_until("in the middle", || nats.messages(ANSWERS) > 0 && nats.taken(WORK) > 0);
        nats.kill_leader(WORK);
        assert!(nats.messages(ANSWERS) < 58, "it was done before the leader could be killed");
        assert_eq!(asked.join().unwrap(), alone);
    });
}

#[test]
fn a_service_has_its_ensembles_run_by_workers() {
    let Some(nats) = Nats::shared() else { return };
    let (folder, url) = (Folder::new(), nats.url());
    let _workers = Worker::several::<4>(&url);
    let server = Server::start(&folder, &["--demo", "--nats", &url]);
    server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\""));
    let before = nats.messages(ANSWERS);
    let reply = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"6h","runs":5,"seed":7}"#);
    let location = reply.location.expect("it is ordered");
    let run = server.wait_for(&location, |reply: &Reply| reply.json()["job"]["finished_at"].is_string()).json();
    assert_eq!((&run["job"]["state"], &run["job"]["progress"]["done"]), (&"succeeded".into(), &5.into()), "{run}");
    assert!(nats.messages(ANSWERS) >= before + 5, "workers have answered");
    // One whose queue is not there answers all the same, and says what its jobs wait for.
    let other = Folder::new();
    let without = Server::start(&other, &["--demo", "--nats", "nats://tests:s3cret@127.0.0.1:1"]);
    without.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\""));
    let reply = without.post("/v1/shadow-runs", "application/json", br#"{"horizon":"6h","runs":5,"seed":7}"#);
    let ended = |reply: &Reply| reply.json()["job"]["finished_at"].is_string();
    let job = without.wait_for(&reply.location.unwrap(), ended).json()["job"].clone();
    let failure = job["failure"].as_str().expect("it has failed");
    assert!(failure.contains("127.0.0.1:1 cannot be reached") && failure.contains("begun 5 times"), "{failure}");
    assert!(!failure.contains("s3cret"), "{failure}");
    let scenario = server.get(&format!("/v1/scenarios/{}", run["scenario"].as_str().unwrap()));
    folder.write("saved.json", scenario.body);
    assert_eq!(said(shadow(&folder, "saved.json", &[]))["digest"], run["outcome"]["digest"]);
}

#[test]
fn a_queue_that_is_not_there_is_told_and_no_password_is_shown() {
    let Some(nats) = Nats::shared() else { return };
    let folder = Folder::new();
    ensemble(&folder, 5, 1);
    let (wrong, nowhere) = (nats.url().replace("s3cret", "s3crets"), "nats://tests:s3cret@127.0.0.1:1");
    let file = folder.path.join("password");
    folder.write("password", "s3cret\n");
    let by_file = nats.url().replace(":s3cret", "");
    let shown = folder.run(["config", "--nats", &wrong]).success();
    assert!(shown.contains("nats://tests@127.0.0.1") && !shown.contains("s3cret"), "{shown}");
    for (arguments, status, part) in [
        (&["--nats", nowhere][..], 1, "the queue on nats://tests@127.0.0.1:1 cannot be reached"),
        (&["--nats", &wrong], 1, "refuses us"),
        (&["--nats", "redis://tests:s3cret@a"], 2, "expected nats://host:4222"),
        (&["--nats", &nats.url(), "--nats-replicas", "9"], 2, "expected 1 to 5"),
        (&["--nats-ca", "ca.pem"], 2, "--nats-ca has no effect without --nats"),
        (&["--nats", &nats.url(), "--nats-ca", "ca.pem"], 2, "asks for no TLS"),
    ] {
        for command in [&["shadow", "--scenario", "scenario.json"][..], &["worker"], &["serve", "--no-keys"]] {
            // A service that cannot reach its queue answers all the same, and its jobs wait.
            if command[0] == "serve" && part.ends_with("cannot be reached") {
                continue;
            }
            let answer = folder.run([command, arguments].concat());
            answer.assert_failed(status, &[part]);
            assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
        }
    }
    folder.run(["worker"]).assert_failed(2, &["a worker needs --nats"]);
    let _worker = Worker::start(&nats.url());
    let options = ["--nats", &by_file, "--nats-password-file", file.to_str().unwrap()];
    assert_eq!(said(shadow(&folder, "scenario.json", &options)), said(shadow(&folder, "scenario.json", &[])));
}
