//! The few requests that a variance of a closed day comes from, over HTTP.

use serde_json::{Value, json};
use shared::units::Duration;

use super::server::{Reply, Server};
use crate::command_line::bisect::{log, origin};
use crate::shadowplane::Folder;

/// The log with 14 planted creates of `ml`, replayed until its last day has closed.
fn closed(folder: &Folder) -> Server {
    // One more request, so that the last day is over when the replay ends.
    let after = origin() + Duration::DAY + Duration::HOUR * 2;
    let last = format!(
        r#"{{"id":"last","at":"{after}","tenant":"web","op":"create","class":"compute","resource":"last","flavor":"two","requested":{{"vcpu":2,"memory_gib":8}}}}"#
    );
    folder.write("requests.ndjson", format!("{}{last}\n", log()));
    let requests = folder.path.join("requests.ndjson");
    let arguments = ["--replay", requests.to_str().unwrap(), "--speed", "1e12", "--runs", "3"];
    let server = Server::start(folder, &arguments);
    let day = origin().to_string();
    let is_closed = |reply: &Reply| {
        let windows = reply.json()["windows"].clone();
        windows.as_array().unwrap().iter().any(|of| of["report"]["window"]["start"] == day.as_str())
    };
    server.wait_for("/v1/reports/allocation", is_closed);
    server
}

fn order(server: &Server, order: &Value) -> Reply {
    server.post("/v1/bisections", "application/json", order.to_string().as_bytes())
}

fn micros(money: &Value) -> i128 {
    let amount = money["amount"].as_str().unwrap();
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{fraction:0<6}").parse().unwrap()
}

#[test]
fn planted_creates_are_found_by_the_service() {
    let folder = Folder::new();
    let server = closed(&folder);
    let day = origin().to_string();
    let reply = order(&server, &json!({"day": day, "tenant": "ml", "percent": 90}));
    assert_eq!(reply.status, 202, "{}", reply.body);
    let ended = |reply: &Reply| !reply.json()["job"]["finished_at"].is_null();
    let run = server.wait_for(&reply.location.unwrap(), ended).json();
    assert_eq!((&run["job"]["state"], &run["job"]["kind"]), (&"succeeded".into(), &"bisection".into()), "{run}");
    let found = &run["bisected"];
    assert_eq!((&found["tenant"], &found["finding"]), (&"ml".into(), &"requests".into()), "{found}");
    let requests = found["requests"].as_array().unwrap();
    // 14 lives of eight hours beside what is usual: 90 % needs 12 at least, and nothing else.
    assert!((12..=14).contains(&requests.len()), "{found}");
    assert!(requests.iter().all(|of| of["id"].as_str().unwrap().starts_with("planted")), "{found}");
    assert!(found["explained_percent"].as_f64().unwrap() >= 90.0, "{found}");
    let sum: i128 = requests.iter().map(|of| micros(&of["explains"])).sum();
    assert_eq!(sum, micros(&found["explained"]), "what each explains adds up: {found}");
    // Without observations what happened is simulated, here as for the report.
    let reports = server.get("/v1/reports/allocation?by=tenant").json();
    let of_day = |of: &&Value| of["report"]["window"]["start"] == day.as_str();
    let report = reports["windows"].as_array().unwrap().iter().find(of_day).unwrap();
    let row = report["report"]["rows"].as_array().unwrap().iter().find(|row| row["name"] == "ml").unwrap();
    // Columns of reports are rounded so that they add up: by a micro-unit at most.
    assert!((micros(&row["variance"]) - micros(&found["variance"])).abs() <= 2, "{row} {found}");

    // What is asked again comes to the same.
    let again = order(&server, &json!({"day": day, "tenant": "ml", "percent": 90}));
    let again = server.wait_for(&again.location.unwrap(), ended).json();
    assert_eq!(&again["bisected"], found);
    let listed = server.get("/v1/bisections").json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0]["bisected"].is_null(), "a list has no answers");
    let path = format!("/v1/bisections/{}", again["job"]["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).status, 409, "it has ended");
}

#[test]
fn what_cannot_be_bisected_is_refused() {
    let folder = Folder::new();
    let server = closed(&folder);
    let day = origin();
    let refused = |asked: Value, status: u16, field: &str, part: &str| {
        let reply = order(&server, &asked);
        assert_eq!(reply.status, status, "{}", reply.body);
        assert!(reply.body.contains(part), "expected `{part}` in {}", reply.body);
        assert!(field.is_empty() || reply.json()["field"] == field, "{}", reply.body);
    };
    refused(json!({"day": day, "percent": 0}), 400, "percent", "ask for 1 to 100");
    refused(json!({"day": day + Duration::HOUR}), 400, "day", &format!("expected {day}"));
    refused(json!({"day": day + Duration::DAY}), 400, "day", "has not closed");
    refused(json!({"day": day, "tenant": "mI"}), 400, "tenant", "mI");
    refused(json!({"day": day - Duration::DAY * 60}), 410, "day", "is kept for 35 days");
    // The log begins five days before: nothing was predicted before that.
    refused(json!({"day": day - Duration::DAY * 20}), 404, "", "nothing was");
    assert_eq!(server.get("/v1/bisections/j-99").status, 404);
    assert_eq!(server.get("/v1/bisections").json(), json!([]));
}
