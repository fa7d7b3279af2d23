//! Known events and sensors over HTTP.

use super::server::Server;
use crate::shadowplane::Folder;

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:sale@example.com\r\n\
    SUMMARY:sale\r\nDTSTART:20260601T100000Z\r\nDTEND:20260601T120000Z\r\nRRULE:FREQ=MONTHLY\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

#[test]
fn events_are_given_listed_replaced_and_forgotten() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let give = |content_type: &str, body: &str| server.post("/v1/events", content_type, body.as_bytes());
    let window = "/v1/events?from=2026-06-01T00:00:00Z&to=2026-08-01T00:00:00Z";

    assert_eq!(give("text/calendar", CALENDAR).json()["accepted"], 1);
    let csv = "name,start,end,tenant,repeat\nbatch night,2026-06-29T22:00:00Z,2026-06-29T23:00:00Z,acme,daily\n";
    assert_eq!(give("text/csv", csv).json()["accepted"], 1);
    let json = r#"{"name":"launch","start":"2026-07-02T08:00:00Z","end":"2026-07-02T10:00:00Z"}"#;
    assert_eq!(give("application/json", json).json()["accepted"], 1);

    let listed = server.get(window).json();
    let of = |name: &str| listed.as_array().unwrap().iter().find(|event| event["name"] == name).unwrap();
    // The first of June and of July; the nights of 29 June to 31 July; once.
    for (name, count) in [("sale", 2), ("batch night", 33), ("launch", 1)] {
        assert_eq!(of(name)["occurrences"].as_array().unwrap().len(), count, "{listed}");
    }
    assert_eq!(of("batch night")["tenant"], "acme");
    assert_eq!(of("sale")["occurrences"][1]["start"], "2026-07-01T10:00:00Z");

    // The same again is a duplicate; the same UID with another time replaces it, after a restart too.
    assert_eq!(give("text/calendar", CALENDAR).json()["duplicates"], 1);
    let later = CALENDAR.replace("T10", "T11");
    assert_eq!(give("text/calendar", &later).json()["accepted"], 1);
    drop(server);
    let server = Server::start(&folder, &[]);
    let listed = server.get(window).json();
    let sale = listed.as_array().unwrap().iter().find(|event| event["name"] == "sale").unwrap();
    assert_eq!(sale["occurrences"][0]["start"], "2026-06-01T11:00:00Z", "{listed}");
    assert_eq!(listed.as_array().unwrap().len(), 3);

    let path = format!("/v1/events/{}", sale["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).json()[0]["name"], "sale");
    assert_eq!(server.delete(&path).status, 404);
    assert_eq!(server.get(window).json().as_array().unwrap().len(), 2);
}

#[test]
fn wrong_events_are_named_and_nothing_is_kept() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let check = |content_type: &str, body: &str, line: u64, field: &str| {
        let reply = server.post("/v1/events", content_type, body.as_bytes());
        let problem = reply.json();
        assert_eq!(
            (reply.status, &problem["line"], &problem["field"]),
            (400, &line.into(), &field.into()),
            "{problem}"
        );
    };
    check("text/calendar", &CALENDAR.replace("SUMMARY:sale\r\n", ""), 4, "SUMMARY");
    check("text/csv", "name,start,end\na,2026-06-02T00:00:00Z,2026-06-01T00:00:00Z\n", 2, "end");
    let unknown = r#"{"name":"a","start":"2026-06-01T00:00:00Z","end":"2026-06-02T00:00:00Z","colour":"red"}"#;
    let answer = server.post("/v1/events", "application/json", unknown.as_bytes()).json();
    assert_eq!(
        (&answer["line"], &answer["lines"][0]["field"]),
        (&answer["lines"][0]["line"], &"colour".into()),
        "{answer}"
    );
    let rule = CALENDAR.replace("MONTHLY", "OFTEN");
    let answer = server.post("/v1/events", "text/calendar", rule.as_bytes()).json();
    assert_eq!(
        (&answer["line"], &answer["lines"][0]["field"]),
        (&answer["lines"][0]["line"], &"RRULE".into()),
        "{answer}"
    );
    assert_eq!(server.get("/v1/events").json().as_array().unwrap().len(), 0);
}

#[test]
fn good_rows_beside_wrong_ones_are_taken() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let give = |path: &str, content_type: &str, body: &str| server.post(path, content_type, body.as_bytes()).json();
    let lines = |answer: &serde_json::Value| -> Vec<(u64, String)> {
        let of =
            |line: &serde_json::Value| (line["line"].as_u64().unwrap(), line["outcome"].as_str().unwrap().to_owned());
        answer["lines"].as_array().unwrap().iter().map(of).collect()
    };
    let outcomes = |expected: &[(u64, &str)]| -> Vec<(u64, String)> {
        expected.iter().map(|(line, outcome)| (*line, (*outcome).to_owned())).collect()
    };
    let sensors = "at,sensor,scope,value\n2026-01-01T00:00:00Z,cpu_load,n-1,0.5\n2026-01-01T00:05:00Z,cpu_load\n\
                   2026-01-01T00:10:00Z,cpu_load,n-1,high\n2026-01-01T00:15:00Z,cpu_load,n-1,0.7\n";
    let answer = give("/v1/sensors", "text/csv", sensors);
    assert_eq!(lines(&answer), outcomes(&[(2, "accepted"), (3, "refused"), (4, "refused"), (5, "accepted")]));
    let events =
        "name,start,end\nsale,2026-06-01T00:00:00Z,2026-06-02T00:00:00Z\n,2026-06-01T00:00:00Z,2026-06-02T00:00:00Z\n";
    let answer = give("/v1/events", "text/csv", events);
    assert_eq!(lines(&answer), outcomes(&[(2, "accepted"), (3, "refused")]));
    let wrong =
        "BEGIN:VEVENT\r\nUID:other\r\nSUMMARY:other\r\nDTSTART:20260601T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let answer = give("/v1/events", "text/calendar", &CALENDAR.replace("END:VCALENDAR\r\n", wrong));
    assert_eq!(lines(&answer), outcomes(&[(4, "accepted"), (11, "refused")]));
    assert_eq!(answer["lines"][1]["field"], "DTEND", "{answer}");
    // A header that is wrong is wrong for all.
    assert_eq!(give("/v1/sensors", "text/csv", "at,sensor,value\n")["status"], 400);
    let unnamed = r#"{"name":"","start":"2026-06-01T00:00:00Z","end":"2026-06-02T00:00:00Z"}"#;
    assert_eq!(give("/v1/events", "application/json", unnamed)["field"], "name");
}

#[test]
fn tenants_of_no_request_are_said() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let event = r#"{"name":"launch","start":"2026-07-02T08:00:00Z","end":"2026-07-02T10:00:00Z","tenant":"amce"}"#;
    let answer = server.post("/v1/events", "application/json", event.as_bytes()).json();
    assert_eq!((&answer["accepted"], &answer["lines"][0]["field"]), (&1.into(), &"tenant".into()), "{answer}");
    assert!(answer["lines"][0]["message"].as_str().unwrap().contains("`amce` has made no request yet"), "{answer}");
    let unknown = server.get("/v1/demand?tenant=amce");
    assert_eq!((unknown.status, &unknown.json()["field"]), (400, &"tenant".into()), "{}", unknown.body);
}

#[test]
fn readings_are_stored_once() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let give = |content_type: &str, body: &str| server.post("/v1/sensors", content_type, body.as_bytes()).json();
    let csv = "at,sensor,scope,value\n2026-01-01T00:00:00Z,cpu_load,n-1,0.5\n2026-01-01T00:00:00Z,cpu_load,n-2,0.7\n";
    assert_eq!(give("text/csv", csv)["accepted"], 2);
    let json = r#"[{"at":"2026-01-01T00:00:00Z","sensor":"cpu_load","scope":"n-1","value":0.5},
                   {"at":"2026-01-01T00:00:00Z","sensor":"cpu_load","scope":"n-1","value":0.9},
                   {"at":"2999-01-01T00:00:00Z","sensor":"cpu_load","scope":"n-1","value":0.9}]"#;
    let answer = give("application/json", json);
    assert_eq!((&answer["accepted"], &answer["duplicates"], &answer["refused"]), (&0.into(), &1.into(), &2.into()));
    assert_eq!((&answer["lines"][1]["field"], &answer["lines"][2]["field"]), (&"value".into(), &"at".into()));
    assert_eq!(server.get("/v1/status").json()["readings"], 2);
}
