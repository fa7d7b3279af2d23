//! Observations from outside: what they say is in the costs, and what cannot be is counted.

use shared::units::{Duration, Instant};

use super::server::Server;
use crate::shadowplane::Folder;

const INVENTORY: &str = "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,64,256,0,own.big,a\nn-2,64,256,0,own.big,b\n";
const PRICES: &str = "instance_type,price_per_hour,currency\nown.big,2,EUR\n";
const NDJSON: &str = "application/x-ndjson";

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant::from_micros(since.as_micros() as i64)
}

#[test]
fn observed_placements_are_metered_and_impossible_facts_counted() {
    let folder = Folder::new();
    let file = |name: &str, text: &str| {
        let path = folder.path.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (nodes, prices) = (file("nodes.csv", INVENTORY), file("prices.csv", PRICES));
    let arguments = ["--inventory", &nodes, "--prices", &prices, "--runs", "2"];
    // Creates in the 26 hours that have closed, late window included, every 20 minutes, each on the node that our own
    // policy would not choose.
    let closed = (now() - Duration::from_minutes(10)).floor(Duration::HOUR);
    let start = closed - Duration::HOUR * 26;
    let (mut requests, mut observations) = (String::new(), String::new());
    let midnight = (closed - Duration::from_micros(1)).floor(Duration::DAY);
    let mut today = 0;
    for number in 0..26 * 3 {
        let at = start + Duration::from_minutes(20) * number;
        today += u64::from(at >= midnight);
        requests += &format!(
            r#"{{"id":"r-{number}","at":"{at}","tenant":"acme","op":"create","class":"compute","resource":"vm-{number}","requested":{{"vcpu":0.5}}}}"#
        );
        let ready = at + Duration::from_seconds(30);
        observations += &format!(r#"{{"request":"r-{number}","admitted":true,"node":"n-2","ready_at":"{ready}"}}"#);
        requests.push('\n');
        observations.push('\n');
    }
    observations += &format!(r#"{{"request":"r-1","ready_at":"{start}"}}"#);
    observations += "\n{\"request\":\"r-2\",\"node\":\"n-1\"}\n{\"request\":\"r-3\",\"node\":\"n-9\"}\n";
    observations += "{\"request\":\"nobody\",\"node\":\"n-1\"}\n";
    let server = Server::start(&folder, &arguments);
    assert_eq!(server.post("/v1/requests", NDJSON, requests.as_bytes()).json()["refused"], 0);
    assert_eq!(server.post("/v1/observations", NDJSON, observations.as_bytes()).json()["refused"], 0);
    server.kill();

    // The hour that is over is closed at the start.
    let server = Server::start(&folder, &arguments);
    let status = server.wait_for("/v1/status", |reply| reply.json()["basis"] == "metered").json();
    assert_eq!((&status["observed"]["creates"], &status["observed"]["placed"]), (&today.into(), &today.into()));
    assert_eq!(status["observations"], 26 * 3 + 4);
    let anomalies = status["observed"]["anomalies"].as_array().unwrap().iter();
    let kinds: Vec<(&str, &str)> = anomalies
        .map(|found| {
            assert_eq!(found["count"], 1);
            (found["kind"].as_str().unwrap(), found["request"].as_str().unwrap())
        })
        .collect();
    let expected =
        [("unknown_request", "nobody"), ("ready_before_asked", "r-1"), ("unknown_node", "r-3"), ("two_nodes", "r-2")];
    assert_eq!(kinds, expected);
    let costs = server.get("/v1/costs").json();
    assert_eq!((&costs["basis"], &costs["currency"]), (&"metered".into(), &"EUR".into()));

    // What comes in later is shown without waiting for the hour; a fact about a request of the hour that is open is no fact
    // about nobody's.
    let open = format!(
        r#"{{"id":"open","at":"{}","tenant":"acme","op":"create","class":"compute","resource":"open","requested":{{"vcpu":0.5}}}}"#,
        now()
    );
    assert_eq!(server.post("/v1/requests", NDJSON, open.as_bytes()).json()["accepted"], 1);
    let later = "{\"request\":\"open\",\"node\":\"n-2\"}\n{\"request\":\"r-4\",\"node\":\"n-9\"}\n";
    assert_eq!(server.post("/v1/observations", NDJSON, later.as_bytes()).json()["refused"], 0);
    let count = |reply: &super::server::Reply, kind: &str| {
        let status = reply.json();
        let found =
            status["observed"]["anomalies"].as_array().unwrap().iter().find(|found| found["kind"] == kind).cloned();
        found.and_then(|found| found["count"].as_u64()).unwrap_or(0)
    };
    let status = server.wait_for("/v1/status", |reply| count(reply, "unknown_node") == 2);
    assert_eq!(count(&status, "unknown_request"), 1);
}
