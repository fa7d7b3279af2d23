//! Histories that nobody wishes for, sent to the service: each is forecast in numbers, or the answer says what is missing.

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::Server;
use crate::shadowplane::Folder;

/// Enough for every model but the network, whose training would take minutes.
const HOURS: u32 = 9 * 24;

/// How many creates an hour has, of so many before now: the last one is 1.
type Count = fn(u32) -> u32;

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// The creates of all hours, spread over each, and their deletes 50 minutes later.
fn requests(count: Count) -> Vec<String> {
    let now = now();
    let mut lines = Vec::new();
    for ago in (1..=HOURS).rev() {
        let (begin, creates) = (now - Duration::HOUR * i64::from(ago), count(ago));
        for create in 0..creates {
            let at = begin + Duration::from_seconds(i64::from(3_600 * create / creates));
            let resource = format!("vm-{ago}-{create}");
            let line = |operation: &str, at: Instant, rest: &str| {
                format!(
                    r#"{{"id":"{operation}-{resource}","at":"{at}","tenant":"acme","op":"{operation}","class":"compute","resource":"{resource}"{rest}}}"#
                )
            };
            lines.push(line("create", at, r#","requested":{"vcpu":1}"#));
            let until = at + Duration::from_minutes(50);
            if until < now {
                lines.push(line("delete", until, ""));
            }
        }
    }
    lines
}

/// What the service answers to `GET /v1/forecasts?horizon=1d` after these lines.
fn forecast(lines: &[String]) -> Value {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--runs", "2"]);
    let reply = server.post("/v1/requests", "application/x-ndjson", lines.join("\n").as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.body);
    let known =
        |reply: &super::server::Reply| ["\"ready\"", "no_lifetimes"].iter().any(|word| reply.body.contains(word));
    server.wait_for("/v1/forecasts?horizon=1d", known).json()
}

/// The means of a day's bins add up to something between these, every number of every bin finite and in order.
fn check(name: &str, lines: &[String], low: f64, high: f64) {
    let answer = forecast(lines);
    assert_eq!(answer["state"], "ready", "{name}: {answer}");
    let bins = answer["bins"].as_array().unwrap();
    assert_eq!(bins.len(), 288, "{name}");
    // JSON has no NaN and no infinity: what is not finite stands there as null.
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{name}: no number: {value}"));
    let mut day = 0.0;
    for bin in bins {
        let quantiles: Vec<f64> = bin["quantiles"].as_array().unwrap().iter().map(number).collect();
        assert!(quantiles[0] >= 0.0 && quantiles.is_sorted(), "{name}: {bin}");
        assert!(number(&bin["mean"]) >= 0.0, "{name}: {bin}");
        day += number(&bin["mean"]);
    }
    assert!((low..=high).contains(&day), "{name}: {day} creates a day are not {low} to {high}");
}

/// A constant 7 an hour are 168 a day; ten times as many since yesterday are 40 to 60 an hour, 960 to 1,440 a day; three
/// in nine days are one in three.
#[test]
fn histories_of_any_kind_are_forecast() {
    let constant = requests(|_| 7);
    check("constant", &constant, 150.0, 186.0);
    check("twice", &[&constant[..], &constant[1_000..2_000]].concat(), 150.0, 186.0);
    let jumps_back: Vec<String> = constant.iter().rev().cloned().collect();
    check("jumps back", &jumps_back, 150.0, 186.0);
    check("lost day", &requests(|ago| if (72..96).contains(&ago) { 0 } else { 7 }), 120.0, 186.0);
    check("tenfold", &requests(|ago| if ago > 24 { 4 + ago % 3 } else { 40 + 10 * (ago % 3) }), 840.0, 1_560.0);
    check("three ever", &requests(|ago| u32::from([30, 100, 190].contains(&ago))), 0.0, 3.0);
}

/// Two that wait for each other, and one for a zone that there is not, wait; everybody else is forecast and simulated.
#[test]
fn who_can_never_be_placed_is_in_nobodys_way() {
    let at = now() - Duration::HOUR * 5;
    let odd = |resource: &str, wants: &str| {
        format!(
            r#"{{"id":"{resource}","at":"{at}","tenant":"odd","op":"create","class":"compute","resource":"{resource}","requested":{{"vcpu":1}},{wants}}}"#
        )
    };
    let near =
        |own: &str, other: &str| format!(r#""scheduling":{{"group":"{own}","affinity":{{"node":["{other}"]}}}}"#);
    let odd = [odd("a", &near("a", "b")), odd("b", &near("b", "a")), odd("c", r#""zone":"nowhere""#)];
    check("odd", &[requests(|_| 7), odd.to_vec()].concat(), 150.0, 190.0);
}

#[test]
fn a_single_request_is_no_history() {
    let line = requests(|ago| u32::from(ago == 3)).swap_remove(0);
    let answer = forecast(&[line]);
    assert_eq!(answer["state"], "not_ready", "{answer}");
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("no lifetimes before") && message.contains("bring one"), "{message}");
}
