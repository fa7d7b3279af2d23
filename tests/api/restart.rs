//! What survives a kill.

use std::sync::atomic::{AtomicBool, Ordering};

use shared::units::{Duration, Instant, Window};

use super::server::{Server, kills};
use crate::shadowplane::Folder;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_counts_twice() {
    let folder = Folder::new();
    let line = |number: u32| {
        format!(
            r#"{{"id":"r-{number}","at":"2026-01-01T00:00:00Z","tenant":"acme","op":"create","class":"compute","resource":"{number}","requested":{{"vcpu":2}}}}"#
        )
    };
    let batch = |first: u32| (first..first + 20).map(line).collect::<Vec<_>>().join("\n");
    let mut acknowledged = 0;
    for kill in 0..kills() {
        let server = Server::start(&folder, &[]);
        let answered = AtomicBool::new(false);
        acknowledged = std::thread::scope(|scope| {
            let sender = scope.spawn(|| {
                let mut sent = acknowledged;
                // What was sent but not acknowledged is sent again: a duplicate if it had been stored.
                while let Ok(reply) = server.try_post("/v1/requests", "application/x-ndjson", batch(sent).as_bytes()) {
                    let answer = reply.json();
                    let taken = answer["accepted"].as_u64().unwrap() + answer["duplicates"].as_u64().unwrap();
                    assert_eq!((reply.status, taken), (200, 20), "{answer}");
                    sent += 20;
                    answered.store(true, Ordering::Relaxed);
                }
                sent
            });
            // Somewhere among the batches that follow the first one, however slow the machine is.
            while !answered.load(Ordering::Relaxed) && !sender.is_finished() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            // Wherever it is then with the next ones; steps of a prime come to every moment of a fifth of a second.
            std::thread::sleep(std::time::Duration::from_millis(u64::from(kill) * 67 % 200));
            let status = std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
            assert!(status.success());
            sender.join().unwrap()
        });
    }
    let server = Server::start(&folder, &[]);
    let stored = server.get("/v1/status").json()["requests"].as_u64().unwrap();
    // At most the batch on its way was stored without an acknowledgement that arrived.
    assert!((u64::from(acknowledged)..=u64::from(acknowledged) + 20).contains(&stored), "{stored} of {acknowledged}");
    let again = (0..acknowledged).map(line).collect::<Vec<_>>().join("\n");
    let answer = server.post("/v1/requests", "application/x-ndjson", again.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&0.into(), &acknowledged.into()));
}

#[test]
fn jobs_survive_a_restart() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let reply = server.post("/v1/shadow-runs", "application/json", br#"{"horizon":"1d","runs":2}"#);
    assert_eq!(reply.status, 202, "{}", reply.body);
    let location = reply.location.clone().unwrap();
    server.kill();
    let server = Server::start(&folder, &[]);
    // Without requests it can only fail, and says why; before or after the restart.
    let run = server.wait_for(&location, |reply| reply.json()["job"]["state"] == "failed").json();
    assert!(run["job"]["failure"].as_str().is_some_and(|failure| !failure.is_empty()), "{run}");
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_retraining_can_be_cancelled() {
    let folder = Folder::new();
    // In the first hour of a day the day would be searched for what is worth changing, too.
    let server = Server::start(&folder, &["--recommend", "on-order"]);
    server.post("/v1/requests", "application/x-ndjson", &example_days(Duration::ZERO));
    server.wait_for("/v1/models", |reply| !reply.json()["retraining"].is_null());
    let asked = server.post("/v1/retraining", "application/json", b"");
    let location = asked.location.clone().unwrap();
    // It is the one that is under way.
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1);
    let cancelled = server.delete(&location);
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (200, &"cancelled".into()), "{}", cancelled.body);
    assert_eq!(server.delete(&location).status, 409, "it has ended");
    assert!(server.get("/v1/models").json()["retraining"].is_null());
}

/// Five days of the example as NDJSON, moved so that they end `before` today; the default fleet has no GPUs.
fn example_days(before: Duration) -> Vec<u8> {
    let end = shared::example::START + Duration::DAY * 5;
    let window = Window { start: shared::example::START, end };
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Instant::from_micros(since.as_micros() as i64).floor(Duration::DAY);
    let mut requests = shared::example::requests_between(shared::example::SEED, window);
    requests.retain(|request| request.flavor.as_deref() != Some("gpu"));
    let mut text = String::new();
    for mut request in requests {
        request.at += today - (end + before);
        shared::request::write_line(&mut text, &request);
    }
    text.into_bytes()
}

#[test]
fn a_log_that_ended_long_ago_is_not_forecast_as_nothing() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--runs", "2"]);
    let old = example_days(Duration::DAY * 30);
    assert_eq!(server.post("/v1/requests", "application/x-ndjson", &old).json()["refused"], 0);
    let ended = |reply: &super::server::Reply| reply.json()["not_ready"]["reason"] == "log_ended";
    let status = server.wait_for("/v1/status", ended).json();
    assert!(status["not_ready"]["message"].as_str().unwrap().contains("send the requests since then"), "{status}");
    let job = server.post("/v1/retraining", "application/json", b"{}");
    let failed = server.wait_for(&job.location.unwrap(), |reply| reply.json()["state"] == "failed").json();
    assert!(failed["failure"].as_str().unwrap().contains("would be of nothing"), "{failed}");
}

#[test]
fn a_folder_serves_one_service() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data"].map(std::ffi::OsStr::new);
    let second = || folder.run(arguments.into_iter().chain([folder.path.as_os_str()]));
    second().assert_failed(1, &["is in use by another shadowplane", "--data"]);
    server.kill();
    drop(Server::start(&folder, &[]));
}

#[test]
fn the_champion_survives_a_kill_with_all_that_it_was_compared_with() {
    let folder = Folder::new();
    // In the first hour of a day the day would be searched for what is worth changing, too.
    let options = ["--runs", "2", "--recommend", "on-order"];
    let server = Server::start(&folder, &options);
    let requests = example_days(Duration::ZERO);
    assert_eq!(server.post("/v1/requests", "application/x-ndjson", &requests).json()["refused"], 0);

    // The first forecast does not wait for the hour to close, and a training is asked for.
    let ended = |reply: &super::server::Reply| reply.json()["jobs"][0]["finished_at"].is_string();
    let job = server.wait_for("/v1/jobs", ended).json()["jobs"].clone();
    assert_eq!((&job[0]["kind"], &job[0]["state"]), (&"retraining".into(), &"succeeded".into()), "{job}");
    let models = server.get("/v1/models").json()["models"].clone();
    assert!(models.as_array().unwrap().iter().any(|model| model["name"] == "lstm"), "{models}");
    let status = server.get("/v1/status").json();
    assert!(!status["tenants"].as_array().unwrap().is_empty(), "{status}");
    server.kill();

    let server = Server::start(&folder, &options);
    let there = |reply: &super::server::Reply| !reply.json()["models"].as_array().unwrap().is_empty();
    assert_eq!(server.wait_for("/v1/models", there).json()["models"], models);
    // The primary is shown after the champion.
    let same = |reply: &super::server::Reply, field: &str| reply.json()[field] == status[field];
    let shown = |reply: &super::server::Reply| same(reply, "tenants") && same(reply, "observed");
    let again = server.wait_for("/v1/status", shown).json();
    for field in ["model", "orphans", "basis"] {
        assert_eq!(again[field], status[field], "{field}");
    }
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1, "no other training is asked for");
}
