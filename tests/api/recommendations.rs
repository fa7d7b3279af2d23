//! What is worth changing, from the search to what closed days show of it.

use serde_json::Value;

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
