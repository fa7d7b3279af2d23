//! What is worth changing, from the search to what closed days show of it.

use serde_json::Value;

use super::keys::key;
use super::server::{Reply, Server};
use crate::shadowplane::Folder;

const LIST: &str = "/v1/recommendations";

/// The demo's settings stay as they are, so that nothing is ever carried out.
#[test]
fn what_is_accepted_is_checked_by_the_days_that_close() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1e6"]);
    let found = |reply: &Reply| reply.json()["recommendations"].as_array().is_some_and(|found| !found.is_empty());
    let list = server.wait_for(LIST, found).json();
    let first = &list["recommendations"][0];
    let id = first["id"].as_str().unwrap();
    assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    assert_eq!(list["accepted"], Value::Array(Vec::new()));
    let path = format!("{LIST}/{id}/acceptance");
    assert_eq!(server.get(&path).status, 404);
    let accepted = server.put(&path);
    assert_eq!((accepted.status, accepted.location.as_deref()), (201, Some(path.as_str())), "{}", accepted.body);
    assert_eq!((server.put(&path).status, server.put(&format!("{LIST}/none/acceptance")).status), (200, 404));
    let checked = server.wait_for(&path, |reply| reply.json()["checks"].as_array().is_some_and(|all| all.len() >= 2));
    let checked = checked.json();
    let days = checked["checks"].as_array().unwrap();
    assert_eq!((&checked["state"], &checked["days_left"]), (&"not_carried_out".into(), &(7 - days.len()).into()));
    for day in days {
        assert_eq!(day["brought"]["saving"]["amount"].as_str().unwrap().parse(), Ok(0.0), "{day}");
        assert_eq!(day["brought"]["after"], day["would_have_brought"]["before"]);
    }
    assert_eq!(checked["recommendation"]["edits"], first["edits"]);
    let days: Vec<&str> = days.iter().map(|day| day["window"]["start"].as_str().unwrap()).collect();
    assert!(days.windows(2).all(|pair| pair[0] < pair[1]), "{days:?}");
    assert!(days[0] >= checked["accepted_at"].as_str().unwrap(), "only whole days count");
    let list = server.get(LIST).json();
    assert_ne!(list["window"]["start"], checked["window"]["start"]);
    let same = |of: &&Value| of["change"] == first["change"];
    let again = list["recommendations"].as_array().unwrap().iter().find(same).expect("spot nodes stay cheaper");
    assert_eq!(again["id"], id, "the same change has the same id");
    // What was accepted is in the list, until it is withdrawn.
    let accepted = |reply: &Reply| reply.json()["accepted"].as_array().unwrap().len();
    assert_eq!(accepted(&server.get(LIST)), 1);
    assert_eq!((server.delete(&path).status, server.delete(&path).status, accepted(&server.get(LIST))), (200, 404, 0));
}

#[test]
fn a_search_is_ordered_once_at_a_time() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1", "--recommend", "on-order"]);
    let none = server.get(LIST).json();
    assert_eq!((&none["window"], none["not_ready"]["reason"].is_string()), (&Value::Null, true), "{none}");
    server.wait_for("/v1/status", |reply| reply.json()["horizons"][0]["origin"].is_string());
    assert_eq!(server.get(LIST).json()["not_ready"]["reason"], "not_searched");
    let order = || server.post(LIST, "application/json", b"");
    let (first, second) = (order(), order());
    assert_eq!((first.status, &first.location), (202, &second.location), "{}", first.body);
    let ended = |reply: &Reply| !reply.json()["finished_at"].is_null();
    let job = server.wait_for(first.location.as_deref().unwrap(), ended).json();
    assert_eq!((&job["kind"], &job["state"]), (&"recommendation".into(), &"succeeded".into()), "{job}");
    let list = server.get(LIST).json();
    assert!(list["changes_tried"].as_u64().is_some_and(|tried| tried > 5), "{list}");
    assert!(list["window"]["start"].is_string() && list["search"].is_null(), "{list}");
}

/// Why something is not wanted is kept with it, and who said so is in the audit; it is restored, or accepted all the same.
#[test]
fn what_is_dismissed_has_a_reason_until_it_is_restored() {
    let folder = Folder::new();
    let operator = key(&folder, &["--role", "admin"]);
    let server = Server::start_with_keys(&folder, &["--demo", "--speed", "1"]);
    let ask = |method: &str, path: &str, body: &str| server.ask_with(&operator, method, path, body);
    let begun = std::time::Instant::now();
    let list = loop {
        let list = ask("GET", LIST, "").json();
        if list["recommendations"].as_array().is_some_and(|found| !found.is_empty()) {
            break list;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{list}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    let id = list["recommendations"][0]["id"].as_str().unwrap();
    let (path, acceptance) = (format!("{LIST}/{id}/dismissal"), format!("{LIST}/{id}/acceptance"));
    let unsaid = ask("PUT", &path, r#"{"reason":"  "}"#);
    assert_eq!((unsaid.status, &unsaid.json()["field"]), (400, &"reason".into()), "{}", unsaid.body);
    let dismissed = ask("PUT", &path, r#"{"reason":"no spot nodes before Easter"}"#);
    assert_eq!((dismissed.status, dismissed.location.as_deref()), (201, Some(path.as_str())), "{}", dismissed.body);
    assert_eq!(ask("PUT", &path, r#"{"reason":"no spot nodes this year"}"#).status, 200);
    assert_eq!(ask("PUT", &format!("{LIST}/none/dismissal"), r#"{"reason":"why"}"#).status, 404);
    let all = ask("GET", LIST, "").json()["dismissed"].clone();
    assert_eq!((&all[0]["reason"], &all[0]["recommendation"]["id"]), (&"no spot nodes this year".into(), &id.into()));
    let audit = ask("GET", "/v1/audit", "").json();
    let of = audit["entries"].as_array().unwrap().iter().filter(|entry| entry["subject"] == path.as_str());
    let outcomes: Vec<&str> = of.map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "done", "done"], "{audit}");
    assert_eq!((ask("DELETE", &path, "").status, ask("DELETE", &path, "").status), (200, 404));
    // Who accepts it wants it; it has to be withdrawn before it is dismissed again.
    ask("PUT", &path, r#"{"reason":"not now"}"#);
    assert_eq!(ask("PUT", &acceptance, "").status, 201);
    assert_eq!(ask("GET", LIST, "").json()["dismissed"], Value::Array(Vec::new()));
    let refused = ask("PUT", &path, r#"{"reason":"not now"}"#);
    assert!(refused.status == 409 && refused.body.contains("before it is dismissed"), "{}", refused.body);
}

/// The same files as of the command line, for what a NodePool can say; of the rest the reason.
#[test]
fn what_a_tool_can_carry_out_is_exported() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--demo", "--speed", "1"]);
    let found = |reply: &Reply| reply.json()["recommendations"].as_array().is_some_and(|found| !found.is_empty());
    let list = server.wait_for(LIST, found).json();
    let export = |id: &Value, tool: &str| server.get(&format!("{LIST}/{}/export?tool={tool}", id.as_str().unwrap()));
    let mut pools = 0;
    for of in list["recommendations"].as_array().unwrap() {
        let nodepools = export(&of["id"], "karpenter").json();
        let files = nodepools["files"].as_array().unwrap_or_else(|| panic!("{nodepools}"));
        assert!(!files.is_empty() || nodepools["left_out"][0].as_str().unwrap().contains("NodePool"), "{nodepools}");
        for file in files {
            let text = file["content"].as_str().unwrap();
            let below: String = text.lines().skip_while(|line| line.starts_with('#')).collect();
            let pool: Value = serde_json::from_str(&below).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!((&pool["kind"], &pool["apiVersion"]), (&"NodePool".into(), &"karpenter.sh/v1".into()));
            pools += 1;
        }
        let patches = export(&of["id"], "kubectl").json();
        for file in patches["files"].as_array().unwrap() {
            let text = file["content"].as_str().unwrap();
            let command = text.lines().last().unwrap();
            let (_, patch) = command.split_once("--type merge --patch '").unwrap_or_else(|| panic!("{text}"));
            let patch: Value = serde_json::from_str(patch.trim_end_matches('\'')).unwrap();
            assert!(patch["spec"]["limits"]["cpu"].is_string() && text.starts_with("#!/bin/sh\n"), "{text}");
        }
    }
    assert!(pools > 0, "nothing of it can be said by a NodePool: {list}");
    let wrong = export(&list["recommendations"][0]["id"], "terraform").json();
    assert_eq!((&wrong["status"], &wrong["field"]), (&400.into(), &"tool".into()), "{wrong}");
}
