//! What survives a kill.

use super::server::{Folder, Server};

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
    for _ in 0..3 {
        let server = Server::start(&folder, &[]);
        let killer = std::thread::scope(|scope| {
            let sender = scope.spawn(|| {
                let mut sent = acknowledged;
                // What was sent but not acknowledged is sent again: a duplicate if it had been stored.
                while let Ok(reply) = server.try_post("/v1/requests", "application/x-ndjson", batch(sent).as_bytes()) {
                    let answer = reply.json();
                    let taken = answer["accepted"].as_u64().unwrap() + answer["duplicates"].as_u64().unwrap();
                    assert_eq!((reply.status, taken), (200, 20), "{answer}");
                    sent += 20;
                }
                sent
            });
            std::thread::sleep(std::time::Duration::from_millis(300));
            let status = std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
            assert!(status.success());
            sender.join().unwrap()
        });
        assert!(killer > acknowledged, "something was acknowledged before the kill");
        acknowledged = killer;
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
    assert_eq!(server.get("/v1/jobs").json().as_array().unwrap().len(), 1);
}
