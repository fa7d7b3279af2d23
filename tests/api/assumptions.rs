//! A service that shadows one's own machines at one's own prices.

use std::process::Command;

use serde_json::Value;
use shared::units::{Duration, Instant};

use super::server::Server;
use crate::shadowplane::Folder;

const INVENTORY: &str = "node,vcpu,memory_gib,gpu,instance_type,zone\nn-1,64,256,0,own.big,a\nn-2,64,256,0,own.big,b\n";
const PRICES: &str = "instance_type,price_per_hour,currency,vcpu,memory_gib\nown.big,2,EUR,,\nown.small,0.1,EUR,2,8\n";
/// An hour of two nodes at 2 EUR; what the assumed workers cost is known in USD only, and left out.
const EUR_PER_HOUR: f64 = 2.0 * 2.0;

/// Three days of creates that only name the price file's flavor, one in five minutes, each deleted after two hours.
fn requests(now: Instant) -> String {
    let step = Duration::from_minutes(5);
    let start = now.floor(Duration::HOUR) - Duration::DAY * 3;
    let line = |number: i64, after: Duration, rest: &str| {
        let at = start + step * number + after;
        let common = r#""tenant":"acme","class":"compute""#;
        format!(r#"{{"id":"{rest}-{number}","at":"{at}",{common},"resource":"vm-{number}","op":"{rest}""#)
    };
    let mut text = String::new();
    for number in 0..Duration::DAY.divide(step) * 3 {
        text += &format!("{},\"flavor\":\"own.small\"}}\n", line(number, Duration::ZERO, "create"));
        text += &format!("{}}}\n", line(number, Duration::HOUR * 2, "delete"));
    }
    text
}

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Instant::from_micros(since.as_micros() as i64)
}

fn amount(money: &Value) -> f64 {
    money["amount"].as_str().unwrap().parse().unwrap()
}

/// The command line names the machines, the file of settings the prices and quotas.
#[test]
fn a_service_forecasts_and_bills_with_given_machines_and_prices() {
    let folder = Folder::new();
    let file = |name: &str, text: &str| {
        let path = folder.path.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (nodes, prices) = (file("nodes.csv", INVENTORY), file("prices.csv", PRICES));
    let quotas = file("quotas.csv", "tenant,vcpu\nacme,1000\n");
    let assumed = format!("[assumptions]\nprices = {prices:?}\nquotas = {quotas:?}\nruns = 4\n");
    let settings = file("settings.toml", &assumed);
    let arguments = ["--config", &settings, "--inventory", &nodes];
    let server = Server::start(&folder, &arguments);
    let reply = server.post("/v1/requests", "application/x-ndjson", requests(now()).as_bytes());
    let answer = reply.json();
    assert_eq!((reply.status, &answer["refused"]), (200, &0.into()), "the price file has the flavor's amounts");
    server.kill();

    // The hour that is over is closed at the start.
    let server = Server::start(&folder, &arguments);
    server.wait_for("/readyz", |reply| reply.status == 200);
    server.wait_for("/v1/forecasts?horizon=1d", |reply| reply.body.contains("\"ready\""));
    let saved = server.wait_for("/v1/scenarios/current", |reply| reply.status == 200).json();
    let groups = saved["scenario"]["fleet"]["node_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2, "one for each zone");
    for (group, zone) in groups.iter().zip(["a", "b"]) {
        let bounds = (&group["instance_type"], &group["zone"], &group["min"], &group["max"]);
        assert_eq!(bounds, (&"own.big".into(), &zone.into(), &1.into(), &1.into()));
    }
    assert_eq!(saved["scenario"]["runs"], 4);
    assert_eq!(saved["scenario"]["tenants"][0]["quota"]["vcpu"], 1_000);
    let costs = server.get("/v1/costs").json();
    assert_eq!(costs["currency"], "EUR");
    let bins = costs["bins"].as_array().unwrap();
    let actual: Vec<f64> =
        bins.iter().filter(|bin| !bin["actual"].is_null()).map(|bin| amount(&bin["actual"])).collect();
    let predicted: Vec<f64> =
        bins.iter().filter(|bin| !bin["predicted"].is_null()).map(|bin| amount(&bin["predicted"]["mean"])).collect();
    assert!(actual.len() >= 20 && predicted.len() == 24, "{costs}");
    for cost in actual.into_iter().chain(predicted) {
        assert!((cost - EUR_PER_HOUR).abs() < 1e-5, "{cost} is not {EUR_PER_HOUR}: {costs}");
    }
}

#[test]
fn what_cannot_be_assumed_stops_the_service_before_it_listens() {
    let folder = Folder::new();
    let check = |arguments: &[&str], status: i32, parts: &[&str]| {
        let mut command = Command::new(tests::shadowplane());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder.path).args(arguments);
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{message}");
        assert!(output.stdout.is_empty());
        parts.iter().for_each(|part| assert!(message.contains(part), "no `{part}` in {message}"));
    };
    let file = |name: &str, text: &str| {
        let path = folder.path.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let nodes = file("nodes.csv", INVENTORY);
    check(
        &["--inventory", &nodes],
        1,
        &["nodes.csv: line 2: field `instance_type`", "own.big", "no price", "--prices"],
    );
    check(&["--demo", "--inventory", &nodes], 2, &["--inventory", "--demo"]);
    let settings = file("settings.toml", "listen = \"127.0.0.1:0\"\n[assumptions]\npolice = \"best-fit\"\n");
    check(&["--config", &settings], 1, &["settings.toml", "line 3", "police", "policy"]);
    let settings = file("settings.toml", "[assumptions]\npolicy = \"fast\"\n");
    check(&["--config", &settings], 1, &["line 2", "`assumptions.policy`", "fast", "best-fit"]);
    let settings = file("settings.toml", "[assumptions]\nruns = \"x\"\n");
    check(&["--config", &settings], 1, &["settings.toml: line 2: field `assumptions.runs`", "\"x\"", "a whole number"]);
    let settings = file("settings.toml", "[assumptions]\nruns = 0\n");
    check(&["--config", &settings], 1, &["line 2: field `assumptions.runs`: is 0; expected 1 to 10000"]);
}
